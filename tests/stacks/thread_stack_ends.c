/* SPDX-License-Identifier: MIT */
/* Stacks of several threads, and threads that end while greenlets wait on theirs (rules 17, 19, 32). */
#include "partner.h"
#include "stacks.h"

enum { SOME = 6 };
BODY(waits) {
  gl_status status = GL_OK;
  const unsigned seed = (unsigned)(uintptr_t)data;
  for (unsigned turn = 0; status == GL_OK; turn++) status = dive((seed + turn * 7) % 19 * 500, seed + turn, to_main, NULL, NULL);
  return status;
}

struct visits {
  gl_greenlet *all[SOME];
  uint32_t random;
};
static gl_status visit_some(void *arg, UNUSED void **received) {
  struct visits *v = (struct visits *)arg;
  for (int i = 0; i < 3; i++) {
    v->random = v->random * 1664525u + 1013904223u;
    CHECK(gl_switch(v->all[v->random / 1000 % SOME], NULL, NULL) == GL_OK);
  }
  return GL_OK;
}
static void *works(void *seed) {
  struct visits *v = (struct visits *)malloc(sizeof *v);
  gl_stack *shared = new_stack();
  v->random = (uint32_t)(uintptr_t)seed;
  for (int i = 0; i < SOME; i++) v->all[i] = make_on(i % 3 ? thread_stack() : shared, waits, V(number(seed) + i));
  for (unsigned turn = 0; turn < 300; turn++) CHECK(dive(v->random % 30000, turn, visit_some, v, NULL) == GL_OK);
  for (int i = 0; i < SOME; i++) gl_release(v->all[i]);
  gl_stack_release(shared), free(v);
  return NULL;
}
// rules 6, 17: threads at the same time, each with stacks of its own
TEST(threads_do_not_disturb_each_other) {
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, works, V(i * 1000 + 1)) == 0);
  works(V(9));
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  CHECK(nothing_left());
}

static gl_stack *(*choose)(void);
static gl_greenlet *left[SOME];
static void leaves_some(UNUSED void *arg) {
  gl_stack *stack = choose();
  for (int i = 0; i < SOME; i++) {
    gl_options options = {.size = sizeof options, .run = waits, .data = V(i + 1), .drop = note_drop, .stack = stack};
    left[i] = new_with(&options);
    if (i > 0) CHECK(gl_switch(left[i], NULL, NULL) == GL_OK); /* the first one stays unstarted */
  }
  CHECK(gl_switch(left[2], NULL, NULL) == GL_OK);
  if (stack != gl_stack_thread()) gl_stack_release(stack);
}
static void expired(void) {
  const char *each[] = {"drop 1", "drop 2", "drop 3", "drop 4", "drop 5", "drop 6"};
  for (int i = 0; i < SOME; i++) {
    CHECK(strstr(events, each[i]));
    CHECK(gl_state(left[i]) == GL_DEAD && gl_switch(left[i], NULL, NULL) == GL_EEXPIRED);
    gl_release(left[i]);
  }
  CHECK(strlen(events) == SOME * 7 - 1);
  events[0] = 0;
  CHECK(nothing_left());
}
// rule 19: suspended ones are leaked and dropped, and the memory of their bytes is given back
TEST(a_threads_end_drops_those_that_wait) {
  gl_stack *(*const choices[])(void) = {new_stack, thread_stack};
  for (int i = 0; i < 2; i++) {
    const uint64_t leaked = stats().leaked;
    choose = choices[i];
    on_a_thread(leaves_some, NULL);
    CHECK(stats().leaked == leaked + SOME - 1);
    expired();
  }
}

static gl_status exit_thread(UNUSED void *arg, UNUSED void **received) { pthread_exit(V(7)); }
static void *exits_over_their_place(UNUSED void *arg) {
  leaves_some(NULL);
  dive(100000, 1, exit_thread, NULL, NULL);
  return NULL;
}
// rule 19: main ends its thread from frames that lie over the place of those that wait
TEST(main_exits_over_their_place) {
  const uint64_t leaked = stats().leaked;
  pthread_t thread;
  void *result = NULL;
  choose = thread_stack;
  CHECK(pthread_create(&thread, NULL, exits_over_their_place, NULL) == 0 && pthread_join(thread, &result) == 0);
  CHECK(result == V(7) && stats().leaked == leaked + SOME - 1);
  expired();
}

static gl_status kept_status;
static void start_late(void *unused) {
  (void)unused;
  gl_greenlet *g = gl_new(identity, NULL);
  kept_status = gl_switch(g, NULL, NULL);
  gl_release(g);
}
static gl_key key;
static void leaves_one_whose_drop_starts_another(UNUSED void *arg) {
  gl_options options = {.size = sizeof options, .run = waits, .drop = start_late, .stack = thread_stack()};
  left[0] = new_with(&options);
  CHECK(gl_set_local(left[0], key, V(3)) == GL_OK && gl_switch(left[0], NULL, NULL) == GL_OK);
}
// rules 19, 26, 28: the drops at a thread's end are callbacks as any
TEST(drops_at_a_threads_end_may_not_switch) {
  CHECK(gl_key_new(&key, note_drop) == GL_OK);
  on_a_thread(leaves_one_whose_drop_starts_another, NULL);
  CHECK(kept_status == GL_EBUSY && happened("drop 3"));
  gl_release(left[0]);
  CHECK(nothing_left());
}

static void leaves_one_that_is_discarded(UNUSED void *arg) {
  gl_options options = {.size = sizeof options, .run = waits, .data = V(1), .drop = note_drop, .stack = choose(), .flags = GL_DISCARD};
  left[0] = new_with(&options);
  CHECK(gl_switch(left[0], NULL, NULL) == GL_OK);
  if (options.stack != gl_stack_thread()) gl_stack_release(options.stack);
}
// rules 19, 21: with GL_DISCARD they are no leaks
TEST(discarded_at_a_threads_end) {
  gl_stack *(*const choices[])(void) = {new_stack, thread_stack};
  const uint64_t leaked = stats().leaked;
  for (int i = 0; i < 2; i++) {
    choose = choices[i];
    on_a_thread(leaves_one_that_is_discarded, NULL);
    CHECK(happened("drop 1"));
    gl_release(left[0]);
  }
  CHECK(stats().leaked == leaked);
  CHECK(nothing_left());
}
