/* SPDX-License-Identifier: MIT */
/* What dead, unstarted and unstartable ancestors do with an outcome, a switch or a throw (rules 4, 5, 8, 11, 12). */
#include "support.h"

enum { many = 100000 };

/* Notes its number and its value; ends with the value plus one. */
BODY(add_one) {
  event("%d:%d", (int)(intptr_t)data, (int)(intptr_t)value);
  *result = V((intptr_t)value + 1);
  return GL_OK;
}
BODY(add_one_silently) {
  *result = V((intptr_t)value + 1);
  return GL_OK;
}
BODY(end_with) {
  *result = value;
  return (gl_status)(intptr_t)data;
}
static gl_greenlet *unstarted(gl_greenlet *parent, gl_run run, int number) {
  return NEW(.run = run, .parent = parent, .data = V(number), .drop = note_drop);
}
static gl_greenlet *dead(gl_greenlet *parent) {
  gl_greenlet *g = child_of(parent, never, NULL);
  CHECK(gl_kill(g, NULL) == GL_OK);
  return g;
}
/* One that no stack can be found for. */
static gl_greenlet *unstartable(gl_greenlet *parent, int number) {
  return NEW(.run = never, .parent = parent, .stack_size = NO_SUCH_STACK, .data = V(number), .drop = note_drop);
}

// rule 5
TEST(value_starts_an_unstarted_parent) {
  gl_greenlet *parent = unstarted(NULL, add_one, 1), *child = unstarted(parent, add_one, 2);
  void *received = NULL;
  CHECK(gl_switch(child, V(10), &received) == GL_OK);
  CHECK(received == V(12));
  CHECK(happened("2:10 drop 2 1:11 drop 1"));
  CHECK(gl_state(parent) == GL_DEAD);
  gl_release(child), gl_release(parent);
  CHECK(all_gone());
}

// rules 4, 5: what a killed one leaves is a value
TEST(killed_outcome_starts_an_unstarted_parent) {
  gl_greenlet *parent = unstarted(NULL, add_one, 1), *child = child_of(parent, end_with, V(GL_KILLED));
  void *received = NULL;
  CHECK(gl_switch(child, V(10), &received) == GL_OK);
  CHECK(received == V(11));
  CHECK(happened("1:10 drop 1"));
  gl_release(child), gl_release(parent);
  CHECK(all_gone());
}

// rules 5, 11
TEST(thrown_outcome_ends_unstarted_ancestors_unrun) {
  gl_greenlet *grandparent = unstarted(NULL, never, 1), *parent = unstarted(grandparent, never, 2),
              *child = child_of(parent, end_with, V(GL_THROWN));
  void *received = NULL;
  CHECK(gl_switch(child, V(10), &received) == GL_THROWN);
  CHECK(received == V(10));
  CHECK(happened("drop 2 drop 1"));
  CHECK(gl_state(parent) == GL_DEAD && gl_state(grandparent) == GL_DEAD);
  gl_release(child), gl_release(parent), gl_release(grandparent);
  CHECK(happened(""));
  CHECK(all_gone());
}

// rules 4, 5, 8: each dead one is skipped, each unstarted one runs
TEST(outcome_finds_its_way_through_a_mixed_family) {
  gl_greenlet *waiting = gl_new(echo, NULL);
  gl_switch(waiting, NULL, NULL);
  gl_greenlet *family[] = {waiting, NULL, NULL, NULL, NULL, NULL};
  family[1] = dead(family[0]);
  family[2] = unstarted(family[1], add_one, 2);
  family[3] = dead(family[2]);
  family[4] = dead(family[3]);
  family[5] = unstarted(family[4], add_one, 5);
  void *received = NULL;
  CHECK(gl_switch(family[5], V(10), &received) == GL_OK);
  CHECK(happened("5:10 drop 5 2:11 drop 2"));
  CHECK(received == V(12)); /* echoed to main */
  CHECK(gl_state(waiting) == GL_SUSPENDED);
  for (int i = 5; i >= 0; i--) gl_release(family[i]);
  CHECK(all_gone());
}

