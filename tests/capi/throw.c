/* SPDX-License-Identifier: MIT */
/* gl_throw to every kind of target (rules 10 to 12). */
#include "support.h"

/* Notes how its call came back, waits again. */
BODY(note_everything) {
  for (;;) {
    gl_status status = to_parent(V((intptr_t)value + 1), &value);
    event("%s %d", gl_status_name(status), (int)(intptr_t)value);
    if (status == GL_KILLED) return status;
  }
}

// rule 10: a body may go on after a throw
TEST(throw_returns_from_the_pending_switch) {
  gl_greenlet *g = gl_new(note_everything, NULL);
  void *received = NULL;
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(gl_throw(g, V(5), &received) == GL_OK);
  CHECK(received == V(6));
  CHECK(gl_throw(g, NULL, &received) == GL_OK);
  CHECK(received == V(1));
  CHECK(gl_state(g) == GL_SUSPENDED);
  CHECK(happened("GL_THROWN 5 GL_THROWN 0"));
  gl_release(g);
  CHECK(happened("GL_KILLED 0"));
  CHECK(all_gone());
}

// rules 4, 10: what a body does not handle comes back
TEST(throw_that_nobody_handles_comes_back) {
  gl_greenlet *g = gl_new(echo, NULL);
  void *received = NULL;
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(gl_throw(g, V(5), &received) == GL_THROWN);
  CHECK(received == V(5));
  CHECK(gl_state(g) == GL_DEAD);
  gl_release(g);
  CHECK(all_gone());
}

// rule 10
TEST(throw_at_oneself_returns_at_once) {
  void *received = NULL;
  CHECK(gl_throw(gl_current(), V(3), &received) == GL_THROWN);
  CHECK(received == V(3));
  CHECK(gl_throw(gl_current(), V(3), NULL) == GL_THROWN);
  CHECK(gl_state(gl_current()) == GL_RUNNING);
}

BODY(throw_at_oneself) {
  gl_status status = gl_throw(gl_current(), value, &value);
  *result = V((intptr_t)value + 1);
  return status;
}

// rule 10: in a greenlet, and so out of it
TEST(greenlet_throws_at_itself) {
  gl_greenlet *g = gl_new(throw_at_oneself, NULL);
  void *received = NULL;
  CHECK(gl_switch(g, V(4), &received) == GL_THROWN);
  CHECK(received == V(5));
  gl_release(g);
  CHECK(all_gone());
}

BODY(throw_at_data) {
  gl_status status = gl_throw(data, V(7), &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)value);
  return status == GL_KILLED ? GL_KILLED : GL_OK;
}

// rule 10: main is a target as any other; the thrower waits
TEST(throw_at_main_returns_from_its_pending_switch) {
  gl_greenlet *g = gl_new(throw_at_data, gl_main());
  void *received = NULL;
  CHECK(gl_switch(g, NULL, &received) == GL_THROWN);
  CHECK(received == V(7));
  CHECK(gl_state(g) == GL_SUSPENDED);
  CHECK(gl_throw(g, V(8), &received) == GL_OK); /* waits in gl_throw */
  CHECK(happened("GL_THROWN 8"));
  CHECK(received == NULL);
  gl_release(g);
  CHECK(all_gone());
}

BODY(leave_for_main_when_killed) {
  CHECK(to_parent(NULL, NULL) == GL_KILLED);
  gl_switch(gl_main(), NULL, NULL);
  return GL_KILLED;
}
BODY(kill_data) {
  gl_status status = gl_kill(data, &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)value);
  return GL_OK;
}

// rules 10, 13
TEST(throw_returns_from_a_pending_kill) {
  gl_greenlet *victim = gl_new(leave_for_main_when_killed, NULL), *g = gl_new(kill_data, victim);
  CHECK(gl_switch(victim, NULL, NULL) == GL_OK);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(gl_throw(g, V(9), NULL) == GL_OK);
  CHECK(happened("GL_THROWN 9"));
  CHECK(gl_state(victim) == GL_SUSPENDED);
  CHECK(gl_switch(victim, NULL, NULL) == GL_OK);
  gl_release(victim), gl_release(g);
  CHECK(all_gone());
}

// rule 11
TEST(throw_into_an_unstarted_child_comes_back_at_once) {
  gl_greenlet *g = NEW(.run = never, .data = V(1), .drop = note_drop);
  void *received = NULL;
  CHECK(gl_throw(g, V(5), &received) == GL_THROWN);
  CHECK(received == V(5));
  CHECK(gl_state(g) == GL_DEAD);
  CHECK(happened("drop 1"));
  gl_release(g);
  CHECK(happened(""));
  CHECK(all_gone());
}

// rule 11
TEST(throw_into_an_unstarted_one_resumes_its_ancestor) {
  gl_greenlet *parent = gl_new(note_everything, NULL), *g = NEW(.run = never, .parent = parent, .data = V(1), .drop = note_drop);
  void *received = NULL;
  CHECK(gl_switch(parent, NULL, NULL) == GL_OK);
  CHECK(gl_throw(g, V(5), &received) == GL_OK);
  CHECK(received == V(6));
  CHECK(happened("drop 1 GL_THROWN 5"));
  CHECK(gl_state(g) == GL_DEAD);
  gl_release(g), gl_release(parent);
  CHECK(happened("GL_KILLED 0"));
  CHECK(all_gone());
}

