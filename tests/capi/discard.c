/* SPDX-License-Identifier: MIT */
/* Those that end without running: GL_DISCARD, and what drops may do about it (rules 4, 21, 26). */
#include "victim.h"

static const struct victim obeys = {NULL, GL_KILLED, NULL};
static gl_greenlet *lost, *kept;
static int killed;
BODY(count_kills) {
  while (gl_switch(gl_main(), NULL, NULL) != GL_KILLED) {}
  killed++;
  return GL_KILLED;
}

static void drop_discarded(void *data) {
  CHECK(gl_current() == gl_main());
  CHECK(gl_switch(gl_main(), NULL, NULL) == GL_EBUSY);
  note_drop(data);
}
BODY(set_a_local_and_wait) {
  gl_key key;
  CHECK(gl_key_new(&key, drop_discarded) == GL_OK);
  CHECK(gl_set_local(gl_current(), key, V(2)) == GL_OK);
  for (;;) {
    gl_status status = to_parent(NULL, NULL);
    event(gl_status_name(status));
    if (status != GL_OK) return status;
  }
}
static gl_greenlet *discardable(gl_run run) { return NEW(.run = run, .data = V(1), .drop = drop_discarded, .flags = GL_DISCARD); }

// rule 21: freed without unwinding, drops are called, not leaked
TEST(discardable_one_is_freed_without_running) {
  uint64_t leaked = stats().leaked;
  gl_greenlet *g = discardable(set_a_local_and_wait);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  uint64_t cached = stats().stacks_cached;
  gl_release(g);
  CHECK(happened("drop 1 drop 2"));
  CHECK(stats().leaked == leaked);
  CHECK(stats().stacks_cached == cached + stacks_are_private());
  CHECK(all_gone());
}

// rule 21: it is the last handle that discards; a kill is a kill
TEST(discardable_one_may_be_killed) {
  gl_greenlet *g = NEW(.run = victim, .data = (void *)&obeys, .flags = GL_DISCARD);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(gl_kill(g, NULL) == GL_OK);
  CHECK(happened("GL_KILLED 0"));
  gl_release(g);
  CHECK(all_gone());
}

// rule 21: unstarted and dead ones as any other
TEST(discardable_one_is_dropped_once_in_every_state) {
  gl_release(discardable(never));
  CHECK(happened("drop 1"));
  gl_greenlet *g = discardable(never);
  CHECK(gl_kill(g, NULL) == GL_OK);
  CHECK(happened("drop 1"));
  gl_release(g);
  CHECK(happened(""));
  CHECK(all_gone());
}

// rules 16, 21: what it held goes too, and is unwound if it wants to
TEST(discarded_child_releases_its_suspended_parent) {
  gl_greenlet *parent = waiting(victim, (void *)&obeys);
  gl_greenlet *g = NEW(.run = count_kills, .parent = parent, .flags = GL_DISCARD);
  killed = 0;
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_release(parent);
  CHECK(happened(""));
  gl_release(g);
  CHECK(happened("GL_KILLED 0"));
  CHECK(killed == 0);
  CHECK(all_gone());
}

// rules 16, 21
TEST(thousand_discardable_ancestors_are_freed_without_running) {
  gl_greenlet *last = NULL;
  killed = 0;
  for (int i = 0; i < 1000; i++) {
    gl_greenlet *g = NEW(.run = count_kills, .parent = last, .flags = GL_DISCARD);
    CHECK(gl_switch(g, NULL, NULL) == GL_OK);
    gl_release(last), last = g;
  }
  gl_release(last);
  CHECK(killed == 0);
  CHECK(all_gone());
}

static void keep_lost(void *data) {
  event("drop %d", (int)(intptr_t)data);
  kept = gl_retain(lost);
}
static void make_a_child_of_lost(void *data) {
  event("drop %d", (int)(intptr_t)data);
  kept = child_of(lost, identity, NULL);
}

// rules 21, 26: a drop may take a handle, and that handle is good
TEST(drop_may_keep_one_that_dies_unrun) {
  uint64_t leaked = stats().leaked;
  lost = NEW(.run = never, .data = V(1), .drop = keep_lost);
  gl_release(lost);
  CHECK(happened("drop 1"));
  CHECK(kept == lost);
  CHECK(gl_state(kept) == GL_DEAD);
  CHECK(gl_parent(kept) == gl_main());
  gl_release(kept);
  CHECK(happened(""));
  CHECK(stats().leaked == leaked);
  CHECK(all_gone());
}

// rules 16, 21, 26: a child is a handle too
TEST(drop_may_make_a_child_of_one_that_dies_unrun) {
  lost = NEW(.run = never, .data = V(1), .drop = make_a_child_of_lost);
  gl_release(lost);
  CHECK(happened("drop 1"));
  CHECK(gl_parent(kept) == lost);
  void *received = NULL;
  CHECK(gl_switch(kept, V(3), &received) == GL_OK);
  CHECK(received == V(3));
  gl_release(kept);
  CHECK(all_gone());
}

// rules 21, 26: the same of one that is discarded
TEST(drop_may_keep_a_discarded_one) {
  uint64_t leaked = stats().leaked;
  lost = NEW(.run = count_kills, .data = V(1), .drop = keep_lost, .flags = GL_DISCARD);
  killed = 0;
  CHECK(gl_switch(lost, NULL, NULL) == GL_OK);
  gl_release(lost);
  CHECK(happened("drop 1"));
  CHECK(gl_state(kept) == GL_DEAD);
  void *received = NULL;
  CHECK(gl_switch(kept, V(3), &received) == GL_OK); /* dead: comes back at once */
  CHECK(received == V(3));
  gl_release(kept);
  CHECK(happened(""));
  CHECK(killed == 0);
  CHECK(stats().leaked == leaked);
  CHECK(all_gone());
}

static void touch_lost(void *data) {
  event("drop %d", (int)(intptr_t)data);
  gl_release(gl_retain(lost));
  gl_release(child_of(lost, never, NULL));
  CHECK(gl_set_parent(lost, gl_main()) == GL_OK);
  CHECK(gl_state(lost) == GL_DEAD);
}

// rules 4, 21, 26: handles that come and go meanwhile change nothing
TEST(drop_may_take_a_handle_and_give_it_back) {
  lost = NEW(.run = never, .data = V(1), .drop = touch_lost);
  gl_release(lost);
  lost = NEW(.run = never, .data = V(2), .drop = touch_lost);
  CHECK(gl_throw(lost, V(3), NULL) == GL_THROWN);
  gl_release(lost);
  lost = NEW(.run = never, .data = V(3), .drop = touch_lost);
  CHECK(gl_kill(lost, NULL) == GL_OK);
  gl_release(lost);
  killed = 0;
  lost = NEW(.run = count_kills, .data = V(4), .drop = touch_lost, .flags = GL_DISCARD);
  CHECK(gl_switch(lost, NULL, NULL) == GL_OK);
  gl_release(lost);
  CHECK(happened("drop 1 drop 2 drop 3 drop 4"));
  CHECK(killed == 0);
  CHECK(all_gone());
}
