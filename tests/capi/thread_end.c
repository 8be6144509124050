/* SPDX-License-Identifier: MIT */
/* Rule 19: what becomes of a thread's greenlets when it ends. */
#include "partner.h"

BODY(notes_its_kill) {
  gl_status status = to_parent(value, &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)data);
  return status;
}

static gl_greenlet *left; /* by the thread that ended */
static uint64_t leaked_before;
/* Ends a thread that ran `job`; counts how many leaks it added. */
static int leaks_of(partner_job job) {
  leaked_before = stats().leaked;
  on_a_thread(job, NULL);
  return (int)(stats().leaked - leaked_before);
}
static void left_is_expired(void) {
  void *received = V(1);
  CHECK(gl_state(left) == GL_DEAD && gl_switch(left, NULL, &received) == GL_EEXPIRED && received == V(1));
  gl_release(left);
  CHECK(all_gone());
}

static void leave_unstarted(UNUSED void *arg) { left = NEW(.run = never, .data = V(1), .drop = note_drop); }
// rule 19: an unstarted one is dropped, and is no leak
TEST(unstarted_is_dropped_at_the_end) {
  CHECK(leaks_of(leave_unstarted) == 0);
  CHECK(happened("drop 1"));
  left_is_expired();
}

static void leave_suspended(UNUSED void *arg) {
  left = NEW(.run = notes_its_kill, .data = V(2), .drop = note_drop);
  gl_switch(left, NULL, NULL);
}
// rule 19: a suspended one does not run any more; its data is dropped, and it counts as leaked
TEST(suspended_is_leaked_at_the_end) {
  CHECK(leaks_of(leave_suspended) == 1);
  CHECK(happened("drop 2"));
  left_is_expired();
}

static void leave_discardable(UNUSED void *arg) {
  left = NEW(.run = notes_its_kill, .data = V(3), .drop = note_drop, .flags = GL_DISCARD);
  gl_switch(left, NULL, NULL);
}
// rules 19, 21: with GL_DISCARD it is no leak
TEST(discardable_is_no_leak_at_the_end) {
  CHECK(leaks_of(leave_discardable) == 0);
  CHECK(happened("drop 3"));
  left_is_expired();
}

static void leave_dead(UNUSED void *arg) {
  left = NEW(.run = identity, .data = V(4), .drop = note_drop);
  gl_switch(left, NULL, NULL);
  CHECK(happened("drop 4"));
}
// rule 19: a dead one is not dropped again
TEST(dead_stays_dead_at_the_end) {
  CHECK(leaks_of(leave_dead) == 0);
  CHECK(happened(""));
  left_is_expired();
}

// rules 18, 19: what waits in the queue is killed, and is no leak
TEST(queued_is_killed_at_the_end) {
  struct partner other;
  partner_start(&other), partner_do(&other, leave_suspended, NULL);
  uint64_t leaked = stats().leaked;
  gl_release(left);
  CHECK(happened(""));
  partner_end(&other);
  CHECK(happened("GL_KILLED 2 drop 2") && stats().leaked == leaked);
  CHECK(all_gone());
}

static void release_left(UNUSED void *data) { gl_release(left); }
static void leave_queued_in_a_callback(UNUSED void *arg) {
  leave_suspended(NULL);
  gl_release(NEW(.run = never, .drop = release_left));
}
// rules 18, 19: also what was queued by the thread's last callback
TEST(queued_in_the_last_callback_is_killed_at_the_end) {
  CHECK(leaks_of(leave_queued_in_a_callback) == 0);
  CHECK(happened("GL_KILLED 2 drop 2"));
  CHECK(all_gone());
}

BODY(starts_another_when_killed) {
  CHECK(to_parent(NULL, NULL) == GL_KILLED);
  gl_greenlet *next = NEW(.run = notes_its_kill, .data = V(5), .drop = note_drop);
  CHECK(gl_switch(next, NULL, NULL) == GL_OK);
  left = next;
  return GL_KILLED;
}
static void leave_one_that_starts_another(UNUSED void *arg) {
  left = gl_new(starts_another_when_killed, NULL), gl_switch(left, NULL, NULL);
}
// rule 19: one that is killed at the end may leave others behind
TEST(started_by_a_kill_at_the_end_is_leaked) {
  struct partner other;
  partner_start(&other), partner_do(&other, leave_one_that_starts_another, NULL);
  uint64_t leaked = stats().leaked;
  gl_release(left);
  partner_end(&other);
  CHECK(happened("drop 5") && stats().leaked == leaked + 1);
  left_is_expired();
}

