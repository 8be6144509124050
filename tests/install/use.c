/* SPDX-License-Identifier: MIT */
/* A user's program in C11. */
#include <greenlet.h>
#include <stdio.h>

static gl_status add_one(void *data, void *value, void **result) {
  (void)data;
  gl_status status = gl_switch(gl_parent(gl_current()), (char *)value + 1, result);
  return status;
}

int main(void) {
  char text[4] = "abc";
  void *received = NULL;
  gl_greenlet *g = gl_new(add_one, NULL);
  if (gl_version() != GL_VERSION || gl_switch(g, text, &received) != GL_OK || received != text + 1) return 1;
  if (gl_switch(g, text + 2, &received) != GL_OK || received != text + 2 || gl_state(g) != GL_DEAD) return 1;
  gl_release(g);
  puts("works");
  return 0;
}
