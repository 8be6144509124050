/* SPDX-License-Identifier: MIT */
/* An overflow of a shared stack hits its guard, whoever runs there (rule 25). */
#include "faults.h"
#include "stacks.h"

static gl_stack *stack;
static gl_greenlet *all[20];

/* In a child, where CHECK is not heard. */
static gl_stack *stack_of_size(size_t size) {
  gl_stack *made = gl_stack_new(size);
  if (!made) _exit(4);
  return made;
}

BODY(overflow) {
  remember_bounds();
  *result = V(recurse(0));
  return GL_OK;
}
static void at_the_start(void) {
  catch_faults();
  stack = stack_of_size(SHARED_SIZE);
  gl_switch(make_on(stack, overflow, NULL), NULL, NULL);
  _exit(3);
}
static void among_others(void) {
  catch_faults();
  stack = stack_of_size(SHARED_SIZE);
  for (int i = 0; i < 20; i++) gl_switch(all[i] = make_on(i % 2 ? NULL : stack, wait_then_overflow, NULL), NULL, NULL);
  gl_switch(all[10], NULL, NULL);
  _exit(3);
}
static void of_a_small_stack(void) {
  catch_faults();
  gl_switch(make_on(stack_of_size(1), overflow, NULL), NULL, NULL);
  _exit(3);
}
static void of_the_second_of_two_neighbours(void) {
  catch_faults();
  gl_stack *const neighbours[] = {stack_of_size(65536), stack_of_size(65536), stack_of_size(65536)};
  for (int i = 0; i < 3; i++) gl_switch(all[i] = make_on(neighbours[i], wait_then_overflow, NULL), NULL, NULL);
  gl_switch(all[1], NULL, NULL);
  _exit(3);
}
BODY(starts_one_that_overflows) { return gl_switch(make_on(stack, overflow, NULL), NULL, NULL); }
static void while_the_starter_is_copied_out(void) {
  catch_faults();
  stack = stack_of_size(SHARED_SIZE);
  gl_switch(make_on(stack, starts_one_that_overflows, NULL), NULL, NULL);
  _exit(3);
}

// rule 25
TEST(overflow_of_a_shared_stack_hits_its_guard) {
  CHECK(exited(in_child(at_the_start), 0));
  CHECK(exited(in_child(among_others), 0));
  CHECK(exited(in_child(of_a_small_stack), 0));
  CHECK(exited(in_child(of_the_second_of_two_neighbours), 0));
  CHECK(exited(in_child(while_the_starter_is_copied_out), 0));
}
