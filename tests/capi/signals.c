/* SPDX-License-Identifier: MIT */
/* gl_current() and gl_main() in a signal handler, which may come between any two instructions of a switch (rule 1 and the header). */
#include "support.h"
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>

enum { GREENLETS = 4 };
static gl_greenlet *all[GREENLETS + 1];
static atomic_int seen, strangers;

static void look(UNUSED int signal) {
  const gl_greenlet *current = gl_current();
  bool known = gl_main() == all[GREENLETS];
  for (int i = 0; i <= GREENLETS && known; i++)
    if (current == all[i]) {
      atomic_fetch_add(&seen, 1);
      return;
    }
  atomic_fetch_add(&strangers, 1);
}

/* A ring: each switches to the next, the last one to main. */
BODY(goes_round) {
  const intptr_t next = (intptr_t)data + 1;
  gl_status status = GL_OK;
  while (status == GL_OK) status = gl_switch(all[next], NULL, NULL);
  return status;
}
// rule 1: at any moment of a switch a handler finds one of them current
TEST(current_is_known_in_a_signal_handler) {
  const struct itimerval often = {{0, 200}, {0, 200}}, never_again = {{0, 0}, {0, 0}};
  all[GREENLETS] = gl_main();
  for (int i = 0; i < GREENLETS; i++) all[i] = gl_new(goes_round, V(i));
  signal(SIGALRM, look);
  setitimer(ITIMER_REAL, &often, NULL);
  for (long i = 0; atomic_load(&seen) < 100 && i < 50 * 1000 * 1000; i++) gl_switch(all[0], NULL, NULL);
  setitimer(ITIMER_REAL, &never_again, NULL);
  signal(SIGALRM, SIG_IGN);
  CHECK(atomic_load(&seen) >= 100 && atomic_load(&strangers) == 0);
  for (int i = 0; i < GREENLETS; i++) gl_release(all[i]);
  CHECK(all_gone());
}