BODY(comes_back_when_killed) {
  CHECK(to_parent(NULL, NULL) == GL_KILLED);
  to_parent(NULL, NULL);
  return GL_OK;
}
static void leave_escaped(UNUSED void *arg) {
  gl_greenlet *g = NEW(.run = comes_back_when_killed, .data = V(4), .drop = note_drop);
  gl_switch(g, NULL, NULL), gl_release(g);
  CHECK(stats().leaked == leaked_before + 1 && happened(""));
}
// rules 19, 21: one that was leaked before is dropped at the end, and counted once
TEST(leaked_before_is_counted_once) {
  CHECK(leaks_of(leave_escaped) == 1);
  CHECK(happened("drop 4"));
  CHECK(all_gone());
}

static void make_another(void *data) {
  note_drop(data);
  left = NEW(.run = never, .data = V(7), .drop = note_drop);
}
static void leave_one_whose_drop_makes_another(UNUSED void *arg) { left = NEW(.run = never, .data = V(6), .drop = make_another); }
// rules 19, 26: a drop at the end may make a greenlet, which ends as well
TEST(made_by_a_drop_at_the_end_is_dropped) {
  struct partner other;
  partner_start(&other), partner_do(&other, leave_one_whose_drop_makes_another, NULL);
  gl_greenlet *first = left;
  partner_end(&other);
  CHECK(happened("drop 6 drop 7"));
  gl_release(first);
  left_is_expired();
}

static void switch_in_drop(UNUSED void *data) {
  event("%s", gl_status_name(gl_switch(gl_main(), NULL, NULL)));
  event("%s", gl_status_name(gl_throw(gl_current(), NULL, NULL)));
}
static void leave_one_whose_drop_switches(UNUSED void *arg) {
  left = NEW(.run = echo, .drop = switch_in_drop);
  gl_switch(left, NULL, NULL);
}
// rules 19, 26: the drops at the end are callbacks as any
TEST(drops_at_the_end_may_not_switch) {
  CHECK(leaks_of(leave_one_whose_drop_switches) == 1);
  CHECK(happened("GL_EBUSY GL_EBUSY"));
  left_is_expired();
}

static gl_key key;
static void leave_locals(UNUSED void *arg) {
  left = NEW(.run = echo, .data = V(1), .drop = note_drop);
  gl_set_local(left, key, V(2));
  gl_switch(left, NULL, NULL);
  gl_set_local(gl_main(), key, V(3));
}
// rules 19, 28: the locals of suspended ones are dropped, and main's
TEST(locals_are_dropped_at_the_end) {
  gl_key_new(&key, note_drop);
  CHECK(leaks_of(leave_locals) == 1);
  CHECK(strstr(events, "drop 1") && strstr(events, "drop 2") && strstr(events, "drop 3") &&
        strlen(events) == strlen("drop 1 drop 2 drop 3"));
  events[0] = 0;
  left_is_expired();
}

static void note_cleanup(void *number) { event("cleanup %d", (int)(intptr_t)number); }
BODY(exits_its_thread) {
  pthread_cleanup_push(note_cleanup, data);
  pthread_exit(NULL);
  pthread_cleanup_pop(0);
  return GL_OK;
}
static void *exits_in_a_greenlet(UNUSED void *arg) {
  left = NEW(.run = exits_its_thread, .data = V(8), .drop = note_drop);
  gl_switch(left, NULL, NULL);
  CHECK(false); /* the thread must have ended */
  return NULL;
}
static void *exits_in_a_nested_greenlet(UNUSED void *arg) {
  gl_greenlet *outer = gl_new(echo, NULL);
  gl_switch(outer, NULL, NULL);
  gl_release(outer);
  return exits_in_a_greenlet(NULL);
}
static int leaks_of_thread(void *(*body)(void *)) {
  pthread_t thread;
  leaked_before = stats().leaked;
  pthread_create(&thread, NULL, body, NULL), pthread_join(thread, NULL);
  return (int)(stats().leaked - leaked_before);
}
// rules 19, 24: pthread_exit() unwinds the greenlet that calls it; the thread ends there, and that one counts as leaked
TEST(pthread_exit_inside_a_greenlet) {
  if (UNDER_TSAN) SKIP("its pthread_exit() knows no fibers");
  if (ON_WINDOWS) SKIP("pthread_exit() does not unwind there: windows/thread_ends.c");
  CHECK(leaks_of_thread(exits_in_a_greenlet) == 1);
  CHECK(happened("cleanup 8 drop 8"));
  left_is_expired();
  CHECK(leaks_of_thread(exits_in_a_nested_greenlet) == 1);
  CHECK(happened("cleanup 8 drop 8"));
  left_is_expired();
}

