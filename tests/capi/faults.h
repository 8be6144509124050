/* SPDX-License-Identifier: MIT */
/* Overflows a greenlet's stack on purpose, in a child process, and tells whether the fault lies in its guard. */
#pragma once
#include "child.h"
#include <limits.h>

static char *low, *high;
static size_t page;

/* Decides how the child ends: 0 if the fault lies in the guard page. */
static void on_fault(int number, siginfo_t *info, void *context) {
  (void)number, (void)context;
#ifdef __s390x__
  char *at = (char *)((uintptr_t)info->si_addr | (page - 1)); /* it tells the page only */
#else
  char *at = info->si_addr;
#endif
  _exit(at < low && at >= low - page ? 0 : 1);
}
static inline void catch_faults(void) {
  static char handler_stack[64 * 1024];
  stack_t alternate = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  page = (size_t)sysconf(_SC_PAGESIZE);
  sigaltstack(&alternate, NULL);
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
}
static __attribute__((noinline)) int recurse(int depth) {
  volatile char frame[200];
  frame[0] = (char)depth;
  return depth == INT_MAX ? 0 : recurse(depth + 1) + frame[0];
}
static inline void remember_bounds(void) {
  void *bottom = NULL, *top = NULL;
  if (gl_stack_bounds(gl_current(), &bottom, &top) != GL_OK) _exit(2);
  low = bottom, high = top;
}
/* For a greenlet that waits among others: its second switch overflows; a kill ends it. */
UNUSED BODY(wait_then_overflow) {
  if (to_parent(NULL, NULL) == GL_KILLED) return GL_KILLED;
  remember_bounds();
  *result = V(recurse(0));
  return GL_OK;
}