// rule 5
TEST(thousand_unstarted_ancestors_start_one_by_one) {
  enum { depth = 1000 };
  gl_greenlet *last = NULL;
  for (int i = 0; i < depth; i++) {
    gl_greenlet *g = child_of(last, add_one_silently, NULL);
    gl_release(last), last = g;
  }
  void *received = NULL;
  CHECK(gl_switch(last, V(0), &received) == GL_OK);
  CHECK(received == V(depth));
  gl_release(last);
  CHECK(all_gone());
}

static int drops;
static void count_drop(void *data) {
  (void)data;
  drops++;
}
/* Only the youngest has a handle of ours. */
static gl_greenlet *many_unstarted(void) {
  gl_greenlet *last = NULL;
  drops = 0;
  for (int i = 0; i < many; i++) {
    gl_greenlet *g = NEW(.run = never, .parent = last, .drop = count_drop);
    gl_release(last), last = g;
  }
  return last;
}

// rule 11: not by recursion
TEST(throw_ends_a_hundred_thousand_unstarted_ancestors) {
  gl_greenlet *last = many_unstarted();
  void *received = NULL;
  CHECK(gl_throw(last, V(1), &received) == GL_THROWN);
  CHECK(received == V(1));
  CHECK(drops == many);
  gl_release(last);
  CHECK(drops == many);
  CHECK(all_gone());
}

BODY(release_many_unstarted) {
  gl_release(many_unstarted());
  CHECK(drops == many);
  return GL_OK;
}

// rules 16, 21: not by recursion, also on a small stack
TEST(hundred_thousand_unstarted_ancestors_go_with_the_youngest) {
  gl_greenlet *g = gl_new(release_many_unstarted, NULL);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_release(g);
  CHECK(all_gone());
}

BODY(walk_and_release_many_dead) {
  gl_greenlet *last = NULL;
  void *received = NULL;
  for (int i = 0; i < many; i++) {
    gl_greenlet *g = dead(last);
    gl_release(last), last = g;
  }
  CHECK(gl_switch(last, V(1), &received) == GL_OK);
  CHECK(received == V(1));
  CHECK(gl_throw(last, V(2), &received) == GL_THROWN);
  CHECK(received == V(2));
  gl_release(last);
  return GL_OK;
}

// rules 8, 12, 21: not by recursion, also on a small stack
TEST(hundred_thousand_dead_ancestors_are_skipped_and_freed) {
  gl_greenlet *g = gl_new(walk_and_release_many_dead, NULL);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_release(g);
  CHECK(all_gone());
}

// rule 5
TEST(parent_that_cannot_start_dies_unrun_and_throws_null) {
  gl_greenlet *parent = unstartable(NULL, 1), *child = child_of(parent, end_with, V(GL_OK));
  void *received = V(9);
  CHECK(gl_switch(child, V(10), &received) == GL_THROWN);
  CHECK(received == NULL);
  CHECK(happened("drop 1"));
  CHECK(gl_state(parent) == GL_DEAD && gl_state(child) == GL_DEAD);
  gl_release(child), gl_release(parent);
  CHECK(happened(""));
  CHECK(all_gone());
}

// rules 5, 11: the NULL that is thrown ends the next unstarted one, though that one could start
TEST(throw_of_an_unstartable_parent_goes_on) {
  gl_greenlet *waiting = gl_new(echo, NULL);
  gl_switch(waiting, NULL, NULL);
  gl_greenlet *grandparent = unstarted(waiting, never, 1), *parent = unstartable(grandparent, 2),
              *child = child_of(parent, end_with, V(GL_OK));
  void *received = V(9);
  CHECK(gl_switch(child, V(10), &received) == GL_THROWN); /* echo passes it on to main */
  CHECK(received == NULL);
  CHECK(happened("drop 2 drop 1"));
  CHECK(gl_state(waiting) == GL_DEAD);
  gl_release(child), gl_release(parent), gl_release(grandparent), gl_release(waiting);
  CHECK(all_gone());
}

// rules 5, 11: a throw needs no stack
TEST(thrown_payload_passes_an_unstartable_parent) {
  gl_greenlet *parent = unstartable(NULL, 1), *child = child_of(parent, end_with, V(GL_THROWN));
  void *received = NULL;
  CHECK(gl_switch(child, V(10), &received) == GL_THROWN);
  CHECK(received == V(10));
  CHECK(happened("drop 1"));
  gl_release(child), gl_release(parent);
  CHECK(all_gone());
}

