/* SPDX-License-Identifier: MIT */
/* Signal handlers that run on the stack where bytes are being copied, between any two instructions (rules 6 and 23). */
#include "stacks.h"
#include <signal.h>
#include <sys/time.h>

enum { GREENLETS = 12 };
static gl_greenlet *all[GREENLETS];
static volatile sig_atomic_t signals;

/* A handler as large ones are: what lies below the interrupted stack pointer is gone. */
static void dirty(UNUSED int number_of_signal) {
  unsigned char below[6000];
  fill(below, sizeof below, 0xee);
  if (!intact(below, sizeof below, 0xee) || !gl_current()) abort();
  signals = signals + 1;
}
/* A handler on a stack of its own knows nothing of where the others are. */
static char handler_stack[64 << 10];
static void often(int flags) {
  gl_main(); /* gl_current() is async-signal-safe once the thread has made a call */
  const stack_t alternate = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack}, none = {.ss_flags = SS_DISABLE};
  const struct sigaction action = {.sa_handler = dirty, .sa_flags = flags | SA_RESTART};
  const int microseconds = UNDER_VALGRIND || UNDER_EMULATOR ? 5000 : 50; /* time for something else than the handler */
  const struct itimerval interval = {{0, microseconds}, {0, microseconds}};
  sigaltstack(flags & SA_ONSTACK ? &alternate : &none, NULL);
  sigaction(SIGALRM, &action, NULL);
  signals = 0;
  setitimer(ITIMER_REAL, &interval, NULL);
}
static void no_more(void) {
  const struct itimerval never_again = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &never_again, NULL);
  signal(SIGALRM, SIG_IGN);
}

/* Some copies are short, so that signals meet their ends, and most are long, so that signals meet them at all. */
BODY(waits) {
  const int self = number(data);
  gl_status status = GL_OK;
  for (unsigned turn = 0; status == GL_OK; turn++)
    status = dive(self % 3 ? (size_t)self * 2500 : 60, (unsigned)self + turn, to_main, NULL, NULL);
  return status;
}
static void switch_until(int enough) {
  for (int i = 0; i < GREENLETS; i++) all[i] = make(i, waits, V(i));
  while (signals < enough) CHECK(gl_switch(all[next_random() % GREENLETS], NULL, NULL) == GL_OK);
  for (int i = 0; i < GREENLETS; i++) gl_release(all[i]);
}
static int enough(void) { return UNDER_VALGRIND ? 50 : UNDER_TSAN || UNDER_ASAN || UNDER_EMULATOR ? 300 : 8000; }

// rules 6, 23
TEST_ON_STACKS(handlers_on_the_same_stack) {
  often(0);
  switch_until(enough());
  no_more();
}

// rules 6, 23
TEST_ON_STACKS(handlers_on_a_stack_of_their_own) {
  often(SA_ONSTACK);
  switch_until(enough());
  no_more();
}

BODY(lives_shortly) { return dive((size_t)number(data), 1, to_main, NULL, NULL); }
// rules 3, 4: the same while greenlets start and end
TEST_ON_STACKS(handlers_while_greenlets_start_and_end) {
  often(0);
  for (int i = 0; signals < enough(); i++) {
    gl_greenlet *a = make(i, lives_shortly, V(3000)), *b = make(i, lives_shortly, V(100));
    CHECK(gl_switch(a, NULL, NULL) == GL_OK && gl_switch(b, NULL, NULL) == GL_OK);
    if (i % 2) CHECK(gl_switch(a, NULL, NULL) == GL_OK && gl_state(a) == GL_DEAD);
    gl_release(a), gl_release(b);
  }
  no_more();
}
