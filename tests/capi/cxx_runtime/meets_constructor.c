/* SPDX-License-Identifier: MIT */
/* One thread loads a plugin whose constructor makes a greenlet, this one makes greenlets meanwhile: each looks for a C++ runtime, which asks
   the dynamic linker, and neither waits for the other for ever. usage: meets_constructor PLUGIN */
#include "constructs.h"
#include "greenlet.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

atomic_int constructing;

static gl_status nothing(void *data, void *value, void **result) {
  (void)data, (void)value, (void)result;
  return GL_OK;
}
static void *load(void *path) {
  void *plugin = dlopen(path, RTLD_NOW);
  if (!plugin) fprintf(stderr, "%s\n", dlerror());
  return plugin;
}

int main(int argc, char **argv) {
  if (argc != 2) return fprintf(stderr, "usage: %s PLUGIN\n", argv[0]), 2;
  pthread_t loader;
  void *loaded = NULL;
  alarm(10); /* a deadlock ends here */
  pthread_create(&loader, NULL, load, argv[1]);
  while (!atomic_load(&constructing)) usleep(1000);
  gl_release(gl_new(nothing, NULL));
  pthread_join(loader, &loaded);
  return !loaded;
}
