/* SPDX-License-Identifier: MIT */
/* Greenlets that start, switch to, throw at, kill and release each other at random, at random depths. What happens does not depend on their stacks: the
   private kind says what it must be (rules 3 to 22). */
#include "stacks.h"

enum { SLOTS = 24, MOST_GENERATIONS = 10, ENDS = 100 };
static gl_greenlet *slots[SLOTS];
static int steps;
static uint64_t history; /* of what was done and what came of it, in one number */
static gl_status noted(int what, gl_status status, const void *value) {
  history = (history ^ (uint64_t)(what * 1000 + status + 10)) * 0x100000001b3u;
  history = (history ^ (uint64_t)number(value)) * 0x100000001b3u;
  return status;
}

static gl_status act(void *generation, void **received);
BODY(lives) {
  for (;;) {
    gl_status status = dive(next_random() % 5000, next_random(), act, data, &value);
    *result = value;
    if (status == ENDS) return GL_OK;
    if (status == GL_KILLED || (status == GL_THROWN && next_random() % 2)) return status;
  }
}
static gl_greenlet *anybody(void) {
  gl_greenlet *g = slots[next_random() % SLOTS];
  return g ? g : gl_main();
}
static gl_status go_to(gl_greenlet *g, void **received) {
  gl_status status = gl_switch(g, V(steps), received);
  CHECK(status >= 0);
  return noted(1, status, *received);
}
static gl_status start_one(int generation, void **received) {
  const int i = (int)(next_random() % SLOTS);
  if (slots[i] && gl_state(slots[i]) == GL_DEAD) gl_release(slots[i]), slots[i] = NULL;
  if (slots[i] || generation >= MOST_GENERATIONS) return go_to(anybody(), received);
  slots[i] = make(i, lives, V(generation + 1));
  return go_to(slots[i], received);
}
static gl_status throw_at(gl_greenlet *g, void **received) {
  gl_status status = gl_throw(g, V(steps), received);
  CHECK(status >= 0);
  return noted(2, status, *received);
}
static gl_status kill_one(gl_greenlet *g, void **received) {
  gl_status status = noted(3, gl_kill(g, received), *received);
  return status == GL_KILLED || status == GL_THROWN ? status : GL_OK;
}
static gl_status release_one(void) {
  gl_greenlet **slot = &slots[next_random() % SLOTS], *g = *slot;
  *slot = NULL;
  gl_release(g);
  return noted(4, GL_OK, NULL);
}
static gl_status act(void *generation, void **received) {
  const bool is_main = gl_current() == gl_main();
  if (--steps < 0) return is_main ? GL_OK : go_to(gl_main(), received);
  switch (next_random() % 16) {
  case 0:
  case 1:
  case 2:
  case 3: return start_one(number(generation), received);
  case 4: return is_main ? go_to(anybody(), received) : noted(5, ENDS, NULL);
  case 5: return throw_at(anybody(), received);
  case 6: return kill_one(anybody(), received);
  case 7: return release_one();
  default: return go_to(anybody(), received);
  }
}

static uint64_t live_and_die(uint32_t seed) {
  random_state = seed, history = 0, steps = fewer(10000);
  while (steps > 0) {
    void *received = NULL;
    dive(next_random() % 8000, next_random(), act, V(0), &received);
  }
  for (int i = 0; i < SLOTS; i++) {
    if (slots[i]) CHECK(gl_kill(slots[i], NULL) == GL_OK);
    gl_release(slots[i]), slots[i] = NULL;
  }
  CHECK(all_gone());
  return history;
}
enum { SEEDS = 3 };
static uint64_t expected[SEEDS];
static void on_private_ones(void) {
  for (uint32_t seed = 0; seed < SEEDS; seed++) expected[seed] = live_and_die(seed + 1);
}
// rules 3 to 22
TEST_ON_STACKS(random_lives_do_not_depend_on_the_stack) {
  gl_stack *const kept[] = {stacks[0], stacks[1], stacks[2], stacks[3]};
  const int used = stacks_used;
  on_private_stacks(on_private_ones);
  memcpy(stacks, kept, sizeof stacks), stacks_used = used;
  for (uint32_t seed = 0; seed < SEEDS; seed++) CHECK(live_and_die(seed + 1) == expected[seed]);
}
