/* SPDX-License-Identifier: MIT */
/* A C program that loads a C++ plugin, and with it a C++ runtime that no symbol lookup of the program finds.
   usage: host PLUGIN before | after | attached    the plugin is loaded before the first use of the library, after it, or on another
   thread than one that used it already */
#include "greenlet.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const char *path;
static int (*interleave)(void);

static int load(void) {
  void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!plugin) return fprintf(stderr, "%s\n", dlerror()), 0;
  void (*(*get_globals)(void))(void) = NULL;
  *(void **)&interleave = dlsym(plugin, "interleave");
  *(void **)&get_globals = dlsym(plugin, "get_globals");
  if (get_globals) gl_set_cxx_runtime((void *(*)(void))get_globals());
  return interleave != NULL;
}
static gl_status nothing(void *data, void *value, void **result) {
  (void)data, (void)value, (void)result;
  return GL_OK;
}
static void use(void) {
  gl_greenlet *g = gl_new(nothing, NULL);
  gl_switch(g, NULL, NULL);
  gl_release(g);
}
static void *load_elsewhere(void *loaded) {
  *(int *)loaded = load() && interleave() == 0;
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "usage: %s PLUGIN before|after|attached\n", argv[0]), 2;
  path = argv[1];
  int loaded = 0;
  if (!strcmp(argv[2], "before")) loaded = load();
  if (!strcmp(argv[2], "after")) use(), loaded = load();
  if (!strcmp(argv[2], "attached")) {
    pthread_t thread;
    use();
    pthread_create(&thread, NULL, load_elsewhere, &loaded), pthread_join(thread, NULL);
  }
  if (!loaded) return 2;
  const int failures = interleave();
  if (failures) fprintf(stderr, "%d checks failed\n", failures);
  return failures != 0;
}
