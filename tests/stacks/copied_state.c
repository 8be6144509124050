/* SPDX-License-Identifier: MIT */
/* What each greenlet has of its own, and who may look at it, while its bytes are elsewhere (rules 23, 26 to 29, 32). */
#include "stacks.h"
#include <errno.h>
#include <fenv.h>

enum { SOME = 6 };
static gl_greenlet *all[SOME];
static void start_some(gl_run run) {
  for (int i = 0; i < SOME; i++) {
    all[i] = make(i, run, V(i));
    CHECK(gl_switch(all[i], NULL, NULL) == GL_OK);
  }
}
static void release_some(void) {
  for (int i = 0; i < SOME; i++) gl_release(all[i]);
}

/* Waits at changing depths until it is killed. */
BODY(waits) {
  gl_status status = GL_OK;
  for (unsigned turn = 0; status == GL_OK; turn++) status = dive(turn % 5 * 700, (unsigned)number(data), to_main, NULL, NULL);
  return status;
}

BODY(keeps_errno) {
  gl_status status = GL_OK;
  CHECK(errno == 0);
  for (int turn = 0; status == GL_OK; turn++) {
    errno = number(data) * 100 + turn;
    status = dive(1000, 1, to_main, NULL, NULL);
    CHECK(errno == number(data) * 100 + turn);
  }
  return status;
}
// rule 23
TEST_ON_STACKS(errno_is_kept) {
  errno = 7;
  start_some(keeps_errno);
  for (int turn = 0; turn < 20; turn++) CHECK(gl_switch(all[next_random() % SOME], NULL, NULL) == GL_OK && errno == 7);
  release_some();
  CHECK(errno == 7);
}

static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD};
BODY(keeps_rounding) {
  gl_status status = GL_OK;
  for (int turn = number(data); status == GL_OK; turn++) {
    fesetround(modes[turn % 3]);
    status = dive(1000, 1, to_main, NULL, NULL);
    CHECK(fegetround() == modes[turn % 3]);
  }
  return status;
}
BODY(finds_the_shared_rounding) {
  gl_status status = GL_OK;
  while (status == GL_OK) {
    CHECK(fegetround() == FE_UPWARD);
    status = dive(500, 2, to_main, NULL, NULL);
  }
  return status;
}
// rule 23: control words of its own, or main's
TEST_ON_STACKS(floating_point_words_are_kept) {
  gl_options options = {.size = sizeof options, .run = finds_the_shared_rounding, .stack = stack_of(SOME), .flags = GL_SHARE_FP};
  gl_greenlet *sharing = new_with(&options);
  fesetround(FE_UPWARD);
  start_some(keeps_rounding);
  for (int turn = 0; turn < 20; turn++) {
    CHECK(gl_switch(all[next_random() % SOME], NULL, NULL) == GL_OK && fegetround() == FE_UPWARD);
    CHECK(gl_switch(sharing, NULL, NULL) == GL_OK);
  }
  release_some(), gl_release(sharing);
  fesetround(FE_TONEAREST);
}

static gl_key key;
BODY(keeps_a_local) {
  CHECK(gl_local(gl_current(), key) == V(number(data) + 1) && gl_data(gl_current()) == data);
  CHECK(gl_set_local(gl_current(), key, V(number(data) + 100)) == GL_OK);
  return waits(data, value, result);
}
// rule 28: read and written from outside, while copied out and not
TEST_ON_STACKS(locals_are_reached_from_anywhere) {
  CHECK(gl_key_new(&key, NULL) == GL_OK);
  for (int i = 0; i < SOME; i++) {
    all[i] = make(i, keeps_a_local, V(i));
    CHECK(gl_set_local(all[i], key, V(i + 1)) == GL_OK);
    CHECK(gl_switch(all[i], NULL, NULL) == GL_OK);
  }
  for (int i = 0; i < SOME; i++) CHECK(gl_local(all[i], key) == V(i + 100) && gl_data(all[i]) == V(i));
  release_some();
}

static int exchanges;
static void dirty_some_stack(void) {
  unsigned char below[3000];
  fill(below, sizeof below, 1);
  gl_release(make(0, never, NULL));
  CHECK(intact(below, sizeof below, 1));
}
static void exchange(void *user, gl_greenlet *from, gl_greenlet *to) {
  void *low, *high;
  CHECK(user == V(1) && from != to);
  CHECK(gl_stack_bounds(to, &low, &high) == GL_OK);
  dirty_some_stack();
  exchanges++;
}
// rules 26, 32: one call before each jump, where the one that leaves still has its place
TEST_ON_STACKS(hooks_see_each_transfer) {
  CHECK(gl_hook_add(exchange, V(1)) == GL_OK);
  exchanges = 0;
  start_some(waits);
  for (int turn = 0; turn < 50; turn++) CHECK(gl_switch(all[next_random() % SOME], NULL, NULL) == GL_OK);
  release_some();
  CHECK(exchanges == 2 * (SOME + 50 + SOME));
  CHECK(gl_hook_remove(exchange, V(1)) == GL_OK);
}

