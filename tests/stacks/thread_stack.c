/* SPDX-License-Identifier: MIT */
/* Greenlets on the thread's own stack start below whoever starts them, and may lie over frames that wait (gl_stack_thread(), rules 3, 6, 32). */
#include "stacks.h"

enum { MOST = 8 };
static gl_greenlet *all[MOST];
static const char *frame_of[MOST];
static unsigned turns;

/* Waits over and over, at `data` depths that change. */
BODY(waits) {
  const int self = number(data);
  gl_status status = GL_OK;
  frame_of[self] = __builtin_frame_address(0);
  for (unsigned turn = 0; status == GL_OK; turn++)
    status = dive((unsigned)(self * 5 + 3) * turn % 23 * 400, (unsigned)self + turn, to_main, NULL, NULL);
  return status;
}
static gl_greenlet *on_thread(int i, gl_run run) { return all[i] = make_on(thread_stack(), run, V(i)); }
static gl_status start(void *g, UNUSED void **received) { return gl_switch((gl_greenlet *)g, NULL, NULL); }
static void release_first(int n) {
  for (int i = 0; i < n; i++) gl_release(all[i]);
}

// rule 32: the bounds are the thread's, and hold the frames
TEST(bounds_are_the_threads) {
  void *low[2], *high[2];
  CHECK(gl_switch(on_thread(0, waits), NULL, NULL) == GL_OK);
  CHECK(gl_stack_bounds(gl_main(), &low[0], &high[0]) == GL_OK && gl_stack_bounds(all[0], &low[1], &high[1]) == GL_OK);
  CHECK(low[0] == low[1] && high[0] == high[1] && frame_within(low[0], high[0]));
  CHECK((char *)low[1] < frame_of[0] && frame_of[0] < (char *)high[1]);
  release_first(1);
  CHECK(nothing_left());
}

// rule 3: below the frames of whoever starts it, at any depth
TEST(a_start_lies_below_the_starter) {
  const char *here = __builtin_frame_address(0);
  for (int i = 0; i < MOST; i++) CHECK(dive((size_t)i * 3000, 1, start, on_thread(i, waits), NULL) == GL_OK);
  for (int i = 0; i < MOST; i++) CHECK(frame_of[i] < here - i * 3000 && frame_of[i] > here - i * 3000 - 60000);
  for (int turn = 0; turn < 100; turn++) CHECK(gl_switch(all[next_random() % MOST], NULL, NULL) == GL_OK);
  release_first(MOST);
  CHECK(nothing_left());
}

static gl_status visit_some(UNUSED void *arg, UNUSED void **received) {
  for (int i = 0; i < 5; i++) CHECK(gl_switch(all[next_random() % MOST], NULL, NULL) == GL_OK);
  return GL_OK;
}
// rule 6: main goes deep over their place, calls them there, and returns through its own frames
TEST(main_waits_over_their_place) {
  for (int i = 0; i < MOST; i++) CHECK(dive((size_t)i * 1000, 1, start, on_thread(i, waits), NULL) == GL_OK);
  for (turns = 0; turns < 300; turns++) CHECK(dive(next_random() % 40000, turns, visit_some, NULL, NULL) == GL_OK);
  release_first(MOST);
  CHECK(nothing_left());
}

/* Passes control to anybody, main only in the end. */
static gl_status to_anybody(UNUSED void *arg, void **received) {
  return gl_switch(turns-- % 50 ? all[next_random() % MOST] : gl_main(), NULL, received);
}
BODY(wanders) {
  gl_status status = to_main(NULL, NULL);
  while (status == GL_OK) status = dive(next_random() % 6000, 4, to_anybody, NULL, NULL);
  return status;
}
static gl_status let_them_wander(UNUSED void *arg, UNUSED void **received) { return gl_switch(all[next_random() % MOST], NULL, NULL); }
// rule 6: they begin at many depths, so that what lies above them goes piece by piece while they pass control
TEST(they_pass_control_below_a_deep_main) {
  for (int i = 0; i < MOST; i++) CHECK(dive((size_t)i * 2500, 1, start, on_thread(i, wanders), NULL) == GL_OK);
  turns = 10000;
  for (unsigned visit = 0; visit < 200; visit++) CHECK(dive(next_random() % 40000, visit, let_them_wander, NULL, NULL) == GL_OK);
  release_first(MOST);
  CHECK(nothing_left());
}

