/* SPDX-License-Identifier: MIT */
/* host PLUGIN PLUGIN: has a copy of the library and loads two plugins that bring their own. All work in one process: one after the other on
   the same thread, and side by side on several. The plugins are closed before the threads that used them end. */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <greenlet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct plugin {
  void *library;
  int (*run)(int rounds);
  const void *(*main)(void);
};
static struct plugin plugins[2];
static pthread_barrier_t closed;

static gl_status echo(void *data, void *value, void **result) {
  (void)data;
  *result = value;
  return GL_OK;
}

/* This program's own copy. */
static int own_run(void) {
  int value = 0;
  void *received = NULL;
  gl_greenlet *g = gl_new(echo, NULL);
  int failed = gl_switch(g, &value, &received) != GL_OK || received != &value || gl_current() != gl_main();
  gl_release(g);
  return failed;
}

static int load(struct plugin *plugin, const char *path) {
  void *symbol;
  plugin->library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
  if (!plugin->library) return puts(dlerror()), 1;
  symbol = dlsym(plugin->library, "plugin_run"), memcpy(&plugin->run, &symbol, sizeof symbol);
  symbol = dlsym(plugin->library, "plugin_main"), memcpy(&plugin->main, &symbol, sizeof symbol);
  return 0;
}

static void *work(void *argument) {
  struct plugin *plugin = argument;
  static char failed[] = "failed";
  char *result = plugin->run(1000) || own_run() || plugin->run(1000) ? failed : NULL;
  pthread_barrier_wait(&closed);
  pthread_barrier_wait(&closed);
  return result;
}

int main(int argc, char **argv) {
  pthread_t threads[2];
  int failed = argc != 3;
  for (int i = 0; i < 2 && !failed; i++) failed = load(&plugins[i], argv[i + 1]);
  if (failed) return 2;

  /* Three copies: each knows its own main greenlet. */
  failed |= plugins[0].main() == gl_main() || plugins[1].main() == gl_main() || plugins[0].main() == plugins[1].main();
  for (int i = 0; i < 2; i++) failed |= own_run() || plugins[i].run(10) || own_run();

  pthread_barrier_init(&closed, NULL, 3);
  for (int i = 0; i < 2; i++) failed |= pthread_create(&threads[i], NULL, work, &plugins[i]);
  pthread_barrier_wait(&closed);
  for (int i = 0; i < 2; i++) failed |= dlclose(plugins[i].library);
  pthread_barrier_wait(&closed);
  for (int i = 0; i < 2; i++) {
    void *result;
    failed |= pthread_join(threads[i], &result) || result;
  }
  puts(failed ? "failed" : "works");
  return failed;
}
