/* SPDX-License-Identifier: MIT */
/* greenlet_trace.h: what its functions answer. trace/ checks what they write. */
#include "greenlet_trace.h"
#include "support.h"
#include <pthread.h>

// rule 30: NULL, and what makes no sense
TEST(recorder_refuses) {
  FILE *file = tmpfile();
  gl_recorder *recorder = gl_recorder_new(10, "name"), *none = NULL;
  CHECK(!gl_recorder_new(0, NULL) && !gl_recorder_new(SIZE_MAX, NULL) && !gl_recorder_new(SIZE_MAX / 64, NULL));
  CHECK(gl_recorder_start(NULL, NULL) == GL_EINVAL && gl_recorder_stop(NULL) == GL_EINVAL && gl_recorder_lost(NULL) == 0);
  CHECK(gl_recorder_stop(recorder) == GL_EINVAL);
  CHECK(gl_recorder_start(recorder, NULL) == GL_OK && gl_recorder_start(recorder, NULL) == GL_EINVAL);
  CHECK(gl_recorder_stop(recorder) == GL_OK && gl_recorder_stop(recorder) == GL_EINVAL);
  CHECK(gl_recorder_write(NULL, &recorder, 1) == GL_EINVAL && gl_recorder_write(file, NULL, 1) == GL_EINVAL);
  CHECK(gl_recorder_write(file, &none, 1) == GL_EINVAL && ftell(file) == 0);
  gl_recorder_release(recorder), gl_recorder_release(NULL);
  fclose(file);
}

// rule 27: each event takes one place; what replaces another one is counted
TEST(recorder_counts_what_is_lost) {
  gl_recorder *recorder = gl_recorder_new(4, NULL);
  gl_recorder_start(recorder, NULL);
  gl_switch(gl_main(), NULL, NULL), gl_switch(gl_main(), NULL, NULL), gl_switch(gl_main(), NULL, NULL);
  CHECK(gl_recorder_lost(recorder) == 0);
  gl_switch(gl_main(), NULL, NULL);
  CHECK(gl_recorder_lost(recorder) == 1);
  gl_recorder_stop(recorder);
  CHECK(gl_recorder_lost(recorder) == 2);
  gl_switch(gl_main(), NULL, NULL);
  CHECK(gl_recorder_lost(recorder) == 2);
  gl_recorder_release(recorder);
}

static const char *written(gl_recorder *const *recorders, size_t count) {
  static char text[4096];
  FILE *file = tmpfile();
  CHECK(gl_recorder_write(file, recorders, count) == GL_OK);
  rewind(file);
  text[fread(text, 1, sizeof text - 1, file)] = 0;
  fclose(file);
  return text;
}

// a recorder that has recorded nothing is a thread without tracks; no recorder is an empty file
TEST(recorder_writes_what_it_has) {
  gl_recorder *recorder = gl_recorder_new(4, NULL);
  CHECK(!strcmp(written(&recorder, 0), "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n]}\n"));
  CHECK(strstr(written(&recorder, 1), "process_name") && !strstr(written(&recorder, 1), "thread_name"));
  gl_recorder_release(recorder);
}

// rule 27: two see the same
TEST(recorders_do_not_disturb_each_other) {
  gl_recorder *two[2] = {gl_recorder_new(100, NULL), gl_recorder_new(2, NULL)};
  CHECK(gl_recorder_start(two[0], NULL) == GL_OK && gl_recorder_start(two[1], NULL) == GL_OK);
  gl_greenlet *g = gl_new(identity, NULL);
  gl_switch(g, NULL, NULL), gl_release(g);
  CHECK(gl_recorder_stop(two[0]) == GL_OK && gl_recorder_stop(two[1]) == GL_OK);
  CHECK(gl_recorder_lost(two[0]) == 0 && gl_recorder_lost(two[1]) == 4); /* of on, switch, start, end, switch, off */
  gl_recorder_release(two[0]), gl_recorder_release(two[1]);
}

static void *stop_elsewhere(void *recorder) {
  CHECK(gl_recorder_stop(recorder) == GL_EINVAL);
  return NULL;
}
// it records where it was started
TEST(recorder_stops_where_it_was_started) {
  gl_recorder *recorder = gl_recorder_new(4, NULL);
  pthread_t thread;
  gl_recorder_start(recorder, NULL);
  pthread_create(&thread, NULL, stop_elsewhere, recorder);
  pthread_join(thread, NULL);
  CHECK(gl_recorder_stop(recorder) == GL_OK);
  gl_recorder_release(recorder);
}
