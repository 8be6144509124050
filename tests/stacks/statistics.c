/* SPDX-License-Identifier: MIT */
/* gl_get_stats() and gl_trim() tell the truth about stacks and copies (rules 4 and 29). */
#include "stacks.h"
#include <unistd.h>

enum { SLEEPERS = 100 };
static gl_greenlet *all[SLEEPERS];

static uint64_t copied(void) {
  gl_trim();
  return stats().slice_bytes;
}
/* Waits as deep as it is told, in bytes below this frame. */
BODY(waits_as_told) {
  gl_status status = to_main(NULL, &value);
  while (status == GL_OK) status = dive((size_t)number(value), 1, to_main, NULL, &value);
  return status;
}
static void all_wait(int bytes) {
  for (int i = 0; i < SLEEPERS; i++) CHECK(gl_switch(all[i], V(bytes), NULL) == GL_OK);
}
static void start_all(gl_stack *stack) {
  for (int i = 0; i < SLEEPERS; i++) {
    all[i] = make_on(stack, waits_as_told, NULL);
    CHECK(gl_switch(all[i], NULL, NULL) == GL_OK);
  }
}
static void release_all(void) {
  for (int i = 0; i < SLEEPERS; i++) gl_release(all[i]);
}
/* What they need that wait so deep, but for the one in place: their bytes, a few frames more, and what rounding adds. */
static bool fits(uint64_t held, int bytes) {
  const uint64_t least = (uint64_t)(SLEEPERS - 1) * (uint64_t)bytes, most = SLEEPERS * ((uint64_t)bytes * 3 / 2 + 3000);
  if (held < least || held > most) printf("%d bytes for sleepers at %d\n", (int)held, bytes);
  return least <= held && held <= most;
}

// rule 29: the one in place has a buffer set aside, a second one makes a copy in its own; without greenlets there is nothing
TEST(each_needs_one_buffer) {
  gl_stack *stack = new_stack();
  CHECK(copied() == 0);
  gl_greenlet *a = make_on(stack, waits_as_told, NULL), *b = make_on(stack, waits_as_told, NULL);
  CHECK(copied() == 0);
  for (int i = 0; i < 10; i++) CHECK(gl_switch(a, V(i * 1000), NULL) == GL_OK);
  CHECK(copied() <= 9000 * 3 / 2 + 3000);
  CHECK(gl_switch(b, NULL, NULL) == GL_OK && copied() >= 9000 && copied() <= 9000 * 3 / 2 + 6000);
  CHECK(gl_kill(a, NULL) == GL_OK && copied() > 0 && copied() <= 3000);
  CHECK(gl_kill(b, NULL) == GL_OK && copied() == 0);
  gl_release(a), gl_release(b), gl_stack_release(stack);
  CHECK(nothing_left());
}

// rule 29: as much as they need, and less again when they need less
TEST(copies_are_as_large_as_the_sleep_is_deep) {
  gl_stack *stack = new_stack();
  start_all(stack);
  const int depths[] = {100, 10000, 50000, 100, 2000, 0};
  for (int i = 0; i < 6; i++) {
    all_wait(depths[i]);
    CHECK(fits(copied(), depths[i]));
  }
  release_all(), gl_stack_release(stack);
  CHECK(nothing_left());
}

// rule 29: a buffer that was large for one deep sleep does not stay large
TEST(copies_shrink_one_by_one) {
  gl_stack *stack = new_stack();
  start_all(stack);
  all_wait(40000);
  for (int i = 0; i < SLEEPERS; i++) {
    CHECK(gl_switch(all[i], V(100), NULL) == GL_OK);
    const uint64_t held = copied(), deep = (uint64_t)(SLEEPERS - 1 - i), least = deep * 40000;
    CHECK(held >= least && held <= deep * 63000 + (uint64_t)(i + 1) * 3500);
  }
  release_all(), gl_stack_release(stack);
  CHECK(nothing_left());
}

// rules 4, 29: those that end leave no copy behind, by whatever way
TEST(copies_go_with_their_greenlets) {
  gl_stack *stack = new_stack();
  start_all(stack);
  all_wait(5000);
  for (int i = 0; i < SLEEPERS; i++) {
    if (i % 2) CHECK(gl_kill(all[i], NULL) == GL_OK);
    gl_release(all[i]);
  }
  CHECK(copied() == 0);

  for (int i = 0; i < SLEEPERS; i++) {
    const gl_options options = {.size = sizeof options, .run = waits_as_told, .stack = stack, .flags = GL_DISCARD};
    all[i] = new_with(&options);
    CHECK(gl_switch(all[i], NULL, NULL) == GL_OK && gl_switch(all[i], V(5000), NULL) == GL_OK);
  }
  CHECK(fits(copied(), 5000));
  release_all();
  CHECK(copied() == 0);
  gl_stack_release(stack);
  CHECK(nothing_left());
}

