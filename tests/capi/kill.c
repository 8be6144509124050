/* SPDX-License-Identifier: MIT */
/* One gl_kill at a time (rule 13). Several at once are in kill_nested.c, the cycles in kill_cycle.c. */
#include "victim.h"

// rule 13
TEST(kill_ends_an_unstarted_one_unrun) {
  gl_greenlet *g = NEW(.run = never, .data = V(1), .drop = note_drop);
  void *received = V(9);
  CHECK(gl_kill(g, &received) == GL_OK);
  CHECK(received == NULL);
  CHECK(gl_state(g) == GL_DEAD);
  CHECK(happened("drop 1"));
  gl_release(g);
  CHECK(happened(""));
  CHECK(all_gone());
}

// rule 13: nobody is resumed, not even the parent
TEST(kill_of_an_unstarted_one_stays_with_the_caller) {
  gl_greenlet *parent = waiting(victim, &(struct victim){NULL, GL_KILLED, NULL});
  gl_greenlet *g = child_of(parent, never, NULL);
  CHECK(gl_kill(g, NULL) == GL_OK);
  CHECK(gl_state(parent) == GL_SUSPENDED);
  CHECK(happened(""));
  gl_release(g), gl_release(parent);
  CHECK(happened("GL_KILLED 0"));
  CHECK(all_gone());
}

// rule 13
TEST(kill_of_a_dead_one_does_nothing) {
  gl_greenlet *parent = waiting(victim, &(struct victim){NULL, GL_KILLED, NULL}), *g = child_of(parent, never, NULL);
  CHECK(gl_kill(g, NULL) == GL_OK);
  void *received = V(9);
  CHECK(gl_kill(g, &received) == GL_OK);
  CHECK(received == NULL);
  CHECK(gl_state(parent) == GL_SUSPENDED);
  gl_release(g), gl_release(parent);
  CHECK(happened("GL_KILLED 0"));
  CHECK(all_gone());
}

BODY(check_killed) {
  value = V(9);
  CHECK(to_parent(NULL, &value) == GL_KILLED);
  CHECK(value == NULL);
  CHECK(gl_state(gl_current()) == GL_RUNNING);
  return GL_KILLED;
}

// rule 13
TEST(pending_call_of_the_victim_returns_killed_with_null) {
  gl_greenlet *g = waiting(check_killed, NULL);
  void *received = V(9);
  CHECK(gl_kill(g, &received) == GL_OK);
  CHECK(received == NULL);
  CHECK(gl_state(g) == GL_DEAD);
  gl_release(g);
  CHECK(all_gone());
}

// rule 13: the status says how control came back
TEST(outcome_of_the_victim_comes_back) {
  static const struct {
    gl_status outcome, status;
  } cases[] = {
      {GL_KILLED, GL_OK}, {GL_OK, GL_OK}, {GL_THROWN, GL_THROWN}, {GL_ALIVE, GL_THROWN}, {GL_EINVAL, GL_THROWN}, {77, GL_THROWN},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct victim plan = {NULL, cases[i].outcome, V(42)};
    gl_greenlet *g = waiting(victim, &plan);
    void *received = NULL;
    CHECK(gl_kill(g, &received) == cases[i].status);
    CHECK(received == V(42));
    CHECK(gl_state(g) == GL_DEAD);
    gl_release(g);
    g = waiting(victim, &plan);
    CHECK(gl_kill(g, NULL) == cases[i].status);
    gl_release(g);
  }
  events[0] = 0;
  CHECK(all_gone());
}

BODY(wait_in_throw) {
  CHECK(gl_throw(gl_main(), NULL, NULL) == GL_KILLED);
  return GL_KILLED;
}

// rule 13: the call that is pending may be gl_throw
TEST(kill_returns_from_a_pending_throw) {
  gl_greenlet *g = gl_new(wait_in_throw, NULL);
  CHECK(gl_switch(g, NULL, NULL) == GL_THROWN);
  CHECK(gl_kill(g, NULL) == GL_OK);
  CHECK(gl_state(g) == GL_DEAD);
  gl_release(g);
  CHECK(all_gone());
}

static gl_greenlet *caller;

BODY(check_parent_when_killed) {
  CHECK(gl_parent(gl_current()) != caller);
  CHECK(to_parent(NULL, NULL) == GL_KILLED);
  CHECK(gl_parent(gl_current()) == caller);
  *result = V(3);
  return GL_KILLED;
}
BODY(kill_from_outside) {
  caller = gl_current();
  CHECK(gl_parent(data) != caller);
  CHECK(gl_kill(data, &value) == GL_OK);
  CHECK(value == V(3));
  CHECK(gl_parent(data) != caller);
  *result = V(4);
  return GL_OK;
}

// rule 13: control comes back to the caller whatever the family is
TEST(caller_is_the_parent_while_it_kills) {
  gl_greenlet *parent = waiting(echo, NULL), *g = child_of(parent, check_parent_when_killed, NULL);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_greenlet *outsider = gl_new(kill_from_outside, g);
  void *received = NULL;
  CHECK(gl_switch(outsider, NULL, &received) == GL_OK);
  CHECK(received == V(4));
  CHECK(gl_parent(g) == parent);
  CHECK(gl_state(parent) == GL_SUSPENDED);
  gl_release(outsider), gl_release(g), gl_release(parent);
  CHECK(all_gone());
}

