/* SPDX-License-Identifier: MIT */
/* A plugin with a copy of the library inside, of which it exports nothing. */
#include <greenlet.h>

int plugin_run(int rounds);
const void *plugin_main(void);

static gl_status count(void *data, void *value, void **result) {
  int *sum = data;
  gl_status status = GL_OK;
  for (; status == GL_OK; status = gl_switch(gl_parent(gl_current()), value, &value)) *sum += *(int *)value;
  *result = value;
  return status;
}

/* Makes a greenlet, switches to it so many times and ends it: 0 when it counted right. */
__attribute__((visibility("default"))) int plugin_run(int rounds) {
  int sum = 0, one = 1;
  gl_greenlet *g = gl_new(count, &sum);
  for (int i = 0; i < rounds; i++)
    if (gl_switch(g, &one, NULL) != GL_OK) return 1;
  gl_release(g);
  return sum != rounds;
}

__attribute__((visibility("default"))) const void *plugin_main(void) { return gl_main(); }
