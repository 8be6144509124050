/* SPDX-License-Identifier: MIT */
/* Each operation many times, with callgrind told where one begins and ends. count.py runs this and reads what callgrind counted. */
#include <greenlet.h>
#include <stdint.h>
#include <stdlib.h>
#include <valgrind/callgrind.h>

enum { times = 1000 };

static void must(int holds) {
  if (!holds) abort();
}

static gl_status bounce(void *data, void *value, void **result) {
  (void)result;
  while (gl_switch(data, value, &value) == GL_OK) {}
  return GL_KILLED;
}

static gl_status throw_back(void *data, void *value, void **result) {
  (void)result;
  while (gl_throw(data, value, &value) == GL_THROWN) {}
  return GL_KILLED;
}

static gl_status give_back(void *data, void *value, void **result) {
  (void)data;
  *result = value;
  return GL_OK;
}

static gl_greenlet *started(gl_run run, uint32_t flags) {
  gl_options options = {0};
  options.size = sizeof options;
  options.run = run;
  options.data = gl_main();
  options.flags = flags;
  gl_greenlet *g = NULL;
  must(gl_new_with(&options, &g) == GL_OK);
  void *received;
  must(gl_switch(g, NULL, &received) >= 0);
  return g;
}

static void hook(void *user, gl_greenlet *from, gl_greenlet *to) {
  (void)user;
  (void)from;
  (void)to;
}

/* Not inlined, as a call of the library is not. */
__attribute__((noipa)) static gl_status nothing(gl_greenlet *g, void *value, void **received) {
  (void)g;
  *received = value;
  return GL_OK;
}

static void count(const char *operation, gl_status (*call)(gl_greenlet *, void *, void **), gl_greenlet *g) {
  void *value = NULL;
  must(call(g, value, &value) >= 0);
  CALLGRIND_ZERO_STATS;
  for (int i = 0; i < times; i++) call(g, value, &value);
  CALLGRIND_DUMP_STATS_AT(operation);
}

static gl_status life(gl_greenlet *g, void *value, void **received) {
  g = gl_new(give_back, NULL);
  gl_status status = gl_switch(g, value, received);
  gl_release(g);
  return status;
}

static gl_status current(gl_greenlet *g, void *value, void **received) {
  (void)g;
  (void)value;
  *received = gl_current();
  return GL_OK;
}

static void count_hooked(const char *operation, gl_greenlet *g) {
  must(gl_hook_add(hook, NULL) == GL_OK);
  count(operation, gl_switch, g);
  must(gl_hook_remove(hook, NULL) == GL_OK);
}

/* Stands in for a C++ runtime, or each gl_new() would look for one among the loaded libraries: that is libc's work. */
static void *exception_state(void) {
  static struct {
    void *caught;
    unsigned uncaught;
  } none;
  return &none;
}

int main(void) {
  gl_set_cxx_runtime(exception_state);
  gl_greenlet *kept = started(bounce, 0), *shared = started(bounce, GL_SHARE_FP), *thrower = started(throw_back, 0);
  count("nothing", nothing, NULL);
  count("switch", gl_switch, kept);
  count("switch, GL_SHARE_FP", gl_switch, shared);
  count_hooked("switch with a hook", kept);
  count_hooked("switch with a hook, GL_SHARE_FP", shared);
  count("throw", gl_throw, thrower);
  count("life", life, NULL);
  count("current", current, NULL);
  gl_release(kept);
  gl_release(shared);
  gl_release(thrower);
  return 0;
}
