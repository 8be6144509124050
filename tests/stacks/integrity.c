/* SPDX-License-Identifier: MIT */
/* The frames of a greenlet are its own, whoever runs on its stack meanwhile (rules 6 and 23). */
#include "stacks.h"

enum { MOST = 300 };
static gl_greenlet *all[MOST + 1]; /* main is the last */
static int count, steps, visits[MOST];
static intptr_t sent;
static int (*next_of)(int self);
static size_t (*depth_of)(int self, int turn);

static gl_status pass_on(void *self, void **received) {
  const int next = steps > 0 ? next_of(number(self)) : count;
  steps--;
  return gl_switch(all[next], V(++sent), received);
}
/* Waits at one depth after the other; each time whoever is next goes on. */
BODY(wanders) {
  const int self = number(data);
  gl_status status = to_main(NULL, &value);
  for (int turn = 0; status == GL_OK; turn++) {
    CHECK(value == V(sent));
    visits[self]++;
    status = dive(depth_of(self, turn), (unsigned)(self + turn * 1000), pass_on, data, &value);
  }
  return status;
}
static void wander(int greenlets, int switches) {
  count = greenlets, steps = fewer(switches), all[count] = gl_main();
  memset(visits, 0, sizeof visits);
  for (int i = 0; i < count; i++) {
    all[i] = make(i, wanders, V(i));
    CHECK(gl_switch(all[i], NULL, NULL) == GL_OK);
  }
  while (steps > 0) {
    void *received = NULL;
    CHECK(pass_on(V(count), &received) == GL_OK && received == V(sent));
  }
  for (int i = 0; i < count; i++) {
    CHECK(visits[i] > 0);
    gl_release(all[i]);
  }
}

static int round_robin_of_main(int self) {
  static int turn;
  return self == count ? turn++ % count : count;
}
static int ring(int self) { return (self + 1) % count; }
static int anybody(UNUSED int self) { return (int)(next_random() % (unsigned)(count + 1)); }

static size_t by_turn(int self, int turn) { return (size_t)((self * 7 + turn * 13) % 20) * 300; }
static size_t by_number(int self, UNUSED int turn) { return (size_t)(self * 50); }
static size_t any_depth(UNUSED int self, UNUSED int turn) { return next_random() % 12000; }
static size_t mostly_shallow(UNUSED int self, UNUSED int turn) { return next_random() % 16 ? next_random() % 300 : 100000; }

// rules 6, 23: each waits deeper or less deep than before
TEST_ON_STACKS(depths_change_between_visits) {
  next_of = round_robin_of_main, depth_of = by_turn;
  wander(8, 2000);
}

// rules 6, 23: straight from one to the next, without main
TEST_ON_STACKS(a_ring_passes_control) {
  next_of = ring, depth_of = by_turn;
  wander(100, 10000);
}

// rules 6, 23: everybody switches to anybody, main and itself included
TEST_ON_STACKS(anybody_switches_to_anybody) {
  next_of = anybody, depth_of = any_depth;
  wander(30, 10000);
}

// rules 6, 23: hundreds of them, no two of one depth
TEST_ON_STACKS(many_of_different_depths) {
  next_of = anybody, depth_of = by_number;
  wander(fewer(MOST), 10000);
}

// rules 6, 23: what a deep one leaves below a shallow one, and the other way
TEST_ON_STACKS(deep_ones_among_shallow_ones) {
  next_of = anybody, depth_of = mostly_shallow;
  wander(20, 5000);
}

/* Leaves room for what a switch, a signal frame and a sanitizer need; valgrind takes a frame of 2 MB for another stack. */
BODY(uses_most_of_its_stack) {
  void *low = NULL, *high = NULL;
  CHECK(gl_stack_bounds(gl_current(), &low, &high) == GL_OK);
  size_t bytes = (size_t)((char *)__builtin_frame_address(0) - (char *)low);
  bytes = bytes > (1 << 20) ? 1 << 20 : bytes - (24 << 10);
  gl_status status = to_main(NULL, NULL);
  for (unsigned turn = 0; status == GL_OK; turn++)
    status = dive(turn % 3 ? bytes : 100, (unsigned)number(data) + turn, to_main, NULL, NULL);
  return status;
}
// rules 6, 23, 25: recursion down to the low end, and back
TEST_ON_STACKS(deep_recursion) {
  enum { DEEP = 4 };
  for (int i = 0; i < DEEP; i++) all[i] = make(i, uses_most_of_its_stack, V(i * 100));
  for (int turn = 0; turn < 7; turn++)
    for (int i = 0; i < DEEP; i++) CHECK(gl_switch(all[i], NULL, NULL) == GL_OK);
  for (int i = 0; i < DEEP; i++) gl_release(all[i]);
}

