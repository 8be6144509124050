/* SPDX-License-Identifier: MIT */
/* gl_backtrace(): where a greenlet waits, without a trace of the question. */
#include "../stacks/stacks.h"
#include <errno.h>
#include <fenv.h>
#include <pthread.h>

enum { MOST = 200, DEPTH = 9 };
typedef struct {
  void *pcs[MOST];
  int count;
} frames;
static void look_at(frames *f, const gl_greenlet *g) { f->count = gl_backtrace(g, f->pcs, MOST); }
static bool same(const frames *a, const frames *b) {
  return a->count == b->count && a->count > 0 && !memcmp(a->pcs, b->pcs, (size_t)a->count * sizeof *a->pcs);
}

/* Waits below frames that need their frame pointers. */
static gl_status wait_below(int depth) __attribute__((section("of_wait_below")));
static gl_status (*volatile call_wait_below)(int depth) = wait_below; /* else compilers make clones */
extern const char __start_of_wait_below[], __stop_of_wait_below[];
static gl_status wait_below(int depth) {
  volatile char *bytes = (volatile char *)alloca((size_t)(100 + depth * 10));
  bytes[0] = (char)depth, bytes[99] = 5;
  gl_status status = depth > 1 ? call_wait_below(depth - 1) : gl_switch(gl_main(), NULL, NULL);
  CHECK(bytes[0] == depth && bytes[99] == 5);
  return status;
}
static int times_waiting(const frames *f) {
  int n = 0;
  for (int i = 0; i < f->count; i++)
    n += (const char *)f->pcs[i] > __start_of_wait_below && (const char *)f->pcs[i] <= __stop_of_wait_below;
  return n;
}
BODY(waits) {
  gl_status status = GL_OK;
  while (status == GL_OK) status = call_wait_below(number(data));
  return status;
}

TEST_ON_STACKS(frames_of_a_suspended_one) {
  gl_greenlet *all[4];
  frames first, again;
  for (int i = 0; i < 4; i++) all[i] = make(i, waits, V(DEPTH + i));
  for (int i = 0; i < 4; i++) CHECK(gl_switch(all[i], NULL, NULL) == GL_OK);
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 4; i++) { /* in place and moved out */
      look_at(&first, all[i]), look_at(&again, all[i]);
      CHECK(same(&first, &again) && times_waiting(&first) == DEPTH + i);
      CHECK(first.count >= DEPTH + i + 2 && first.count < DEPTH + i + 8); /* the body, what called it, and what gl_switch() called */
    }
    for (int i = 0; i < 4; i++) CHECK(gl_switch(all[(i + round) % 4], NULL, NULL) == GL_OK);
  }
  for (int i = 0; i < 4; i++) gl_release(all[i]);
}

BODY(looks_at_main) {
  gl_status status = GL_OK;
  while (status == GL_OK) look_at((frames *)data, gl_main()), status = gl_switch(gl_main(), NULL, NULL);
  return status;
}
static __attribute__((noinline)) gl_status switch_from_below(int depth, gl_greenlet *g) {
  volatile char *bytes = (volatile char *)alloca((size_t)(50 + depth));
  bytes[0] = 1;
  gl_status status = depth ? switch_from_below(depth - 1, g) : gl_switch(g, NULL, NULL);
  bytes[0] = 2;
  return status;
}
/* Of main, also where the upper part of its bytes is in place and the lower is not. */
#if defined(__OPTIMIZE__) && !defined(_WIN32) && (defined(__x86_64__) || defined(__aarch64__) || defined(__riscv))
enum { OWN_FRAMES = 0 };
#else
enum { OWN_FRAMES = 8 };
#endif
static frames own, seen;
static int seen_from(int depth, gl_greenlet *g) {
  seen.count = 0;
  CHECK(switch_from_below(depth, g) == GL_OK);
  CHECK(seen.count > 0 && seen.pcs[seen.count - 1] == own.pcs[own.count - 1]);
  return seen.count;
}
TEST_ON_STACKS(frames_of_main) {
  gl_greenlet *high = make(0, looks_at_main, &seen), *low = make(0, looks_at_main, &seen);
  look_at(&own, gl_main());
  CHECK(own.count > 0);
  const int count = seen_from(0, high);
  CHECK(seen_from(20, low) >= count - OWN_FRAMES);
  for (int i = 0; i < 10; i++) {
    int again = seen_from(0, high); /* without sibling calls, the library's own frames on the way differ */
    CHECK(again >= count - OWN_FRAMES && again <= count + OWN_FRAMES);
    CHECK(seen_from(i, low) >= count - OWN_FRAMES && seen_from(2 * i, high) >= count - OWN_FRAMES);
  }
  gl_release(high), gl_release(low);
}

