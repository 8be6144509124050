/* SPDX-License-Identifier: MIT */
/* Rule 26 at its worst: callbacks that take away what the call around them is working with. */
#include "support.h"

static gl_greenlet *prey;
static int when;
static void release_prey(void) {
  gl_greenlet *g = prey;
  prey = NULL;
  gl_release(g);
}
static void release_when_traced(UNUSED void *user, int what, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) {
  if (what == when && prey) release_prey();
}
static void release_when_exchanged(UNUSED void *user, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) {
  if (prey) release_prey();
}
static void released_at(int what, gl_greenlet *g) { when = what, prey = g, gl_trace_add(release_when_traced, NULL); }
static void ends(const char *expected) {
  gl_trace_remove(release_when_traced, NULL);
  CHECK(!prey && happened(expected));
  CHECK(all_gone());
}

BODY(notes_two_visits) {
  event("run");
  for (int i = 0; i < 2; i++) {
    gl_status status = to_parent(value, &value);
    event("%s", gl_status_name(status));
    if (status == GL_KILLED) return status;
  }
  return GL_OK;
}
static gl_greenlet *waiting(void) {
  gl_greenlet *g = NEW(.run = notes_two_visits, .data = V(1), .drop = note_drop);
  gl_switch(g, NULL, NULL);
  CHECK(happened("run"));
  return g;
}

// rules 18, 22, 26: the target loses its last handle while it is switched to: it gets the value, and is killed when it leaves
TEST(target_released_by_a_tracer_of_its_switch) {
  gl_greenlet *g = waiting();
  void *received = NULL;
  released_at(GL_EV_SWITCH, g);
  CHECK(gl_switch(g, V(3), &received) == GL_OK && received == V(3));
  ends("GL_OK GL_KILLED drop 1");
}

// rules 18, 22, 26: the same by a hook
TEST(target_released_by_a_hook_of_its_switch) {
  gl_greenlet *g = waiting();
  void *received = NULL;
  prey = g;
  gl_hook_add(release_when_exchanged, NULL);
  CHECK(gl_switch(g, V(3), &received) == GL_OK && received == V(3));
  gl_hook_remove(release_when_exchanged, NULL);
  ends("GL_OK GL_KILLED drop 1");
}

// rules 22, 26: one that is being started loses its last handle
TEST(target_released_while_it_starts) {
  for (int what = GL_EV_SWITCH; what <= GL_EV_START; what += GL_EV_START - GL_EV_SWITCH) {
    gl_greenlet *g = NEW(.run = notes_two_visits, .data = V(1), .drop = note_drop);
    void *received = NULL;
    released_at(what, g);
    CHECK(gl_switch(g, V(4), &received) == GL_OK && received == V(4));
    ends("run GL_KILLED drop 1");
  }
}

// rules 22, 26: one that is being started loses its last handle in a hook
TEST(target_released_by_a_hook_of_its_start) {
  prey = NEW(.run = notes_two_visits, .data = V(1), .drop = note_drop);
  void *received = NULL;
  gl_hook_add(release_when_exchanged, NULL);
  CHECK(gl_switch(prey, V(4), &received) == GL_OK && received == V(4));
  gl_hook_remove(release_when_exchanged, NULL);
  ends("run GL_KILLED drop 1");
}

// rules 13, 26: the victim loses its last handle while it is killed
TEST(victim_released_by_a_tracer_of_its_kill) {
  gl_greenlet *g = waiting();
  released_at(GL_EV_THROW, g);
  CHECK(gl_kill(g, NULL) == GL_OK);
  ends("GL_KILLED drop 1");
}

// rules 21, 26: one that ends loses its last handle in its own END event
TEST(ending_one_released_by_a_tracer_of_its_end) {
  gl_greenlet *g = waiting();
  gl_switch(g, NULL, NULL);
  released_at(GL_EV_END, g);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  ends("GL_OK GL_OK drop 1");
}

static void drop_self(UNUSED void *data) {
  event("drop");
  gl_release(gl_current());
}
// rules 4, 26: one that ends loses its last handle in its own drop
TEST(ending_one_released_by_its_drop) {
  gl_greenlet *g = NEW(.run = identity, .drop = drop_self);
  void *received = NULL;
  CHECK(gl_switch(g, V(5), &received) == GL_OK && received == V(5));
  CHECK(happened("drop"));
  CHECK(all_gone());
}

static void redirect(void *heir) { CHECK(gl_set_parent(gl_current(), heir) == GL_OK); }
// rules 4, 26: the outcome goes to the ancestor as it is after the drops
TEST(drop_redirects_the_outcome) {
  gl_greenlet *heir = gl_new(echo, NULL), *g = NEW(.run = identity, .data = heir, .drop = redirect);
  void *received = NULL;
  CHECK(gl_switch(g, V(6), &received) == GL_OK && received == V(6) && gl_state(heir) == GL_SUSPENDED);
  gl_release(g), gl_release(heir);
  CHECK(all_gone());
}

static gl_greenlet *more[3];
static void drop_more(void *data) {
  intptr_t i = (intptr_t)data;
  event("drop %d", (int)i);
  if (i < 3) gl_release(more[i]);
}
// rules 21, 26: drops that release others, which release others
TEST(drops_release_a_chain) {
  for (int i = 0; i < 3; i++) more[i] = NEW(.run = never, .data = V(i + 1), .drop = drop_more);
  gl_release(NEW(.run = never, .data = V(0), .drop = drop_more));
  CHECK(happened("drop 0 drop 1 drop 2 drop 3"));
  CHECK(all_gone());
}

static int release_the_discardable(void *user, gl_greenlet *g) {
  gl_greenlet **all = user;
  event(g == gl_main() ? "main" : "g");
  for (int i = 0; i < 3; i++) gl_release(all[i]), all[i] = NULL;
  return 0;
}
// rules 21, 26, 29: a visitor frees those that it would visit next
TEST(visitor_frees_the_rest) {
  gl_greenlet *all[3];
  for (int i = 0; i < 3; i++) all[i] = NEW(.run = echo, .flags = GL_DISCARD), gl_switch(all[i], NULL, NULL);
  CHECK(gl_foreach(release_the_discardable, all) == 0);
  gl_switch(gl_current(), NULL, NULL);
  CHECK(stats().alive == 0);
  events[0] = 0;
  CHECK(all_gone());
}

static void trim_when_exchanged(void *user, gl_greenlet *from, UNUSED gl_greenlet *to) {
  volatile char here[256];
  gl_trim();
  memset((char *)here, 1, sizeof here);
  (*(int *)user) += from != gl_main();
}
// rules 4, 26: the last hook of one that ends gives stacks back to the system, while it runs on that of the dead
TEST(hook_trims_on_the_stack_of_the_dead) {
  int ends_seen = 0;
  gl_hook_add(trim_when_exchanged, &ends_seen);
  for (int i = 0; i < 5; i++) {
    gl_greenlet *g = gl_new(identity, NULL);
    CHECK(gl_switch(g, NULL, NULL) == GL_OK);
    gl_release(g);
  }
  gl_hook_remove(trim_when_exchanged, &ends_seen);
  CHECK(ends_seen == 5);
  CHECK(all_gone());
}

static void trim_when_traced(UNUSED void *user, UNUSED int what, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) { gl_trim(); }
// rules 4, 26: so do tracers
TEST(tracer_trims_on_the_stack_of_the_dead) {
  gl_trace_add(trim_when_traced, NULL);
  gl_greenlet *g = gl_new(identity, NULL);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_release(g);
  gl_trace_remove(trim_when_traced, NULL);
  CHECK(all_gone());
}
