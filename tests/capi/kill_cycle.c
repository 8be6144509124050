/* SPDX-License-Identifier: MIT */
/* GL_ECYCLE of gl_kill and gl_set_parent over real parents and pending killers together (rules 13, 15). */
#include "victim.h"

/* Tries to kill its data and must not. */
BODY(kill_an_ancestor) {
  int state = gl_state(data);
  value = V(9);
  CHECK(gl_kill(data, &value) == GL_ECYCLE);
  CHECK(value == V(9));
  CHECK(gl_state(data) == state);
  event("cycle");
  return GL_OK;
}

// rule 13: in every state but dead
TEST(ancestors_cannot_be_killed) {
  gl_greenlet *grandparent = gl_new(echo, NULL), *parent = child_of(grandparent, echo, NULL);
  CHECK(gl_switch(grandparent, NULL, NULL) == GL_OK);
  CHECK(gl_switch(parent, NULL, NULL) == GL_OK);
  gl_greenlet *unstarted = child_of(parent, identity, NULL);
  gl_greenlet *targets[] = {grandparent, parent, unstarted};
  for (int i = 0; i < 3; i++) {
    gl_greenlet *g = child_of(unstarted, kill_an_ancestor, targets[i]);
    CHECK(gl_set_parent(g, i == 2 ? unstarted : parent) == GL_OK);
    CHECK(gl_switch(g, NULL, NULL) == GL_OK);
    CHECK(happened("cycle"));
    gl_release(g);
  }
  gl_release(unstarted), gl_release(parent), gl_release(grandparent);
  CHECK(all_gone());
}

BODY(kill_a_dead_ancestor) {
  value = V(9);
  CHECK(gl_kill(data, &value) == GL_OK);
  CHECK(value == NULL);
  return GL_OK;
}

// rule 13: dead is looked at before the family
TEST(dead_ancestor_counts_as_killed) {
  gl_greenlet *parent = gl_new(never, NULL), *g = child_of(parent, kill_a_dead_ancestor, parent);
  CHECK(gl_kill(parent, NULL) == GL_OK);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_release(g), gl_release(parent);
  CHECK(all_gone());
}

// rule 13: a dead one between does not hide the ancestor
TEST(ancestor_beyond_a_dead_one_cannot_be_killed) {
  gl_greenlet *grandparent = waiting(echo, NULL), *parent = child_of(grandparent, never, NULL),
              *g = child_of(parent, kill_an_ancestor, grandparent);
  CHECK(gl_kill(parent, NULL) == GL_OK);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(happened("cycle"));
  gl_release(g), gl_release(parent), gl_release(grandparent);
  CHECK(all_gone());
}

static gl_greenlet *forbidden[8];
static void fail_to_kill_the_forbidden(void) {
  for (gl_greenlet **g = forbidden; *g; g++) {
    int state = gl_state(*g);
    void *received = V(9);
    CHECK(gl_kill(*g, &received) == GL_ECYCLE);
    CHECK(received == V(9));
    CHECK(gl_state(*g) == state);
    event("cycle");
  }
}
BODY(kill_data) {
  CHECK(gl_kill(data, &value) == GL_OK);
  return GL_OK;
}

// rule 13: the killer and its parents, and the real parents that it hides
TEST(victim_cannot_kill_its_killer_nor_any_parent) {
  gl_greenlet *real = waiting(echo, NULL), *of_killer = waiting(echo, NULL);
  gl_greenlet *g = child_of(real, victim, &(struct victim){fail_to_kill_the_forbidden, GL_KILLED, NULL});
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_greenlet *k = child_of(of_killer, kill_data, g);
  forbidden[0] = k, forbidden[1] = of_killer, forbidden[2] = real, forbidden[3] = NULL;
  CHECK(gl_switch(k, NULL, NULL) == GL_OK);
  CHECK(happened("GL_KILLED 0 cycle cycle cycle"));
  gl_release(g), gl_release(k), gl_release(real), gl_release(of_killer);
  CHECK(all_gone());
}