static void trace(UNUSED void *user, int what, gl_greenlet *from, gl_greenlet *to) {
  static const char names[] = "wtse";
  CHECK(from == gl_current());
  dirty_some_stack();
  event("%c%d%d", names[what], number(gl_data(from)), number(gl_data(to)));
}
static gl_status to_one(void *i, void **received) { return gl_switch(all[number(i) - 1], V(1), received); }
BODY(goes_to_the_one_before) {
  if (number(data) > 1) CHECK(dive(2000, 3, to_one, V(number(data) - 1), NULL) == GL_OK);
  else CHECK(dive(2000, 3, to_main, NULL, NULL) == GL_OK);
  return GL_OK;
}
// rule 27: starts, switches and ends on one stack
TEST_ON_STACKS(tracers_see_each_event) {
  for (int i = 0; i < 3; i++) all[i] = make(i, goes_to_the_one_before, V(i + 1));
  CHECK(gl_trace_add(trace, NULL) == GL_OK);
  CHECK(gl_switch(all[2], NULL, NULL) == GL_OK); /* 3 starts 2, 2 starts 1, 1 waits for main */
  CHECK(happened("w03 s03 w32 s32 w21 s21 w10"));
  for (int i = 2; i >= 0; i--) CHECK(gl_switch(all[i], NULL, NULL) == GL_OK);
  CHECK(happened("w03 e30 w30 w02 e20 w20 w01 e10 w10"));
  CHECK(gl_trace_remove(trace, NULL) == GL_OK);
  for (int i = 0; i < 3; i++) gl_release(all[i]);
}

static int look(void *user, gl_greenlet *g) {
  void *low, *high;
  if (g == gl_main()) return 0;
  CHECK(gl_stack_bounds(g, &low, &high) == GL_OK && (char *)low < (char *)high);
  CHECK(gl_state(g) == (g == gl_current() ? GL_RUNNING : GL_SUSPENDED) && gl_parent(g) == gl_main());
  gl_prefetch(g);
  dirty_some_stack();
  ++*(int *)user;
  return 0;
}
static int seen;
BODY(visits_all) {
  CHECK(gl_foreach(look, &seen) == 0);
  return GL_OK;
}
// rule 29: visited from main, and by one of them
TEST_ON_STACKS(foreach_visits_those_that_are_copied_out) {
  start_some(waits);
  seen = 0;
  CHECK(gl_foreach(look, &seen) == 0 && seen == SOME);
  gl_greenlet *g = make(1, visits_all, NULL);
  seen = 0;
  CHECK(gl_switch(g, NULL, NULL) == GL_OK && seen == SOME + 1);
  for (int turn = 0; turn < 10; turn++) CHECK(gl_switch(all[next_random() % SOME], NULL, NULL) == GL_OK);
  gl_release(g), release_some();
}

static struct bounds { void *low, *high; } inside[SOME];
BODY(tells_its_bounds) {
  struct bounds *own = &inside[number(data)];
  CHECK(gl_stack_bounds(gl_current(), &own->low, &own->high) == GL_OK);
  CHECK(frame_within(own->low, own->high));
  return waits(data, value, result);
}
// rule 32: the same from inside and outside; the same for all of one stack
TEST_ON_STACKS(bounds_are_those_of_the_stack) {
  start_some(tells_its_bounds);
  for (int i = 0; i < SOME; i++) {
    struct bounds b;
    CHECK(gl_stack_bounds(all[i], &b.low, &b.high) == GL_OK);
    CHECK(b.low == inside[i].low && b.high == inside[i].high);
    for (int j = 0; j < i; j++) CHECK((inside[i].low == inside[j].low) == (stack_of(i) && stack_of(i) == stack_of(j)));
  }
  release_some();
}

BODY(prefetches_all) {
  for (int i = 0; i < SOME; i++) gl_prefetch(all[i]);
  gl_prefetch(gl_current()), gl_prefetch(gl_main());
  return GL_OK;
}
// rule 30: a hint changes nothing, wherever the bytes are
TEST_ON_STACKS(prefetch_changes_nothing) {
  start_some(waits);
  gl_greenlet *g = make(3, prefetches_all, NULL), *unstarted = make(4, never, NULL);
  gl_prefetch(unstarted);
  for (int turn = 0; turn < 30; turn++) {
    for (int i = 0; i < SOME; i++) gl_prefetch(all[i]);
    CHECK(gl_switch(all[next_random() % SOME], NULL, NULL) == GL_OK);
  }
  CHECK(gl_switch(g, NULL, NULL) == GL_OK && gl_state(g) == GL_DEAD);
  gl_prefetch(g);
  for (int i = 0; i < SOME; i++) CHECK(gl_switch(all[i], NULL, NULL) == GL_OK);
  release_some();
  gl_release(g), gl_release(unstarted);
}
