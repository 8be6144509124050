/* SPDX-License-Identifier: MIT */
/* Greenlets on each kind of stack, and frames whose bytes are checked. What another greenlet may read or write never lies on a stack here: its
   bytes may be elsewhere. */
#pragma once
#include "support.h"
#ifdef _WIN32
#include <malloc.h>
#else
#include <alloca.h>
#endif

enum { SHARED_SIZE = 256 << 10 };

/* The stacks of a test take turns: greenlet number i runs on the i-th. */
static gl_stack *stacks[4];
static int stacks_used = 1;
static inline gl_stack *stack_of(int i) { return stacks[i % stacks_used]; }

static inline gl_greenlet *make_on(gl_stack *stack, gl_run run, void *data) {
  gl_options options;
  gl_greenlet *g = NULL;
  memset(&options, 0, sizeof options);
  options.size = sizeof options, options.run = run, options.data = data, options.stack = stack;
  CHECK(gl_new_with(&options, &g) == GL_OK);
  return g;
}
static inline gl_greenlet *make(int i, gl_run run, void *data) { return make_on(stack_of(i), run, data); }
/* A child of `parent`, who need not be the current one. */
static inline gl_greenlet *make_child(int i, gl_greenlet *parent, gl_run run, void *data) {
  gl_greenlet *g = make(i, run, data);
  CHECK(gl_set_parent(g, parent) == GL_OK);
  return g;
}
static inline gl_stack *new_stack(void) {
  gl_stack *stack = gl_stack_new(SHARED_SIZE);
  CHECK(stack != NULL);
  return stack;
}
static inline gl_stack *thread_stack(void) {
  gl_stack *stack = gl_stack_thread();
  CHECK(stack != NULL);
  return stack;
}
/* At the end of a test: no greenlet is left, and nothing is copied out. */
static inline bool nothing_left(void) {
  gl_trim();
  uint64_t copied = stats().slice_bytes;
  if (copied) printf("%d bytes are still copied out\n", (int)copied);
  return all_gone() && copied == 0;
}

static inline void on_private_stacks(void (*test)(void)) {
  stacks_used = 1, stacks[0] = NULL;
  test();
  CHECK(nothing_left());
}
static inline void on_a_shared_stack(void (*test)(void)) {
  stacks_used = 1, stacks[0] = new_stack();
  test();
  gl_stack_release(stacks[0]);
  CHECK(nothing_left());
}
static inline void on_the_threads_stack(void (*test)(void)) {
  stacks_used = 1, stacks[0] = thread_stack();
  test();
  CHECK(nothing_left());
}
static inline void on_mixed_stacks(void (*test)(void)) {
  stacks_used = 4, stacks[0] = new_stack(), stacks[1] = NULL, stacks[2] = thread_stack(), stacks[3] = new_stack();
  test();
  gl_stack_release(stacks[0]), gl_stack_release(stacks[3]);
  CHECK(nothing_left());
}
/* One test for each kind of stack, and one for all in one tree. */
#define TEST_ON_STACKS(name)                               \
  static void name(void);                                  \
  TEST(name##_private) { on_private_stacks(name); }        \
  TEST(name##_shared) { on_a_shared_stack(name); }         \
  TEST(name##_threads_own) { on_the_threads_stack(name); } \
  TEST(name##_mixed) { on_mixed_stacks(name); }            \
  static void name(void)

/* Tools that follow each step get a tenth of the work. */
static inline int fewer(int n) { return UNDER_TSAN || UNDER_VALGRIND ? n / 10 : n; }
static inline int number(const void *value) { return (int)(intptr_t)value; }

/* The same sequence each time. */
static uint32_t random_state = 1;
static inline uint32_t next_random(void) { return (random_state = random_state * 1664525u + 1013904223u) >> 8; }

/* Bytes that tell their seed and their place. The compiler must take memory for changed by anybody in between. */
static inline void fill(unsigned char *at, size_t bytes, unsigned seed) {
  for (size_t i = 0; i < bytes; i++) at[i] = (unsigned char)(seed + i * 7 + (i >> 8));
  __asm__ volatile("" : : "r"(at) : "memory");
}
static inline bool intact(const unsigned char *at, size_t bytes, unsigned seed) {
  __asm__ volatile("" : : "r"(at) : "memory");
  for (size_t i = 0; i < bytes; i++)
    if (at[i] != (unsigned char)(seed + i * 7 + (i >> 8))) return false;
  return true;
}

/* What a frame does that waits: switches somewhere and tells what came. */
typedef gl_status (*wait_function)(void *arg, void **received);

/* Calls itself down to `floor`, waits there, and checks the bytes of each frame on the way back. */
UNUSED static __attribute__((noinline)) gl_status dive_to(const char *floor, unsigned seed, wait_function wait, void *arg,
                                                          void **received) {
  const size_t bytes = 16 + seed % 499;
  unsigned char *pattern = (unsigned char *)alloca(bytes);
  fill(pattern, bytes, seed);
  const bool deep = (const char *)__builtin_frame_address(0) - bytes > floor;
  gl_status status = deep ? dive_to(floor, seed * 1103515245u + 12345u, wait, arg, received) : wait(arg, received);
  CHECK(intact(pattern, bytes, seed));
  return status;
}
static inline gl_status dive(size_t bytes, unsigned seed, wait_function wait, void *arg, void **received) {
  return dive_to((const char *)__builtin_frame_address(0) - bytes, seed, wait, arg, received);
}
/* Waits for main: `arg` goes there. */
static inline gl_status to_main(void *arg, void **received) { return gl_switch(gl_main(), arg, received); }
