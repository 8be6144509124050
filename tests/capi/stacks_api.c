/* SPDX-License-Identifier: MIT */
/* Rules 4, 25, 30 and 32: what can be asked of stacks. */
#include "partner.h"

// rule 30
TEST(stack_calls_take_NULL) {
  CHECK(gl_stack_retain(NULL) == NULL);
  gl_stack_release(NULL), gl_prefetch(NULL);
  void *low = V(1), *high = V(2);
  CHECK(gl_stack_bounds(NULL, &low, &high) == GL_EINVAL && low == V(1) && high == V(2));
}

static bool no_bounds(const gl_greenlet *g) {
  void *low = V(1), *high = V(2);
  return gl_stack_bounds(g, &low, &high) == GL_ENOTSUP && low == V(1) && high == V(2);
}
// rule 32: none for one that has no stack: unstarted, dead, hosted
TEST(stack_bounds_of_one_without_a_stack_are_ENOTSUP) {
  struct family own;
  make_family(&own);
  gl_realm *realm = gl_realm_new();
  gl_greenlet *hosted = NEW(.parent = gl_realm_main(realm), .flags = GL_HOSTED);
  gl_delivery out;
  CHECK(no_bounds(own.unstarted) && no_bounds(own.dead) && no_bounds(hosted) && no_bounds(gl_realm_main(realm)));
  CHECK(gl_host_switch(realm, hosted, NULL, &out) == GL_OK && no_bounds(hosted));
  CHECK(gl_host_end(realm, GL_OK, NULL, &out) == GL_OK && no_bounds(hosted));
  gl_release(hosted), gl_realm_release(realm);
  release_family(&own);
  CHECK(all_gone());
}

struct bounds {
  void *low, *high;
};
BODY(tells_its_bounds) {
  struct bounds *b = data;
  CHECK(gl_stack_bounds(gl_current(), &b->low, &b->high) == GL_OK);
  CHECK(frame_within(b->low, b->high));
  return to_parent(NULL, NULL);
}
// rules 25, 32: the running and the suspended, on stacks of the kind that was asked for
TEST(stack_bounds_hold_the_frames) {
  struct bounds in[2], out[2];
  gl_greenlet *g[2];
  for (int i = 0; i < 2; i++) {
    g[i] = gl_new(tells_its_bounds, &in[i]), gl_switch(g[i], NULL, NULL);
    CHECK(gl_stack_bounds(g[i], &out[i].low, &out[i].high) == GL_OK);
    CHECK(in[i].low == out[i].low && in[i].high == out[i].high);
    CHECK(frame_within(in[i].low, in[i].high) == stacks_are("thread"));
    CHECK(!stacks_are("small") || (char *)in[i].high - (char *)in[i].low < 32 * 1024);
  }
  if (stacks_are_private()) CHECK((char *)in[0].high <= (char *)in[1].low || (char *)in[1].high <= (char *)in[0].low);
  else CHECK(in[0].low == in[1].low && in[0].high == in[1].high);
  gl_release(g[0]), gl_release(g[1]);
  CHECK(all_gone());
}

// rule 30: either end may not be NULL
TEST(stack_bounds_refuse_NULL_ends) {
  struct bounds b = {V(1), V(2)};
  gl_greenlet *g = gl_new(echo, NULL);
  gl_switch(g, NULL, NULL);
  CHECK(gl_stack_bounds(g, NULL, &b.high) == GL_EINVAL && gl_stack_bounds(g, &b.low, NULL) == GL_EINVAL);
  CHECK(b.low == V(1) && b.high == V(2));
  gl_release(g);
  CHECK(all_gone());
}

static void bounds_of_main_hold_its_frames(UNUSED void *arg) {
  struct bounds b = {NULL, NULL};
  CHECK(gl_stack_bounds(gl_main(), &b.low, &b.high) == GL_OK);
  CHECK(frame_within(b.low, b.high));
}
// rule 32: main has the stack of its thread
TEST(stack_bounds_of_main_are_the_threads) {
  bounds_of_main_hold_its_frames(NULL);
  on_a_thread(bounds_of_main_hold_its_frames, NULL);
}

enum { PAGE = 4096 };
BODY(uses_all_of_it) {
  struct bounds b = {NULL, NULL};
  CHECK(gl_stack_bounds(gl_current(), &b.low, &b.high) == GL_OK);
  const size_t size = (size_t)((char *)b.high - (char *)b.low);
  CHECK(size + 1024 >= (size_t)(intptr_t)data); /* the library may keep a little at the top */
  CHECK((uintptr_t)b.low % PAGE == 0);
  /* Down to the lowest byte, from below this frame and what signals and sanitizers keep there. */
  volatile char *p = (char *)__builtin_frame_address(0) - 2048;
  for (; p > (char *)b.low; p -= 512) *p = 1;
  *(volatile char *)b.low = 1;
  return GL_OK;
}
// rule 25: every byte between the bounds may be used; sizes are at least as asked, 256 KiB without asking
TEST(stacks_are_as_large_as_asked) {
  const size_t sizes[] = {0, 1, PAGE, PAGE + 1, 100000, 1 << 20, 8 << 20};
  for (size_t i = !stacks_are("private"); i < sizeof sizes / sizeof *sizes; i++) {
    gl_greenlet *g = NEW(.run = uses_all_of_it, .data = V(sizes[i] ? sizes[i] : 256 * 1024), .stack_size = sizes[i]);
    CHECK(gl_switch(g, NULL, NULL) == GL_OK && gl_state(g) == GL_DEAD);
    gl_release(g);
  }
  CHECK(all_gone());
}

