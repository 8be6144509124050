/* SPDX-License-Identifier: MIT */
/* Ends, throws and parents of greenlets whose bytes are elsewhere at that time (rules 3 to 12, 15). */
#include "stacks.h"

/* Waits deep, notes what came, and ends with it. */
BODY(holds) {
  gl_status status = dive(2000, (unsigned)number(data), to_main, NULL, &value);
  event("%d:%s %d", number(data), gl_status_name(status), number(value));
  *result = value;
  return status;
}
static gl_greenlet *holding(int i) {
  gl_greenlet *g = make(i, holds, V(i));
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  return g;
}
BODY(uses_some_stack) {
  dive(6000, (unsigned)number(data), to_main, NULL, &value);
  *result = value;
  return GL_OK;
}

// rules 4, 6: one ends where others wait
TEST_ON_STACKS(an_end_leaves_the_waiting_alone) {
  gl_greenlet *a = holding(1), *b = holding(2), *c = make(3, uses_some_stack, V(3));
  void *received = NULL;
  CHECK(gl_switch(c, NULL, NULL) == GL_OK);
  CHECK(gl_switch(a, V(4), &received) == GL_OK && received == V(4) && happened("1:GL_OK 4"));
  CHECK(gl_switch(c, V(5), &received) == GL_OK && received == V(5));
  CHECK(gl_switch(b, V(6), &received) == GL_OK && received == V(6) && happened("2:GL_OK 6"));
  CHECK(gl_state(a) == GL_DEAD && gl_state(b) == GL_DEAD && gl_state(c) == GL_DEAD);
  gl_release(a), gl_release(b), gl_release(c);
}

static gl_status switch_to(void *target, void **received) { return gl_switch((gl_greenlet *)target, V(1), received); }
/* Starts its data from a deep place, which ends in it. */
BODY(waits_for_a_child) {
  CHECK(gl_set_parent(data, gl_current()) == GL_OK);
  gl_status status = dive(3000, 3, switch_to, data, result);
  event("%s", gl_status_name(status));
  return GL_OK;
}
BODY(throws_back) {
  *result = value;
  return GL_THROWN;
}
// rules 4, 6: an outcome brings back a parent that was copied out
TEST_ON_STACKS(an_outcome_goes_to_one_that_was_copied_out) {
  const gl_run children[] = {identity, throws_back};
  const char *const expected[] = {"GL_OK", "GL_THROWN"};
  for (int i = 0; i < 2; i++) {
    gl_greenlet *child = make(i, children[i], NULL), *parent = make(i + 4, waits_for_a_child, child);
    void *received = NULL;
    CHECK(gl_switch(parent, NULL, &received) == GL_OK && received == V(1));
    CHECK(happened(expected[i]) && gl_state(parent) == GL_DEAD && gl_state(child) == GL_DEAD);
    gl_release(child), gl_release(parent);
  }
}

// rule 10: a throw arrives in one that was copied out, and goes on to its parent
TEST_ON_STACKS(a_throw_arrives_in_one_that_was_copied_out) {
  gl_greenlet *a = holding(1), *b = holding(5), *c = holding(9);
  void *received = NULL;
  CHECK(gl_throw(b, V(7), &received) == GL_THROWN && received == V(7) && happened("5:GL_THROWN 7"));
  CHECK(gl_throw(a, V(8), &received) == GL_THROWN && received == V(8) && happened("1:GL_THROWN 8"));
  CHECK(gl_switch(c, V(9), &received) == GL_OK && received == V(9) && happened("9:GL_OK 9"));
  gl_release(a), gl_release(b), gl_release(c);
}

static gl_status throw_at(void *target, void **received) { return gl_throw((gl_greenlet *)target, V(6), received); }
BODY(throws_at_data) {
  gl_status status = dive(1000, 5, throw_at, data, &value);
  event("%s %d", gl_status_name(status), number(value));
  return status;
}
// rules 10, 11: thrown by one that runs where the target lay; then at an unstarted one, whose ancestor was copied out
TEST_ON_STACKS(a_throw_between_greenlets_of_one_stack) {
  gl_greenlet *target = holding(1), *thrower = make(5, throws_at_data, target);
  void *received = NULL;
  CHECK(gl_set_parent(target, thrower) == GL_OK);
  CHECK(gl_switch(thrower, NULL, &received) == GL_THROWN);
  CHECK(happened("1:GL_THROWN 6 GL_THROWN 6") && gl_state(target) == GL_DEAD && gl_state(thrower) == GL_DEAD);
  gl_release(target), gl_release(thrower);

  gl_greenlet *ancestor = holding(1), *unstarted = make_child(5, ancestor, never, NULL), *other = make(9, throws_at_data, unstarted);
  CHECK(gl_switch(other, NULL, &received) == GL_THROWN && received == V(6));
  CHECK(happened("1:GL_THROWN 6") && gl_state(unstarted) == GL_DEAD && gl_state(ancestor) == GL_DEAD);
  CHECK(gl_kill(other, NULL) == GL_OK && happened("GL_KILLED 0"));
  gl_release(ancestor), gl_release(unstarted), gl_release(other);
}

