/* SPDX-License-Identifier: MIT */
/* Rule 18: last handles that go on another thread, or inside a callback. */
#include "partner.h"

BODY(notes_its_kill) {
  gl_status status = to_parent(value, &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)data);
  return status;
}
static gl_greenlet *suspended(int number) {
  gl_greenlet *g = gl_new(notes_its_kill, V(number));
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  return g;
}
static void release_elsewhere(gl_greenlet *g) { on_a_thread(call_release, g); }

static void note_drop_and_thread(void *data) { event(pthread_equal(*(pthread_t *)data, pthread_self()) ? "here" : "there"); }
// rules 18, 21: only suspended ones wait for their owner; an unstarted one goes at once
TEST(unstarted_released_elsewhere_goes_at_once) {
  pthread_t self = pthread_self();
  release_elsewhere(NEW(.run = never, .data = &self, .drop = note_drop_and_thread));
  CHECK(happened("there"));
  CHECK(all_gone());
}

static void switch_in_drop(UNUSED void *data) {
  event("%s", gl_status_name(gl_switch(gl_main(), NULL, NULL)));
  gl_release(gl_new(never, NULL));
}
// rules 18, 26: its drop is a callback of the thread that releases, be it the first that this one hears of the library
TEST(drop_elsewhere_is_a_callback_there) {
  release_elsewhere(NEW(.run = never, .drop = switch_in_drop));
  CHECK(happened("GL_EBUSY") && gl_switch(gl_main(), NULL, NULL) == GL_OK);
  CHECK(all_gone());
}

// rules 18, 21: a dead one is freed
TEST(dead_released_elsewhere_is_freed) {
  gl_greenlet *g = gl_new(identity, NULL);
  gl_switch(g, NULL, NULL);
  release_elsewhere(g);
  CHECK(all_gone());
}

// rule 18: the owner kills it, later
TEST(suspended_released_elsewhere_waits_for_its_owner) {
  release_elsewhere(suspended(1));
  CHECK(happened("") && stats().alive == 1);
  CHECK(gl_switch(gl_current(), NULL, NULL) == GL_OK);
  CHECK(happened("GL_KILLED 1"));
  CHECK(all_gone());
}

static void by_new(gl_greenlet *g) { (void)g, gl_release(gl_new(never, NULL)); }
static void by_new_with(gl_greenlet *g) { (void)g, gl_release(NEW(.run = never)); }
static void by_bad_new(gl_greenlet *g) { (void)g, gl_new(NULL, NULL); }
static void by_bad_new_with(gl_greenlet *g) { (void)g, gl_new_with(NULL, NULL); }
static void by_switch(gl_greenlet *g) { gl_switch(g, NULL, NULL); }
static void by_self_switch(gl_greenlet *g) { (void)g, gl_switch(gl_current(), NULL, NULL); }
static void by_bad_switch(gl_greenlet *g) { (void)g, gl_switch(NULL, NULL, NULL); }
static void by_throw(gl_greenlet *g) { gl_throw(g, NULL, NULL); }
static void by_bad_throw(gl_greenlet *g) { (void)g, gl_throw(NULL, NULL, NULL); }
static void by_kill(gl_greenlet *g) { gl_kill(g, NULL); }
static void by_bad_kill(gl_greenlet *g) { (void)g, gl_kill(NULL, NULL); }
static void by_kill_of_main(gl_greenlet *g) { (void)g, gl_kill(gl_main(), NULL); }
static void by_release(gl_greenlet *g) { gl_retain(g), gl_release(g); }
static void by_set_parent(gl_greenlet *g) { gl_set_parent(g, gl_main()); }
static void by_bad_set_parent(gl_greenlet *g) { (void)g, gl_set_parent(NULL, NULL); }
static void by_cyclic_set_parent(gl_greenlet *g) { gl_set_parent(g, g); }

static void (*const draining[])(gl_greenlet *) = {
    by_new,       by_new_with, by_bad_new,  by_bad_new_with, by_switch,  by_self_switch, by_bad_switch,     by_throw,
    by_bad_throw, by_kill,     by_bad_kill, by_kill_of_main, by_release, by_set_parent,  by_bad_set_parent, by_cyclic_set_parent};