static gl_greenlet *descendant;
static void switch_to_the_descendant(void) { CHECK(gl_switch(descendant, NULL, NULL) == GL_OK); }

// rule 13: nor can its child
TEST(child_of_a_victim_cannot_kill_the_killer) {
  gl_greenlet *g = waiting(victim, &(struct victim){switch_to_the_descendant, GL_KILLED, NULL}), *k = gl_new(kill_data, g);
  descendant = child_of(g, kill_an_ancestor, k);
  CHECK(gl_switch(k, NULL, NULL) == GL_OK);
  CHECK(happened("GL_KILLED 0 cycle"));
  gl_release(descendant), gl_release(g), gl_release(k);
  CHECK(all_gone());
}

/* When killed: goes to main; then tries the forbidden, ends. */
static void go_to_main_then_fail_to_kill(void) {
  gl_status status = gl_switch(gl_main(), NULL, NULL);
  if (status == GL_KILLED) gl_switch(gl_main(), NULL, NULL);
  fail_to_kill_the_forbidden();
}

// rule 13: the outer of two killers too
TEST(victim_of_two_cannot_kill_either) {
  gl_greenlet *g = waiting(victim, &(struct victim){go_to_main_then_fail_to_kill, GL_KILLED, NULL});
  gl_greenlet *outer = gl_new(killer, g), *inner = gl_new(killer, g);
  CHECK(gl_switch(outer, NULL, NULL) == GL_OK);
  CHECK(gl_switch(inner, NULL, NULL) == GL_OK);
  forbidden[0] = outer, forbidden[1] = inner, forbidden[2] = NULL;
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(happened("GL_KILLED 0 cycle cycle kill GL_OK 0"));
  gl_release(g), gl_release(outer), gl_release(inner);
  events[0] = 0;
  CHECK(all_gone());
}

static gl_greenlet *last;
static void kill_the_last(void) { CHECK(gl_kill(last, NULL) == GL_OK); }

// rule 13: killers of killers, and an outer killer of a killer
TEST(last_of_nested_victims_cannot_kill_the_first_killer) {
  last = waiting(victim, &(struct victim){fail_to_kill_the_forbidden, GL_KILLED, NULL});
  gl_greenlet *middle = waiting(victim, &(struct victim){kill_the_last, GL_KILLED, NULL}), *k = gl_new(kill_data, middle);
  forbidden[0] = k, forbidden[1] = middle, forbidden[2] = NULL;
  CHECK(gl_switch(k, NULL, NULL) == GL_OK);
  CHECK(happened("GL_KILLED 0 GL_KILLED 0 cycle cycle"));
  gl_release(last), gl_release(middle), gl_release(k);
  CHECK(all_gone());
}

static void kill_the_forbidden(void) {
  CHECK(gl_kill(forbidden[0], NULL) == GL_OK);
  CHECK(gl_state(forbidden[0]) == GL_DEAD);
}
static void go_to_main_then_kill(void) {
  gl_switch(gl_main(), NULL, NULL);
  kill_the_forbidden();
}

// rule 13: a kill that is over makes nobody an ancestor
TEST(former_killer_may_be_killed) {
  gl_greenlet *g = waiting(victim, &(struct victim){go_to_main_then_kill, GL_KILLED, NULL}), *k = gl_new(killer, g);
  CHECK(gl_switch(k, NULL, NULL) == GL_OK);
  CHECK(gl_switch(k, NULL, NULL) == GL_OK); /* says GL_ALIVE, goes back to main */
  forbidden[0] = k;
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(happened("GL_KILLED 0 kill GL_ALIVE 0"));
  gl_release(g), gl_release(k);
  CHECK(all_gone());
}

