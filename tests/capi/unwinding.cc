// SPDX-License-Identifier: MIT
// What unwinds out of a body: an exception ends the program, forced unwinding passes (rule 24).
#include "child.h"
#include <pthread.h>
#include <stdexcept>

static gl_greenlet *named(const char *name, gl_run run) {
  gl_options options = {};
  gl_greenlet *g = nullptr;
  options.size = sizeof options, options.run = run, options.name = name;
  CHECK(gl_new_with(&options, &g) == GL_OK);
  return g;
}

struct Noted {
  const char *text;
  ~Noted() { event("%s", text); }
};

BODY(throw_error) {
  Noted noted{"unwound"};
  throw std::runtime_error("nobody catches this");
}
BODY(throw_after_waiting) {
  to_parent(nullptr, nullptr);
  throw 42;
}
BODY(throw_and_catch) {
  try {
    Noted noted{"unwound"};
    throw std::runtime_error("caught");
  } catch (const std::exception &error) { event("%s", error.what()); }
  return GL_OK;
}
// The resumed side must not see the exception.
template <class Call> static void no_exception(Call call) {
  try {
    call();
  } catch (...) { _exit(3); }
}

// rule 24
TEST(exception_that_leaves_a_body_ends_the_program_and_names_the_greenlet) {
  child c = in_child([] { no_exception([] { gl_switch(named("leaky one", throw_error), nullptr, nullptr); }); });
  CHECK(died_by(c, SIGABRT));
  CHECK(strstr(c.err, "leaky one"));
  CHECK(strstr(c.err, "greenlet"));
}

// rule 24: after it has waited, too
TEST(exception_that_leaves_a_resumed_body_ends_the_program) {
  child c = in_child([] {
    gl_greenlet *g = named("late one", throw_after_waiting);
    gl_switch(g, nullptr, nullptr);
    no_exception([g] { gl_switch(g, nullptr, nullptr); });
  });
  CHECK(died_by(c, SIGABRT));
  CHECK(strstr(c.err, "late one"));
}

// rule 24: the throw of one that is killed because its last handle goes
TEST(exception_out_of_a_killed_body_ends_the_program) {
  child c = in_child([] {
    gl_greenlet *g = named("killed one", throw_after_waiting);
    gl_switch(g, nullptr, nullptr);
    no_exception([g] { gl_release(g); });
  });
  CHECK(died_by(c, SIGABRT));
  CHECK(strstr(c.err, "killed one"));
}

// rule 24: a name is not needed, and a long one does no harm
TEST(message_copes_with_any_name) {
  child c = in_child([] { no_exception([] { gl_switch(named(nullptr, throw_error), nullptr, nullptr); }); });
  CHECK(died_by(c, SIGABRT));
  CHECK(strstr(c.err, "greenlet"));
  c = in_child([] {
    static char name[10000];
    memset(name, 'n', sizeof name - 1);
    no_exception([] { gl_switch(named(name, throw_error), nullptr, nullptr); });
  });
  CHECK(died_by(c, SIGABRT));
  CHECK(strstr(c.err, "nnnnnnnnnn"));
}

// rule 24: an exception that stays inside is nobody's business
TEST(exception_within_a_body_is_caught_there) {
  gl_greenlet *g = gl_new(throw_and_catch, nullptr);
  CHECK(gl_switch(g, nullptr, nullptr) == GL_OK);
  CHECK(happened("unwound caught"));
  gl_release(g);
  CHECK(all_gone());
}

BODY(exit_the_thread) {
  Noted outer{"outer"};
  try {
    Noted inner{"inner"};
    pthread_exit(V(7));
  } catch (...) {
    event("passes");
    throw;
  }
}
BODY(be_cancelled) {
  Noted noted{"cancelled"};
  pthread_cancel(pthread_self());
  pthread_testcancel();
  return never(data, value, result);
}
static gl_greenlet *inner_one;
BODY(exit_from_a_child) {
  Noted noted{"not unwound"}; // a suspended one is not on the way
  inner_one = gl_new(exit_the_thread, nullptr);
  gl_switch(inner_one, nullptr, nullptr);
  return GL_OK;
}
static gl_greenlet *of_the_thread;
static void note_gone(void *) { event("drop"); }
static void *run_in_a_thread(void *run) {
  gl_options options = {};
  options.size = sizeof options, options.run = *static_cast<gl_run *>(run), options.drop = note_gone;
  CHECK(gl_new_with(&options, &of_the_thread) == GL_OK);
  gl_switch(of_the_thread, nullptr, nullptr);
  event("came back");
  return nullptr;
}
#define no_exit_on_fibers "ThreadSanitizer's pthread_exit() takes any stack but the thread's own for a fault"
#define no_exit_unwinds "pthread_exit() does not unwind there"
static void *result_of_a_thread(gl_run run) {
  pthread_t thread;
  void *result = V(1);
  CHECK(pthread_create(&thread, nullptr, run_in_a_thread, &run) == 0);
  CHECK(pthread_join(thread, &result) == 0);
  CHECK(gl_state(of_the_thread) == GL_DEAD);
  gl_release(of_the_thread);
  return result;
}

// rules 19, 24: destructors run, catch (...) that throws on is passed, and the thread ends with its value
TEST(pthread_exit_in_a_greenlet_unwinds_it_and_ends_the_thread) {
  if (UNDER_TSAN) SKIP(no_exit_on_fibers);
  if (ON_WINDOWS) SKIP(no_exit_unwinds);
  uint64_t leaked = stats().leaked;
  CHECK(result_of_a_thread(exit_the_thread) == V(7));
  CHECK(happened("inner passes outer drop"));
  CHECK(stats().leaked == leaked + 1);
  CHECK(all_gone());
}

// rules 19, 24
TEST(cancellation_in_a_greenlet_unwinds_it_and_ends_the_thread) {
  if (ON_WINDOWS) SKIP(no_exit_unwinds);
  CHECK(result_of_a_thread(be_cancelled) == PTHREAD_CANCELED);
  CHECK(happened("cancelled drop"));
  CHECK(all_gone());
}

// rules 19, 24: only the current one is unwound; the others are dropped with the thread
TEST(pthread_exit_leaves_suspended_ancestors_alone) {
  if (UNDER_TSAN) SKIP(no_exit_on_fibers);
  if (ON_WINDOWS) SKIP(no_exit_unwinds);
  uint64_t leaked = stats().leaked;
  CHECK(result_of_a_thread(exit_from_a_child) == V(7));
  CHECK(happened("inner passes outer drop"));
  CHECK(stats().leaked == leaked + 2);
  gl_release(inner_one);
  CHECK(all_gone());
}

extern "C" {
static void note_cleanup(void *text) { event("%s", static_cast<const char *>(text)); }
}
BODY(exit_with_a_cleanup_handler) {
  pthread_cleanup_push(note_cleanup, const_cast<char *>("handler"));
  pthread_exit(V(8));
  pthread_cleanup_pop(0);
}

// rule 24: as C code has it
TEST(pthread_exit_runs_the_cleanup_handlers_of_the_greenlet) {
  if (UNDER_TSAN) SKIP(no_exit_on_fibers);
  if (ON_WINDOWS) SKIP(no_exit_unwinds);
  CHECK(result_of_a_thread(exit_with_a_cleanup_handler) == V(8));
  CHECK(happened("handler drop"));
  CHECK(all_gone());
}
