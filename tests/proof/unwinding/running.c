/* SPDX-License-Identifier: MIT */
/* What a greenlet that runs sees of itself: its own frames, then the end. */
#include "../../stacks/stacks.h"
#include "frames.h"
#include <pthread.h>

/* Frames of known functions: `deep` times itself, each with a frame pointer that matters; then what looks. */
enum { DEPTH = 7 };
static frames seen[UNWINDERS];
static gl_status look(UNUSED void *arg, UNUSED void **received) {
  for (int i = 0; i < UNWINDERS; i++) unwinders[i](&seen[i]);
  return GL_OK;
}
static gl_status deep(int depth, wait_function wait, void *arg) __attribute__((section("of_deep")));
static gl_status (*volatile call_deep)(int depth, wait_function wait, void *arg) = deep; /* else compilers make clones */
extern const char __start_of_deep[], __stop_of_deep[];
static gl_status deep(int depth, wait_function wait, void *arg) {
  volatile char *bytes = (volatile char *)alloca((size_t)(100 + depth));
  bytes[0] = 1;
  gl_status status = depth > 1 ? call_deep(depth - 1, wait, arg) : wait(arg, NULL);
  bytes[0] = 2;
  return status;
}
static int times_deep(const frames *f) {
  int n = 0;
  for (int i = 0; i < f->count; i++) n += f->pcs[i] > (uintptr_t)__start_of_deep && f->pcs[i] <= (uintptr_t)__stop_of_deep;
  return n;
}
static void check_seen(void) {
  for (int i = 0; i < UNWINDERS; i++) {
    CHECK(seen[i].count > DEPTH + 2 && seen[i].count < MOST_FRAMES);
    CHECK(times_deep(&seen[i]) == DEPTH);
    CHECK(in_enter(seen[i].pcs[seen[i].count - 1]));
  }
}

BODY(looks_around) {
  call_deep(DEPTH, look, NULL);
  check_seen();
  CHECK(gl_switch(gl_main(), NULL, NULL) == GL_OK);
  call_deep(DEPTH, look, NULL); /* resumed, and on a copied stack moved in again */
  check_seen();
  return GL_OK;
}
BODY(looks_after_each_switch) {
  for (;;) {
    gl_status status = call_deep(DEPTH, to_main, NULL);
    if (status != GL_OK) return status;
    call_deep(DEPTH, look, NULL);
    check_seen();
  }
}
TEST_ON_STACKS(frames_of_a_running_one_end_at_its_body) {
  gl_greenlet *a = make(0, looks_around, NULL), *b = make(0, looks_after_each_switch, NULL), *c = make(1, looks_after_each_switch, NULL);
  for (int i = 0; i < 2; i++)
    CHECK(gl_switch(a, NULL, NULL) == GL_OK && gl_switch(b, NULL, NULL) == GL_OK && gl_switch(c, NULL, NULL) == GL_OK);
  CHECK(gl_state(a) == GL_DEAD);
  gl_release(a), gl_release(b), gl_release(c);
}

/* The way out leads through a drop, on the ended one's stack. */
static void look_in_drop(UNUSED void *data) {
  call_deep(DEPTH, look, NULL);
  check_seen();
}
BODY(ends) { return GL_OK; }
TEST(frames_in_a_drop_end_at_the_body_that_ended) {
  gl_greenlet *g = NEW(.run = ends, .drop = look_in_drop);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK && gl_state(g) == GL_DEAD);
  gl_release(g);
  CHECK(all_gone());
}

/* Rule 22: the one that lost its last handle is killed on the stack of the one that is about to run, before its body begins. */
static gl_greenlet *starting;
static bool looked;
static void look_before_start(UNUSED void *user, UNUSED int what, gl_greenlet *from, UNUSED gl_greenlet *to) {
  if (from != starting) return;
  call_deep(DEPTH, look, NULL);
  check_seen();
  looked = true;
}
BODY(loses_its_handle) {
  gl_release(gl_current());
  CHECK(gl_switch(starting, NULL, NULL) == GL_KILLED);
  return GL_KILLED;
}
BODY(watches_no_more) {
  CHECK(looked && gl_trace_remove(look_before_start, NULL) == GL_OK);
  return GL_OK;
}
TEST(frames_of_one_that_has_yet_to_enter_its_body) {
  looked = false;
  starting = gl_new(watches_no_more, NULL);
  gl_trace_add(look_before_start, NULL);
  CHECK(gl_switch(gl_new(loses_its_handle, NULL), NULL, NULL) == GL_OK);
  gl_release(starting);
  CHECK(all_gone());
}

/* Mains, too. */
static uintptr_t outermost_of_main(void) {
  look(NULL, NULL);
  return seen[0].pcs[seen[0].count - 1];
}
static void *look_from_main(UNUSED void *data) {
  gl_greenlet *g = gl_new(looks_around, NULL);
  const uintptr_t before = outermost_of_main();
  CHECK(gl_switch(g, NULL, NULL) == GL_OK && outermost_of_main() == before);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK && outermost_of_main() == before);
  gl_release(g);
  return NULL;
}
TEST(frames_of_a_threads_main_end_at_its_start) {
  pthread_t thread;
  look_from_main(NULL);
  CHECK(pthread_create(&thread, NULL, look_from_main, NULL) == 0 && pthread_join(thread, NULL) == 0);
  CHECK(all_gone());
}
