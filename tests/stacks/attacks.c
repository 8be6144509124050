/* SPDX-License-Identifier: MIT */
/* What callbacks and ends of threads may do at the worst moment: while a stack is being left, or one is about to be entered. */
#include "stacks.h"
#include <pthread.h>
#include <unistd.h>

static void in_thread(void *(*function)(void *)) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, function, NULL) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
}

/* --- The end of a thread (rule 19) ---------------------------------------------------------------------------------------------------- */

static gl_greenlet *below, *in_place;
static bool below_is_private, resumed;

static void *release_in_place(void *argument) {
  gl_release(in_place);
  return argument;
}
static gl_status exits(UNUSED void *data, UNUSED void *value, UNUSED void **result) {
  in_thread(release_in_place);
  pthread_exit(NULL);
}
BODY(waits_in_place) {
  gl_switch(below, NULL, NULL);
  resumed = true;
  return GL_KILLED;
}
static gl_greenlet *child_on(gl_stack *stack, gl_run run, void (*drop)(void *)) {
  return NEW(.run = run, .data = V(1), .drop = drop, .parent = gl_main(), .stack = stack);
}
static void *exit_below_one_in_place(void *argument) {
  below = child_on(below_is_private ? NULL : gl_stack_thread(), exits, NULL);
  in_place = child_on(gl_stack_thread(), waits_in_place, note_drop);
  gl_switch(in_place, NULL, NULL);
  return argument;
}
/* The end runs where the bytes of `in_place` lie, which nobody moved out: it cannot be killed by resuming it, although it is queued. */
static void queued_one_in_place(bool private_exit) {
  if (UNDER_TSAN) SKIP("its pthread_exit() knows no fibers");
  uint64_t leaked = stats().leaked;
  below_is_private = private_exit, resumed = false;
  in_thread(exit_below_one_in_place);
  CHECK(!resumed && happened("drop 1"));
  CHECK(stats().leaked == leaked + 2 && gl_state(below) == GL_DEAD);
  gl_release(below);
  CHECK(nothing_left());
}
/* rule 19 */
TEST(thread_exits_below_a_queued_one_on_its_stack) { queued_one_in_place(false); }
/* rule 19 */
TEST(thread_exits_on_a_private_stack_with_a_queued_one_in_place) { queued_one_in_place(true); }

/* --- A start that does not happen ------------------------------------------------------------------------------------------------------ */

static gl_greenlet *called_off, *elsewhere;
static gl_key key;
static bool block_is_reused;

static void exit_at_start(UNUSED void *user, int event_code, UNUSED gl_greenlet *from, gl_greenlet *to) {
  if (event_code != GL_EV_START || to != called_off) return;
  CHECK(gl_trace_remove(exit_at_start, NULL) == GL_OK);
  pthread_exit(NULL);
}
static void move_elsewhere(UNUSED void *value) { CHECK(gl_set_parent(called_off, elsewhere) == GL_OK); }
static void *exit_in_tracer_then_move(void *argument) {
  CHECK(gl_trace_add(exit_at_start, NULL) == GL_OK && gl_set_local(gl_main(), key, V(1)) == GL_OK);
  gl_switch(called_off = gl_new(identity, NULL), NULL, NULL);
  return argument;
}
/* rule 15, 19 */
TEST(start_called_off_by_a_thread_end_succeeds_on_another_thread) {
  void *received = NULL;
  elsewhere = gl_main();
  CHECK(gl_key_new(&key, move_elsewhere) == GL_OK);
  in_thread(exit_in_tracer_then_move);
  CHECK(gl_state(called_off) == GL_UNSTARTED);
  CHECK(gl_switch(called_off, V(7), &received) == GL_OK && received == V(7));
  gl_release(called_off);
  CHECK(nothing_left());
}

static gl_greenlet *queued_one;
static void release_and_exit_at_start(UNUSED void *user, int event_code, UNUSED gl_greenlet *from, gl_greenlet *to) {
  if (event_code != GL_EV_START || to != called_off) return;
  CHECK(gl_trace_remove(release_and_exit_at_start, NULL) == GL_OK);
  gl_release(called_off), gl_release(queued_one);
  pthread_exit(NULL);
}
BODY(makes_others_when_killed) {
  CHECK(gl_switch(gl_main(), NULL, NULL) == GL_KILLED);
  for (int i = 1; i <= 3; i++) {
    void *received = NULL;
    gl_greenlet *g = child_on(NULL, identity, NULL);
    gl_set_parent(g, gl_current());
    block_is_reused |= g == called_off;
    CHECK(gl_switch(g, V(i), &received) == GL_OK && received == V(i));
    gl_release(g);
  }
  event("made");
  return GL_KILLED;
}
static void *release_and_exit_in_tracer(void *argument) {
  gl_stack *stack = new_stack();
  gl_switch(queued_one = gl_new(makes_others_when_killed, NULL), NULL, NULL);
  called_off = make_on(stack, never, NULL);
  gl_stack_release(stack);
  CHECK(gl_trace_add(release_and_exit_at_start, NULL) == GL_OK);
  gl_switch(called_off, NULL, NULL);
  return argument;
}
/* rule 19 */
TEST(block_of_a_start_called_off_serves_a_private_one) {
  in_thread(release_and_exit_in_tracer);
  CHECK(happened("made"));
  CHECK(block_is_reused || UNDER_ASAN || UNDER_TSAN || UNDER_VALGRIND); /* they get each one anew */
  CHECK(nothing_left());
}