// rule 15: gl_set_parent sees killers
TEST(pending_killer_cannot_become_a_child_of_its_victim) {
  gl_greenlet *of_killer = gl_new(echo, NULL), *g = waiting(victim, &(struct victim){go_to_main_then_fail_to_kill, GL_KILLED, NULL});
  CHECK(gl_switch(of_killer, NULL, NULL) == GL_OK);
  gl_greenlet *k = child_of(of_killer, killer, g), *child = child_of(g, never, NULL);
  forbidden[0] = NULL;
  CHECK(gl_switch(k, NULL, NULL) == GL_OK);
  CHECK(gl_set_parent(k, g) == GL_ECYCLE);
  CHECK(gl_set_parent(k, child) == GL_ECYCLE);
  CHECK(gl_set_parent(of_killer, g) == GL_ECYCLE);
  CHECK(gl_parent(k) == of_killer);
  CHECK(gl_parent(of_killer) == gl_main());
  CHECK(gl_parent(g) == k);
  CHECK(gl_switch(k, NULL, NULL) == GL_OK); /* the kill is over */
  CHECK(gl_set_parent(of_killer, g) == GL_OK);
  CHECK(gl_parent(k) == of_killer);
  CHECK(gl_set_parent(of_killer, gl_main()) == GL_OK);
  CHECK(gl_set_parent(k, gl_main()) == GL_OK);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_release(child), gl_release(g), gl_release(k), gl_release(of_killer);
  events[0] = 0;
  CHECK(all_gone());
}

// rule 15: gl_set_parent sees the real parents that killers hide
TEST(hidden_parent_cannot_become_a_child_of_the_victim) {
  gl_greenlet *real = waiting(echo, NULL), *g = child_of(real, victim, &(struct victim){go_to_main_then_fail_to_kill, GL_KILLED, NULL});
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_greenlet *k = gl_new(killer, g), *child = child_of(g, never, NULL);
  forbidden[0] = NULL;
  CHECK(gl_switch(k, NULL, NULL) == GL_OK);
  CHECK(gl_parent(g) == k);
  CHECK(gl_set_parent(real, g) == GL_ECYCLE);
  CHECK(gl_set_parent(real, child) == GL_ECYCLE);
  CHECK(gl_set_parent(g, child) == GL_ECYCLE);
  CHECK(gl_set_parent(g, g) == GL_ECYCLE);
  CHECK(gl_set_parent(g, k) == GL_OK); /* its killer may be its real parent too */
  CHECK(gl_parent(g) == k);
  CHECK(gl_set_parent(real, g) == GL_OK); /* no longer its parent */
  CHECK(gl_set_parent(real, gl_main()) == GL_OK);
  CHECK(gl_switch(g, V(3), NULL) == GL_OK);
  CHECK(happened("GL_KILLED 0 kill GL_OK 0"));
  CHECK(gl_parent(g) == k);
  gl_release(child), gl_release(g), gl_release(k), gl_release(real);
  CHECK(all_gone());
}

// rules 13, 15: the outer killer of two counts as well
TEST(outer_killer_cannot_become_a_child_of_its_victim) {
  gl_greenlet *g = waiting(victim, &(struct victim){go_to_main_then_fail_to_kill, GL_KILLED, NULL});
  gl_greenlet *outer = gl_new(killer, g), *inner = gl_new(killer, g);
  forbidden[0] = NULL;
  CHECK(gl_switch(outer, NULL, NULL) == GL_OK);
  CHECK(gl_switch(inner, NULL, NULL) == GL_OK);
  CHECK(gl_set_parent(outer, g) == GL_ECYCLE);
  CHECK(gl_set_parent(inner, g) == GL_ECYCLE);
  CHECK(gl_set_parent(outer, inner) == GL_OK); /* no cycle: inner leads to main */
  CHECK(gl_set_parent(inner, outer) == GL_ECYCLE);
  CHECK(gl_set_parent(outer, gl_main()) == GL_OK);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_release(g), gl_release(outer), gl_release(inner);
  events[0] = 0;
  CHECK(all_gone());
}
