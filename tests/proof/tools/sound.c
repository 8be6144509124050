/* SPDX-License-Identifier: MIT */
/* `sound private|shared|thread`: a program without faults that gives tools much to see, on stacks of that kind. Two threads do the same, and one ends a greenlet of the other. */
#include "user.h"

#include <alloca.h>
#include <setjmp.h>

static int sum(const char *bytes, size_t size) {
  int all = 0;
  for (size_t i = 0; i < size; i++) all += bytes[i];
  return all;
}

/* Waits at each depth, with memory of all sorts in use. */
static gl_status descend(int depth) {
  char frame[200], *block = alloca(64 * (size_t)depth + 1), *heap = malloc(100);
  memset(frame, depth, sizeof frame), memset(block, 1, 64 * (size_t)depth + 1), memset(heap, 2, 100);
  gl_status status = to_parent();
  if (status == GL_OK && depth > 0) status = descend(depth - 1);
  int all = sum(frame, sizeof frame) + sum(block, 64 * (size_t)depth + 1) + sum(heap, 100);
  if (all != 200 * depth + 64 * depth + 1 + 200) abort();
  free(heap);
  return status;
}

static gl_status jump_back(void) {
  jmp_buf here;
  char frame[100];
  if (setjmp(here) == 0) {
    memset(frame, 1, sizeof frame);
    if (sum(frame, sizeof frame) == 100) longjmp(here, 1);
  }
  return to_parent();
}

static gl_status body(void *data, void *value, void **result) {
  (void)data, (void)value;
  gl_status status = descend(20);
  if (status == GL_OK) status = jump_back();
  *result = NULL;
  return status;
}

static void live(const char *kind) {
  enum { many = 12 };
  gl_greenlet *g[many];
  gl_stack *stack = stack_of(kind);
  for (int generation = 0; generation < 3; generation++) {
    for (int i = 0; i < many; i++) g[i] = start_on(stack, body, NULL);
    for (int turn = 0; turn < 30; turn++)
      for (int i = 0; i < many; i++)
        if (gl_state(g[i]) != GL_DEAD && turn < 5 * i) gl_switch(g[i], NULL, NULL);
    gl_throw(g[0], NULL, NULL); /* ends some, and the rest at their last handle */
    gl_kill(g[1], NULL);
    for (int i = 0; i < many; i++) gl_release(g[i]);
    gl_trim();
  }
  gl_stack_release(stack);
}

/* The last handle goes on another thread, which wrote what the greenlet reads on its way out: the library alone is between the two. */
static int written, read_back;
static gl_status reader(void *data, void *value, void **result) {
  (void)data, (void)value, (void)result;
  gl_status status = to_parent();
  read_back = written;
  return status;
}
static void *write_and_release(void *g) {
  written = 1;
  gl_release(g);
  return NULL;
}
static void hand_over(const char *kind) {
  pthread_t thread;
  gl_stack *stack = stack_of(kind);
  pthread_create(&thread, NULL, write_and_release, start_on(stack, reader, NULL));
  while (!read_back) gl_switch(gl_current(), NULL, NULL);
  pthread_join(thread, NULL);
  gl_stack_release(stack);
}

static void *live_on_a_thread(void *kind) {
  live(kind);
  return NULL;
}

int main(int argc, char **argv) {
  pthread_t thread;
  const char *kind = argc > 1 ? argv[1] : "private";
  pthread_create(&thread, NULL, live_on_a_thread, (void *)(uintptr_t)kind);
  live(kind);
  pthread_join(thread, NULL);
  hand_over(kind);
  puts("sound");
  return 0;
}
