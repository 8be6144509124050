/* SPDX-License-Identifier: MIT */
/* gl_options::drop: when and where it runs, and what it may do (rules 4, 26). Those of discarded ones are in discard.c. */
#include "support.h"

static gl_greenlet *self, *kept;

static void drop_in_the_greenlet(void *data) {
  char *here = __builtin_frame_address(0);
  void *low = NULL, *high = NULL;
  CHECK(data == V(7));
  CHECK(gl_current() == self);
  CHECK(gl_state(self) == GL_RUNNING);
  CHECK(gl_state(gl_main()) == GL_SUSPENDED);
  CHECK(gl_stack_bounds(self, &low, &high) == GL_OK);
  CHECK((char *)low < here && here < (char *)high);
  CHECK(gl_switch(gl_main(), NULL, NULL) == GL_EBUSY);
  CHECK(gl_throw(gl_main(), NULL, NULL) == GL_EBUSY);
  CHECK(gl_kill(gl_main(), NULL) == GL_EBUSY);
  CHECK(gl_switch(self, NULL, NULL) == GL_EBUSY);
  event("drop");
}
static void drop_a_local(void *value) {
  CHECK(gl_current() == self);
  CHECK(gl_switch(gl_main(), NULL, NULL) == GL_EBUSY);
  event("local %d", (int)(intptr_t)value);
}

BODY(set_a_local) {
  gl_key key;
  CHECK(gl_key_new(&key, drop_a_local) == GL_OK);
  CHECK(gl_set_local(gl_current(), key, V(3)) == GL_OK);
  event("end");
  *result = V(4);
  return GL_OK;
}

// rule 4: data first, then the locals, then the parent goes on
TEST(drops_run_after_the_body_as_the_greenlet_on_its_stack) {
  self = NEW(.run = set_a_local, .data = V(7), .drop = drop_in_the_greenlet);
  void *received = NULL;
  CHECK(gl_switch(self, NULL, &received) == GL_OK);
  event("parent %d", (int)(intptr_t)received);
  CHECK(happened("end drop local 3 parent 4"));
  CHECK(gl_state(self) == GL_DEAD);
  gl_release(self);
  CHECK(happened(""));
  CHECK(all_gone());
}

static void drop_on_the_caller(void *data) {
  CHECK(gl_current() == self);
  CHECK(gl_state(self) == GL_RUNNING);
  CHECK(gl_switch(gl_main(), NULL, NULL) == GL_EBUSY);
  CHECK(gl_throw(gl_main(), NULL, NULL) == GL_EBUSY);
  CHECK(gl_kill(gl_main(), NULL) == GL_EBUSY);
  event("drop %d", (int)(intptr_t)data);
}

BODY(end_some_unrun) {
  self = gl_current();
  gl_greenlet *released = NEW(.run = never, .data = V(1), .drop = drop_on_the_caller);
  gl_greenlet *thrown = NEW(.run = never, .data = V(2), .drop = drop_on_the_caller);
  gl_greenlet *killed = NEW(.run = never, .data = V(3), .drop = drop_on_the_caller);
  gl_release(released);
  void *received = NULL;
  CHECK(gl_throw(thrown, V(5), &received) == GL_THROWN);
  CHECK(received == V(5));
  CHECK(gl_kill(killed, &received) == GL_OK);
  CHECK(received == NULL);
  CHECK(happened("drop 1 drop 2 drop 3"));
  gl_release(thrown), gl_release(killed);
  CHECK(happened(""));
  return GL_OK;
}

// rule 4: gl_current() is the caller
TEST(drop_of_one_that_dies_unrun_runs_on_the_caller) {
  gl_greenlet *g = gl_new(end_some_unrun, NULL);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_release(g);
  CHECK(all_gone());
}