static gl_greenlet *kills_exiting;
BODY(exits_when_killed) {
  CHECK(to_parent(NULL, NULL) == GL_KILLED);
  return exits_its_thread(data, value, result);
}
BODY(kills_left) {
  gl_kill(left, NULL);
  CHECK(false); /* the thread must have ended */
  return GL_OK;
}
static void *exits_during_a_kill(UNUSED void *arg) {
  left = NEW(.run = exits_when_killed, .data = V(9), .drop = note_drop);
  gl_switch(left, NULL, NULL);
  kills_exiting = gl_new(kills_left, NULL);
  gl_switch(kills_exiting, NULL, NULL);
  return NULL;
}
// rules 13, 19: the thread ends inside one that is being killed; who kills it waits for ever, and both are leaked
TEST(pthread_exit_during_a_kill) {
  if (UNDER_TSAN) SKIP("its pthread_exit() knows no fibers");
  if (ON_WINDOWS) SKIP("pthread_exit() does not unwind there: windows/thread_ends.c");
  CHECK(leaks_of_thread(exits_during_a_kill) == 2);
  CHECK(happened("cleanup 9 drop 9"));
  gl_release(kills_exiting);
  left_is_expired();
}

static void make_and_end_some(UNUSED void *arg) {
  for (int i = 0; i < 10; i++) {
    gl_greenlet *g = gl_new(i % 2 ? echo : identity, NULL);
    gl_switch(g, NULL, NULL);
    gl_release(g);
  }
}
// rules 19, 29: what a thread counted stays counted, and its stacks go back
TEST(statistics_outlive_the_thread) {
  gl_stats before = stats();
  for (int i = 0; i < 20; i++) on_a_thread(make_and_end_some, NULL);
  gl_stats after = stats();
  CHECK(after.created == before.created + 200 && after.alive == before.alive);
  CHECK(after.stacks_mapped == before.stacks_mapped && after.stacks_cached == before.stacks_cached &&
        after.stack_bytes == before.stack_bytes);
}

// rule 19: the stacks of suspended ones go back too, although handles on them are left
TEST(stacks_of_the_suspended_go_back_at_the_end) {
  gl_stats before = stats();
  struct partner other;
  gl_greenlet *kept[10];
  partner_start(&other);
  for (int i = 0; i < 10; i++) kept[i] = partner_new_private(&other, echo), partner_switch(&other, kept[i], NULL, NULL);
  CHECK(stats().stacks_mapped == before.stacks_mapped + 10);
  partner_end(&other);
  CHECK(stats().stacks_mapped == before.stacks_mapped && stats().alive == before.alive);
  for (int i = 0; i < 10; i++) gl_release(kept[i]);
  CHECK(all_gone());
}

static int exit_in_visit(UNUSED void *user, gl_greenlet *g) {
  if (g != gl_main()) gl_release(left), pthread_exit(NULL);
  return 0;
}
static void *exits_in_a_visitor(UNUSED void *arg) {
  leave_suspended(NULL);
  gl_foreach(exit_in_visit, NULL);
  return NULL;
}
// rules 18, 19, 24: the thread ends inside a visitor, which queued the one that it visits: that one is killed
TEST(pthread_exit_inside_a_visitor) {
  CHECK(leaks_of_thread(exits_in_a_visitor) == 0);
  CHECK(happened("GL_KILLED 2 drop 2"));
  CHECK(all_gone());
}

static void exit_in_drop(void *data) {
  note_drop(data);
  if (gl_current() != gl_main()) pthread_exit(NULL);
}
static void *exits_in_a_drop(UNUSED void *arg) {
  left = NEW(.run = identity, .data = V(3), .drop = exit_in_drop);
  gl_switch(left, NULL, NULL);
  return NULL;
}
// rules 4, 19, 24: a drop that ends its thread is not called again by the thread's end; its greenlet counts as leaked
TEST(pthread_exit_inside_a_drop) {
  if (UNDER_TSAN) SKIP("its pthread_exit() knows no fibers");
  if (ON_WINDOWS) SKIP("pthread_exit() does not unwind there: windows/thread_ends.c");
  CHECK(leaks_of_thread(exits_in_a_drop) == 1);
  CHECK(happened("drop 3"));
  CHECK(gl_state(left) == GL_DEAD);
  gl_release(left);
  CHECK(all_gone());
}
