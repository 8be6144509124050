/* SPDX-License-Identifier: MIT */
/* Rule 15 while kills are pending: a greenlet then has two parents, the one that it was given and the one that kills it. */
#include "support.h"

static gl_greenlet *real, *killer, *victim;

BODY(kills_data) {
  *result = V(gl_kill(data, NULL));
  return GL_OK;
}

/* Main starts `killer`, which kills `victim`; `real` is the parent that the victim was given. */
static void kill_with(gl_run body) {
  real = gl_new(echo, NULL), gl_switch(real, NULL, NULL);
  victim = gl_new(body, NULL), gl_switch(victim, NULL, NULL);
  CHECK(gl_set_parent(victim, real) == GL_OK);
  killer = gl_new(kills_data, victim);
  void *status = V(-99);
  CHECK(gl_switch(killer, NULL, &status) == GL_OK && status == V(GL_OK));
  gl_release(killer), gl_release(victim), gl_release(real);
  CHECK(all_gone());
}

BODY(refuses_to_be_an_ancestor_twice) {
  CHECK(to_parent(NULL, NULL) == GL_KILLED);
  gl_greenlet *child = child_of(victim, never, NULL), *grandchild = child_of(child, never, NULL);
  CHECK(gl_parent(victim) == killer);
  CHECK(gl_set_parent(killer, victim) == GL_ECYCLE);
  CHECK(gl_set_parent(killer, grandchild) == GL_ECYCLE);
  CHECK(gl_set_parent(real, victim) == GL_ECYCLE);
  CHECK(gl_set_parent(real, grandchild) == GL_ECYCLE);
  CHECK(gl_set_parent(victim, grandchild) == GL_ECYCLE);
  CHECK(gl_parent(killer) == gl_main() && gl_parent(real) == gl_main() && gl_parent(victim) == killer);
  gl_release(grandchild), gl_release(child);
  return GL_KILLED;
}
// rule 15: a cycle counts over the killer and over the real parent
TEST(cycles_count_over_killers_and_real_parents) { kill_with(refuses_to_be_an_ancestor_twice); }

BODY(mixes_both_kinds_of_edges) {
  CHECK(to_parent(NULL, NULL) == GL_KILLED);
  /* top -> victim (real), victim -> killer (kill), killer -> above (real) */
  gl_greenlet *above = gl_new(echo, NULL), *top = child_of(victim, echo, NULL);
  CHECK(gl_set_parent(above, gl_main()) == GL_OK && gl_set_parent(killer, above) == GL_OK);
  CHECK(gl_set_parent(above, top) == GL_ECYCLE);
  CHECK(gl_set_parent(killer, gl_main()) == GL_OK);
  CHECK(gl_set_parent(above, top) == GL_OK); /* no longer above */
  gl_release(above), gl_release(top);
  return GL_KILLED;
}
// rule 15: one way up may take both kinds of edges
TEST(cycles_count_over_mixed_ways) { kill_with(mixes_both_kinds_of_edges); }

static gl_greenlet *new_real;
BODY(is_given_another_real_parent) {
  CHECK(to_parent(NULL, NULL) == GL_KILLED);
  CHECK(gl_set_parent(victim, new_real) == GL_OK);
  CHECK(gl_parent(victim) == killer);
  CHECK(gl_set_parent(real, victim) == GL_OK); /* the old real parent is one no longer */
  CHECK(gl_set_parent(real, gl_main()) == GL_OK);
  CHECK(gl_set_parent(new_real, victim) == GL_ECYCLE);
  return GL_KILLED;
}
// rules 13, 15: while it is killed gl_set_parent sets the real parent, which shows when the kill has ended
TEST(set_parent_of_a_victim_sets_the_real_parent) {
  new_real = gl_new(never, NULL);
  real = gl_new(echo, NULL), gl_switch(real, NULL, NULL);
  victim = gl_new(is_given_another_real_parent, NULL), gl_switch(victim, NULL, NULL);
  gl_set_parent(victim, real);
  killer = gl_new(kills_data, victim);
  CHECK(gl_switch(killer, NULL, NULL) == GL_OK);
  CHECK(gl_state(victim) == GL_DEAD && gl_parent(victim) == new_real);
  gl_release(killer), gl_release(victim), gl_release(real), gl_release(new_real);
  CHECK(all_gone());
}