// rules 8, 9: as if the unstartable one itself had been named
TEST(switch_to_a_dead_child_of_an_unstartable_one_fails) {
  gl_greenlet *parent = unstartable(NULL, 1), *child = dead(parent);
  void *received = V(9);
  CHECK(gl_switch(child, V(10), &received) == GL_ENOMEM);
  CHECK(received == V(9));
  CHECK(gl_state(parent) == GL_UNSTARTED);
  CHECK(happened(""));
  gl_release(child), gl_release(parent);
  CHECK(happened("drop 1"));
  CHECK(all_gone());
}

// rule 8
TEST(switch_to_a_dead_one_starts_its_unstarted_ancestor) {
  gl_greenlet *grandparent = unstarted(NULL, add_one, 1), *parent = dead(grandparent), *child = dead(parent);
  void *received = NULL;
  CHECK(gl_switch(child, V(10), &received) == GL_OK);
  CHECK(received == V(11));
  CHECK(happened("1:10 drop 1"));
  gl_release(child), gl_release(parent), gl_release(grandparent);
  CHECK(all_gone());
}

// rules 11, 12
TEST(throw_at_a_dead_one_ends_its_unstarted_ancestor_unrun) {
  gl_greenlet *grandparent = unstarted(NULL, never, 1), *parent = dead(grandparent), *child = dead(parent);
  void *received = NULL;
  CHECK(gl_throw(child, V(10), &received) == GL_THROWN);
  CHECK(received == V(10));
  CHECK(happened("drop 1"));
  gl_release(child), gl_release(parent), gl_release(grandparent);
  CHECK(all_gone());
}

/* Answers once, then ends. */
BODY(answer_once) {
  event("value %d", (int)(intptr_t)value);
  gl_status status = to_parent(V((intptr_t)value * 10), &value);
  event(gl_status_name(status));
  return status;
}

// rules 16, 21: a dead one still holds its parent, as the outcome's way
TEST(parent_goes_with_the_last_handle_on_its_dead_child) {
  gl_greenlet *parent = gl_new(answer_once, NULL), *child = child_of(parent, identity, NULL);
  gl_release(parent);
  void *received = NULL;
  CHECK(gl_switch(child, V(3), &received) == GL_OK);
  CHECK(received == V(30));
  CHECK(happened("value 3"));
  CHECK(gl_state(gl_parent(child)) == GL_SUSPENDED);
  gl_release(child);
  CHECK(happened("GL_KILLED"));
  CHECK(all_gone());
}

BODY(release_oneself_and_end) {
  gl_release(gl_current());
  *result = value;
  return GL_OK;
}

// rules 16, 22: the child that held it is gone when it runs, so it ends when it leaves
TEST(unstarted_parent_that_its_ended_child_held_runs_until_it_leaves) {
  gl_greenlet *parent = gl_new(answer_once, NULL), *child = child_of(parent, release_oneself_and_end, NULL);
  gl_release(parent);
  void *received = NULL;
  CHECK(gl_switch(child, V(3), &received) == GL_OK);
  CHECK(received == V(30));
  CHECK(happened("value 3 GL_KILLED"));
  CHECK(all_gone());
}

// rules 16, 22: the same for one that waits
TEST(suspended_parent_that_its_ended_child_held_runs_until_it_leaves) {
  gl_greenlet *parent = gl_new(echo, NULL);
  CHECK(gl_switch(parent, NULL, NULL) == GL_OK);
  gl_greenlet *child = child_of(parent, release_oneself_and_end, NULL);
  gl_release(parent);
  void *received = NULL;
  CHECK(gl_switch(child, V(3), &received) == GL_OK);
  CHECK(received == V(3));
  CHECK(all_gone());
}

// rules 16, 22: the same for a throw, which ends echo
TEST(throw_goes_to_a_parent_that_its_ended_child_held) {
  gl_greenlet *parent = gl_new(echo, NULL);
  CHECK(gl_switch(parent, NULL, NULL) == GL_OK);
  gl_greenlet *child = child_of(parent, never, NULL);
  gl_release(parent);
  void *received = NULL;
  CHECK(gl_throw(child, V(3), &received) == GL_THROWN);
  CHECK(received == V(3));
  CHECK(gl_state(gl_parent(child)) == GL_DEAD);
  gl_release(child);
  CHECK(all_gone());
}
