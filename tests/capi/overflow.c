/* SPDX-License-Identifier: MIT */
/* A stack overflow hits the guard below the greenlet's own stack (rule 25). */
#include "faults.h"

BODY(overflow) {
  remember_bounds();
  *result = V(recurse(0));
  return GL_OK;
}
static void start_and_overflow(size_t size) {
  catch_faults();
  gl_switch(NEW(.run = overflow, .stack_size = size), NULL, NULL);
  _exit(3);
}
static void overflow_the_default(void) { start_and_overflow(0); }
static void overflow_a_small_one(void) { start_and_overflow(20000); }
static void overflow_a_large_one(void) { start_and_overflow(8 << 20); }

// rule 25
TEST(overflow_hits_the_guard) {
  CHECK(stacks_are("thread") || exited(in_child(overflow_the_default), 0)); /* the thread's own stack is as the system has it */
  CHECK(exited(in_child(overflow_a_small_one), 0));
  CHECK(exited(in_child(overflow_a_large_one), 0));
}

static void overflow_a_used_one(void) {
  for (int i = 0; i < 10; i++) {
    gl_greenlet *g = new_private(identity, NULL);
    gl_switch(g, NULL, NULL);
    gl_release(g);
  }
  start_and_overflow(private_stack());
}
static void overflow_after_trim(void) {
  gl_greenlet *g = new_private(identity, NULL);
  gl_switch(g, NULL, NULL);
  gl_release(g);
  gl_trim();
  start_and_overflow(private_stack());
}

// rule 25: the guard outlasts the first greenlet of the stack
TEST(overflow_of_a_reused_stack_hits_the_guard) {
  CHECK(exited(in_child(overflow_a_used_one), 0));
  CHECK(exited(in_child(overflow_after_trim), 0));
}

static void overflow_one_of_many(void) {
  enum { count = 100 };
  gl_greenlet *all[count];
  catch_faults();
  for (int i = 0; i < count; i++) {
    all[i] = new_private(wait_then_overflow, NULL);
    gl_switch(all[i], NULL, NULL);
  }
  gl_switch(all[count / 2], NULL, NULL);
  _exit(3);
}

// rule 25: with neighbours on both sides
TEST(overflow_does_not_reach_a_neighbour) { CHECK(exited(in_child(overflow_one_of_many), 0)); }

static int compare_lows(const void *a, const void *b) {
  const char *const *x = a, *const *y = b;
  return (*x > *y) - (*x < *y);
}

// rule 25: there is room for a guard between any two
TEST(stacks_lie_apart) {
  enum { count = 100 };
  static gl_greenlet *all[count];
  static char *bounds[count][2];
  for (int i = 0; i < count; i++) {
    void *bottom = NULL, *top = NULL;
    all[i] = NEW(.run = echo, .stack_size = (size_t)(16 + i % 5 * 50) * 1024);
    CHECK(gl_switch(all[i], NULL, NULL) == GL_OK);
    CHECK(gl_stack_bounds(all[i], &bottom, &top) == GL_OK);
    bounds[i][0] = bottom, bounds[i][1] = top;
    CHECK(bounds[i][1] - bounds[i][0] > (16 + i % 5 * 50) * 1024 - 4096);
  }
  qsort(bounds, count, sizeof *bounds, compare_lows);
  for (int i = 1; i < count; i++) CHECK(bounds[i][0] - bounds[i - 1][1] >= sysconf(_SC_PAGESIZE));
  for (int i = 0; i < count; i++) gl_release(all[i]);
  CHECK(all_gone());
}
