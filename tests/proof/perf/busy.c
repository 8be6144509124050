/* SPDX-License-Identifier: MIT */
/* Greenlets on every kind of stack that take turns at being busy, for a profiler to look at. */
#include "greenlet.h"
#include <stdlib.h>

__attribute__((noinline)) static double burn(int n) {
  volatile double x = 1;
  for (int i = 0; i < n; i++) x = x * 1.0000001 + i;
  return x;
}
__attribute__((noinline)) static gl_status burn_and_wait(void) {
  volatile double burnt = burn(20000);
  gl_status status = gl_switch(gl_main(), NULL, NULL);
  burnt = 0;
  return burnt == 0 ? status : GL_THROWN;
}
static gl_status busy(void *data, void *value, void **result) {
  gl_status status = GL_OK;
  (void)data, (void)value, (void)result;
  while (status == GL_OK) status = burn_and_wait();
  return status;
}

int main(void) {
  gl_stack *shared = gl_stack_new(64 << 10), *stacks[] = {NULL, shared, shared, gl_stack_thread(), gl_stack_thread()};
  gl_greenlet *all[5];
  for (int i = 0; i < 5; i++) {
    const gl_options options = {.size = sizeof options, .run = busy, .stack = stacks[i]};
    if (gl_new_with(&options, &all[i]) != GL_OK) return 2;
  }
  for (int i = 0; i < 10000; i++)
    if (gl_switch(all[i % 5], NULL, NULL) != GL_OK) return 2;
  for (int i = 0; i < 5; i++) gl_release(all[i]);
  gl_stack_release(shared);
  return 0;
}
