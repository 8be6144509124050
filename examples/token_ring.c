/* SPDX-License-Identifier: MIT */
/* Greenlets in a ring, each on a stack of its own, pass a token: what does one switch take, and how much memory do they need?
 *
 * A hundred of them stay in the processor's caches. Of a hundred thousand, each one's frame has to come from memory first,
 * and waiting for that is most of the time. */
#define _GNU_SOURCE /* clock_gettime, getrusage */
#include <greenlet.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static gl_greenlet **ring;
static size_t ring_size;

/* The body of the greenlet at `place`: it passes on what it gets, the last one to main. */
static gl_status pass_on(void *data, void *token, void **result) {
  (void)result;
  size_t place = (size_t)data;
  gl_greenlet *next = place + 1 < ring_size ? ring[place + 1] : gl_main();
  for (;;) {
    gl_status status = gl_switch(next, token, &token);
    if (status == GL_ENOMEM) { /* no stack for the next one: the ring is closed here */
      ring_size = place + 1;
      next = gl_main();
    } else if (status != GL_OK) {
      return status;
    }
  }
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static size_t resident_kib(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (size_t)usage.ru_maxrss;
}

/* Once round; what one switch took. */
static double pass_round(void) {
  int token;
  void *back = NULL;
  double start = now();
  gl_status status = gl_switch(ring[0], &token, &back);
  if (status != GL_OK || back != &token) {
    fprintf(stderr, "the token is lost: %s\n", gl_strerror(status));
    exit(EXIT_FAILURE);
  }
  return (now() - start) / (double)(ring_size + 1);
}

static void measure(size_t wanted) {
  size_t before = resident_kib(), rounds = 2000000 / wanted;
  ring_size = wanted;
  ring = malloc(wanted * sizeof *ring);
  for (size_t i = 0; i < wanted; ++i) ring[i] = gl_new(pass_on, (void *)i);

  double best = pass_round(); /* the first round also starts each of them */
  for (size_t i = 0; i < rounds; ++i) {
    double taken = pass_round();
    if (taken < best) best = taken;
  }
  if (ring_size < wanted) printf("There is no memory for more than %zu stacks here: see docs/stacks.md.\n", ring_size);
  printf("%6zu greenlets: a switch takes %.1f ns, best of %zu rounds\n", ring_size, best, rounds);
  double grown = (double)(resident_kib() - before);
  printf("%17s%.0f MiB resident, %.1f KiB for each\n", "", (double)resident_kib() / 1024, grown / (double)ring_size);

  for (size_t i = 0; i < wanted; ++i) gl_release(ring[i]); /* unwinds them: their gl_switch() returns GL_KILLED */
  free(ring);
}

/* token_ring [GREENLETS] */
int main(int argc, char **argv) {
  if (argc > 1) {
    long wanted = strtol(argv[1], NULL, 10);
    if (wanted < 1) return EXIT_FAILURE;
    measure((size_t)wanted);
  } else {
    measure(100);
    measure(100000);
  }
  return EXIT_SUCCESS;
}