// rule 25: so is each of many, wherever its top lies
TEST(each_of_many_stacks_is_as_large_as_asked) {
  enum { MANY = 64, SIZE = 16 * 1024 };
  gl_greenlet *g[MANY];
  struct bounds b = {NULL, NULL};
  for (int i = 0; i < MANY; i++) {
    g[i] = NEW(.run = echo, .stack_size = SIZE);
    gl_switch(g[i], NULL, NULL);
    CHECK(gl_stack_bounds(g[i], &b.low, &b.high) == GL_OK && (char *)b.high - (char *)b.low + 1024 >= SIZE);
  }
  for (int i = 0; i < MANY; i++) gl_release(g[i]);
  CHECK(all_gone());
}

// rule 4: an ended one's stack is used again by the next
TEST(stacks_are_cached) {
  gl_trim();
  uint64_t mapped = stats().stacks_mapped;
  for (int i = 0; i < 100; i++) {
    gl_greenlet *g = new_private(identity, NULL);
    gl_switch(g, NULL, NULL), gl_release(g);
    CHECK(stats().stacks_mapped == mapped + 1);
  }
  CHECK(all_gone());
}

BODY(trims) {
  gl_greenlet *g = new_private(identity, NULL);
  gl_switch(g, NULL, NULL), gl_release(g);
  CHECK(gl_trim() > 0 && gl_trim() == 0);
  return to_parent(NULL, NULL);
}
// rule 4: gl_trim() gives back what nobody runs on, also when called inside a greenlet
TEST(trim_spares_stacks_in_use) {
  gl_greenlet *a = new_private(trims, NULL), *b = new_private(echo, NULL);
  gl_switch(b, NULL, NULL), gl_switch(a, NULL, NULL);
  gl_trim();
  void *received = NULL;
  CHECK(gl_switch(b, V(1), &received) == GL_OK && received == V(1));
  CHECK(gl_switch(a, NULL, NULL) == GL_OK && gl_state(a) == GL_DEAD);
  gl_release(a), gl_release(b);
  CHECK(gl_trim() > 0 && stats().stacks_cached == 0);
  CHECK(all_gone());
}

static void trim_nothing(UNUSED void *arg) { CHECK(gl_trim() == 0); }
// rule 4: a thread's cache is its own; one that never used the library has none
TEST(trim_is_for_the_calling_thread) {
  gl_greenlet *g = new_private(identity, NULL);
  gl_switch(g, NULL, NULL), gl_release(g);
  on_a_thread(trim_nothing, NULL);
  CHECK(gl_trim() > 0);
  CHECK(all_gone());
}

// rule 30: a hint for any greenlet changes nothing
TEST(prefetch_takes_any_greenlet) {
  struct family own;
  make_family(&own);
  gl_realm *realm = gl_realm_new();
  gl_greenlet *all[] = {own.main, own.unstarted, own.suspended, own.dead, gl_realm_main(realm)};
  for (int i = 0; i < 5; i++) {
    int state = gl_state(all[i]);
    gl_prefetch(all[i]);
    CHECK(gl_state(all[i]) == state);
  }
  gl_realm_release(realm), release_family(&own);
  CHECK(all_gone());
}

// rule 32: where shared stacks do not exist, asking for them says so
TEST(shared_stacks_work_or_say_no) {
  gl_stack *stack = gl_stack_new(1 << 20);
  gl_greenlet *g = NULL;
  static char not_a_stack[64];
  gl_options options = {.size = sizeof options, .run = identity, .stack = stack ? stack : (gl_stack *)not_a_stack};
  CHECK(gl_new_with(&options, &g) == (stack ? GL_OK : GL_ENOTSUP));
  void *received = NULL;
  if (g) CHECK(gl_switch(g, V(4), &received) == GL_OK && received == V(4));
  gl_release(g), gl_stack_release(stack);
  CHECK(all_gone());
}

// rule 32: so for the thread's own, which is borrowed and always the same
TEST(own_stack_works_or_says_no) {
  gl_stack *stack = gl_stack_thread();
  CHECK(gl_stack_thread() == stack);
  if (!stack) return;
  void *received = NULL;
  gl_greenlet *g = NEW(.run = identity, .stack = stack);
  CHECK(gl_switch(g, V(4), &received) == GL_OK && received == V(4));
  gl_release(g);
  CHECK(all_gone());
}
