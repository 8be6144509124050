/* SPDX-License-Identifier: MIT */
/* `record SCENE FILE`: lives a short scene, recorded into FILE, for check.py. */
#include "greenlet_trace.h"
#include <pthread.h>
#include <stdint.h>

static gl_status must(gl_status status) {
  if (status < 0) fprintf(stderr, "%s\n", gl_strerror(status)), exit(EXIT_FAILURE);
  return status;
}

static gl_greenlet *named(const char *name, gl_run run, gl_greenlet *parent, uint32_t flags) {
  gl_options options;
  gl_greenlet *g = NULL;
  memset(&options, 0, sizeof options);
  options.size = sizeof options, options.run = run, options.name = name, options.parent = parent, options.flags = flags;
  must(gl_new_with(&options, &g));
  return g;
}

static gl_status echo(void *data, void *value, void **result) {
  gl_status status = GL_OK;
  (void)data;
  while (status == GL_OK) status = gl_switch(gl_parent(gl_current()), value, &value);
  *result = value;
  return status;
}
static gl_status end(void *data, void *value, void **result) {
  (void)data, (void)value, (void)result;
  return GL_OK;
}

/* Switches, a throw, a kill, ends; b's outcome goes to a, its parent. */
static void scene_family(void) {
  gl_greenlet *a = named("a", echo, NULL, 0), *b = named("b", echo, a, 0), *c = named("c", echo, NULL, 0);
  gl_switch(a, NULL, NULL);
  gl_switch(b, NULL, NULL);
  gl_throw(b, NULL, NULL);
  gl_switch(c, NULL, NULL);
  gl_kill(c, NULL);
  gl_switch(gl_current(), NULL, NULL);
  gl_release(b), gl_release(a), gl_release(c);
}

/* Two lives after each other, most likely at one address; the second one's has no end that tracers would see. */
static void scene_addresses(void) {
  for (int i = 0; i < 3; i++) {
    gl_greenlet *g = named(i == 0 ? "ends" : i == 1 ? "is discarded" : "comes last", i == 1 ? echo : end, NULL, GL_DISCARD);
    gl_switch(g, NULL, NULL);
    gl_release(g);
  }
}

/* One that began before it was recorded, and a pause. */
static gl_recorder *paused;
static void scene_pause(void) {
  gl_greenlet *g = named("older", echo, NULL, 0);
  gl_recorder_stop(paused);
  gl_switch(g, NULL, NULL);
  gl_recorder_start(paused, NULL);
  gl_switch(g, NULL, NULL);
  gl_recorder_stop(paused);
  gl_switch(g, NULL, NULL);
  gl_recorder_start(paused, NULL);
  gl_release(g);
}

static void scene_names(void) {
  static const char *const names[] = {"\"quoted\" \\ back",
                                      "tab\tbell\anewline\n",
                                      "gr\xc3\xb6\xc3\x9f\x65 \xe2\x82\xac \xf0\x9f\x90\x8d",
                                      "bad \xff \xc0\x80 \xed\xa0\x80 \xf5.",
                                      "0123456789012345678901234567890123456789 long",
                                      "01234567890123456789012345678901234567890\xe2\x82\xac cut",
                                      ""};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    gl_greenlet *g = named(names[i], end, NULL, 0);
    gl_switch(g, NULL, NULL);
    gl_release(g);
  }
}

/* More than a ring of 10 holds: what it keeps begins within somebody's slice. */
static void scene_overflow(void) {
  gl_greenlet *g = named("busy", echo, NULL, 0);
  for (int i = 0; i < 100; i++) gl_switch(g, NULL, NULL);
  gl_release(g);
}

static void *live_on_a_thread(void *recorder) {
  must(gl_recorder_start(recorder, NULL));
  scene_family();
  must(gl_recorder_stop(recorder));
  return NULL;
}

static void live_in_a_realm(gl_recorder *recorder) {
  gl_realm *realm = gl_realm_new();
  gl_greenlet *a = named("hosted", NULL, gl_realm_main(realm), GL_HOSTED);
  gl_delivery next;
  must(gl_recorder_start(recorder, realm));
  must(gl_host_switch(realm, a, NULL, &next));
  must(gl_host_end(realm, GL_THROWN, NULL, &next));
  must(gl_recorder_stop(recorder));
  gl_release(a), gl_realm_release(realm);
}

static void write_to(const char *path, gl_recorder *const *recorders, size_t count) {
  FILE *file = fopen(path, "w");
  if (!file || gl_recorder_write(file, recorders, count) != GL_OK || fclose(file) != 0) perror(path), exit(EXIT_FAILURE);
}

static void record(const char *path, void (*scene)(void), size_t events) {
  gl_recorder *recorder = paused = gl_recorder_new(events, NULL);
  must(gl_recorder_start(recorder, NULL));
  scene();
  write_to(path, &recorder, 1); /* while it records: the last slice ends now */
  must(gl_recorder_stop(recorder));
  gl_recorder_release(recorder);
}

static void record_three(const char *path) {
  gl_recorder *recorders[3] = {gl_recorder_new(100, "first"), gl_recorder_new(100, "sec\"ond"), gl_recorder_new(100, NULL)};
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, live_on_a_thread, recorders[i]);
  live_in_a_realm(recorders[2]);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  write_to(path, recorders, 3);
  for (int i = 0; i < 3; i++) gl_recorder_release(recorders[i]);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*scene)(void);
    size_t events;
  } scenes[] = {{"family", scene_family, 100}, {"addresses", scene_addresses, 100}, {"pause", scene_pause, 100},
                {"names", scene_names, 100},   {"overflow", scene_overflow, 10},    {"overflow_of_one", scene_overflow, 1}};
  if (argc != 3) return EXIT_FAILURE;
  if (!strcmp(argv[1], "threads")) return record_three(argv[2]), EXIT_SUCCESS;
  for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
    if (!strcmp(argv[1], scenes[i].name)) return record(argv[2], scenes[i].scene, scenes[i].events), EXIT_SUCCESS;
  return EXIT_FAILURE;
}
