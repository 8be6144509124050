/* SPDX-License-Identifier: MIT */
/* Which thread a stack serves, and how long it lives (rules 30, 31, 32 and 34). */
#include "partner.h"
#include "stacks.h"

/* Jobs for the other thread, on these. */
static gl_stack *stack;
static gl_greenlet *g;
static gl_status status;

static gl_status try_new(gl_greenlet *parent) {
  const gl_options options = {.size = sizeof options, .run = identity, .stack = stack, .parent = parent};
  gl_greenlet *out = V(9);
  gl_status answer = gl_new_with(&options, &out);
  CHECK((answer == GL_OK) == (out != V(9)));
  if (answer == GL_OK) g = out;
  return answer;
}
static void new_there(UNUSED void *arg) { status = try_new(NULL); }
static void switch_there(UNUSED void *arg) {
  void *received = V(9);
  status = gl_switch(g, V(1), &received);
  CHECK(received == (status == GL_OK ? V(1) : V(9)));
}
static void release_there(UNUSED void *arg) { gl_release(g); }
static void use_up(gl_stack *of) {
  gl_greenlet *first = make_on(of, identity, NULL);
  CHECK(gl_switch(first, NULL, NULL) == GL_OK);
  gl_release(first);
}

// rule 32: used here, it cannot be had by a new greenlet of another thread, whoever makes it
TEST(a_used_stack_is_refused_to_other_threads) {
  struct partner other;
  struct family theirs;
  partner_start(&other), partner_do(&other, make_family, &theirs);
  stack = new_stack(), use_up(stack);
  partner_do(&other, new_there, NULL);
  CHECK(status == GL_ETHREAD);
  CHECK(try_new(theirs.main) == GL_ETHREAD && try_new(theirs.suspended) == GL_ETHREAD);
  CHECK(try_new(NULL) == GL_OK && gl_switch(g, NULL, NULL) == GL_OK);
  gl_release(g), gl_stack_release(stack);
  partner_do(&other, release_family, &theirs), partner_end(&other);
  CHECK(nothing_left());
}

static void make_main(void *main) { *(gl_greenlet **)main = gl_main(); }
// rule 32: made before it was used, one is refused at its start, stays unstarted, and can be started where it belongs
TEST(a_start_on_another_threads_stack_is_refused) {
  struct partner other;
  gl_greenlet *their_main = NULL;
  partner_start(&other), partner_do(&other, make_main, &their_main);
  stack = new_stack();
  partner_do(&other, new_there, NULL);
  CHECK(status == GL_OK);
  use_up(stack); /* now it is ours */
  partner_do(&other, switch_there, NULL);
  CHECK(status == GL_ETHREAD && gl_state(g) == GL_UNSTARTED);
  partner_do(&other, switch_there, NULL);
  CHECK(status == GL_ETHREAD && gl_state(g) == GL_UNSTARTED);

  struct partner_call move = {.g = g, .parent = gl_main()};
  partner_do(&other, call_set_parent, &move);
  CHECK(move.status == GL_OK);
  switch_there(NULL);
  CHECK(status == GL_OK && gl_state(g) == GL_DEAD);
  gl_release(g), gl_stack_release(stack), partner_end(&other);
  CHECK(nothing_left());
}

// rule 32: one that moves away from the thread of its stack
TEST(one_that_moved_away_from_its_stack_is_refused) {
  struct partner other;
  gl_greenlet *their_main = NULL;
  gl_stack *const kinds[] = {new_stack(), thread_stack()};
  partner_start(&other), partner_do(&other, make_main, &their_main);
  for (int i = 0; i < 2; i++) {
    stack = kinds[i], use_up(stack);
    CHECK(try_new(NULL) == GL_OK && gl_set_parent(g, their_main) == GL_OK);
    partner_do(&other, switch_there, NULL);
    CHECK(status == GL_ETHREAD && gl_state(g) == GL_UNSTARTED);
    partner_do(&other, release_there, NULL);
  }
  gl_stack_release(kinds[0]), partner_end(&other);
  CHECK(nothing_left());
}

