// SPDX-License-Identifier: MIT
// pthread_exit(), cancellation and cleanup handlers in greenlets of a shared stack and of the thread's own (rules 19 and 24).
#include "stacks.h"
#include <pthread.h>

static gl_greenlet *exiting, *waiting[2]; // on the stack of the test
static gl_stack *(*choose)();
static gl_stack *no_stack() { return nullptr; }

struct Noted {
  const char *text;
  unsigned char bytes[500];
  explicit Noted(const char *t) : text(t) { fill(bytes, sizeof bytes, 1); }
  ~Noted() {
    CHECK(intact(bytes, sizeof bytes, 1));
    event("%s", text);
  }
};
extern "C" {
static void note_cleanup(void *text) { event("%s", static_cast<const char *>(text)); }
static void note_gone(void *) { event("drop"); }
}
static void *words(const char *text) { return const_cast<char *>(text); }

static gl_greenlet *make_noted(gl_stack *stack, gl_run run) {
  gl_options options = {};
  gl_greenlet *g = nullptr;
  options.size = sizeof options, options.run = run, options.stack = stack, options.drop = note_gone;
  CHECK(gl_new_with(&options, &g) == GL_OK);
  return g;
}
BODY(waits) {
  Noted noted("never unwound");
  gl_status status = GL_OK;
  while (status == GL_OK) status = dive(3000, 1, to_main, nullptr, nullptr);
  return status;
}
static void *run_in_a_thread(void *run) {
  gl_stack *stack = choose();
  for (gl_greenlet *&g : waiting) {
    g = make_noted(stack, waits);
    CHECK(gl_switch(g, nullptr, nullptr) == GL_OK);
  }
  exiting = make_noted(stack, *static_cast<gl_run *>(run));
  if (stack && stack != gl_stack_thread()) gl_stack_release(stack);
  CHECK(gl_switch(exiting, nullptr, nullptr) == GL_OK);
  CHECK(gl_switch(waiting[0], nullptr, nullptr) == GL_OK);
  CHECK(gl_switch(exiting, nullptr, nullptr) == GL_OK);
  event("came back");
  return nullptr;
}

// The exiting one and both waiting ones are leaked.
static void ends_its_thread(gl_run run, void *expected_result, const char *expected_events) {
  gl_stack *(*const choices[])() = {no_stack, new_stack, thread_stack};
  for (gl_stack *(*choice)() : choices) {
    const uint64_t leaked = stats().leaked;
    pthread_t thread;
    void *result = V(1);
    choose = choice;
    CHECK(pthread_create(&thread, nullptr, run_in_a_thread, &run) == 0 && pthread_join(thread, &result) == 0);
    CHECK(result == expected_result && happened(expected_events));
    CHECK(stats().leaked == leaked + 3 && gl_state(exiting) == GL_DEAD);
    gl_release(exiting), gl_release(waiting[0]), gl_release(waiting[1]);
    CHECK(nothing_left());
  }
}

static gl_status exit_thread(void *, void **) {
  Noted noted("innermost");
  pthread_exit(V(7));
}
BODY(exits_the_thread) {
  Noted outer("outer");
  CHECK(dive(1000, 1, to_main, nullptr, nullptr) == GL_OK);
  try {
    Noted inner("inner");
    return dive(1000, 2, exit_thread, nullptr, nullptr);
  } catch (...) {
    event("passes");
    throw;
  }
}
#define no_exit_on_fibers "ThreadSanitizer's pthread_exit() takes any stack but the thread's own for a fault"
#define no_exit_unwinds "pthread_exit() does not unwind there"
// rules 19, 24: the frames that were copied in again are unwound; the others' are not
TEST(pthread_exit_unwinds_restored_frames) {
  if (UNDER_TSAN) SKIP(no_exit_on_fibers);
  if (ON_WINDOWS) SKIP(no_exit_unwinds);
  ends_its_thread(exits_the_thread, V(7), "innermost inner passes outer drop drop drop");
}

BODY(is_cancelled) {
  Noted noted("cancelled");
  CHECK(dive(1000, 1, to_main, nullptr, nullptr) == GL_OK);
  pthread_cancel(pthread_self());
  pthread_testcancel();
  return never(data, value, result);
}
// rules 19, 24
TEST(cancellation_unwinds_restored_frames) {
  if (ON_WINDOWS) SKIP(no_exit_unwinds);
  ends_its_thread(is_cancelled, PTHREAD_CANCELED, "cancelled drop drop drop");
}

BODY(exits_with_handlers) {
  pthread_cleanup_push(note_cleanup, words("handler 1"));
  CHECK(dive(1000, 1, to_main, nullptr, nullptr) == GL_OK);
  pthread_cleanup_push(note_cleanup, words("handler 2"));
  pthread_exit(V(8));
  pthread_cleanup_pop(0);
  pthread_cleanup_pop(0);
}
// rule 24: handlers pushed before it was copied out, and after
TEST(pthread_exit_runs_handlers_of_restored_frames) {
  if (UNDER_TSAN) SKIP(no_exit_on_fibers);
  if (ON_WINDOWS) SKIP(no_exit_unwinds);
  ends_its_thread(exits_with_handlers, V(8), "handler 2 handler 1 drop drop drop");
}

BODY(pushes_and_pops) {
  pthread_cleanup_push(note_cleanup, data);
  CHECK(dive(2000, 1, to_main, nullptr, nullptr) == GL_OK);
  pthread_cleanup_push(note_cleanup, data);
  CHECK(dive(500, 1, to_main, nullptr, nullptr) == GL_OK);
  pthread_cleanup_pop(0);
  CHECK(dive(1500, 1, to_main, nullptr, nullptr) == GL_OK);
  pthread_cleanup_pop(1);
  return GL_OK;
}
// rule 24: cleanup handlers of C++ code live in its frames, so that greenlets pop them in any order
TEST_ON_STACKS(handlers_are_popped_in_any_order) {
  gl_greenlet *all[3];
  for (int i = 0; i < 3; i++) all[i] = make(i, pushes_and_pops, words(i == 0 ? "a" : i == 1 ? "b" : "c"));
  for (int turn = 0; turn < 4; turn++)
    for (int i = 0; i < 3; i++) CHECK(gl_switch(all[(i + turn) % 3], nullptr, nullptr) == GL_OK);
  CHECK(happened("a b c"));
  for (gl_greenlet *g : all) {
    CHECK(gl_state(g) == GL_DEAD);
    gl_release(g);
  }
}
