/* SPDX-License-Identifier: MIT */
/* Rule 19 at the edges of a thread's life: thread-specific destructors that run after its tree has ended, the first thread, exit(). */
#include "child.h"
#include "partner.h"

enum { ROUNDS = 3 }; /* POSIX lets four pass */
static pthread_key_t late_key;
static int late_rounds, late_failures;
static gl_greenlet *left[ROUNDS];

/* Runs after the library's own, whatever the order: it comes back in each round. */
static void works_late(void *value) {
  intptr_t round = (intptr_t)value;
  void *received = NULL;
  gl_greenlet *g = gl_new(identity, NULL);
  if (!g || gl_current() != gl_main() || gl_switch(g, V(7), &received) != GL_OK || received != V(7)) late_failures++;
  gl_release(g);
  left[late_rounds] = NEW(.run = echo, .data = V(round), .drop = note_drop);
  gl_switch(left[late_rounds], NULL, NULL);
  late_rounds++;
  if (round < ROUNDS) pthread_setspecific(late_key, V(round + 1));
}
static void begin_late_work(UNUSED void *arg) {
  gl_current();
  pthread_setspecific(late_key, V(1));
}
// rule 19: calls from destructors after the end make a fresh main, which ends in its turn
TEST(destructors_after_the_end_have_a_fresh_main) {
  pthread_key_create(&late_key, works_late);
  on_a_thread(begin_late_work, NULL);
  CHECK(late_rounds == ROUNDS && late_failures == 0);
  CHECK(happened("drop 1 drop 2 drop 3"));
  for (int i = 0; i < ROUNDS; i++) {
    CHECK(gl_state(left[i]) == GL_DEAD && gl_switch(left[i], NULL, NULL) == GL_EEXPIRED);
    gl_release(left[i]);
  }
  pthread_key_delete(late_key);
  CHECK(all_gone());
}

static void say(const char *what) {
  if (write(STDERR_FILENO, what, (unsigned)strlen(what)) < 0) _exit(2);
}
static void say_drop(UNUSED void *data) { say("dropped "); }
BODY(says_how_it_ends) {
  gl_status status = to_parent(value, NULL);
  say(gl_status_name(status));
  return status;
}
static gl_greenlet *volatile suspended, *volatile unstarted; /* reachable to the end, so that no leak checker minds */
static void leave_two(void) {
  suspended = NEW(.run = says_how_it_ends, .drop = say_drop);
  unstarted = NEW(.run = never, .drop = say_drop);
  gl_switch(suspended, NULL, NULL);
}

static void exit_from_main(void) {
  leave_two();
  exit(5);
}
static void silent_exit(struct child child) {
  CHECK(exited(child, 5));
  CHECK(!strcmp(child.err, ""));
}
// rule 19: exit() is no thread end
TEST(exit_neither_unwinds_nor_drops) { silent_exit(in_child(exit_from_main)); }

BODY(exits_the_process) {
  leave_two();
  exit(5);
}
static void exit_from_a_greenlet(void) { gl_switch(NEW(.run = exits_the_process, .drop = say_drop), NULL, NULL); }
// rule 19: nor is it one inside a greenlet
TEST(exit_inside_a_greenlet_neither_unwinds_nor_drops) { silent_exit(in_child(exit_from_a_greenlet)); }

static void switches_at_exit(void) {
  void *received = NULL;
  gl_greenlet *g = gl_new(identity, NULL);
  if (gl_switch(g, V(3), &received) == GL_OK && received == V(3)) say("works");
  gl_release(g);
}
static void exit_with_handler(void) {
  leave_two();
  atexit(switches_at_exit);
  exit(5);
}
// rule 19: so handlers of exit() find everything as it was
TEST(exit_handlers_may_switch) {
  struct child child = in_child(exit_with_handler);
  CHECK(exited(child, 5));
  CHECK(!strcmp(child.err, "works"));
}

static void *exits_elsewhere(UNUSED void *arg) {
  leave_two();
  exit(5);
}
static void exit_on_another_thread(void) {
  pthread_t thread;
  leave_two();
  pthread_create(&thread, NULL, exits_elsewhere, NULL), pthread_join(thread, NULL);
}
// rule 19: whichever thread calls it
TEST(exit_on_another_thread_neither_unwinds_nor_drops) {
  if (UNDER_TSAN) SKIP("threads after fork");
  if (UNDER_VALGRIND) SKIP("what the waiting thread holds counts as lost");
  silent_exit(in_child(exit_on_another_thread));
}

static void end_first_thread(void) {
  leave_two();
  pthread_exit(NULL);
}
// rule 19: pthread_exit() on the first thread is its end
TEST(pthread_exit_on_the_first_thread_drops) {
  if (UNDER_TSAN) SKIP("its own thread keeps the process alive");
  if (ON_WINDOWS) SKIP("pthread_exit() on the first thread is exit() there");
  struct child child = in_child(end_first_thread);
  CHECK(exited(child, 0));
  CHECK(!strcmp(child.err, "dropped dropped "));
}
