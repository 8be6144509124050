/* SPDX-License-Identifier: MIT */
/* Rule 19: however a thread of Windows ends, and wherever. */
#include "support.h"
#include <process.h>
#include <windows.h>

static gl_greenlet *left;
static void leave_one(void) {
  left = NEW(.run = echo, .data = V(3), .drop = note_drop);
  CHECK(gl_switch(left, NULL, NULL) == GL_OK);
}
static bool left_is_expired(void) {
  bool expired = gl_state(left) == GL_DEAD && gl_switch(left, NULL, NULL) == GL_EEXPIRED;
  gl_release(left);
  return expired;
}
static int leaks_of(LPTHREAD_START_ROUTINE body) {
  uint64_t before = stats().leaked;
  HANDLE thread = CreateThread(NULL, 0, body, NULL, 0, NULL);
  WaitForSingleObject(thread, INFINITE);
  CloseHandle(thread);
  return (int)(stats().leaked - before);
}

static DWORD CALLBACK returns(UNUSED void *arg) {
  leave_one();
  return 0;
}
// rule 19
TEST(a_thread_that_returns_ends_its_greenlets) {
  CHECK(leaks_of(returns) == 1 && happened("drop 3") && left_is_expired());
  CHECK(all_gone());
}

static DWORD CALLBACK exits(UNUSED void *arg) {
  leave_one();
  ExitThread(0);
}
// rule 19
TEST(a_thread_that_exits_ends_its_greenlets) {
  CHECK(leaks_of(exits) == 1 && happened("drop 3") && left_is_expired());
  CHECK(all_gone());
}

BODY(exits_the_thread) {
  leave_one();
  ExitThread(0);
}
static DWORD CALLBACK exits_in_a_greenlet(UNUSED void *arg) {
  gl_options options = {.size = sizeof options, .run = exits_the_thread, .data = V(4), .drop = note_drop};
  gl_greenlet *g = NULL;
  gl_new_with(&options, &g);
  gl_release(gl_retain(g));
  gl_switch(g, NULL, NULL);
  return 1;
}
// rule 19: the greenlet that exits counts as well. Its stack is in use to the end, so it is not used again
TEST(a_thread_may_end_in_a_greenlet) {
  for (int i = 0; i < 20; i++) {
    CHECK(leaks_of(exits_in_a_greenlet) == 2);
    CHECK(happened("drop 4 drop 3") && left_is_expired());
  }
  CHECK(stats().alive == 0);
}

static unsigned CALLBACK crt_thread(UNUSED void *arg) {
  leave_one();
  _endthreadex(0);
  return 0;
}
// rule 19: threads of the C runtime
TEST(a_thread_of_the_C_runtime_ends_its_greenlets) {
  HANDLE thread = (HANDLE)_beginthreadex(NULL, 0, crt_thread, NULL, 0, NULL);
  WaitForSingleObject(thread, INFINITE);
  CloseHandle(thread);
  CHECK(happened("drop 3") && left_is_expired());
}

static void *current_fiber(void) { /* GCC warns of GetCurrentFiber() */
  void *fiber;
  __asm__ volatile("movq %%gs:0x20, %0" : "=r"(fiber));
  return fiber;
}
static void *thread_fiber;
static int fiber_rounds;
static void CALLBACK fiber(UNUSED void *arg) {
  for (;; fiber_rounds++) SwitchToFiber(thread_fiber);
}
BODY(visits_a_fiber) {
  for (int i = 0; i < 3; i++) {
    SwitchToFiber(data);
    if (to_parent(NULL, NULL) != GL_OK) return GL_KILLED;
  }
  return GL_OK;
}
static DWORD CALLBACK with_fibers(UNUSED void *arg) {
  thread_fiber = ConvertThreadToFiber(NULL);
  void *other = CreateFiber(0, fiber, NULL);
  gl_greenlet *g = gl_new(visits_a_fiber, other);
  for (int i = 0; i < 3; i++) CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(fiber_rounds == 2 && current_fiber() == thread_fiber);
  gl_release(g);
  DeleteFiber(other);
  return 0;
}
// rule 23: greenlets of a thread that is a fiber
TEST(a_greenlet_may_visit_a_fiber) { CHECK(leaks_of(with_fibers) == 0); }