static void use_stack_there(UNUSED void *arg) { use_up(stack); }
// rule 32: not the thread that makes it counts, but the first that starts a greenlet on it
TEST(a_stack_serves_who_uses_it_first) {
  struct partner other;
  partner_start(&other);
  stack = new_stack();
  CHECK(try_new(NULL) == GL_OK);
  partner_do(&other, use_stack_there, NULL);
  switch_there(NULL);
  CHECK(status == GL_ETHREAD && gl_state(g) == GL_UNSTARTED);
  gl_release(g);
  CHECK(try_new(NULL) == GL_ETHREAD);
  partner_end(&other), gl_stack_release(stack);
  CHECK(nothing_left());
}

// rules 5, 32: an outcome cannot start an ancestor there: it dies unrun, and its ancestor gets GL_THROWN with NULL
TEST(an_ancestor_on_another_threads_stack_dies_unrun) {
  struct partner other;
  partner_start(&other);
  stack = new_stack();
  CHECK(try_new(NULL) == GL_OK);
  partner_do(&other, use_stack_there, NULL);
  void *received = V(9);
  gl_greenlet *child = child_of(g, identity, NULL);
  CHECK(gl_switch(child, V(3), &received) == GL_THROWN && received == NULL);
  CHECK(gl_state(g) == GL_DEAD && gl_state(child) == GL_DEAD);
  gl_release(child), gl_release(g);
  partner_end(&other), gl_stack_release(stack);
  CHECK(nothing_left());
}

static void tell_thread_stack(UNUSED void *arg) { stack = gl_stack_retain(gl_stack_thread()); }
static gl_greenlet *main_of_the_test;
static void make_for_main(UNUSED void *arg) {
  tell_thread_stack(NULL);
  CHECK(try_new(NULL) == GL_OK && gl_set_parent(g, main_of_the_test) == GL_OK);
}
// rule 32: known when it is made, whoever makes it
TEST(the_stack_of_another_thread_is_refused) {
  struct partner other;
  partner_start(&other), partner_do(&other, tell_thread_stack, NULL);
  CHECK(stack && stack != gl_stack_thread());
  CHECK(try_new(NULL) == GL_ETHREAD);
  partner_do(&other, new_there, NULL);
  CHECK(status == GL_OK);
  partner_do(&other, switch_there, NULL);
  CHECK(status == GL_OK);
  partner_do(&other, release_there, NULL), gl_stack_release(stack), partner_end(&other);
  CHECK(nothing_left());
}

// rule 32: of an ended one: known when it is made, else at the start
TEST(the_stack_of_an_ended_thread_is_expired) {
  struct partner other;
  main_of_the_test = gl_main();
  partner_start(&other), partner_do(&other, make_for_main, NULL), partner_end(&other);
  switch_there(NULL);
  CHECK(status == GL_EEXPIRED && gl_state(g) == GL_UNSTARTED);
  CHECK(gl_kill(g, NULL) == GL_OK);
  gl_release(g);
  CHECK(try_new(NULL) == GL_EEXPIRED);
  gl_stack_release(stack);
  CHECK(nothing_left());
}

// rule 32: a shared one stays with the thread that used it first, even when that has ended
TEST(a_stack_used_by_an_ended_thread_is_refused) {
  stack = new_stack();
  on_a_thread(use_stack_there, NULL);
  CHECK(try_new(NULL) == GL_ETHREAD);
  gl_stack_release(stack);
  CHECK(nothing_left());
}

static void release_stack(void *of) { gl_stack_release((gl_stack *)of); }
static void retain_stack(void *of) { CHECK(gl_stack_retain((gl_stack *)of) == of); }
// rule 30: handles go from thread to thread
TEST(stack_handles_work_from_any_thread) {
  CHECK(gl_stack_retain(NULL) == NULL);
  gl_stack_release(NULL);
  stack = new_stack(), use_up(stack);
  on_a_thread(retain_stack, stack), gl_stack_release(stack);
  CHECK(try_new(NULL) == GL_OK && gl_switch(g, NULL, NULL) == GL_OK);
  gl_release(g), on_a_thread(release_stack, stack);
  CHECK(nothing_left());
}

BODY(waits) { return dive(3000, 1, to_main, NULL, NULL); }
BODY(releases_its_stack) {
  gl_stack_release(data);
  return dive(3000, 2, to_main, NULL, NULL);
}
// rule 32: greenlets keep the stack that they run on, those that wait and those that are yet to start
TEST(a_stack_lives_as_long_as_its_greenlets) {
  stack = new_stack();
  gl_greenlet *a = make_on(stack, waits, NULL), *b = make_on(stack, waits, NULL), *c = make_on(stack, waits, NULL);
  CHECK(gl_switch(a, NULL, NULL) == GL_OK && gl_switch(b, NULL, NULL) == GL_OK);
  gl_stack_release(stack);
  CHECK(gl_switch(a, NULL, NULL) == GL_OK && gl_switch(c, NULL, NULL) == GL_OK && gl_switch(b, NULL, NULL) == GL_OK);
  gl_release(a), gl_release(b);
  CHECK(gl_switch(c, NULL, NULL) == GL_OK && gl_state(c) == GL_DEAD);
  gl_release(c);
  CHECK(nothing_left());
}

