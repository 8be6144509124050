/* SPDX-License-Identifier: MIT */
/* Last handles that go inside a callback wait for the thread's next call (rule 18). */
#include "victim.h"

static gl_greenlet *suspended;
static void release_suspended(void *data) {
  (void)data;
  gl_release(suspended);
  CHECK(gl_state(suspended) == GL_SUSPENDED);
  CHECK(gl_kill(suspended, NULL) == GL_EBUSY);
}
static const struct victim obeys = {NULL, GL_KILLED, V(5)};
static gl_greenlet *waiting_with_results(void) {
  gl_greenlet *g = NEW(.run = victim, .data = (void *)&obeys, .drop_result = note_result);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  return g;
}
/* One waits in the queue: its last handle went in the drop of another, during the last call that looked at the queue. */
static void queue_one(void) {
  suspended = waiting_with_results();
  gl_greenlet *g = NEW(.run = never, .drop = release_suspended);
  gl_release(g);
  CHECK(happened(""));
  CHECK(gl_state(suspended) == GL_SUSPENDED);
}
static const char *const was_killed = "GL_KILLED 0 result 5";

// rule 18: each of these calls drains the queue first
TEST(queued_one_is_killed_by_the_next_call) {
  gl_greenlet *dead = gl_new(never, NULL), *spare = gl_new(never, NULL);
  CHECK(gl_kill(dead, NULL) == GL_OK);
  gl_options options = {.size = sizeof options, .run = never};
  gl_greenlet *made = NULL;

  queue_one();
  gl_release(gl_new(never, NULL));
  CHECK(happened(was_killed));
  queue_one();
  CHECK(gl_new_with(&options, &made) == GL_OK);
  CHECK(happened(was_killed));
  queue_one();
  CHECK(gl_switch(gl_current(), NULL, NULL) == GL_OK);
  CHECK(happened(was_killed));
  queue_one();
  CHECK(gl_throw(gl_current(), NULL, NULL) == GL_THROWN);
  CHECK(happened(was_killed));
  queue_one();
  CHECK(gl_kill(dead, NULL) == GL_OK);
  CHECK(happened(was_killed));
  queue_one();
  gl_release(made);
  CHECK(happened(was_killed));
  queue_one();
  CHECK(gl_set_parent(spare, gl_main()) == GL_OK);
  CHECK(happened(was_killed));
  gl_release(dead), gl_release(spare);
  CHECK(all_gone());
}

// rule 18: also when the call then fails
TEST(failed_calls_drain_the_queue) {
  gl_options options = {.size = sizeof options};
  gl_greenlet *made = NULL;
  queue_one();
  CHECK(gl_new(NULL, NULL) == NULL);
  CHECK(happened(was_killed));
  queue_one();
  CHECK(gl_new_with(&options, &made) == GL_EINVAL);
  CHECK(happened(was_killed));
  queue_one();
  CHECK(gl_switch(NULL, NULL, NULL) == GL_EINVAL);
  CHECK(happened(was_killed));
  queue_one();
  CHECK(gl_throw(NULL, NULL, NULL) == GL_EINVAL);
  CHECK(happened(was_killed));
  queue_one();
  CHECK(gl_kill(gl_main(), NULL) == GL_EINVAL);
  CHECK(happened(was_killed));
  queue_one();
  CHECK(gl_set_parent(NULL, NULL) == GL_EINVAL);
  CHECK(happened(was_killed));
  CHECK(all_gone());
}

// rule 18: the call itself goes on as it would have
TEST(call_that_drains_the_queue_is_carried_out) {
  gl_greenlet *g = gl_new(echo, NULL);
  for (int i = 0; i < 3; i++) {
    void *received = NULL;
    queue_one();
    CHECK(gl_switch(g, V(i), &received) == GL_OK);
    CHECK(received == V(i));
    CHECK(happened(was_killed));
  }
  gl_release(g);
  CHECK(all_gone());
}

