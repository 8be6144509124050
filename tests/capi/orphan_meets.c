/* SPDX-License-Identifier: MIT */
/* Rule 22 where it meets others: whoever is resumed by an orphan may itself be starting, waiting in gl_release, or be killed meanwhile. */
#include "victim.h"

static gl_greenlet *target, *escaped;
static void (*cleanup)(void);

/* Loses its last handle, leaves for the target, cleans up when it is killed. */
BODY(orphan) {
  gl_release(gl_current());
  event("leaves");
  gl_status status = gl_switch(target, V(7), &value);
  event("%s", gl_status_name(status));
  if (cleanup) cleanup();
  *result = V(3);
  return GL_KILLED;
}
static gl_greenlet *new_orphan(void (*then)(void)) {
  cleanup = then;
  return NEW(.run = orphan, .drop_result = note_result);
}
static void escape_to_main(void) {
  escaped = gl_current();
  gl_status status = gl_switch(gl_main(), V(6), NULL);
  event("escaped %s", gl_status_name(status));
}
static void end_the_escaped(void) { CHECK(gl_switch(escaped, NULL, NULL) == GL_OK); }

BODY(start_and_switch) {
  event("starts %d", (int)(intptr_t)value);
  for (int i = 0; i < 2; i++) {
    gl_status status = gl_switch(gl_main(), V(i), &value);
    event("%s %d", gl_status_name(status), (int)(intptr_t)value);
  }
  return GL_OK;
}
/* The target has begun to start, and waits for an orphan that has escaped to main. */
static void start_by_an_orphan_that_escapes(void) {
  void *received = NULL;
  target = gl_new(start_and_switch, NULL);
  CHECK(gl_switch(new_orphan(escape_to_main), NULL, &received) == GL_OK);
  CHECK(received == V(6));
  CHECK(happened("leaves GL_KILLED"));
  CHECK(gl_state(target) == GL_SUSPENDED);
  CHECK(gl_parent(escaped) == target);
}

// rules 14, 22: a kill that comes before its run begins is kept for its first call
TEST(one_that_is_killed_before_its_run_begins_learns_it_at_its_first_call) {
  start_by_an_orphan_that_escapes();
  CHECK(gl_kill(target, NULL) == GL_ALIVE);
  CHECK(happened("starts 7 GL_KILLED 0"));
  CHECK(gl_switch(target, V(5), NULL) == GL_OK);
  CHECK(happened("GL_OK 5"));
  end_the_escaped();
  CHECK(happened("escaped GL_OK"));
  gl_release(target);
  CHECK(all_gone());
}

// rules 14, 22: a value that comes before its run begins does not replace its first
TEST(one_that_is_switched_to_before_its_run_begins_gets_its_first_value) {
  uint64_t leaked = stats().leaked;
  start_by_an_orphan_that_escapes();
  CHECK(gl_switch(target, V(5), NULL) == GL_OK);
  CHECK(happened("result 5 starts 7"));
  CHECK(stats().leaked == leaked + 1);
  end_the_escaped();
  CHECK(happened("escaped GL_OK"));
  CHECK(gl_kill(target, NULL) == GL_ALIVE);
  CHECK(gl_kill(target, NULL) == GL_OK);
  CHECK(happened("GL_KILLED 0 GL_KILLED 0"));
  gl_release(target);
  CHECK(all_gone());
}

// rules 13, 22: the orphan ends after all; its result is dropped, and the run begins
TEST(run_begins_when_the_orphan_has_ended) {
  void *received = V(9);
  start_by_an_orphan_that_escapes();
  CHECK(gl_switch(escaped, NULL, &received) == GL_OK);
  CHECK(received == V(0));
  CHECK(happened("escaped GL_OK result 3 starts 7"));
  CHECK(gl_kill(target, NULL) == GL_ALIVE);
  CHECK(gl_kill(target, NULL) == GL_OK);
  CHECK(happened("GL_KILLED 0 GL_KILLED 0"));
  gl_release(target);
  CHECK(all_gone());
}

BODY(release_data) {
  gl_release(data);
  event("released");
  gl_switch(gl_main(), V(4), NULL);
  return GL_KILLED;
}

// rules 14, 22: the resumed one waits in gl_release; the orphan's value ends that wait, and the orphan is killed before gl_release returns
TEST(orphan_resumes_one_that_waits_in_release) {
  uint64_t leaked = stats().leaked;
  struct victim plan = {escape_to_main, GL_OK, NULL};
  gl_greenlet *g = NEW(.run = victim, .data = &plan, .drop_result = note_result);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  target = gl_new(release_data, g);
  CHECK(gl_switch(target, NULL, NULL) == GL_OK);
  CHECK(happened("GL_KILLED 0"));
  void *received = NULL;
  CHECK(gl_switch(new_orphan(NULL), NULL, &received) == GL_OK);
  CHECK(received == V(4));
  CHECK(happened("leaves result 7 GL_KILLED result 3 released"));
  CHECK(stats().leaked == leaked + 1);
  end_the_escaped();
  gl_release(target);
  CHECK(happened("escaped GL_OK"));
  CHECK(all_gone());
}