static frames of_itself;
BODY(looks_at_itself) {
  look_at(&of_itself, gl_current());
  return GL_OK;
}
TEST_ON_STACKS(frames_of_the_current_one) {
  gl_greenlet *g = make(0, looks_at_itself, NULL);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK && of_itself.count >= 2 && of_itself.count <= 4);
  gl_release(g);
}

TEST(unstarted_and_dead_ones_have_no_frames) {
  void *pcs[8];
  gl_greenlet *g = gl_new(identity, NULL);
  CHECK(gl_backtrace(g, pcs, 8) == 0);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK && gl_backtrace(g, pcs, 8) == 0);
  gl_release(g);
}

TEST(no_more_are_stored_than_there_is_room_for) {
  frames all;
  void *few[MOST];
  gl_greenlet *g = gl_new(waits, V(DEPTH));
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  look_at(&all, g);
  for (int max = 0; max <= all.count; max++) {
    memset(few, 0, sizeof few);
    CHECK(gl_backtrace(g, few, max) == max && !memcmp(few, all.pcs, (size_t)max * sizeof *few) && few[max] == NULL);
  }
  gl_release(g);
}

static gl_greenlet *of_a_thread;
static void *look_from_elsewhere(UNUSED void *data) {
  void *pcs[8];
  CHECK(gl_backtrace((gl_greenlet *)data, pcs, 8) == GL_ETHREAD);
  of_a_thread = gl_new(waits, V(1));
  CHECK(gl_backtrace((gl_greenlet *)data, pcs, 8) == GL_ETHREAD);
  return NULL;
}
TEST(errors) {
  void *pcs[8];
  pthread_t thread;
  gl_greenlet *g = gl_new(waits, V(1));
  CHECK(gl_backtrace(NULL, pcs, 8) == GL_EINVAL && gl_backtrace(g, NULL, 8) == GL_EINVAL && gl_backtrace(g, pcs, -1) == GL_EINVAL);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(pthread_create(&thread, NULL, look_from_elsewhere, g) == 0 && pthread_join(thread, NULL) == 0);
  CHECK(gl_backtrace(of_a_thread, pcs, 8) == GL_EEXPIRED);
  gl_release(of_a_thread), gl_release(g);
  gl_realm *realm = gl_realm_new();
  CHECK(gl_backtrace(gl_realm_main(realm), pcs, 8) == GL_ENOTSUP);
  gl_realm_release(realm);
  CHECK(all_gone());
}

static int calls;
static void count_event(UNUSED void *user, UNUSED int what, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) { calls++; }
static void count_exchange(UNUSED void *user, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) { calls++; }
TEST_ON_STACKS(nobody_notices) {
  gl_greenlet *all[4];
  frames f;
  for (int i = 0; i < 4; i++) all[i] = make(i, waits, V(DEPTH));
  for (int i = 0; i < 4; i++) CHECK(gl_switch(all[i], NULL, NULL) == GL_OK);
  CHECK(gl_trace_add(count_event, NULL) == GL_OK && gl_hook_add(count_exchange, NULL) == GL_OK);
  const gl_stats before = stats();
  calls = 0, errno = 77;
  fesetround(FE_UPWARD);
  for (int i = 0; i < 4; i++) look_at(&f, all[i]);
  CHECK(calls == 0 && errno == 77 && fegetround() == FE_UPWARD && gl_current() == gl_main());
  CHECK(stats().slice_bytes == before.slice_bytes);
  fesetround(FE_TONEAREST);
  CHECK(gl_trace_remove(count_event, NULL) == GL_OK && gl_hook_remove(count_exchange, NULL) == GL_OK);
  for (int i = 0; i < 4; i++) {
    CHECK(gl_state(all[i]) == GL_SUSPENDED && gl_switch(all[i], NULL, NULL) == GL_OK);
    gl_release(all[i]);
  }
}