// rule 18: each of the named calls drains the queue, also when it then fails
TEST(each_call_kills_what_was_released_elsewhere) {
  for (size_t i = 0; i < sizeof draining / sizeof *draining; i++) {
    gl_greenlet *g = gl_new(echo, NULL);
    gl_switch(g, NULL, NULL);
    release_elsewhere(suspended((int)i));
    CHECK(happened(""));
    draining[i](g);
    char expected[32];
    snprintf(expected, sizeof expected, "GL_KILLED %d", (int)i);
    CHECK(happened(expected));
    gl_release(g);
    CHECK(all_gone());
  }
}

static int nobody(UNUSED void *user, UNUSED gl_greenlet *g) { return 0; }
// rule 18: no other call does
TEST(calls_that_only_ask_kill_nobody) {
  gl_key key;
  gl_greenlet *g = gl_new(never, NULL);
  gl_key_new(&key, NULL);
  release_elsewhere(suspended(1));
  gl_current(), gl_main(), gl_parent(g), gl_state(g), gl_name(g), gl_data(g), gl_set_data(g, NULL);
  gl_set_local(g, key, NULL), gl_local(g, key), gl_prefetch(g), stats(), gl_foreach(nobody, NULL), gl_retain(gl_main());
  CHECK(happened(""));
  gl_release(g);
  CHECK(happened("GL_KILLED 1"));
  CHECK(all_gone());
}

BODY(leaves_a_result) {
  CHECK(to_parent(NULL, NULL) == GL_KILLED);
  *result = data;
  return GL_KILLED;
}
BODY(drains_and_goes_on) {
  CHECK(gl_switch(gl_current(), V(4), &value) == GL_OK && value == V(4));
  *result = value;
  return GL_OK;
}
// rules 14, 18: the queue is drained inside greenlets too, and what the killed one leaves goes nowhere
TEST(queue_is_drained_inside_a_greenlet) {
  gl_greenlet *g = gl_new(drains_and_goes_on, NULL);
  void *received = NULL;
  gl_greenlet *lost = NEW(.run = leaves_a_result, .data = V(9), .drop_result = note_result);
  gl_switch(lost, NULL, NULL);
  release_elsewhere(lost);
  CHECK(gl_switch(g, NULL, &received) == GL_OK && received == V(4));
  CHECK(happened("result 9"));
  gl_release(g);
  CHECK(all_gone());
}

static gl_greenlet *target;
BODY(kills_target_when_killed) {
  CHECK(to_parent(NULL, NULL) == GL_KILLED);
  CHECK(gl_kill(target, NULL) == GL_OK);
  return GL_KILLED;
}
// rules 8, 18: the queue first, then the call is checked: its target may have died meanwhile
TEST(call_is_checked_after_the_queue) {
  target = suspended(2);
  gl_greenlet *g = gl_new(kills_target_when_killed, NULL);
  gl_switch(g, NULL, NULL);
  release_elsewhere(g);
  void *received = NULL;
  CHECK(gl_switch(target, V(3), &received) == GL_OK && received == V(3)); /* forwarded to main */
  CHECK(happened("GL_KILLED 2") && gl_state(target) == GL_DEAD);
  gl_release(target);
  CHECK(all_gone());
}

// rules 18, 21: with GL_DISCARD it does not run there either
TEST(discarded_elsewhere_never_runs) {
  uint64_t leaked = stats().leaked;
  gl_greenlet *g = NEW(.run = notes_its_kill, .flags = GL_DISCARD, .data = V(5), .drop = note_drop);
  gl_switch(g, NULL, NULL);
  release_elsewhere(g);
  gl_switch(gl_current(), NULL, NULL);
  CHECK(happened("drop 5") && stats().leaked == leaked);
  CHECK(all_gone());
}

BODY(loses_itself_elsewhere) {
  release_elsewhere(gl_current());
  event("goes on");
  gl_status status = to_parent(V(6), NULL);
  event("%s", gl_status_name(status));
  return status;
}
// rules 18, 22: the current one loses its last handle on another thread
TEST(running_released_elsewhere_goes_on_until_it_leaves) {
  void *received = NULL;
  CHECK(gl_switch(gl_new(loses_itself_elsewhere, NULL), NULL, &received) == GL_OK && received == V(6));
  CHECK(happened("goes on GL_KILLED"));
  CHECK(all_gone());
}

