/* SPDX-License-Identifier: MIT */
/* From birth to death (rules 1 to 4). What an unstarted or dead ancestor does with an outcome is in outcome.c. */
#include "support.h"

// rule 1: made at first use, and the one that runs
TEST(thread_begins_in_main) {
  gl_greenlet *main = gl_main();
  CHECK(main != NULL);
  CHECK(gl_current() == main);
  CHECK(gl_main() == main);
  CHECK(gl_state(main) == GL_RUNNING);
  CHECK(gl_parent(main) == NULL);
  CHECK(!strcmp(gl_name(main), ""));
}

// rule 1: main's handles are not counted
TEST(main_survives_any_release) {
  gl_greenlet *main = gl_main();
  for (int i = 0; i < 3; i++) gl_release(main);
  CHECK(gl_retain(main) == main);
  for (int i = 0; i < 3; i++) gl_release(main);
  CHECK(gl_main() == main);
  gl_greenlet *g = gl_new(identity, NULL);
  void *received = NULL;
  CHECK(gl_switch(g, V(5), &received) == GL_OK);
  CHECK(received == V(5));
  CHECK(gl_state(main) == GL_RUNNING);
  gl_release(g);
}

BODY(release_main_and_go) {
  for (int i = 0; i < 3; i++) gl_release(gl_main());
  CHECK(gl_state(gl_main()) == GL_SUSPENDED);
  return gl_switch(gl_main(), V(1), NULL);
}

// rule 1: main's handles are not counted, also while it is suspended
TEST(suspended_main_survives_any_release) {
  gl_greenlet *g = gl_new(release_main_and_go, NULL);
  void *received = NULL;
  CHECK(gl_switch(g, NULL, &received) == GL_OK);
  CHECK(received == V(1));
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(gl_state(g) == GL_DEAD);
  gl_release(g);
  CHECK(all_gone());
}

// rule 1
TEST(main_cannot_be_given_a_parent) {
  gl_greenlet *g = gl_new(never, NULL);
  CHECK(gl_set_parent(gl_main(), g) == GL_EINVAL);
  CHECK(gl_set_parent(gl_main(), gl_main()) == GL_EINVAL);
  CHECK(gl_parent(gl_main()) == NULL);
  gl_release(g);
  CHECK(all_gone());
}

static gl_greenlet *self;

BODY(look_at_main) {
  CHECK(gl_main() == data);
  CHECK(gl_current() == self);
  CHECK(gl_state(gl_main()) == GL_SUSPENDED);
  CHECK(gl_state(self) == GL_RUNNING);
  return GL_OK;
}

// rule 1: there is one main, whoever asks
TEST(main_is_suspended_while_another_runs) {
  self = gl_new(look_at_main, gl_main());
  CHECK(gl_switch(self, NULL, NULL) == GL_OK);
  gl_release(self);
  CHECK(all_gone());
}

// rule 2
TEST(new_greenlet_is_an_unstarted_child_of_the_current_one) {
  gl_greenlet *g = gl_new(never, V(3));
  CHECK(gl_state(g) == GL_UNSTARTED);
  CHECK(gl_parent(g) == gl_main());
  CHECK(gl_data(g) == V(3));
  CHECK(gl_current() == gl_main());
  gl_release(g);
  CHECK(all_gone());
}

BODY(make_a_child) {
  gl_greenlet *child = gl_new(never, NULL);
  CHECK(gl_parent(child) == gl_current());
  gl_greenlet *named = NEW(.run = never);
  CHECK(gl_parent(named) == gl_current());
  gl_release(named);
  *result = child;
  return GL_OK;
}

// rule 2
TEST(new_greenlet_of_a_greenlet_is_its_child) {
  gl_greenlet *g = gl_new(make_a_child, NULL);
  void *child = NULL;
  CHECK(gl_switch(g, NULL, &child) == GL_OK);
  CHECK(gl_parent(child) == g);
  gl_release(child);
  gl_release(g);
  CHECK(all_gone());
}

// rule 2
TEST(options_name_another_parent) {
  gl_greenlet *suspended = gl_new(echo, NULL), *unstarted = gl_new(never, NULL), *dead = gl_new(identity, NULL);
  gl_switch(suspended, NULL, NULL);
  gl_switch(dead, NULL, NULL);
  gl_greenlet *of[] = {suspended, unstarted, dead, gl_main()};
  for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
    gl_greenlet *g = child_of(of[i], never, NULL);
    CHECK(gl_parent(g) == of[i]);
    CHECK(gl_state(g) == GL_UNSTARTED);
    gl_release(g);
  }
  gl_release(suspended), gl_release(unstarted), gl_release(dead);
  CHECK(all_gone());
}

BODY(check_start) {
  char *here = __builtin_frame_address(0);
  void *low = NULL, *high = NULL;
  CHECK(data == V(7));
  CHECK(gl_data(gl_current()) == V(8));
  CHECK(value == V(9));
  CHECK(*result == NULL);
  CHECK(gl_stack_bounds(gl_current(), &low, &high) == GL_OK);
  CHECK((char *)low < here && here < (char *)high);
  event("ran");
  return GL_OK;
}

// rule 3: also when gl_set_data has set another
TEST(first_switch_runs_the_body_with_the_first_data) {
  gl_greenlet *g = NEW(.run = check_start, .data = V(7), .drop = note_drop);
  void *received = V(1);
  gl_set_data(g, V(8));
  CHECK(gl_switch(g, V(9), &received) == GL_OK);
  CHECK(received == NULL);
  CHECK(happened("ran drop 7"));
  CHECK(gl_data(g) == V(8));
  gl_release(g);
  CHECK(happened(""));
  CHECK(all_gone());
}

