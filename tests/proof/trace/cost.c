/* SPDX-License-Identifier: MIT */
/* What a switch takes without a tracer, with one that does nothing, and with a recorder: ns one way, the best of many alternating rounds. */
#include "greenlet_trace.h"

enum { ways = 3, rounds = 200, switches = 5000 };

static gl_status echo(void *data, void *value, void **result) {
  gl_status status = GL_OK;
  (void)data, (void)result;
  while (status == GL_OK) status = gl_switch(gl_parent(gl_current()), value, &value);
  return status;
}

static double nanoseconds(gl_greenlet *g) {
  uint64_t begin = gl_recorder_now_();
  for (int i = 0; i < switches / 2; i++) gl_switch(g, NULL, NULL);
  return (double)(gl_recorder_now_() - begin) / (double)switches;
}

static void nothing(void *user, int event, gl_greenlet *from, gl_greenlet *to) { (void)user, (void)event, (void)from, (void)to; }

int main(void) {
  static const char *const names[ways] = {"no tracer", "a tracer that does nothing", "a recorder"};
  double best[ways] = {1e9, 1e9, 1e9};
  gl_recorder *recorder = gl_recorder_new(100000, NULL);
  gl_options options = {.size = sizeof options, .run = echo, .name = "connection 17"};
  gl_greenlet *g;
  if (!recorder || gl_new_with(&options, &g) != GL_OK) return EXIT_FAILURE;
  gl_switch(g, NULL, NULL);
  for (int round = 0; round < rounds; round++)
    for (int way = 0; way < ways; way++) {
      if (way == 1) gl_trace_add(nothing, NULL);
      if (way == 2) gl_recorder_start(recorder, NULL);
      double ns = nanoseconds(g);
      if (ns < best[way]) best[way] = ns;
      if (way == 1) gl_trace_remove(nothing, NULL);
      if (way == 2) gl_recorder_stop(recorder);
    }
  for (int way = 0; way < ways; way++) printf("%-28s %6.1f\n", names[way], best[way]);
  gl_release(g), gl_recorder_release(recorder);
  return EXIT_SUCCESS;
}
