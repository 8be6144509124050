/* SPDX-License-Identifier: MIT */
/* -DGREENLET_CHECKS=ON finds the classic mistake with copied stacks: a pointer to bytes that are about to leave. */
#include "child.h"
#include "stacks.h"

#ifdef GREENLET_CHECKS
#define CHECKED 1
#else
#define CHECKED 0
#endif

static gl_stack *stack;
static gl_greenlet *other;
/* Other bodies wait here, on the stack that `other` is on. */
static void another_waits(gl_stack *on) {
  stack = on;
  other = make_on(stack, echo, NULL);
  gl_switch(other, NULL, NULL);
}
static void run_on_stack(gl_run run) {
  gl_greenlet *g = make_on(stack, run, NULL);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK && gl_state(g) == GL_DEAD);
  gl_release(g), gl_release(other);
  if (stack != gl_stack_thread()) gl_stack_release(stack);
}

static void is_caught(void (*body)(void), const char *what) {
  if (!CHECKED) SKIP("built without GREENLET_CHECKS");
  struct child child = in_child(body);
  CHECK(died_by(child, SIGABRT));
  if (!strstr(child.err, what) || !strstr(child.err, "stack")) printf("said \"%s\"\n", child.err);
  CHECK(strstr(child.err, what) && strstr(child.err, "stack"));
}

/* --- Mistakes ------------------------------------------------------------------------------------------------------------------------ */

BODY(passes_its_local) {
  volatile int local = 1;
  return gl_switch(other, (void *)&local, NULL);
}
static void a_value(void) {
  another_waits(new_stack());
  run_on_stack(passes_its_local);
}
// rule 6: a value from one to another of a shared stack
TEST(a_value_that_leaves_is_caught) { is_caught(a_value, "value"); }

BODY(throws_its_local) {
  volatile int local = 1;
  return gl_throw(other, (void *)&local, NULL);
}
static void a_payload(void) {
  another_waits(new_stack());
  run_on_stack(throws_its_local);
}
// rule 10
TEST(a_payload_that_leaves_is_caught) { is_caught(a_payload, "value"); }

BODY(gives_its_local_to_a_new_one) {
  volatile int local = 1;
  return gl_switch(make_on(stack, identity, (void *)&local), NULL, NULL);
}
static void data_of_a_new_one(void) {
  another_waits(new_stack());
  run_on_stack(gives_its_local_to_a_new_one);
}
// rule 3: the data of one that starts where its maker lies
TEST(data_that_leaves_is_caught) { is_caught(data_of_a_new_one, "data"); }

BODY(starts_one_with_its_local) {
  volatile int local = 1;
  return gl_switch(make_on(stack, identity, NULL), (void *)&local, NULL);
}
static void a_first_value(void) {
  another_waits(new_stack());
  run_on_stack(starts_one_with_its_local);
}
// rule 3
TEST(a_first_value_that_leaves_is_caught) { is_caught(a_first_value, "value"); }

BODY(passes_its_local_to_main) {
  volatile int local = 1;
  return to_main((void *)&local, NULL);
}
static void a_value_for_main(void) {
  another_waits(gl_stack_thread());
  run_on_stack(passes_its_local_to_main);
}
// rule 6: on the thread's own stack main needs the place too
TEST(a_value_for_main_that_leaves_is_caught) { is_caught(a_value_for_main, "value"); }

static gl_status pass_a_deep_local(UNUSED void *arg, UNUSED void **received) {
  volatile int local = 1;
  return gl_switch(other, (void *)&local, NULL);
}
static void a_value_of_main(void) {
  another_waits(gl_stack_thread());
  dive(20000, 1, pass_a_deep_local, NULL, NULL);
}
// rule 6: from a frame of main that lies where the other one belongs
TEST(a_value_of_main_that_leaves_is_caught) { is_caught(a_value_of_main, "value"); }

/* --- No mistakes --------------------------------------------------------------------------------------------------------------------- */

static int in_static_memory;
BODY(passes_what_stays) {
  void *const in_the_heap = malloc(1);
  void *const values[] = {NULL, V(1), V(-1), in_the_heap, &in_static_memory, gl_current(), stack};
  for (int i = 0; i < 7; i++) {
    CHECK(gl_switch(other, values[i], NULL) == GL_OK); /* goes on to main, which comes back */
    gl_greenlet *g = make_on(stack, identity, values[i]);
    CHECK(gl_switch(g, values[i], &value) == GL_OK && value == values[i]);
    gl_release(g);
  }
  free(in_the_heap);
  return GL_OK;
}
static void visit_until_it_ends(gl_run run) {
  gl_greenlet *g = make_on(stack, run, NULL);
  while (gl_state(g) != GL_DEAD) CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_release(g), gl_release(other);
  if (stack != gl_stack_thread()) gl_stack_release(stack);
  CHECK(nothing_left());
}
// rules 3, 6
TEST(values_elsewhere_are_no_mistake) {
  another_waits(new_stack()), visit_until_it_ends(passes_what_stays);
  another_waits(thread_stack()), visit_until_it_ends(passes_what_stays);
}

BODY(passes_its_local_to_others) {
  volatile int local = 1;
  CHECK(to_main((void *)&local, NULL) == GL_OK); /* main reads it in place */
  gl_greenlet *elsewhere = make_on(data, identity, (void *)&local);
  CHECK(gl_switch(elsewhere, (void *)&local, &value) == GL_OK && value == (void *)&local && local == 1);
  gl_release(elsewhere);
  return GL_OK;
}
// rules 3, 6: bytes that stay: for main and for greenlets of other stacks
TEST(values_that_stay_are_no_mistake) {
  gl_stack *const from = new_stack(), *const to[] = {NULL, new_stack(), thread_stack()};
  for (int i = 0; i < 3; i++) {
    gl_greenlet *g = make_on(from, passes_its_local_to_others, to[i]);
    void *local = NULL;
    CHECK(gl_switch(g, NULL, &local) == GL_OK && *(volatile int *)local == 1);
    CHECK(gl_switch(g, NULL, NULL) == GL_OK && gl_state(g) == GL_DEAD);
    gl_release(g);
  }
  gl_stack_release(from), gl_stack_release(to[1]);
  CHECK(nothing_left());
}

BODY(reads_its_value) {
  CHECK(*(volatile int *)value == *(volatile int *)data);
  *result = value;
  return GL_OK;
}
BODY(starts_one_below_itself) {
  volatile int local = 3;
  gl_greenlet *g = make_on(stack, reads_its_value, (void *)&local);
  CHECK(gl_switch(g, (void *)&local, &value) == GL_OK && value == (void *)&local);
  gl_release(g);
  return GL_OK;
}
// rules 3, 6: on the thread's own stack, what lies above the one that starts stays
TEST(values_above_are_no_mistake) {
  volatile int local = 2;
  stack = thread_stack();
  gl_greenlet *g = make_on(stack, reads_its_value, (void *)&local), *starter = make_on(stack, starts_one_below_itself, NULL);
  CHECK(gl_switch(g, (void *)&local, NULL) == GL_OK && gl_switch(starter, NULL, NULL) == GL_OK);
  gl_release(g), gl_release(starter);
  CHECK(nothing_left());
}
