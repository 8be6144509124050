/* SPDX-License-Identifier: MIT */
/* What most C ABI tests need: bodies, an event log, statistics. */
#pragma once
#include "greenlet.h"
#include "test.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#endif
#ifndef UNDER_TSAN
#define UNDER_TSAN 0
#endif

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif
#ifndef UNDER_ASAN
#define UNDER_ASAN 0
#endif

#ifdef __has_include
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifdef RUNNING_ON_VALGRIND
#define UNDER_VALGRIND RUNNING_ON_VALGRIND
#else
#define UNDER_VALGRIND 0
#endif

#ifdef _WIN32
#define ON_WINDOWS 1
#else
#define ON_WINDOWS 0
#endif

#ifdef GREENLET_TEST_EMULATED
#define UNDER_EMULATOR 1
#else
#define UNDER_EMULATOR 0
#endif

/* Leaves a test that cannot work here; the reason is seen in the output. */
#ifndef GREENLET_TEST_PLAIN
#define SKIP(reason) cr_skip_test(reason)
#else
#define SKIP(reason)                              \
  do {                                            \
    printf("%s skipped: %s\n", __func__, reason); \
    return;                                       \
  } while (0)
#endif

#define UNUSED __attribute__((unused))
/* BODY(name) { ... } is a gl_run. */
#define BODY(name) static gl_status name(UNUSED void *data, UNUSED void *value, UNUSED void **result)
/* The kind of stack that greenlets run on here: "private", "small", "shared" or "thread" (tests/stacks/kinds). */
static inline bool stacks_are(const char *kind) {
  const char *name = getenv("GREENLET_TEST_STACKS");
  return !strcmp(kind, name ? name : "private");
}
/* Whether they have one each. */
static inline bool stacks_are_private(void) { return stacks_are("private") || stacks_are("small"); }
/* The size to ask for to get a stack of its own whatever the others run on: where such stacks are the subject, and for greenlets that start on
   another thread than the one that makes them. */
static inline size_t private_stack(void) { return stacks_are_private() ? 0 : 256 * 1024; }
/* A stack size that gl_new_with() takes and no system has. */
#define NO_SUCH_STACK (SIZE_MAX / 16 * 13)
/* A number as a value: the library only passes values on. */
#define V(number) ((void *)(intptr_t)(number))

/* Bodies and callbacks note what they do; CHECK(happened("a b")) compares and starts anew. */
static char events[1024];
static inline void event(const char *format, ...) {
  size_t used = strlen(events);
  va_list arguments;
  va_start(arguments, format);
  if (used && used < sizeof(events) - 1) events[used++] = ' ', events[used] = 0;
  vsnprintf(events + used, sizeof(events) - used, format, arguments);
  va_end(arguments);
}
static inline bool happened(const char *expected) {
  bool same = !strcmp(events, expected);
  if (!same) printf("expected \"%s\", happened \"%s\"\n", expected, events);
  events[0] = 0;
  return same;
}
/* For gl_options::drop and drop_result: notes "drop 7". */
static inline void note_drop(void *data) { event("drop %d", (int)(intptr_t)data); }
static inline void note_result(void *value) { event("result %d", (int)(intptr_t)value); }

static inline gl_status to_parent(void *value, void **received) { return gl_switch(gl_parent(gl_current()), value, received); }

/* Gives each value back to its parent. Passes a throw on, obeys a kill. */
UNUSED BODY(echo) {
  gl_status status = GL_OK;
  while (status == GL_OK) status = to_parent(value, &value);
  *result = value;
  return status;
}
/* Ends at once with its first value. */
UNUSED BODY(identity) {
  *result = value;
  return GL_OK;
}
/* For one that must die unrun. */
UNUSED BODY(never) {
  bool has_run = true;
  CHECK(!has_run);
  return GL_OK;
}

/* Whether this code runs on that stack. Not by a local's address: AddressSanitizer may keep locals elsewhere. */
static inline bool frame_within(const void *low, const void *high) {
  const char *frame = (const char *)__builtin_frame_address(0);
  return (const char *)low < frame && frame < (const char *)high;
}

static inline gl_greenlet *child_of(gl_greenlet *parent, gl_run run, void *data) {
  gl_options options;
  gl_greenlet *g = NULL;
  memset(&options, 0, sizeof options);
  options.size = sizeof options, options.run = run, options.data = data, options.parent = parent;
  CHECK(gl_new_with(&options, &g) == GL_OK);
  return g;
}
#ifndef __cplusplus
static inline gl_greenlet *new_with(const gl_options *options) {
  gl_greenlet *g = NULL;
  CHECK(gl_new_with(options, &g) == GL_OK);
  return g;
}
/* NEW(.run = echo, .drop = note_drop) */
#define NEW(...) new_with(&(gl_options){.size = sizeof(gl_options), __VA_ARGS__})
static inline gl_greenlet *new_private(gl_run run, void *data) { return NEW(.run = run, .data = data, .stack_size = private_stack()); }
#endif

static inline gl_stats stats(void) {
  gl_stats now;
  now.size = sizeof now;
  CHECK(gl_get_stats(&now) == GL_OK);
  return now;
}
/* At the end of a test: main runs, and no greenlet of this process is alive. */
static inline bool all_gone(void) {
  uint64_t alive = stats().alive;
  if (alive) printf("%d greenlets are still alive\n", (int)alive);
  return gl_current() == gl_main() && alive == 0;
}