/* Rule 26: allowed in callbacks. */
static int found;
static int look_and_count(UNUSED void *user, gl_greenlet *g) {
  frames f;
  look_at(&f, g);
  found += times_waiting(&f) == DEPTH;
  return f.count <= 0;
}
static void look_around(UNUSED void *user, UNUSED int what, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) {
  CHECK(gl_foreach(look_and_count, NULL) == 0);
}
static void look_around_in_drop(UNUSED void *data) { look_around(NULL, 0, NULL, NULL); }
TEST_ON_STACKS(in_callbacks) {
  gl_greenlet *a = make(0, waits, V(DEPTH)), *b = make(1, waits, V(DEPTH));
  gl_greenlet *dropping = NEW(.run = identity, .stack = stack_of(2), .drop = look_around_in_drop);
  CHECK(gl_switch(a, NULL, NULL) == GL_OK && gl_switch(b, NULL, NULL) == GL_OK);
  found = 0;
  CHECK(gl_foreach(look_and_count, NULL) == 0 && found == 2);
  CHECK(gl_trace_add(look_around, NULL) == GL_OK);
  found = 0;
  CHECK(gl_switch(a, NULL, NULL) == GL_OK && found == 4); /* there and back */
  CHECK(gl_trace_remove(look_around, NULL) == GL_OK);
  found = 0;
  CHECK(gl_switch(dropping, NULL, NULL) == GL_OK && found == 2);
  gl_release(a), gl_release(b), gl_release(dropping);
}

/* In a hook the current one has not arrived yet, and the one that leaves is not where it was last left. */
static void look_in_hook(UNUSED void *user, gl_greenlet *from, gl_greenlet *to) {
  void *pcs[8];
  CHECK(gl_backtrace(from, pcs, 8) == GL_EBUSY && gl_backtrace(to, pcs, 8) == GL_EBUSY);
  calls++;
}
TEST_ON_STACKS(in_hooks_it_is_refused) {
  gl_greenlet *a = make(0, waits, V(DEPTH)), *b = make(0, waits, V(DEPTH));
  CHECK(gl_hook_add(look_in_hook, NULL) == GL_OK);
  calls = 0;
  for (int i = 0; i < 2; i++) CHECK(gl_switch(a, NULL, NULL) == GL_OK && gl_switch(b, NULL, NULL) == GL_OK);
  CHECK(gl_hook_remove(look_in_hook, NULL) == GL_OK && calls == 8);
  gl_release(a), gl_release(b);
}

/* Rule 14: what comes back from a kill by the library is dropped on the way, when the killer is current and has not arrived. */
static gl_greenlet *third;
static void look_on_the_way(UNUSED void *value) {
  void *pcs[8];
  CHECK(gl_backtrace(third, pcs, 8) == GL_EBUSY && gl_backtrace(gl_current(), pcs, 8) == GL_EBUSY);
  calls++;
}
BODY(answers_a_kill_from_elsewhere) {
  CHECK(gl_switch(gl_main(), NULL, NULL) == GL_KILLED);
  gl_switch(third, NULL, NULL);
  return GL_KILLED;
}
BODY(returns_to_main) {
  CHECK(gl_switch(gl_main(), V(5), NULL) == GL_OK); /* waits once, so that it has a place where it was last left */
  return gl_switch(gl_main(), V(6), NULL);
}
TEST(on_the_way_it_is_refused) {
  third = new_private(returns_to_main, NULL);
  gl_greenlet *victim = NEW(.run = answers_a_kill_from_elsewhere, .drop_result = look_on_the_way);
  CHECK(gl_switch(third, NULL, NULL) == GL_OK && gl_switch(victim, NULL, NULL) == GL_OK);
  calls = 0;
  gl_release(victim); /* third gives main a value that main does not wait for */
  CHECK(calls == 1);
  CHECK(gl_switch(victim, NULL, NULL) == GL_OK); /* it was leaked, and ends now */
  gl_release(third);
  CHECK(all_gone());
}
