/* SPDX-License-Identifier: MIT */
/* What the programs here share: greenlets on a kind of stack. */
#pragma once

#include <greenlet.h>

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NULL for "private". */
static inline gl_stack *stack_of(const char *kind) {
  gl_stack *stack = NULL;
  if (!strcmp(kind, "shared")) stack = gl_stack_new(256 * 1024);
  if (!strcmp(kind, "thread")) stack = gl_stack_retain(gl_stack_thread());
  if (!stack && strcmp(kind, "private") != 0) fprintf(stderr, "no %s stacks\n", kind), exit(EXIT_FAILURE);
  return stack;
}

static inline gl_greenlet *start_on(gl_stack *stack, gl_run body, void *data) {
  gl_options options;
  gl_greenlet *g = NULL;
  memset(&options, 0, sizeof options);
  options.size = sizeof options, options.run = body, options.data = data, options.stack = stack;
  if (gl_new_with(&options, &g) != GL_OK || gl_switch(g, NULL, NULL) < 0) fprintf(stderr, "cannot start\n"), exit(EXIT_FAILURE);
  return g;
}

static inline gl_status to_parent(void) { return gl_switch(gl_parent(gl_current()), NULL, NULL); }