// rules 8, 12: what is meant for a dead one goes to its ancestor, which was copied out
TEST_ON_STACKS(a_dead_one_leads_to_one_that_was_copied_out) {
  gl_greenlet *ancestors[] = {holding(1), holding(5)}, *dead[2];
  for (int i = 0; i < 2; i++) {
    dead[i] = make_child(i, ancestors[i], never, NULL);
    CHECK(gl_kill(dead[i], NULL) == GL_OK);
  }
  void *received = NULL;
  CHECK(gl_switch(dead[0], V(3), &received) == GL_OK && received == V(3) && happened("1:GL_OK 3"));
  CHECK(gl_throw(dead[1], V(4), &received) == GL_THROWN && received == V(4) && happened("5:GL_THROWN 4"));
  for (int i = 0; i < 2; i++) gl_release(ancestors[i]), gl_release(dead[i]);
}

// rule 15: parents change while both are copied out; the outcome goes where it leads then
TEST_ON_STACKS(parents_change_while_copied_out) {
  gl_greenlet *a = holding(1), *b = holding(5), *c = holding(9);
  CHECK(gl_set_parent(a, b) == GL_OK && gl_set_parent(b, c) == GL_OK);
  CHECK(gl_set_parent(c, a) == GL_ECYCLE);
  void *received = NULL;
  CHECK(gl_switch(a, V(3), &received) == GL_OK && received == V(3));
  CHECK(happened("1:GL_OK 3 5:GL_OK 3 9:GL_OK 3"));
  CHECK(gl_state(a) == GL_DEAD && gl_state(b) == GL_DEAD && gl_state(c) == GL_DEAD);
  gl_release(a), gl_release(b), gl_release(c);
}

BODY(notes_its_first_value) {
  event("starts with %d", number(value));
  *result = V(number(value) + 1);
  return dive(4000, 2, to_main, value, NULL);
}
// rules 4, 5: an end starts an unstarted parent on the stack that it leaves
TEST_ON_STACKS(an_end_starts_its_parent_on_the_same_stack) {
  gl_greenlet *bystander = holding(3), *parent = make(1, notes_its_first_value, NULL),
              *child = make_child(5, parent, uses_some_stack, NULL);
  void *received = NULL;
  CHECK(gl_switch(child, NULL, NULL) == GL_OK);
  CHECK(gl_switch(child, V(7), &received) == GL_OK && received == V(7) && happened("starts with 7"));
  CHECK(gl_state(child) == GL_DEAD && gl_state(parent) == GL_SUSPENDED);
  CHECK(gl_switch(bystander, V(1), NULL) == GL_OK && happened("3:GL_OK 1"));
  CHECK(gl_switch(parent, NULL, &received) == GL_OK && received == V(8));
  gl_release(bystander), gl_release(parent), gl_release(child);
}

static gl_key key;
static void use_stack_and_note(void *value) {
  unsigned char below[4000];
  fill(below, sizeof below, (unsigned)number(value));
  CHECK(gl_switch(gl_main(), NULL, NULL) == GL_EBUSY);
  gl_release(make(0, never, NULL));
  CHECK(intact(below, sizeof below, (unsigned)number(value)));
  note_drop(value);
}
// rules 4, 26, 28: drops run on the stack of the one that ends, while others of that stack wait
TEST_ON_STACKS(drops_run_on_the_stack) {
  gl_greenlet *a = holding(1);
  gl_options options = {.size = sizeof options, .run = holds, .data = V(5), .drop = use_stack_and_note, .stack = stack_of(5)};
  gl_greenlet *b = new_with(&options);
  CHECK(gl_key_new(&key, use_stack_and_note) == GL_OK && gl_set_local(b, key, V(6)) == GL_OK);
  CHECK(gl_switch(b, NULL, NULL) == GL_OK);
  CHECK(gl_switch(a, V(2), NULL) == GL_OK && gl_switch(b, V(3), NULL) == GL_OK);
  CHECK(happened("1:GL_OK 2 5:GL_OK 3 drop 5 drop 6"));
  gl_release(a), gl_release(b);
}

BODY(starts_many_in_turn) {
  for (int i = 0; i < 300; i++) {
    gl_greenlet *g = make(i, i % 3 ? identity : uses_some_stack, V(i));
    CHECK(gl_switch(g, V(i), &value) == GL_OK);
    gl_release(g);
  }
  return GL_OK;
}
// rules 3, 4, 21: a greenlet that is copied out makes room for hundreds, one after the other
TEST_ON_STACKS(many_live_and_end_beside_one) {
  gl_greenlet *a = holding(1), *g = make(4, starts_many_in_turn, NULL);
  while (gl_state(g) != GL_DEAD) CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(gl_switch(a, V(1), NULL) == GL_OK && happened("1:GL_OK 1"));
  gl_release(a), gl_release(g);
}