// rule 18
TEST(one_retained_again_while_queued_is_left_alone) {
  queue_one();
  gl_retain(suspended);
  CHECK(gl_switch(gl_current(), NULL, NULL) == GL_OK);
  CHECK(happened(""));
  CHECK(gl_state(suspended) == GL_SUSPENDED);
  gl_release(suspended); /* and is killed as any other */
  CHECK(happened(was_killed));
  CHECK(all_gone());
}

static void release_retain_release(void *data) {
  release_suspended(data);
  gl_retain(suspended);
  release_suspended(data);
  gl_retain(suspended);
  release_suspended(data);
}

// rule 18: queued once, however often its last handle goes
TEST(one_released_again_while_queued_is_killed_once) {
  suspended = waiting_with_results();
  gl_release(NEW(.run = never, .drop = release_retain_release));
  CHECK(happened(""));
  CHECK(gl_switch(gl_current(), NULL, NULL) == GL_OK);
  CHECK(happened(was_killed));
  CHECK(all_gone());
}

// rule 18: it ends by itself while it is queued
TEST(one_that_ends_while_queued_is_freed) {
  queue_one();
  gl_retain(suspended);
  gl_greenlet *g = suspended;
  CHECK(gl_switch(g, V(3), NULL) == GL_OK);
  CHECK(happened("GL_OK 3"));
  CHECK(gl_state(g) == GL_DEAD);
  gl_release(g);
  CHECK(happened(""));
  CHECK(all_gone());
}

enum { several = 5 };
static gl_greenlet *all[several];
static void release_all(void *data) {
  (void)data;
  for (int i = 0; i < several; i++) gl_release(all[i]);
}

BODY(note_number_and_killer) {
  while (gl_switch(gl_main(), NULL, NULL) != GL_KILLED) {}
  event("%d%s", (int)(intptr_t)data, gl_parent(gl_current()) == gl_main() ? "" : " by another");
  return GL_KILLED;
}

// rules 13, 18: all of them at one call, one after the other
TEST(queued_ones_are_killed_in_order_by_the_caller) {
  for (int i = 0; i < several; i++) {
    all[i] = gl_new(note_number_and_killer, V(i));
    CHECK(gl_switch(all[i], NULL, NULL) == GL_OK);
  }
  gl_release(NEW(.run = never, .drop = release_all));
  CHECK(happened(""));
  CHECK(gl_switch(NULL, NULL, NULL) == GL_EINVAL);
  CHECK(happened("0 1 2 3 4"));
  CHECK(all_gone());
}

static void release_one_more(void) {
  suspended = waiting_with_results();
  gl_release(NEW(.run = never, .drop = release_suspended));
  event("queued");
}

// rule 18: a victim's own cleanup queues one more
TEST(queue_that_grows_while_it_is_drained_is_drained) {
  suspended = waiting(victim, &(struct victim){release_one_more, GL_KILLED, NULL});
  gl_release(NEW(.run = never, .drop = release_suspended));
  CHECK(happened(""));
  CHECK(gl_switch(gl_current(), NULL, NULL) == GL_OK);
  CHECK(gl_switch(gl_current(), NULL, NULL) == GL_OK);
  CHECK(happened("GL_KILLED 0 queued GL_KILLED 0 result 5"));
  CHECK(all_gone());
}

// rules 4, 18, 22: the drop of one that ends queues; who is resumed by the end is not held up
TEST(last_handle_that_goes_as_a_greenlet_ends_is_queued) {
  suspended = waiting_with_results();
  gl_greenlet *g = NEW(.run = identity, .drop = release_suspended);
  void *received = NULL;
  CHECK(gl_switch(g, V(3), &received) == GL_OK);
  CHECK(received == V(3));
  gl_release(g);
  CHECK(gl_switch(NULL, NULL, NULL) == GL_EINVAL);
  CHECK(happened(was_killed));
  CHECK(all_gone());
}