#ifdef __x86_64__
BODY(check_alignment) {
  CHECK((uintptr_t)__builtin_frame_address(0) % 16 == 0);
  return GL_OK;
}

// rule 3: as after any call
TEST(body_starts_on_an_aligned_stack) {
  gl_greenlet *g = gl_new(check_alignment, NULL);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_release(g);
}
#endif

BODY(fill_the_stack) {
  volatile char bytes[192 * 1024];
  for (size_t i = 0; i < sizeof bytes; i += 512) bytes[i] = (char)i;
  *result = V(bytes[512] + 1);
  return GL_OK;
}

// rule 3: the default is 256 KiB
TEST(default_stack_holds_a_deep_body) {
  if (stacks_are("small")) SKIP("small ones do not");
  gl_greenlet *g = gl_new(fill_the_stack, NULL);
  void *received = NULL;
  CHECK(gl_switch(g, NULL, &received) == GL_OK);
  CHECK(received == V(1));
  gl_release(g);
}

/* Gives ten times each value back, so that one sees what passed through it. */
BODY(times_ten) {
  while (to_parent(V((intptr_t)value * 10), &value) == GL_OK) {}
  return GL_KILLED;
}
BODY(wait_once) {
  gl_status status = to_parent(value, &value);
  *result = value;
  return status;
}

// rule 4
TEST(parent_changed_meanwhile_gets_the_outcome) {
  gl_greenlet *other = gl_new(times_ten, NULL), *g = gl_new(wait_once, NULL);
  void *received = NULL;
  CHECK(gl_switch(other, NULL, NULL) == GL_OK);
  CHECK(gl_switch(g, V(1), &received) == GL_OK);
  CHECK(received == V(1));
  CHECK(gl_set_parent(g, other) == GL_OK);
  CHECK(gl_switch(g, V(2), &received) == GL_OK);
  CHECK(received == V(20));
  CHECK(gl_state(g) == GL_DEAD);
  gl_release(g), gl_release(other);
  CHECK(all_gone());
}

BODY(end_with) {
  *result = value;
  return (gl_status)(intptr_t)data;
}

// rule 4: GL_OK and GL_KILLED bring a value, the rest throws
TEST(outcome_decides_how_the_parent_goes_on) {
  static const struct {
    gl_status outcome, arrives;
  } cases[] = {
      {GL_OK, GL_OK},          {GL_THROWN, GL_THROWN}, {GL_KILLED, GL_OK}, {GL_ALIVE, GL_THROWN},  {GL_EINVAL, GL_THROWN},
      {GL_ENOTSUP, GL_THROWN}, {77, GL_THROWN},        {-77, GL_THROWN},   {INT32_MAX, GL_THROWN}, {INT32_MIN, GL_THROWN},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    gl_greenlet *g = gl_new(end_with, V(cases[i].outcome));
    void *received = NULL;
    CHECK(gl_switch(g, V(42), &received) == cases[i].arrives);
    CHECK(received == V(42));
    CHECK(gl_state(g) == GL_DEAD);
    gl_release(g);
  }
  CHECK(all_gone());
}

// rule 4: without a place to put it
TEST(outcome_may_be_ignored) {
  gl_greenlet *ok = gl_new(end_with, V(GL_OK)), *thrown = gl_new(end_with, V(GL_THROWN));
  CHECK(gl_switch(ok, V(1), NULL) == GL_OK);
  CHECK(gl_switch(thrown, V(1), NULL) == GL_THROWN);
  gl_release(ok), gl_release(thrown);
  CHECK(all_gone());
}

// rule 4
TEST(stack_of_a_dead_one_is_cached_while_its_handle_is_kept) {
  gl_stats before = stats();
  gl_greenlet *g = new_private(identity, NULL);
  void *low = V(1), *high = V(2);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(gl_stack_bounds(g, &low, &high) == GL_ENOTSUP);
  CHECK(low == V(1) && high == V(2));
  gl_stats after = stats();
  CHECK(after.stacks_mapped - after.stacks_cached == before.stacks_mapped - before.stacks_cached);
  gl_release(g);
  CHECK(stats().stacks_mapped == after.stacks_mapped);
  CHECK(all_gone());
}

// rule 4
TEST(next_greenlet_takes_the_cached_stack) {
  gl_release(new_private(identity, NULL));
  gl_greenlet *first = new_private(identity, NULL);
  CHECK(gl_switch(first, NULL, NULL) == GL_OK);
  uint64_t mapped = stats().stacks_mapped;
  for (int i = 0; i < 100; i++) {
    gl_greenlet *g = new_private(identity, NULL);
    CHECK(gl_switch(g, NULL, NULL) == GL_OK);
    gl_release(g);
  }
  CHECK(stats().stacks_mapped == mapped);
  gl_release(first);
}

BODY(wait_for_main_and_add_one) {
  CHECK(gl_switch(gl_main(), NULL, &value) == GL_OK);
  *result = V((intptr_t)value + 1);
  return GL_OK;
}

// rules 2, 4, 16: the end of the youngest ends them all
TEST(thousand_generations_end_one_by_one) {
  enum { depth = 1000 };
  gl_greenlet *last = NULL;
  for (int i = 0; i < depth; i++) {
    gl_greenlet *g = child_of(last, wait_for_main_and_add_one, NULL);
    gl_release(last), last = g;
    CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  }
  void *received = NULL;
  CHECK(gl_switch(last, V(0), &received) == GL_OK);
  CHECK(received == V(depth));
  CHECK(stats().alive == 0);
  gl_release(last);
  CHECK(all_gone());
}