static gl_greenlet *second_killer;
BODY(is_killed_twice) {
  CHECK(to_parent(NULL, NULL) == GL_KILLED);
  CHECK(gl_switch(second_killer, NULL, NULL) == GL_KILLED);
  CHECK(gl_parent(victim) == second_killer);
  CHECK(gl_set_parent(second_killer, victim) == GL_ECYCLE);
  CHECK(gl_set_parent(killer, victim) == GL_ECYCLE);
  CHECK(gl_set_parent(real, victim) == GL_ECYCLE);
  return GL_KILLED;
}
// rules 13, 15: with nested kills the outer killers count as well
TEST(cycles_count_over_outer_killers) {
  real = gl_new(echo, NULL), gl_switch(real, NULL, NULL);
  victim = gl_new(is_killed_twice, NULL), gl_switch(victim, NULL, NULL);
  gl_set_parent(victim, real);
  killer = gl_new(kills_data, victim);
  second_killer = gl_new(kills_data, victim);
  CHECK(gl_switch(killer, NULL, NULL) == GL_OK);
  gl_release(killer), gl_release(second_killer), gl_release(victim), gl_release(real);
  CHECK(all_gone());
}

BODY(survives_a_kill) {
  gl_status status = to_parent(NULL, NULL);
  if (status == GL_KILLED) status = to_parent(NULL, NULL);
  return status;
}
// rules 13, 15: a kill that came back (GL_ALIVE) leaves no edge behind
TEST(a_survived_kill_is_no_ancestor) {
  victim = gl_new(survives_a_kill, NULL), gl_switch(victim, NULL, NULL);
  killer = gl_new(kills_data, victim);
  void *status = NULL;
  CHECK(gl_switch(killer, NULL, &status) == GL_OK && status == V(GL_ALIVE));
  CHECK(gl_parent(victim) == gl_main());
  CHECK(gl_set_parent(killer, victim) == GL_OK);
  CHECK(gl_set_parent(killer, gl_main()) == GL_OK);
  gl_release(killer);
  CHECK(gl_kill(victim, NULL) == GL_OK);
  gl_release(victim);
  CHECK(all_gone());
}

enum { NESTED = 64 };
static gl_greenlet *nested[NESTED + 1], *bystander;
BODY(kills_its_child) {
  gl_greenlet **self = data;
  CHECK(gl_switch(gl_main(), NULL, NULL) == GL_KILLED);
  if (self == &nested[NESTED]) CHECK(gl_set_parent(bystander, *self) == GL_OK && gl_set_parent(bystander, gl_main()) == GL_OK);
  else CHECK(gl_kill(self[1], NULL) == GL_OK);
  return GL_KILLED;
}
// rules 13, 15: parents that kill their children, 64 deep, are two ways up at each step: no search visits all 2^64
TEST(nested_kills_of_children_are_searched_once) {
  bystander = gl_new(never, NULL);
  for (int i = 0; i <= NESTED; i++) {
    nested[i] = child_of(i ? nested[i - 1] : gl_main(), kills_its_child, &nested[i]);
    CHECK(gl_switch(nested[i], NULL, NULL) == GL_OK);
  }
  CHECK(gl_kill(nested[0], NULL) == GL_OK);
  for (int i = 0; i <= NESTED; i++) CHECK(gl_state(nested[i]) == GL_DEAD);
  for (int i = NESTED; i >= 0; i--) gl_release(nested[i]);
  gl_release(bystander);
  CHECK(all_gone());
}