static gl_greenlet *unstarted;
static void release_others(void *data) {
  (void)data;
  gl_release(unstarted);
  event("others");
}

// rules 18, 21: only a suspended one needs somebody to run; the rest go at once
TEST(unstarted_one_is_dropped_inside_a_callback) {
  unstarted = NEW(.run = never, .data = V(1), .drop = note_drop);
  gl_release(NEW(.run = never, .drop = release_others));
  CHECK(happened("drop 1 others"));
  CHECK(all_gone());
}

BODY(queue_and_switch_to_main) {
  queue_one();
  event("leaves");
  CHECK(gl_switch(gl_main(), V(1), NULL) == GL_OK);
  return GL_OK;
}

// rule 18: by the one that calls, before it leaves
TEST(queue_is_drained_before_the_caller_leaves) {
  gl_greenlet *g = gl_new(queue_and_switch_to_main, NULL);
  void *received = NULL;
  CHECK(gl_switch(g, NULL, &received) == GL_OK);
  CHECK(received == V(1));
  CHECK(happened("leaves GL_KILLED 0 result 5"));
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_release(g);
  CHECK(all_gone());
}

static void drop_by_main(void *data) {
  CHECK(gl_current() == gl_main());
  note_drop(data);
}

// rules 18, 21: a discardable one waits in the queue, too
TEST(discardable_one_is_freed_by_the_next_call) {
  suspended = NEW(.run = echo, .data = V(1), .drop = drop_by_main, .flags = GL_DISCARD);
  CHECK(gl_switch(suspended, NULL, NULL) == GL_OK);
  gl_release(NEW(.run = never, .drop = release_suspended));
  CHECK(happened(""));
  CHECK(gl_switch(gl_current(), NULL, NULL) == GL_OK);
  CHECK(happened("drop 1"));
  CHECK(all_gone());
}

static void release_a_result(void *value) {
  event("result");
  gl_release(value);
}

// rules 14, 18: what is released in a drop_result waits as well
TEST(last_handle_that_goes_with_a_result_is_queued) {
  suspended = waiting_with_results();
  struct victim plan = {NULL, GL_KILLED, suspended};
  gl_greenlet *g = NEW(.run = victim, .data = &plan, .drop_result = release_a_result);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_release(g);
  CHECK(gl_switch(gl_current(), NULL, NULL) == GL_OK);
  CHECK(happened("GL_KILLED 0 result GL_KILLED 0 result 5"));
  CHECK(all_gone());
}

static void go_to_main(void) { gl_switch(gl_main(), NULL, NULL); }
BODY(queue_and_switch_to_data) {
  static struct victim plan = {go_to_main, GL_OK, NULL};
  suspended = NEW(.run = victim, .data = &plan, .drop_result = note_result);
  CHECK(gl_switch(suspended, NULL, NULL) == GL_OK);
  gl_release(NEW(.run = never, .drop = release_suspended));
  gl_status status = gl_switch(data, V(2), &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)value);
  CHECK(gl_switch(suspended, NULL, NULL) == GL_OK);
  return GL_OK;
}

// rules 14, 18: a value that comes while a call drains is not the answer of that call, which is carried out afterwards
TEST(value_that_comes_while_a_call_drains_is_dropped) {
  gl_greenlet *echoing = waiting(echo, NULL), *g = gl_new(queue_and_switch_to_data, echoing);
  void *received = NULL;
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(happened("GL_KILLED 0"));
  CHECK(gl_switch(g, V(7), &received) == GL_OK);
  CHECK(happened("result 7"));
  CHECK(received == V(2)); /* by way of echo, whose parent is main */
  CHECK(gl_switch(g, V(8), NULL) == GL_OK);
  CHECK(happened("GL_OK 8"));
  gl_release(g), gl_release(echoing);
  CHECK(all_gone());
}