// rule 13: a victim may refuse
TEST(victim_that_gives_a_value_is_alive) {
  gl_greenlet *parent = waiting(echo, NULL), *g = child_of(parent, victim, &(struct victim){give_seven, GL_OK, V(8)});
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  void *received = NULL;
  CHECK(gl_kill(g, &received) == GL_ALIVE);
  CHECK(received == V(7));
  CHECK(gl_state(g) == GL_SUSPENDED);
  CHECK(gl_parent(g) == parent);
  CHECK(gl_switch(g, V(1), &received) == GL_OK); /* its outcome goes by way of echo */
  CHECK(received == V(8));
  CHECK(gl_state(g) == GL_DEAD);
  CHECK(happened("GL_KILLED 0 GL_OK 1"));
  gl_release(g), gl_release(parent);
  CHECK(all_gone());
}

// rule 13: gl_state tells it from a death
TEST(victim_that_throws_back_is_not_dead) {
  gl_greenlet *g = waiting(victim, &(struct victim){throw_seven, GL_KILLED, V(8)});
  void *received = NULL;
  CHECK(gl_kill(g, &received) == GL_THROWN);
  CHECK(received == V(7));
  CHECK(gl_state(g) == GL_SUSPENDED);
  CHECK(gl_parent(g) == gl_main());
  CHECK(gl_kill(g, &received) == GL_OK);
  CHECK(received == V(8));
  CHECK(happened("GL_KILLED 0 GL_KILLED 0"));
  gl_release(g);
  CHECK(all_gone());
}

static void go_to_main(void) {
  void *value = NULL;
  gl_status status = gl_switch(gl_main(), V(6), &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)value);
}

// rule 13: the caller waits until somebody comes back to it
TEST(caller_waits_while_the_victim_is_elsewhere) {
  gl_greenlet *g = waiting(victim, &(struct victim){go_to_main, GL_KILLED, V(8)}), *k = gl_new(killer, g);
  void *received = NULL;
  CHECK(gl_switch(k, NULL, &received) == GL_OK);
  CHECK(received == V(6));
  CHECK(gl_parent(g) == k);
  CHECK(gl_state(k) == GL_SUSPENDED && gl_state(g) == GL_SUSPENDED);
  CHECK(gl_switch(g, V(1), &received) == GL_OK);
  CHECK(received == V(8)); /* from the killer */
  CHECK(happened("GL_KILLED 0 GL_OK 1 kill GL_OK 8"));
  CHECK(gl_parent(g) == gl_main());
  gl_release(g), gl_release(k);
  CHECK(all_gone());
}

// rule 13: a third party comes back first, with a value, a payload or a kill; that kill is over, and the real parent is back
TEST(third_party_ends_the_wait_of_the_caller) {
  for (int way = 0; way < 3; way++) {
    gl_greenlet *g = waiting(victim, &(struct victim){go_to_main, GL_KILLED, V(8)}), *k = gl_new(killer, g);
    void *received = NULL;
    CHECK(gl_switch(k, NULL, NULL) == GL_OK);
    CHECK(happened("GL_KILLED 0"));
    switch (way) {
    case 0:
      CHECK(gl_switch(k, V(5), NULL) == GL_OK);
      CHECK(happened("kill GL_ALIVE 5"));
      break;
    case 1:
      CHECK(gl_throw(k, V(5), NULL) == GL_OK);
      CHECK(happened("kill GL_THROWN 5"));
      break;
    case 2:
      CHECK(gl_kill(k, NULL) == GL_OK);
      CHECK(happened("kill GL_KILLED 0"));
      break;
    }
    CHECK(gl_parent(g) == gl_main());
    CHECK(gl_state(g) == GL_SUSPENDED);
    CHECK(gl_switch(g, V(1), &received) == GL_OK); /* to its real parent, not to the killer */
    CHECK(received == V(8));
    CHECK(happened("GL_OK 1"));
    CHECK(gl_state(k) == (way == 2 ? GL_DEAD : GL_SUSPENDED));
    gl_release(g), gl_release(k);
    CHECK(all_gone());
  }
}

static gl_greenlet *newcomer;
static void start_a_greenlet(void) {
  newcomer = gl_new(identity, NULL);
  void *value = NULL;
  CHECK(gl_parent(newcomer) == gl_current());
  CHECK(gl_switch(newcomer, V(2), &value) == GL_OK);
  CHECK(value == V(2));
  gl_release(newcomer);
}

// rule 13: cleaning up may take any call
TEST(victim_may_start_others_while_it_cleans_up) {
  gl_greenlet *g = waiting(victim, &(struct victim){start_a_greenlet, GL_KILLED, V(1)});
  void *received = NULL;
  CHECK(gl_kill(g, &received) == GL_OK);
  CHECK(received == V(1));
  gl_release(g);
  CHECK(happened("GL_KILLED 0"));
  CHECK(all_gone());
}

