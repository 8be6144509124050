/* SPDX-License-Identifier: MIT */
/* The processor stops before each instruction of what is tested, and each unwinder must get to the outermost frame from there. */
#if defined(__x86_64__)
#define _GNU_SOURCE
#include "../../stacks/stacks.h"
#include "frames.h"
#include <signal.h>
#include <ucontext.h>

static uintptr_t outermost; /* of the program */
static int steps, ends_at_outermost, ends_while_moving, ends_elsewhere;

static bool is_outermost(uintptr_t pc) { return in_enter(pc) || pc == outermost; }

static void stepped(UNUSED int number_of_signal) {
  static frames f;
  steps++;
  for (int i = 0; i < UNWINDERS; i++) {
    unwinders[i](&f);
    const uintptr_t last = f.count ? f.pcs[f.count - 1] : 0;
    if (is_outermost(last)) ends_at_outermost++;
    else if (in_swap_via(last)) ends_while_moving++;
    else if (++ends_elsewhere < 4) {
      printf("unwinder %d, step %d:\n", i, steps), fflush(stdout);
      print_frames(&f);
    }
  }
}

/* The trap flag of whoever raises SIGUSR1 is turned over. */
static void turn_over(UNUSED int number_of_signal, UNUSED siginfo_t *info, void *context) {
  ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] ^= 0x100;
}
static gl_status in_steps(gl_greenlet *g) {
  raise(SIGUSR1);
  gl_status status = gl_switch(g, NULL, NULL);
  raise(SIGUSR1);
  return status;
}
static uintptr_t outermost_frame(void) {
  static frames f;
  unwinders[0](&f);
  return f.count ? f.pcs[f.count - 1] : 0;
}
/* Passes control on in a ring, some frames down, each of which needs its frame pointer. */
static gl_greenlet *ring[4];
__attribute__((noinline)) static gl_status pass_on(int depth, int i) {
  volatile char *bytes = (volatile char *)alloca((size_t)(16 + depth));
  bytes[0] = (char)i;
  gl_status status = depth ? pass_on(depth - 1, i) : gl_switch(i < 3 ? ring[i + 1] : gl_main(), NULL, NULL);
  CHECK(bytes[0] == i);
  return status;
}
BODY(goes_on) {
  gl_status status = GL_OK;
  while (status == GL_OK) status = pass_on(number(data) * 3, number(data));
  return status;
}
BODY(ends_at_once) { return GL_OK; }

/* Moves are long where nothing is optimised. */
#ifdef __OPTIMIZE__
enum { MOST_MOVING = 1 };
#else
enum { MOST_MOVING = 4 };
#endif
/* Starts, resumes and ends, on one kind of stack; then what they hold in a ring of all. */
TEST_ON_STACKS(frames_end_at_each_step) {
  const struct sigaction action = {.sa_handler = stepped}, turning = {.sa_sigaction = turn_over, .sa_flags = SA_SIGINFO};
  if (UNDER_VALGRIND) SKIP("valgrind does not know the trap flag");
  if (UNDER_ASAN || UNDER_TSAN) SKIP("a sanitizer's steps take too long");
  outermost = outermost_frame();
  for (int i = 0; i < UNWINDERS; i++) unwinders[i](&(frames){.count = 0}); /* what they load, they load now */
  sigaction(SIGTRAP, &action, NULL);
  sigaction(SIGUSR1, &turning, NULL);
  steps = ends_at_outermost = ends_while_moving = ends_elsewhere = 0;
  for (int i = 0; i < 4; i++) ring[i] = make(i, goes_on, V(i));
  for (int round = 0; round < 3; round++) CHECK(in_steps(ring[0]) == GL_OK);
  gl_greenlet *last = make(0, ends_at_once, NULL);
  CHECK(in_steps(last) == GL_OK && gl_state(last) == GL_DEAD);
  signal(SIGTRAP, SIG_DFL);
  printf("%d steps: %d backtraces end outermost, %d while bytes move, %d elsewhere\n", steps, ends_at_outermost, ends_while_moving,
         ends_elsewhere);
  CHECK(steps > 1000 && ends_elsewhere == 0 && ends_while_moving < ends_at_outermost * MOST_MOVING);
  CHECK(stacks[0] || stacks_used > 1 || ends_while_moving == 0);
  gl_release(last);
  for (int i = 0; i < 4; i++) gl_release(ring[i]);
}
#else
#include "support.h"
TEST(frames_end_at_each_step) { SKIP("only x86-64 has the trap flag"); }
#endif
