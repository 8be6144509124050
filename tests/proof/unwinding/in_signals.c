/* SPDX-License-Identifier: MIT */
/* Profilers look from signal handlers, whatever the instruction: also while bytes of stacks are on the move. */
#include "../../stacks/stacks.h"
#include "frames.h"
#include <signal.h>
#include <sys/time.h>

#define SLOWLY (UNDER_VALGRIND || UNDER_TSAN || UNDER_ASAN)

enum { GREENLETS = 6 };
static gl_greenlet *all[GREENLETS];
static volatile sig_atomic_t looks, clean;
static uintptr_t outermost;

static void look(UNUSED int number_of_signal) {
  frames f; /* on the stack that is looked at */
  for (int i = 0; i < UNWINDERS; i++) {
    unwinders[i](&f);
    const uintptr_t last = f.count ? f.pcs[f.count - 1] : 0;
    clean = clean + (in_enter(last) || in_swap_via(last) || last == outermost);
    looks = looks + 1;
  }
}
static char handler_stack[64 << 10];
static void look_often(int flags) {
  static frames f;
  unwinders[0](&f), outermost = f.pcs[f.count - 1];
  for (int i = 0; i < UNWINDERS; i++) unwinders[i](&f); /* what they load, they load now */
  const stack_t alternate = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack}, none = {.ss_flags = SS_DISABLE};
  const struct sigaction action = {.sa_handler = look, .sa_flags = flags | SA_RESTART};
  const int microseconds = SLOWLY ? 5000 : 300; /* time for something else than the handler */
  const struct itimerval interval = {{0, microseconds}, {0, microseconds}};
  sigaltstack(flags & SA_ONSTACK ? &alternate : &none, NULL);
  sigaction(SIGALRM, &action, NULL);
  looks = clean = 0;
  setitimer(ITIMER_REAL, &interval, NULL);
}
static void look_no_more(void) {
  const struct itimerval never_again = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &never_again, NULL);
  signal(SIGALRM, SIG_IGN);
  CHECK(clean == looks);
}

BODY(waits_deep_and_shallow) {
  const int self = number(data);
  gl_status status = GL_OK;
  for (unsigned turn = 0; status == GL_OK; turn++) status = dive(self % 2 ? (size_t)self * 3000 : 100, turn, to_main, NULL, NULL);
  return status;
}
static void switch_under_looks(int flags) {
  const int enough = SLOWLY ? 100 : 2000;
  look_often(flags);
  for (int i = 0; i < GREENLETS; i++) all[i] = make(i, waits_deep_and_shallow, V(i));
  while (looks < enough) {
    const unsigned i = next_random() % GREENLETS;
    CHECK(gl_switch(all[i], NULL, NULL) == GL_OK);
    if (next_random() % 8) continue;
    gl_release(all[i]); /* births and deaths */
    all[i] = make((int)i, waits_deep_and_shallow, V(i));
  }
  look_no_more();
  for (int i = 0; i < GREENLETS; i++) gl_release(all[i]);
}

TEST_ON_STACKS(from_a_handler_on_the_same_stack) { switch_under_looks(0); }
TEST_ON_STACKS(from_a_handler_on_its_own_stack) { switch_under_looks(SA_ONSTACK); }