static gl_greenlet *unowned;
static gl_stack *its_stack;
static bool armed;
static void exit_in_hook(UNUSED void *user, gl_greenlet *from, UNUSED gl_greenlet *to) {
  if (armed && from == unowned) pthread_exit(NULL);
}
BODY(loses_itself_and_leaves) {
  gl_switch(gl_main(), NULL, NULL);
  armed = true;
  gl_release(unowned);
  gl_switch(gl_main(), NULL, NULL);
  resumed = true;
  return GL_KILLED;
}
static void *exit_while_it_leaves(void *argument) {
  CHECK(gl_hook_add(exit_in_hook, NULL) == GL_OK);
  unowned = NEW(.run = loses_itself_and_leaves, .data = V(1), .drop = note_drop, .stack = its_stack);
  gl_switch(unowned, NULL, NULL), gl_switch(unowned, NULL, NULL);
  return argument;
}
static void hook_ends_the_thread(gl_stack *stack) {
  uint64_t leaked = stats().leaked;
  its_stack = stack;
  resumed = armed = false;
  in_thread(exit_while_it_leaves);
  gl_stack_release(stack);
  CHECK(!resumed && happened("drop 1") && stats().leaked == leaked + 1);
  CHECK(nothing_left());
}
/* rules 19, 22: its frames went with the thread, so the kill that its last handle asked for cannot resume it */
TEST(hook_ends_the_thread_while_one_without_handles_leaves) {
  if (UNDER_TSAN) SKIP("its pthread_exit() knows no fibers");
  hook_ends_the_thread(NULL);
  hook_ends_the_thread(new_stack());
}

/* --- The end of a greenlet --------------------------------------------------------------------------------------------------------------- */

static gl_greenlet *ends, *heir;
static void trim(UNUSED void *data) {
  gl_trim();
  event("trim");
}
static void give_it_another_parent(UNUSED void *user, int event_code, gl_greenlet *from, UNUSED gl_greenlet *to) {
  if (event_code != GL_EV_END || from != ends) return;
  CHECK(gl_set_parent(ends, heir) == GL_OK);
  gl_release(heir), gl_release(ends);
}
/* The ended one holds the last handle on its parent, whose drop gives back all free stacks: not the one that still runs. */
static void trim_in_a_drop(gl_stack *stack) {
  void *received = NULL;
  heir = NEW(.run = never, .drop = trim);
  ends = make_on(stack, identity, NULL);
  gl_stack_release(stack);
  CHECK(gl_trace_add(give_it_another_parent, NULL) == GL_OK);
  CHECK(gl_switch(ends, V(5), &received) == GL_OK && received == V(5) && happened("trim"));
  CHECK(gl_trace_remove(give_it_another_parent, NULL) == GL_OK);
  CHECK(nothing_left());
}
/* rule 26 */
TEST(trim_in_a_drop_while_a_private_stack_is_left) { trim_in_a_drop(NULL); }
/* rule 26 */
TEST(trim_in_a_drop_while_a_shared_stack_is_left_for_ever) { trim_in_a_drop(new_stack()); }

/* --- Memory goes back -------------------------------------------------------------------------------------------------------------------- */

static long resident_pages(void) {
  long size = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  CHECK(file && fscanf(file, "%ld %ld", &size, &resident) == 2);
  fclose(file);
  return resident;
}
TEST(many_greenlets_freed_oldest_first_give_their_memory_back) {
  if (UNDER_ASAN || UNDER_TSAN || UNDER_VALGRIND) SKIP("they keep what is freed");
  if (ON_WINDOWS) SKIP("no /proc");
  enum { MANY = 100000, BYTES = 128 };
  static gl_greenlet *all[MANY];
  for (int i = 0; i < MANY; i++) all[i] = NULL;
  long before = resident_pages(), most = (long)MANY * BYTES / sysconf(_SC_PAGESIZE);
  for (int i = 0; i < MANY; i++) all[i] = gl_new(never, NULL);
  CHECK(resident_pages() - before > most / 2);
  for (int i = 0; i < MANY; i++) gl_release(all[i]);
  CHECK(resident_pages() - before < most / 2);
  CHECK(all_gone());
}
