/* SPDX-License-Identifier: MIT */
/* A plugin whose constructor uses the library: it runs while the dynamic linker holds its lock. */
#include "constructs.h"
#include "greenlet.h"
#include <unistd.h>

static gl_status nothing(void *data, void *value, void **result) {
  (void)data, (void)value, (void)result;
  return GL_OK;
}

__attribute__((constructor)) static void construct(void) {
  atomic_store(&constructing, 1);
  usleep(100 * 1000); /* for the other thread to wait for that lock */
  gl_greenlet *g = gl_new(nothing, NULL);
  gl_switch(g, NULL, NULL);
  gl_release(g);
}