enum { BLOCKS = 40 };
/* Each block stays until the body ends. */
BODY(grows_by_alloca) {
  unsigned char *blocks[BLOCKS];
  gl_status status = GL_OK;
  int n = 0;
  for (; n < BLOCKS && status == GL_OK; n++) {
    blocks[n] = alloca((size_t)(16 + n * 50));
    fill(blocks[n], (size_t)(16 + n * 50), (unsigned)(number(data) + n));
    status = to_main(NULL, NULL);
    for (int i = 0; i <= n; i++) CHECK(intact(blocks[i], (size_t)(16 + i * 50), (unsigned)(number(data) + i)));
  }
  *result = V(n);
  return status;
}
// rules 6, 23: one frame that grows from visit to visit
TEST_ON_STACKS(frames_grow_by_alloca) {
  enum { GROWING = 8 };
  for (int i = 0; i < GROWING; i++) all[i] = make(i, grows_by_alloca, V(i * 1000));
  for (int turn = 0; turn < BLOCKS; turn++)
    for (int i = 0; i < GROWING; i++) CHECK(gl_switch(all[i], NULL, NULL) == GL_OK);
  for (int i = 0; i < GROWING; i++) {
    void *result = NULL;
    CHECK(gl_switch(all[i], NULL, &result) == GL_OK && result == V(BLOCKS));
    CHECK(gl_state(all[i]) == GL_DEAD);
    gl_release(all[i]);
  }
}

/* Starts the next one from some depth; then passes on what comes. */
static gl_status start_next(void *self, void **received) {
  const int next = number(self) + 1;
  return gl_switch(all[next < count ? next : count], NULL, received);
}
BODY(starts_the_next) {
  gl_status status = dive(500, (unsigned)number(data), start_next, data, &value);
  while (status == GL_OK) status = dive(by_turn(number(data), number(value)), (unsigned)number(data), to_main, NULL, &value);
  return status;
}
// rules 3, 6, 23: each is started by another one, which waits on the same stack
TEST_ON_STACKS(each_is_started_by_the_one_before) {
  count = 20, all[count] = gl_main();
  for (int i = 0; i < count; i++) all[i] = make(i, starts_the_next, V(i));
  CHECK(gl_switch(all[0], NULL, NULL) == GL_OK);
  for (int turn = 0; turn < 50; turn++)
    for (int i = 0; i < count; i++) CHECK(gl_switch(all[turn % 2 ? i : count - 1 - i], V(turn), NULL) == GL_OK);
  for (int i = 0; i < count; i++) gl_release(all[i]);
}

/* Main's own frames: as deep as the greenlets' and deeper. */
static gl_status visit_all(UNUSED void *arg, UNUSED void **received) {
  for (int i = 0; i < count; i++) CHECK(gl_switch(all[i], V(++sent), NULL) == GL_OK);
  return GL_OK;
}
// rules 6, 23: main waits at other depths than the one that it started them from
TEST_ON_STACKS(main_changes_its_depth) {
  next_of = round_robin_of_main, depth_of = any_depth, steps = 1 << 30;
  count = 10, all[count] = gl_main();
  for (int i = 0; i < count; i++) {
    all[i] = make(i, wanders, V(i));
    CHECK(gl_switch(all[i], NULL, NULL) == GL_OK);
  }
  for (unsigned turn = 0; turn < 200; turn++) CHECK(dive(next_random() % 20000, turn, visit_all, NULL, NULL) == GL_OK);
  for (int i = 0; i < count; i++) gl_release(all[i]);
}