// rule 11: youngest first, each once
TEST(throw_ends_several_unstarted_ancestors) {
  gl_greenlet *family[10] = {NULL};
  for (int i = 0; i < 10; i++) family[i] = NEW(.run = never, .parent = i ? family[i - 1] : NULL, .data = V(i), .drop = note_drop);
  void *received = NULL;
  CHECK(gl_throw(family[6], V(5), &received) == GL_THROWN);
  CHECK(received == V(5));
  CHECK(happened("drop 6 drop 5 drop 4 drop 3 drop 2 drop 1 drop 0"));
  for (int i = 0; i < 10; i++) CHECK(gl_state(family[i]) == (i <= 6 ? GL_DEAD : GL_UNSTARTED));
  for (int i = 0; i < 10; i++) gl_release(family[i]);
  CHECK(happened("drop 9 drop 8 drop 7"));
  CHECK(all_gone());
}

BODY(throw_into_an_unstarted_child) {
  gl_greenlet *child = gl_new(never, NULL);
  gl_status status = gl_throw(child, V(3), &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)value);
  gl_release(child);
  return GL_OK;
}

// rule 11: the ancestor is the caller, a greenlet
TEST(greenlet_throws_into_its_unstarted_child) {
  gl_greenlet *g = gl_new(throw_into_an_unstarted_child, NULL);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(happened("GL_THROWN 3"));
  gl_release(g);
  CHECK(all_gone());
}

// rule 11: the caller is not of that family, and waits
TEST(throw_into_anothers_unstarted_child_leaves_the_caller) {
  gl_greenlet *unstarted = gl_new(never, NULL), *g = gl_new(throw_at_data, unstarted);
  void *received = NULL;
  CHECK(gl_switch(g, NULL, &received) == GL_THROWN);
  CHECK(received == V(7));
  CHECK(gl_state(g) == GL_SUSPENDED);
  CHECK(gl_switch(g, V(1), NULL) == GL_OK);
  CHECK(happened("GL_OK 1"));
  gl_release(g), gl_release(unstarted);
  CHECK(all_gone());
}

// rule 12
TEST(throw_at_a_dead_child_comes_back_at_once) {
  gl_greenlet *g = gl_new(identity, NULL);
  void *received = NULL;
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(gl_throw(g, V(5), &received) == GL_THROWN);
  CHECK(received == V(5));
  gl_release(g);
  CHECK(all_gone());
}

// rule 12
TEST(throw_at_a_dead_one_resumes_its_ancestor) {
  gl_greenlet *parent = gl_new(note_everything, NULL), *g = child_of(parent, never, NULL);
  void *received = NULL;
  CHECK(gl_switch(parent, NULL, NULL) == GL_OK);
  CHECK(gl_kill(g, NULL) == GL_OK);
  CHECK(gl_throw(g, V(5), &received) == GL_OK);
  CHECK(received == V(6));
  CHECK(happened("GL_THROWN 5"));
  gl_release(g), gl_release(parent);
  CHECK(happened("GL_KILLED 0"));
  CHECK(all_gone());
}

static void move_to_data(void *data) {
  gl_greenlet **family = data;
  CHECK(gl_set_parent(family[0], family[1]) == GL_OK);
}

// rules 4, 11: the ancestor as it is after the drop
TEST(drop_may_change_where_a_throw_goes_on) {
  gl_greenlet *family[2];
  family[1] = gl_new(note_everything, NULL);
  CHECK(gl_switch(family[1], NULL, NULL) == GL_OK);
  family[0] = NEW(.run = never, .data = family, .drop = move_to_data);
  void *received = NULL;
  CHECK(gl_throw(family[0], V(5), &received) == GL_OK);
  CHECK(received == V(6));
  CHECK(happened("GL_THROWN 5"));
  gl_release(family[0]), gl_release(family[1]);
  events[0] = 0;
  CHECK(all_gone());
}

static gl_greenlet *owned;
static void release_owned(void *data) {
  event("drop %d", (int)(intptr_t)data);
  gl_release(owned);
}

// rules 4, 11, 21: data may own the handle
TEST(drop_releases_the_last_handle_of_a_thrown_one) {
  void *received = NULL;
  owned = NEW(.run = never, .data = V(1), .drop = release_owned);
  CHECK(gl_throw(owned, V(5), &received) == GL_THROWN);
  CHECK(received == V(5));
  CHECK(happened("drop 1"));
  CHECK(all_gone());
}

// rules 4, 13, 21: data may own the handle
TEST(drop_releases_the_last_handle_of_a_killed_unstarted_one) {
  owned = NEW(.run = never, .data = V(1), .drop = release_owned);
  CHECK(gl_kill(owned, NULL) == GL_OK);
  CHECK(happened("drop 1"));
  CHECK(all_gone());
}

// rules 4, 21: data may own the handle
TEST(drop_releases_the_last_handle_of_an_ended_one) {
  void *received = NULL;
  owned = NEW(.run = identity, .data = V(1), .drop = release_owned);
  CHECK(gl_switch(owned, V(5), &received) == GL_OK);
  CHECK(received == V(5));
  CHECK(happened("drop 1"));
  CHECK(all_gone());
}

static gl_greenlet *waiting;
static void release_waiting(void *data) {
  (void)data;
  gl_release(waiting);
  CHECK(gl_state(waiting) == GL_SUSPENDED); /* queued: a callback kills nobody */
  event("queued");
}
BODY(note_the_end) {
  gl_status status = to_parent(value, &value);
  event(gl_status_name(status));
  return status;
}

// rules 11, 18: what the drop releases is killed later, at a next call
TEST(drop_of_a_thrown_one_may_release_others) {
  waiting = gl_new(note_the_end, NULL);
  CHECK(gl_switch(waiting, NULL, NULL) == GL_OK);
  gl_greenlet *g = NEW(.run = never, .drop = release_waiting);
  CHECK(gl_throw(g, NULL, NULL) == GL_THROWN);
  gl_release(g);
  CHECK(gl_switch(gl_current(), NULL, NULL) == GL_OK);
  CHECK(happened("queued GL_KILLED"));
  CHECK(all_gone());
}