BODY(leave_discardable) {
  gl_release(gl_current());
  gl_switch(target, V(7), NULL);
  return never(data, value, result);
}
static void note_who_drops(void *data) {
  CHECK(gl_current() == target);
  note_drop(data);
}
BODY(note_value) {
  event("starts %d", (int)(intptr_t)value);
  return GL_OK;
}

// rules 21, 22: its stack is gone before the run of the next begins, on another
TEST(discardable_orphan_is_freed_before_the_started_one_runs) {
  uint64_t leaked = stats().leaked;
  target = gl_new(note_value, NULL);
  CHECK(gl_switch(NEW(.run = leave_discardable, .data = V(1), .drop = note_who_drops, .flags = GL_DISCARD), NULL, NULL) == GL_OK);
  CHECK(happened("drop 1 starts 7"));
  CHECK(stats().leaked == leaked);
  gl_release(target);
  CHECK(all_gone());
}

static gl_greenlet *first, *second;
static void switch_to_the_second(void) {
  void *value = NULL;
  gl_status status = gl_switch(second, V(1), &value);
  event("first %s %d", gl_status_name(status), (int)(intptr_t)value);
}
BODY(lose_oneself_and_answer_the_first) {
  gl_release(gl_current());
  gl_status status = gl_switch(first, V(2), &value);
  event("second %s", gl_status_name(status));
  return GL_KILLED;
}

// rule 22: an orphan that is being killed by main is itself resumed by an orphan, and kills it
TEST(orphan_in_its_cleanup_kills_another_orphan) {
  target = gl_main();
  first = new_orphan(switch_to_the_second), second = gl_new(lose_oneself_and_answer_the_first, NULL);
  void *received = NULL;
  CHECK(gl_switch(first, NULL, &received) == GL_OK);
  CHECK(received == V(7));
  CHECK(happened("leaves GL_KILLED second GL_KILLED first GL_OK 2 result 3"));
  CHECK(all_gone());
}

static void leave_for_main(void) { gl_switch(gl_main(), V(6), NULL); }
static void note_back(void) { event("ends"); }
BODY(kill_data_without_handles) {
  gl_release(gl_current());
  gl_status status = gl_kill(data, &value);
  event("kill %s %d", gl_status_name(status), (int)(intptr_t)value);
  gl_release(data);
  status = gl_switch(gl_main(), V(3), &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)value);
  return status;
}

// rules 13, 22: a victim holds its killer, who is lost again when the kill is over
TEST(orphan_that_kills_is_held_by_its_victim) {
  struct victim plan = {note_back, GL_KILLED, V(2)};
  gl_greenlet *g = waiting(victim, &plan);
  void *received = NULL;
  CHECK(gl_switch(gl_new(kill_data_without_handles, g), NULL, &received) == GL_OK);
  CHECK(received == V(3));
  CHECK(happened("GL_KILLED 0 ends kill GL_OK 2 GL_KILLED 0"));
  plan.cleanup = leave_for_main;
  g = waiting(victim, &plan);
  CHECK(gl_switch(gl_new(kill_data_without_handles, g), NULL, &received) == GL_OK);
  CHECK(received == V(6));
  CHECK(happened("GL_KILLED 0"));
  CHECK(gl_switch(g, NULL, &received) == GL_OK);
  CHECK(received == V(3));
  CHECK(happened("kill GL_OK 2 GL_KILLED 0"));
  CHECK(all_gone());
}

BODY(release_data_and_go_on) {
  gl_release(data);
  event("goes on");
  gl_status status = gl_switch(gl_main(), V(3), &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)value);
  return status;
}

// rules 21, 22: the same of one that waits in gl_release, and loses its last handle meanwhile
TEST(waiting_releaser_is_held_by_its_victim) {
  uint64_t leaked = stats().leaked;
  struct victim plan = {leave_for_main, GL_KILLED, NULL};
  gl_greenlet *g = waiting(victim, &plan), *releaser = gl_new(release_data_and_go_on, g);
  CHECK(gl_switch(releaser, NULL, NULL) == GL_OK);
  CHECK(happened("GL_KILLED 0"));
  gl_release(releaser);
  CHECK(happened(""));
  CHECK(gl_state(releaser) == GL_SUSPENDED);
  void *received = NULL;
  CHECK(gl_switch(releaser, NULL, &received) == GL_OK); /* its victim is leaked, and it is lost itself */
  CHECK(received == V(3));
  CHECK(happened("goes on GL_KILLED 0"));
  CHECK(stats().leaked == leaked + 1);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(all_gone());
}
