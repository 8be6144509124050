/* SPDX-License-Identifier: MIT */
/* `faulty FAULT private|shared|thread`: commits one fault inside a greenlet's body, after others have run on stacks of that kind. The function that
 * commits it is named like the fault. */
#include "user.h"

#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuse-after-free"
#endif

#define FAULT __attribute__((noinline)) static void

static volatile int zero, sink; /* which the compiler does not see through */

FAULT heap_overflow(void) {
  volatile char *block = malloc(16);
  block[16 + zero] = 1;
  free((void *)(uintptr_t)block);
}

FAULT use_after_free(void) {
  volatile char *block = malloc(16);
  block[zero] = 1;
  free((void *)(uintptr_t)block);
  sink = block[zero];
}

FAULT stack_overflow(void) {
  volatile char frame[16];
  frame[16 + zero] = 1;
}

FAULT uninitialised(void) {
  volatile int *block = malloc(sizeof *block);
  if (*block == 12345) sink = 1;
  free((void *)(uintptr_t)block);
}

FAULT uninitialised_frame(void) {
  volatile int frame[16];
  if (frame[zero] == 12345) sink = 1;
}

FAULT signed_overflow(void) { sink = INT32_MAX - zero + 1; }

FAULT leak(void) {
  volatile char *block = malloc(1234);
  block[zero] = 1;
}

/* No fault: a suspended greenlet holds it, and main ends. */
FAULT held(void) {
  volatile char *block = malloc(1234);
  block[zero] = 1;
  to_parent();
  free((void *)(uintptr_t)block);
}

static long counter;
FAULT data_race(void) {
  for (int i = 0; i < 1000; i++) {
    counter++;
    to_parent();
  }
}

static const struct {
  const char *name;
  void (*commit)(void);
} faults[] = {{"heap_overflow", heap_overflow},
              {"use_after_free", use_after_free},
              {"stack_overflow", stack_overflow},
              {"uninitialised", uninitialised},
              {"uninitialised_frame", uninitialised_frame},
              {"signed_overflow", signed_overflow},
              {"leak", leak},
              {"held", held},
              {"data_race", data_race}};

static gl_status bystander(void *data, void *value, void **result) {
  (void)data, (void)value, (void)result;
  return to_parent();
}

static gl_status culprit(void *data, void *value, void **result) {
  char bytes[100]; /* which are copied, with what lies below, on stacks that greenlets share */
  (void)value, (void)result;
  memset(bytes, 1, sizeof bytes);
  gl_status status = to_parent();
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
    if (!strcmp(faults[i].name, data)) faults[i].commit();
  return bytes[50] == 1 ? status : GL_THROWN;
}

static const char *fault, *kind;
static pthread_barrier_t both;

static void *live(void *data) {
  (void)data;
  gl_stack *stack = stack_of(kind);
  gl_greenlet *g = start_on(stack, culprit, (void *)(uintptr_t)fault), *other = start_on(stack, bystander, NULL);
  if (!strcmp(fault, "data_race")) pthread_barrier_wait(&both);
  gl_switch(g, NULL, NULL);
  while (!strcmp(fault, "data_race") && gl_state(g) != GL_DEAD) gl_switch(g, NULL, NULL);
  gl_release(other);
  if (strcmp(fault, "held") != 0) gl_release(g);
  gl_stack_release(stack);
  return NULL;
}

int main(int argc, char **argv) {
  pthread_t thread;
  if (argc != 3) return EXIT_FAILURE;
  fault = argv[1], kind = argv[2];
  pthread_barrier_init(&both, NULL, 2);
  if (!strcmp(fault, "data_race")) pthread_create(&thread, NULL, live, NULL);
  live(NULL);
  if (!strcmp(fault, "data_race")) pthread_join(thread, NULL);
  puts("unharmed");
  return 0;
}
