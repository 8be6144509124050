/* SPDX-License-Identifier: MIT */
/* load LIBRARY: uses the library by dlopen() alone, on a thread that ends after dlclose(). */
#include <dlfcn.h>
#include <greenlet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct {
  gl_greenlet *(*make)(gl_run, void *);
  gl_status (*transfer)(gl_greenlet *, void *, void **);
  void (*release)(gl_greenlet *);
} greenlet;

/* ISO C has no cast from void * to a function pointer. */
static int find(void *library, const char *name, void *function) {
  void *symbol = dlsym(library, name);
  memcpy(function, &symbol, sizeof symbol);
  return symbol != NULL;
}

static gl_status echo(void *data, void *value, void **result) {
  (void)data;
  *result = value;
  return GL_OK;
}

static void *load_and_use(void *path) {
  static char failed[] = "failed";
  void *received = NULL, *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library || !find(library, "gl_new", &greenlet.make) || !find(library, "gl_switch", &greenlet.transfer) ||
      !find(library, "gl_release", &greenlet.release))
    return failed;
  gl_greenlet *g = greenlet.make(echo, NULL);
  if (greenlet.transfer(g, path, &received) != GL_OK || received != path) return failed;
  greenlet.release(g);
  return dlclose(library) ? failed : NULL;
}

int main(int argc, char **argv) {
  pthread_t thread;
  void *result = NULL;
  if (argc != 2 || pthread_create(&thread, NULL, load_and_use, argv[1]) || pthread_join(thread, &result)) return 2;
  printf("%d passed, %d failed\n", !result, result != NULL);
  return result != NULL;
}