// rule 32: the last handle of the stack goes in the greenlet that runs on it, and the stack with that one's end
TEST(a_stack_is_released_by_who_runs_on_it) {
  for (int i = 0; i < 20; i++) {
    g = make_on(NULL, never, NULL), gl_release(g);
    stack = new_stack(), g = make_on(stack, releases_its_stack, stack);
    CHECK(gl_switch(g, NULL, NULL) == GL_OK);
    if (i % 2) CHECK(gl_switch(g, NULL, NULL) == GL_OK && gl_state(g) == GL_DEAD);
    gl_release(g);
  }
  CHECK(nothing_left());
}

BODY(ends_into_data) {
  gl_stack_release(data);
  return GL_OK;
}
// rules 4, 32: a stack that goes with an end is left before it is unmapped
TEST(a_stack_goes_with_the_end_of_its_last) {
  for (int i = 0; i < 100; i++) {
    stack = new_stack(), g = make_on(stack, ends_into_data, stack);
    gl_greenlet *child = child_of(g, never, NULL); /* keeps a handle on it longer than the test does */
    CHECK(gl_switch(g, NULL, NULL) == GL_OK && gl_state(g) == GL_DEAD);
    gl_release(g), gl_release(child);
  }
  CHECK(nothing_left());
}

// rules 31, 34
TEST(a_stack_goes_with_no_size_and_no_host) {
  stack = new_stack();
  gl_realm *realm = gl_realm_new();
  const gl_options sized = {.size = sizeof sized, .run = never, .stack = stack, .stack_size = 65536};
  const gl_options hosted = {.size = sizeof hosted, .run = never, .stack = stack, .parent = gl_realm_main(realm), .flags = GL_HOSTED};
  gl_greenlet *out = V(9);
  CHECK(gl_new_with(&sized, &out) == GL_EINVAL && out == V(9));
  CHECK(gl_new_with(&hosted, &out) == GL_EINVAL && out == V(9));
  gl_realm_release(realm), gl_stack_release(stack);
  CHECK(nothing_left());
}

BODY(uses_its_stack) {
  void *low = NULL, *high = NULL;
  CHECK(gl_stack_bounds(gl_current(), &low, &high) == GL_OK && frame_within(low, high));
  CHECK((size_t)((char *)high - (char *)low) + 1024 >= (size_t)(uintptr_t)data);
  const size_t room = (size_t)((char *)__builtin_frame_address(0) - (char *)low), bytes = room > 40000 ? room - 24000 : room / 4;
  unsigned char *pattern = alloca(bytes);
  fill(pattern, bytes, 5);
  CHECK(to_main(NULL, NULL) == GL_OK && intact(pattern, bytes, 5));
  return GL_OK;
}
// rules 25, 32: at least what was asked for, all of it usable
TEST(shared_stacks_are_as_large_as_asked) {
  const size_t sizes[] = {0, 1, 4096, 20000, 1 << 20, UNDER_VALGRIND ? 1 : 16 << 20 /* it takes so large a frame for another stack */};
  for (int i = 0; i < 6; i++) {
    stack = gl_stack_new(sizes[i]);
    CHECK(stack != NULL);
    g = make_on(stack, uses_its_stack, V(sizes[i] ? sizes[i] : 1));
    gl_greenlet *other = make_on(stack, echo, NULL);
    CHECK(gl_switch(g, NULL, NULL) == GL_OK && gl_switch(other, NULL, NULL) == GL_OK && gl_switch(g, NULL, NULL) == GL_OK);
    CHECK(gl_state(g) == GL_DEAD);
    gl_release(g), gl_release(other), gl_stack_release(stack);
  }
  CHECK(gl_stack_new(NO_SUCH_STACK) == NULL && gl_stack_new(SIZE_MAX) == NULL && gl_stack_new(SIZE_MAX - 4096) == NULL);
  CHECK(nothing_left());
}
