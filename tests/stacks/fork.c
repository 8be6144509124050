/* SPDX-License-Identifier: MIT */
/* A child process goes on with greenlets that were copied out, and so does its parent (rules 20 and 25). */
#include "faults.h"
#include "partner.h"
#include "process.h"
#include "stacks.h"

#define SKIP_UNDER_TSAN() \
  if (UNDER_TSAN) SKIP("after a fork it no longer sees what orders fibers")

enum { SOME = 6 };
static gl_greenlet *all[SOME];
BODY(counts) {
  gl_status status = GL_OK;
  for (int visits = 1; status == GL_OK; visits++)
    status = dive((size_t)(500 + visits % 5 * 1500), (unsigned)visits, to_main, V(visits), NULL);
  return status;
}
static void start_all(void) {
  for (int i = 0; i < SOME; i++) {
    all[i] = make(i, counts, NULL);
    CHECK(gl_switch(all[i], NULL, NULL) == GL_OK);
  }
}
/* `from` is how often each was visited before. */
static bool count_on(int from) {
  bool right = true;
  for (int turn = from + 1; turn <= from + 5; turn++)
    for (int i = 0; i < SOME; i++) {
      void *visits = NULL;
      right = gl_switch(all[i], NULL, &visits) == GL_OK && visits == V(turn) && right;
    }
  return right;
}
static void release_all(void) {
  for (int i = 0; i < SOME; i++) gl_release(all[i]);
}
static void child_counts_on(void) {
  MUST(count_on(1));
  release_all();
  gl_trim();
  MUST(stats().alive == 0 && stats().slice_bytes == 0);
}
// rule 20
TEST_ON_STACKS(both_go_on_with_those_that_were_copied_out) {
  SKIP_UNDER_TSAN();
  start_all();
  ends_well(child_counts_on);
  CHECK(count_on(1));
  release_all();
}

static gl_greenlet *forker;
static void goes_on_inside(void) {
  MUST(gl_current() == forker && gl_state(gl_main()) == GL_SUSPENDED);
  gl_greenlet *next = make(0, identity, NULL);
  MUST(gl_switch(next, NULL, NULL) == GL_OK);
  gl_release(next);
  dive(4000, 1, to_main, V(4), NULL); /* the child ends in main, below */
  _exit(1);
}
BODY(forks_inside) {
  unsigned char pattern[3000];
  fill(pattern, sizeof pattern, 8);
  ends_well(goes_on_inside);
  CHECK(intact(pattern, sizeof pattern, 8));
  *result = V(5);
  return GL_OK;
}
// rule 20: forked while one runs where the others lay; main goes on in both
TEST_ON_STACKS(a_fork_inside_a_greenlet) {
  SKIP_UNDER_TSAN();
  void *received = NULL;
  start_all();
  forker = make(1, forks_inside, NULL);
  CHECK(gl_switch(forker, NULL, &received) == GL_OK);
  if (received == V(4)) _exit(count_on(1) ? 0 : 2); /* the child */
  CHECK(received == V(5) && count_on(1));
  gl_release(forker), release_all();
}

static void leaves_all(UNUSED void *arg) {
  gl_stack *stack = new_stack();
  for (int i = 0; i < SOME; i++) {
    const gl_options options = {
        .size = sizeof options, .run = counts, .data = V(1), .drop = note_drop, .stack = i % 2 ? stack : gl_stack_thread()};
    all[i] = new_with(&options);
    CHECK(gl_switch(all[i], NULL, NULL) == GL_OK);
  }
  gl_stack_release(stack);
}
static void release_there(UNUSED void *arg) { release_all(); }
static void frees_those_of_the_other_thread(void) {
  for (int i = 0; i < SOME; i++) MUST(gl_state(all[i]) == GL_DEAD && gl_switch(all[i], NULL, NULL) == GL_EEXPIRED);
  release_all();
  gl_trim();
  MUST(happened("drop 1 drop 1 drop 1 drop 1 drop 1 drop 1") && stats().slice_bytes == 0);
}
// rule 20: what another thread had copied out is freed in the child, and lives on in the parent
TEST(copies_of_another_thread_are_expired_in_the_child) {
  SKIP_UNDER_TSAN();
  struct partner other;
  partner_start(&other), partner_do(&other, leaves_all, NULL);
  ends_well(frees_those_of_the_other_thread);
  partner_do(&other, release_there, NULL), partner_end(&other);
  events[0] = 0;
  CHECK(nothing_left());
}

static void overflows_there(void) {
  catch_faults();
  gl_switch(all[3], NULL, NULL);
  _exit(3);
}
// rules 20, 25: guards are there in the child too
TEST(guards_survive_a_fork) {
  SKIP_UNDER_TSAN();
  gl_stack *stack = new_stack();
  for (int i = 0; i < SOME; i++) {
    all[i] = make_on(i == 3 ? stack : NULL, wait_then_overflow, NULL);
    CHECK(gl_switch(all[i], NULL, NULL) == GL_OK);
  }
  CHECK(exited(in_child(overflows_there), 0));
  gl_greenlet *shared = all[3];
  all[3] = all[4];
  CHECK(exited(in_child(overflows_there), 0));
  all[3] = shared, release_all(), gl_stack_release(stack);
  CHECK(nothing_left());
}
