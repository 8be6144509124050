/* SPDX-License-Identifier: MIT */
/* Gives the greenlets of a test program the kind of stack that the environment names in GREENLET_TEST_STACKS. It is linked in with --wrap, so that no
   test knows of it. A greenlet that asks for a stack or a size, or that a host carries, keeps what it asks for. */
#include "greenlet.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What --wrap calls the library's functions and their replacements. */
gl_greenlet *__real_gl_new(gl_run run, void *data);
gl_greenlet *__wrap_gl_new(gl_run run, void *data);
gl_status __real_gl_new_with(const gl_options *options, gl_greenlet **out);
gl_status __wrap_gl_new_with(const gl_options *options, gl_greenlet **out);

enum kind { PRIVATE, SMALL, SHARED, THREAD, KINDS };
static const char *const names[KINDS] = {"private", "small", "shared", "thread"};
enum { SMALL_SIZE = 16 << 10, SHARED_SIZE = 256 << 10 };

static enum kind kind;
static pthread_key_t shared_stack; /* one for each thread, while it lasts */

static void release(void *stack) { gl_stack_release(stack); }
/* Before the constructors of C++ programs, which may make greenlets. */
__attribute__((constructor(101))) static void choose(void) {
  const char *name = getenv("GREENLET_TEST_STACKS");
  while (name && kind < KINDS && strcmp(name, names[kind])) kind++;
  if (kind == KINDS || pthread_key_create(&shared_stack, release)) {
    fprintf(stderr, "GREENLET_TEST_STACKS=%s: no such kind of stack\n", name);
    exit(2);
  }
}

static gl_stack *stack_of_this_thread(void) {
  if (kind == THREAD) return gl_stack_thread();
  gl_stack *stack = pthread_getspecific(shared_stack);
  if (!stack) pthread_setspecific(shared_stack, stack = gl_stack_new(SHARED_SIZE));
  return stack;
}

gl_status __wrap_gl_new_with(const gl_options *options, gl_greenlet **out) {
  if (kind == PRIVATE || !options || options->size != sizeof *options || options->stack || options->stack_size ||
      options->flags & GL_HOSTED)
    return __real_gl_new_with(options, out);
  gl_options of_kind = *options;
  if (kind == SMALL) of_kind.stack_size = SMALL_SIZE;
  else if (!(of_kind.stack = stack_of_this_thread())) return GL_ENOMEM;
  return __real_gl_new_with(&of_kind, out);
}

gl_greenlet *__wrap_gl_new(gl_run run, void *data) {
  const gl_options options = {.size = sizeof options, .run = run, .data = data};
  gl_greenlet *g = NULL;
  if (kind == PRIVATE) return __real_gl_new(run, data);
  return __wrap_gl_new_with(&options, &g) == GL_OK ? g : NULL;
}
