/* SPDX-License-Identifier: MIT */
/* A server without a network, recorded: `trace_server [FILE]` writes FILE (trace.json) for ui.perfetto.dev ("Open trace file", or drop it
 * there) or chrome://tracing ("Load").
 *
 * Each connection is a greenlet that handles its requests in a plain loop and waits in the middle of it. One meets a bad request and
 * throws; one never ends, and is killed. */
#include <greenlet_trace.h>

#include <stdint.h>

enum { connections = 4, rounds = 3 };

static gl_greenlet *loop;

static void compute(int microseconds) {
  struct timespec from, now;
  clock_gettime(CLOCK_MONOTONIC, &from);
  do clock_gettime(CLOCK_MONOTONIC, &now);
  while ((now.tv_sec - from.tv_sec) * 1000000 + (now.tv_nsec - from.tv_nsec) / 1000 < microseconds);
}

static gl_status wait_for_request(void) { return gl_switch(loop, NULL, NULL); }

static gl_status serve(void *data, void *value, void **result) {
  intptr_t number = (intptr_t)data;
  (void)value;
  for (int request = 0; number == 3 || request < rounds - 1; request++) {
    compute(10 + 15 * (int)number);
    if (number == 1 && request == 1) {
      *result = "bad request";
      return GL_THROWN;
    }
    gl_status status = wait_for_request();
    if (status == GL_KILLED) compute(10); /* cleans up */
    if (status != GL_OK) return status;
  }
  return GL_OK;
}

static gl_greenlet *accept_connection(int number) {
  static const char *const names[connections] = {"alice", "bob", "carol", "dave"};
  gl_options options = {.size = sizeof options, .run = serve, .data = (void *)(intptr_t)number, .name = names[number]};
  gl_greenlet *g;
  return gl_new_with(&options, &g) == GL_OK ? g : NULL;
}

static void run_server(void) {
  gl_greenlet *clients[connections];
  loop = gl_current();
  for (int i = 0; i < connections; i++)
    if (!(clients[i] = accept_connection(i))) exit(EXIT_FAILURE);
  for (int round = 0; round < rounds; round++)
    for (int i = 0; i < connections; i++) {
      void *what;
      compute(8); /* looks whose request has come */
      if (gl_state(clients[i]) != GL_DEAD && gl_switch(clients[i], NULL, &what) == GL_THROWN)
        printf("connection %d: %s\n", i, (char *)what);
    }
  for (int i = 0; i < connections; i++) {
    if (gl_state(clients[i]) != GL_DEAD) printf("connection %d: %s\n", i, gl_kill(clients[i], NULL) == GL_OK ? "killed" : "will not end");
    gl_release(clients[i]);
  }
}

int main(int argc, char **argv) {
  gl_recorder *recorder = gl_recorder_new(1000, "server");
  if (gl_recorder_start(recorder, NULL) != GL_OK) return EXIT_FAILURE;
  run_server();
  gl_recorder_stop(recorder);

  FILE *file = fopen(argc > 1 ? argv[1] : "trace.json", "w");
  int written = file && gl_recorder_write(file, &recorder, 1) == GL_OK && fclose(file) == 0;
  gl_recorder_release(recorder);
  if (!written) perror("the trace");
  return written ? EXIT_SUCCESS : EXIT_FAILURE;
}