static gl_greenlet *other;
static void kill_the_other(void) {
  void *value = NULL;
  gl_status status = gl_kill(other, &value);
  event("kill %s %d", gl_status_name(status), (int)(intptr_t)value);
}

// rule 13: a brother is no ancestor
TEST(victim_may_kill_its_brother) {
  other = waiting(victim, &(struct victim){NULL, GL_KILLED, V(2)});
  gl_greenlet *g = waiting(victim, &(struct victim){kill_the_other, GL_KILLED, V(1)});
  void *received = NULL;
  CHECK(gl_kill(g, &received) == GL_OK);
  CHECK(received == V(1));
  CHECK(happened("GL_KILLED 0 GL_KILLED 0 kill GL_OK 2"));
  gl_release(g), gl_release(other);
  CHECK(all_gone());
}

// rule 13: a parent kills its child's child
TEST(kill_of_a_grandchild_leaves_the_child_alone) {
  gl_greenlet *child = waiting(echo, NULL), *grandchild = child_of(child, victim, &(struct victim){NULL, GL_THROWN, V(4)});
  CHECK(gl_switch(grandchild, NULL, NULL) == GL_OK);
  void *received = NULL;
  CHECK(gl_kill(grandchild, &received) == GL_THROWN);
  CHECK(received == V(4));
  CHECK(gl_state(child) == GL_SUSPENDED);
  CHECK(happened("GL_KILLED 0"));
  gl_release(grandchild), gl_release(child);
  CHECK(all_gone());
}

// rules 4, 13: children of a killed one go on, and end with its real parent
TEST(child_of_a_killed_one_ends_with_the_grandparent) {
  gl_greenlet *grandparent = waiting(echo, NULL), *parent = child_of(grandparent, echo, NULL), *child = child_of(parent, identity, NULL);
  CHECK(gl_switch(parent, NULL, NULL) == GL_OK);
  CHECK(gl_kill(parent, NULL) == GL_OK);
  CHECK(gl_state(child) == GL_UNSTARTED);
  void *received = NULL;
  CHECK(gl_switch(child, V(3), &received) == GL_OK);
  CHECK(received == V(3));
  CHECK(gl_kill(grandparent, NULL) == GL_OK);
  gl_release(child), gl_release(parent), gl_release(grandparent);
  CHECK(all_gone());
}

static gl_greenlet *victim_of_its_handle;
static void release_the_victim(void) { gl_release(victim_of_its_handle); }

// rules 13, 22: the victim itself releases its last handle, then ends
TEST(victim_that_releases_itself_is_dead) {
  victim_of_its_handle = waiting(victim, &(struct victim){release_the_victim, GL_KILLED, V(1)});
  void *received = NULL;
  CHECK(gl_kill(victim_of_its_handle, &received) == GL_OK);
  CHECK(received == V(1));
  CHECK(happened("GL_KILLED 0"));
  CHECK(all_gone());
}

static void release_the_victim_and_refuse(void) {
  gl_release(victim_of_its_handle);
  give_seven();
}

// rules 13, 22: the value is kept, and the one that refused is killed before gl_kill returns
TEST(victim_that_releases_itself_and_refuses_is_killed_again) {
  uint64_t leaked = stats().leaked;
  victim_of_its_handle = waiting(victim, &(struct victim){release_the_victim_and_refuse, GL_KILLED, V(1)});
  void *received = NULL;
  CHECK(gl_kill(victim_of_its_handle, &received) >= GL_OK);
  CHECK(received == V(7));
  CHECK(happened("GL_KILLED 0 GL_KILLED 0"));
  CHECK(stats().leaked == leaked);
  CHECK(all_gone());
}

// rules 5, 13: the real parent has no part in it
TEST(kill_does_not_start_an_unstarted_parent) {
  gl_greenlet *parent = gl_new(never, NULL), *g = gl_new(victim, &(struct victim){NULL, GL_KILLED, V(3)});
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(gl_set_parent(g, parent) == GL_OK);
  void *received = NULL;
  CHECK(gl_kill(g, &received) == GL_OK);
  CHECK(received == V(3));
  CHECK(gl_state(parent) == GL_UNSTARTED);
  CHECK(happened("GL_KILLED 0"));
  gl_release(g), gl_release(parent);
  CHECK(all_gone());
}

// rules 10, 13: a victim in the middle of its cleanup is a target as any other
TEST(throw_at_a_victim_in_its_cleanup) {
  gl_greenlet *g = waiting(victim, &(struct victim){go_to_main, GL_THROWN, V(8)}), *k = gl_new(killer, g);
  CHECK(gl_switch(k, NULL, NULL) == GL_OK);
  void *received = NULL;
  CHECK(gl_throw(g, V(5), &received) == GL_OK); /* from the killer, who caught the outcome */
  CHECK(received == V(8));
  CHECK(happened("GL_KILLED 0 GL_THROWN 5 kill GL_THROWN 8"));
  gl_release(g), gl_release(k);
  CHECK(all_gone());
}