// rules 4, 12: one that died unrun is not dropped again
TEST(drop_comes_once) {
  gl_greenlet *g = NEW(.run = never, .data = V(1), .drop = note_drop);
  CHECK(gl_kill(g, NULL) == GL_OK);
  CHECK(happened("drop 1"));
  CHECK(gl_state(g) == GL_DEAD);
  CHECK(gl_kill(g, NULL) == GL_OK);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(gl_throw(g, V(1), NULL) == GL_THROWN);
  gl_release(g);
  CHECK(happened(""));
  CHECK(all_gone());
}

/* Gives ten times each value back, so that one sees what passed through it. */
BODY(times_ten) {
  while (to_parent(V((intptr_t)value * 10), &value) == GL_OK) {}
  return GL_KILLED;
}
static void move_to_another_parent(void *parent) { CHECK(gl_set_parent(gl_current(), parent) == GL_OK); }

// rule 4: the ancestor as it is after the drops
TEST(drop_may_change_who_gets_the_outcome) {
  gl_greenlet *other = gl_new(times_ten, NULL);
  gl_greenlet *g = NEW(.run = identity, .data = other, .drop = move_to_another_parent);
  void *received = NULL;
  CHECK(gl_switch(other, NULL, NULL) == GL_OK);
  CHECK(gl_switch(g, V(6), &received) == GL_OK);
  CHECK(received == V(60));
  CHECK(gl_parent(g) == other);
  gl_release(g);
  CHECK(gl_state(other) == GL_SUSPENDED);
  gl_release(other);
  CHECK(all_gone());
}

// rules 4, 5: from the drop, to one that has not started
TEST(drop_may_have_the_outcome_start_another) {
  gl_greenlet *other = gl_new(times_ten, NULL);
  gl_greenlet *g = NEW(.run = identity, .data = other, .drop = move_to_another_parent);
  void *received = NULL;
  CHECK(gl_switch(g, V(6), &received) == GL_OK);
  CHECK(received == V(60));
  CHECK(gl_state(other) == GL_SUSPENDED);
  gl_release(g), gl_release(other);
  CHECK(all_gone());
}

static void retain_oneself(void *data) {
  (void)data;
  kept = gl_retain(gl_current());
}
BODY(release_oneself) {
  gl_release(gl_current());
  *result = value;
  return GL_OK;
}

// rules 4, 22: a drop is the last chance to keep a handle
TEST(drop_may_keep_the_dying_greenlet) {
  gl_greenlet *g = NEW(.run = release_oneself, .drop = retain_oneself);
  void *received = NULL;
  CHECK(gl_switch(g, V(3), &received) == GL_OK);
  CHECK(received == V(3));
  CHECK(kept == g);
  CHECK(gl_state(kept) == GL_DEAD);
  CHECK(gl_parent(kept) == gl_main());
  gl_release(kept);
  CHECK(all_gone());
}

static void make_a_greenlet(void *data) {
  (void)data;
  kept = gl_new(identity, NULL);
  CHECK(gl_parent(kept) == gl_current());
  CHECK(gl_set_parent(kept, gl_main()) == GL_OK);
}

// rules 4, 26: everything but switching is allowed in a drop
TEST(drop_may_make_greenlets) {
  gl_greenlet *g = NEW(.run = identity, .drop = make_a_greenlet);
  void *received = NULL;
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_release(g);
  CHECK(gl_switch(kept, V(8), &received) == GL_OK);
  CHECK(received == V(8));
  gl_release(kept);
  CHECK(all_gone());
}

static void make_a_child_of_itself(void *data) {
  (void)data;
  kept = gl_new(identity, NULL); /* the dying one is current */
}

// rules 4, 16: the child keeps the dead one, and ends by way of it
TEST(drop_may_make_a_child_of_the_dying_greenlet) {
  gl_greenlet *g = NEW(.run = release_oneself, .drop = make_a_child_of_itself);
  void *received = NULL;
  CHECK(gl_switch(g, V(2), &received) == GL_OK);
  CHECK(received == V(2));
  CHECK(gl_parent(kept) == g);
  CHECK(gl_state(g) == GL_DEAD);
  CHECK(gl_switch(kept, V(8), &received) == GL_OK);
  CHECK(received == V(8));
  gl_release(kept);
  CHECK(all_gone());
}
