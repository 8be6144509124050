/* SPDX-License-Identifier: MIT */
/* Transfers of each kind that has code of its own, for check.py to watch from outside: names and addresses first, then nothing that can be seen. */
#include "greenlet.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static gl_status echo(void *data, void *value, void **result) {
  gl_status status = GL_OK;
  (void)data;
  while (status == GL_OK) status = gl_switch(gl_parent(gl_current()), value, &value);
  *result = value;
  return status;
}

static gl_greenlet *named(const char *name, gl_stack *stack) {
  gl_options options;
  gl_greenlet *g = NULL;
  memset(&options, 0, sizeof options);
  options.size = sizeof options, options.run = echo, options.name = name, options.stack = stack;
  gl_new_with(&options, &g);
  printf("%s %ju\n", name, (uintmax_t)(uintptr_t)g);
  return g;
}

static void hook(void *user, gl_greenlet *from, gl_greenlet *to) { (void)user, (void)from, (void)to; }

int main(void) {
  gl_stack *stack = gl_stack_new(64 * 1024);
  printf("main %ju\n", (uintmax_t)(uintptr_t)gl_main());
  gl_greenlet *a = named("a", NULL), *b = named("b", NULL), *c = named("c", stack), *d = named("d", stack);
  fflush(stdout);

  gl_switch(a, NULL, NULL); /* starts */
  gl_switch(a, NULL, NULL);
  gl_throw(a, NULL, NULL); /* ends, with a throw */
  gl_switch(b, NULL, NULL);
  gl_kill(b, NULL); /* ends, with a value */
  gl_switch(c, NULL, NULL);
  gl_switch(d, NULL, NULL);
  gl_switch(c, NULL, NULL); /* moves d out of its place */
  gl_hook_add(hook, NULL);
  gl_switch(c, NULL, NULL);
  gl_hook_remove(hook, NULL);
  gl_switch(gl_main(), NULL, NULL);
  return 0;
}