static gl_status visit_and_return(UNUSED void *arg, UNUSED void **received) {
  for (int i = 0; i < 3; i++) CHECK(gl_switch(all[(turns + (unsigned)i * (turns / 3 % 2 ? 1 : 2)) % 3], NULL, NULL) == GL_OK);
  return GL_OK;
}
static gl_status to_next(void *i, void **received) { return gl_switch(all[number(i) + 1], NULL, received); }
BODY(starts_the_next) {
  const int self = number(data);
  if (self < 2) CHECK(dive(2000, (unsigned)self, to_next, data, NULL) == GL_OK);
  else CHECK(to_main(NULL, NULL) == GL_OK);
  return waits(data, value, result);
}
// rules 3, 6: the first starts the second below itself, that one the third; visited in every order, from everywhere
TEST(each_starts_the_next_below_itself) {
  for (int i = 0; i < 3; i++) on_thread(i, starts_the_next);
  CHECK(dive(5000, 1, start, all[0], NULL) == GL_OK);
  for (turns = 0; turns < 120; turns++) CHECK(dive(next_random() % 30000, turns, visit_and_return, NULL, NULL) == GL_OK);
  CHECK(frame_of[0] > frame_of[1] && frame_of[1] > frame_of[2]);
  release_first(3);
  CHECK(nothing_left());
}

BODY(ends_when_resumed) {
  if (number(data) < 2) CHECK(dive(2000, 5, to_next, data, NULL) == GL_OK);
  else CHECK(dive(2000, 5, to_main, NULL, NULL) == GL_OK);
  event("%d", number(data));
  *result = value;
  return GL_OK;
}
// rules 4, 6: one of the line ends in any order, above others that wait below, and beneath others that wait above
TEST(each_of_a_line_may_end_first) {
  static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  for (int n = 0; n < 6; n++) {
    for (int i = 0; i < 3; i++) on_thread(i, ends_when_resumed);
    CHECK(gl_switch(all[0], NULL, NULL) == GL_OK);
    for (int i = 0; i < 3; i++) {
      CHECK(dive((size_t)(n * 1000 + i * 2500), 3, start, all[orders[n][i]], NULL) == GL_OK);
      CHECK(gl_state(all[orders[n][i]]) == GL_DEAD);
      event("|");
    }
    char expected[20];
    snprintf(expected, sizeof expected, "%d | %d | %d |", orders[n][0], orders[n][1], orders[n][2]);
    CHECK(happened(expected));
    release_first(3);
  }
  CHECK(nothing_left());
}

BODY(starts_data) {
  CHECK(dive(4000, 2, start, data, NULL) == GL_OK);
  event("back");
  return GL_OK;
}
// rule 3: started by one that runs on another stack, it lies below the main that waits
TEST(a_greenlet_of_another_stack_starts_it) {
  gl_stack *shared = new_stack();
  gl_stack *const others[] = {NULL, shared};
  const char *here = __builtin_frame_address(0);
  for (int i = 0; i < 2; i++) {
    on_thread(i, waits);
    gl_greenlet *starter = make_on(others[i], starts_data, all[i]);
    CHECK(gl_switch(starter, NULL, NULL) == GL_OK && frame_of[i] < here && frame_of[i] > here - 20000);
    for (turns = 0; turns < 20; turns++) CHECK(dive(turns * 2000, turns, start, all[i], NULL) == GL_OK);
    CHECK(gl_switch(starter, NULL, NULL) == GL_OK && happened("back") && gl_state(starter) == GL_DEAD);
    for (turns = 0; turns < 20; turns++) CHECK(dive(turns * 1000, turns, start, all[i], NULL) == GL_OK);
    gl_release(starter), gl_release(all[i]);
  }
  gl_stack_release(shared);
  CHECK(nothing_left());
}

BODY(visits_data) {
  CHECK(dive(3000, 6, start, data, NULL) == GL_OK);
  CHECK(dive(1000, 6, start, data, NULL) == GL_OK);
  return GL_OK;
}
// rule 6: resumed by greenlets of other stacks and by its own kind, and coming back to main
TEST(anybody_may_resume_it) {
  gl_stack *shared = new_stack();
  gl_stack *const others[] = {NULL, shared, thread_stack()};
  CHECK(gl_switch(on_thread(0, waits), NULL, NULL) == GL_OK);
  for (int i = 0; i < 9; i++) {
    gl_greenlet *visitor = make_on(others[i % 3], visits_data, all[0]);
    for (int visit = 0; visit < 3; visit++) CHECK(dive((size_t)(i * 1500), 4, start, visitor, NULL) == GL_OK);
    CHECK(gl_state(visitor) == GL_DEAD);
    gl_release(visitor);
  }
  gl_stack_release(shared), release_first(1);
  CHECK(nothing_left());
}

static gl_status end_from_below(void *g, UNUSED void **received) {
  gl_release((gl_greenlet *)g);
  return GL_OK;
}
// rules 13, 21: killed by main from above its place and from below it
TEST(main_kills_over_their_place) {
  for (int i = 0; i < MOST; i++) CHECK(dive(5000, 1, start, on_thread(i, waits), NULL) == GL_OK);
  for (int i = 0; i < MOST; i++) CHECK(dive((size_t)i * 3000, 1, end_from_below, all[MOST - 1 - i], NULL) == GL_OK);
  CHECK(nothing_left());
}
