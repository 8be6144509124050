/* SPDX-License-Identifier: MIT */
/* Greenlets that wait on every kind of stack, some of them moved out, in two threads; then one aborts. */
#include "greenlet.h"
#include <alloca.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

/* Frames that are found by their frame pointers only, with something to look at. */
static __attribute__((noinline)) gl_status wait_below(int depth) {
  volatile char *bytes = alloca((size_t)(50 + depth));
  volatile int level = depth * 11;
  bytes[0] = (char)level;
  gl_status status = depth ? wait_below(depth - 1) : gl_switch(gl_main(), NULL, NULL);
  bytes[1] = (char)level;
  return status;
}
static gl_status sleeps(void *data, void *value, void **result) {
  (void)value, (void)result;
  return wait_below((int)(intptr_t)data);
}
static gl_status aborts(void *data, void *value, void **result) {
  (void)data, (void)value, (void)result;
  abort();
}

static gl_greenlet *make(const char *name, gl_run run, int depth, gl_stack *stack, gl_greenlet *parent) {
  const gl_options options = {
      .size = sizeof options, .run = run, .data = (void *)(intptr_t)depth, .name = name, .stack = stack, .parent = parent};
  gl_greenlet *g;
  if (gl_new_with(&options, &g) != GL_OK) exit(2);
  return g;
}

static pthread_barrier_t meeting;
static void *waits_elsewhere(void *data) {
  gl_switch(make("elsewhere", sleeps, 1, NULL, NULL), NULL, NULL);
  pthread_barrier_wait(&meeting);
  pthread_barrier_wait(&meeting); /* for ever */
  return data;
}

int main(void) {
  pthread_t thread;
  pthread_barrier_init(&meeting, NULL, 2);
  if (pthread_create(&thread, NULL, waits_elsewhere, NULL)) return 2;
  pthread_barrier_wait(&meeting);
  gl_stack *shared = gl_stack_new(64 << 10), *own = gl_stack_thread();
  gl_greenlet *a = make("private", sleeps, 3, NULL, NULL);
  gl_greenlet *b = make("moved", sleeps, 2, shared, a);
  gl_greenlet *c = make("in place", sleeps, 4, shared, NULL);
  gl_greenlet *d = make("on the thread's", sleeps, 2, own, NULL);
  gl_greenlet *e = make("there, too", sleeps, 3, own, b);
  make("unstarted", sleeps, 0, NULL, c);
  gl_greenlet *all[] = {a, b, c, d, e};
  for (int i = 0; i < 5; i++) gl_switch(all[i], NULL, NULL);
  gl_switch(make("aborts", aborts, 0, NULL, NULL), NULL, NULL);
  return 2;
}