// rule 29: on the thread's own stack even one sleeper is copied, as soon as main goes on
TEST(copies_of_the_threads_stack) {
  start_all(thread_stack());
  all_wait(5000);
  CHECK(fits(copied(), 5000));
  release_all();
  CHECK(copied() == 0 && nothing_left());
}

// rule 29: a shared stack counts once, however many use it, and no longer when they are gone
TEST(a_shared_stack_is_one_stack) {
  gl_trim();
  const gl_stats before = stats();
  gl_stack *stack = new_stack();
  start_all(stack);
  CHECK(stats().stacks_mapped == before.stacks_mapped + 1 && stats().stacks_cached == 0);
  CHECK(stats().stack_bytes >= before.stack_bytes + SHARED_SIZE + 4096 && stats().stack_bytes <= before.stack_bytes + 2 * SHARED_SIZE);
  gl_stack_release(stack);
  CHECK(stats().stacks_mapped == before.stacks_mapped + 1 && stats().stacks_cached == 0);
  release_all();
  gl_trim();
  CHECK(stats().stacks_mapped == before.stacks_mapped && stats().stack_bytes == before.stack_bytes);
  CHECK(nothing_left());
}

/* Ends when it is resumed. */
BODY(waits_once) { return to_main(NULL, NULL); }
static void start_private(size_t size) {
  for (int i = 0; i < SLEEPERS; i++) {
    const gl_options options = {.size = sizeof options, .run = waits_once, .stack_size = size};
    all[i] = new_with(&options);
    CHECK(gl_switch(all[i], NULL, NULL) == GL_OK);
  }
}
static void end_all(void) {
  for (int i = 0; i < SLEEPERS; i++) {
    CHECK(gl_switch(all[i], NULL, NULL) == GL_OK && gl_state(all[i]) == GL_DEAD);
    gl_release(all[i]);
  }
}
// rules 4, 29: each stack with its guard is counted while it is mapped; what gl_trim() says is what goes
TEST(trim_gives_back_what_it_says) {
  const size_t sizes[] = {16 << 10, 0, 1 << 20}, page = (size_t)sysconf(_SC_PAGESIZE);
  for (int i = 0; i < 3; i++) {
    gl_trim();
    const gl_stats before = stats();
    start_private(sizes[i]);
    const gl_stats during = stats();
    const size_t size = sizes[i] ? sizes[i] : 256 << 10;
    CHECK(during.stacks_mapped == before.stacks_mapped + SLEEPERS && during.stacks_cached == 0);
    CHECK(during.stack_bytes >= before.stack_bytes + SLEEPERS * (size + page) &&
          during.stack_bytes <= before.stack_bytes + SLEEPERS * (size + (ON_WINDOWS ? 6 : 4) * page));
    end_all();
    const gl_stats after = stats();
    CHECK(after.stacks_cached == SLEEPERS && after.stack_bytes == during.stack_bytes && after.stacks_mapped == during.stacks_mapped);
    CHECK(gl_trim() == after.stack_bytes - before.stack_bytes);
    CHECK(stats().stack_bytes == before.stack_bytes && stats().stacks_mapped == before.stacks_mapped && stats().stacks_cached == 0);
    CHECK(gl_trim() == 0);
  }
  CHECK(all_gone());
}

// rule 4: thousands that end leave no more than a few hundred stacks behind
TEST(the_cache_has_a_bound) {
  enum { MANY = 3000 };
  static gl_greenlet *many[MANY];
  if (UNDER_TSAN) SKIP("it takes a megabyte for each");
  for (int i = 0; i < MANY; i++) {
    many[i] = gl_new(waits_once, NULL);
    CHECK(gl_switch(many[i], NULL, NULL) == GL_OK);
  }
  const uint64_t bytes = stats().stack_bytes;
  for (int i = 0; i < MANY; i++) {
    CHECK(gl_switch(many[i], NULL, NULL) == GL_OK);
    gl_release(many[i]);
  }
  CHECK(stats().stacks_cached <= 256 && stats().stacks_mapped == stats().stacks_cached);
  CHECK(stats().stack_bytes <= bytes / 10);
  gl_trim();
  CHECK(stats().stacks_mapped == 0 && stats().stack_bytes == 0);
  CHECK(all_gone());
}

// rule 29: a structure that ends before a field is written no further
TEST(older_structures_are_filled_as_far_as_they_go) {
  gl_stack *stack = new_stack();
  gl_stats now;
  start_all(stack);
  memset(&now, 0xff, sizeof now);
  now.size = offsetof(gl_stats, slice_bytes);
  CHECK(gl_get_stats(&now) == GL_OK && now.slice_bytes == UINT64_MAX && now.alive == SLEEPERS);
  now.size = offsetof(gl_stats, leaked);
  CHECK(gl_get_stats(&now) == GL_OK && now.slice_bytes == stats().slice_bytes && now.slice_bytes > 0 && now.leaked == UINT64_MAX);
  release_all(), gl_stack_release(stack);
  CHECK(nothing_left());
}