static gl_greenlet *in_callback;
static void (*callback)(void);
static void run_callback(UNUSED void *data) { callback(); }
/* Runs `f` where a drop runs. */
static void inside_a_callback(void (*f)(void)) {
  callback = f;
  gl_release(NEW(.run = never, .drop = run_callback));
}

static void release_and_call(void) {
  gl_release(in_callback);
  gl_release(gl_new(never, NULL)), gl_new(NULL, NULL), gl_set_parent(NULL, NULL);
  CHECK(gl_switch(gl_main(), NULL, NULL) == GL_EBUSY);
  CHECK(happened(""));
}
// rule 18: inside a callback nothing is killed, whatever is called there
TEST(released_in_a_callback_waits_for_its_end) {
  in_callback = suspended(1);
  inside_a_callback(release_and_call);
  gl_switch(gl_current(), NULL, NULL);
  CHECK(happened("GL_KILLED 1"));
  CHECK(all_gone());
}

static void release_and_retain(void) { gl_release(in_callback), gl_retain(in_callback); }
// rule 18: one that is retained again while it waits is left alone
TEST(retained_again_while_queued_is_left_alone) {
  in_callback = suspended(1);
  inside_a_callback(release_and_retain);
  gl_switch(gl_current(), NULL, NULL);
  CHECK(happened("") && gl_state(in_callback) == GL_SUSPENDED);
  gl_release(in_callback);
  CHECK(happened("GL_KILLED 1"));
  CHECK(all_gone());
}

static void release_and_retain_and_release(void) {
  for (int i = 0; i < 5; i++) gl_release(in_callback), gl_retain(in_callback);
  gl_release(in_callback);
}
// rule 18: however often it is queued, it is killed once
TEST(queued_many_times_is_killed_once) {
  in_callback = suspended(1);
  inside_a_callback(release_and_retain_and_release);
  gl_switch(gl_current(), NULL, NULL);
  CHECK(happened("GL_KILLED 1"));
  CHECK(all_gone());
}

static int retain_queued(void *user, gl_greenlet *g) {
  if (g != gl_main()) *(gl_greenlet **)user = gl_retain(g);
  return 0;
}
// rules 18, 29: a visitor may take a new handle on one that waits in the queue
TEST(visitor_rescues_a_queued_greenlet) {
  gl_greenlet *rescued = NULL;
  release_elsewhere(suspended(1));
  CHECK(gl_foreach(retain_queued, &rescued) == 0 && rescued);
  gl_switch(gl_current(), NULL, NULL);
  CHECK(happened("") && gl_state(rescued) == GL_SUSPENDED);
  CHECK(gl_switch(rescued, NULL, NULL) == GL_OK);
  CHECK(happened("GL_OK 1") && gl_state(rescued) == GL_DEAD);
  gl_release(rescued);
  CHECK(all_gone());
}

// rule 18: rescued and then released elsewhere once more
TEST(rescued_greenlet_may_be_queued_again) {
  in_callback = suspended(1);
  inside_a_callback(release_and_retain);
  release_elsewhere(in_callback);
  CHECK(happened(""));
  gl_switch(gl_current(), NULL, NULL);
  CHECK(happened("GL_KILLED 1"));
  CHECK(all_gone());
}

BODY(releases_data_when_killed) {
  CHECK(to_parent(NULL, NULL) == GL_KILLED);
  event("outer");
  release_elsewhere(data);
  return GL_KILLED;
}
// rule 18: one killed from the queue may fill it again
TEST(queue_refilled_while_draining_is_drained) {
  gl_greenlet *inner = suspended(1), *outer = gl_new(releases_data_when_killed, inner);
  gl_switch(outer, NULL, NULL);
  release_elsewhere(outer);
  gl_switch(gl_current(), NULL, NULL), gl_switch(gl_current(), NULL, NULL);
  CHECK(happened("outer GL_KILLED 1"));
  CHECK(all_gone());
}
