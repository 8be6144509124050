/* SPDX-License-Identifier: MIT */
/* Kills and last handles of greenlets whose bytes are elsewhere, also by those that run in their place (rules 13, 14, 18, 21, 22). */
#include "partner.h"
#include "stacks.h"

/* Waits deep for its end, notes it and gives its number. */
BODY(holds) {
  gl_status status = dive(2000, (unsigned)number(data), to_main, NULL, &value);
  event("%d:%s", number(data), gl_status_name(status));
  *result = data;
  return status;
}
static gl_greenlet *started(int i, gl_run run) {
  gl_greenlet *g = make(i, run, V(i));
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  return g;
}
static gl_greenlet *holding(int i) { return started(i, holds); }

// rule 13
TEST_ON_STACKS(main_kills_one_that_was_copied_out) {
  gl_greenlet *a = holding(1), *b = holding(5);
  void *received = NULL;
  CHECK(gl_kill(a, &received) == GL_OK && received == V(1) && happened("1:GL_KILLED") && gl_state(a) == GL_DEAD);
  CHECK(gl_kill(b, &received) == GL_OK && received == V(5) && happened("5:GL_KILLED") && gl_state(b) == GL_DEAD);
  gl_release(a), gl_release(b);
}

static gl_status kill_it(void *victim, void **received) { return gl_kill((gl_greenlet *)victim, received); }
BODY(kills_data) {
  gl_status status = dive(3000, 7, kill_it, data, result);
  event("kill %s %d", gl_status_name(status), number(*result));
  return status == GL_KILLED ? GL_KILLED : GL_OK;
}
// rule 13: killer and victim share a stack
TEST_ON_STACKS(the_killer_runs_in_the_place_of_its_victim) {
  gl_greenlet *victim = holding(1), *killer = make(5, kills_data, victim);
  void *received = NULL;
  CHECK(gl_switch(killer, NULL, &received) == GL_OK && received == V(1));
  CHECK(happened("1:GL_KILLED kill GL_OK 1") && gl_state(killer) == GL_DEAD && gl_state(victim) == GL_DEAD);
  gl_release(victim), gl_release(killer);
}

BODY(throws_when_killed) {
  CHECK(holds(data, value, result) == GL_KILLED);
  return GL_THROWN;
}
BODY(stays_when_killed) {
  while (holds(data, value, result) == GL_KILLED) CHECK(to_parent(V(9), NULL) == GL_OK);
  return GL_OK;
}
// rule 13: each way in which control can come back
TEST_ON_STACKS(victims_throw_or_stay) {
  gl_greenlet *victim = started(1, throws_when_killed), *killer = make(5, kills_data, victim);
  CHECK(gl_switch(killer, NULL, NULL) == GL_OK && happened("1:GL_KILLED kill GL_THROWN 1"));
  gl_release(victim), gl_release(killer);

  victim = started(1, stays_when_killed), killer = make(5, kills_data, victim);
  CHECK(gl_switch(killer, NULL, NULL) == GL_OK && happened("1:GL_KILLED kill GL_ALIVE 9"));
  CHECK(gl_switch(victim, NULL, NULL) == GL_OK); /* back to its loop, which waits for main */
  CHECK(gl_switch(victim, NULL, NULL) == GL_OK && happened("1:GL_OK") && gl_state(victim) == GL_DEAD);
  gl_release(victim), gl_release(killer);
}

static gl_greenlet *chain[6];
BODY(kills_the_next_when_killed) {
  const int self = number(data);
  CHECK(dive(1000, (unsigned)self, to_main, NULL, NULL) == GL_KILLED);
  if (self < 5) CHECK(dive(1500, (unsigned)self, kill_it, chain[self + 1], &value) == GL_OK && value == V(self + 1));
  event("%d", self);
  *result = data;
  return GL_KILLED;
}
// rule 13: a kill inside a kill, six deep
TEST_ON_STACKS(kills_nest_over_stacks) {
  for (int i = 0; i < 6; i++) chain[i] = started(i, kills_the_next_when_killed);
  void *received = V(9);
  CHECK(gl_kill(chain[0], &received) == GL_OK && received == V(0));
  CHECK(happened("5 4 3 2 1 0"));
  for (int i = 0; i < 6; i++) gl_release(chain[i]);
}

static gl_status release_it(void *g, UNUSED void **received) {
  gl_release((gl_greenlet *)g);
  return GL_OK;
}
BODY(releases_data) {
  CHECK(dive(2500, 3, release_it, data, NULL) == GL_OK);
  event("released");
  return GL_OK;
}
// rule 21: the last handle, given back by main and by one that runs in its place
TEST_ON_STACKS(the_last_handle_of_one_that_was_copied_out) {
  gl_greenlet *a = holding(1), *b = holding(5), *g = make(9, releases_data, b);
  gl_release(a);
  CHECK(happened("1:GL_KILLED"));
  CHECK(gl_switch(g, NULL, NULL) == GL_OK && happened("5:GL_KILLED released"));
  gl_release(g);
}

/* Its next call finds what the other thread released. */
BODY(calls_something) {
  gl_release(NULL);
  CHECK(gl_switch(gl_current(), NULL, NULL) == GL_OK);
  event("called");
  return GL_OK;
}
// rules 18, 21: released by another thread, killed by its owner's next call, from main and from one that runs in its place
TEST_ON_STACKS(the_last_handle_goes_in_another_thread) {
  gl_greenlet *a = holding(1), *b = holding(5), *g = make(9, calls_something, NULL);
  on_a_thread(call_release, a);
  CHECK(happened("") && gl_switch(gl_main(), NULL, NULL) == GL_OK && happened("1:GL_KILLED"));
  on_a_thread(call_release, b);
  CHECK(happened("") && gl_switch(g, NULL, NULL) == GL_OK && happened("5:GL_KILLED called"));
  gl_release(g);
}

BODY(lets_another_thread_release) {
  on_a_thread(call_release, data);
  return calls_something(data, value, result);
}
// rules 18, 21: ... while one runs in its place
TEST_ON_STACKS(the_last_handle_goes_while_another_occupies) {
  gl_greenlet *a = holding(1), *g = make(5, lets_another_thread_release, a);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK && happened("1:GL_KILLED called"));
  gl_release(g);
}

BODY(discards_data) {
  gl_release(data);
  event("discarded");
  return GL_OK;
}
static gl_greenlet *discardable(void) {
  const gl_options options = {
      .size = sizeof options, .run = holds, .data = V(1), .drop = note_drop, .stack = stack_of(1), .flags = GL_DISCARD};
  gl_greenlet *g = new_with(&options);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  return g;
}
// rule 21: with GL_DISCARD nothing is copied back; others use its place before and after
TEST_ON_STACKS(discarded_wherever_it_is) {
  const uint64_t leaked = stats().leaked;
  gl_greenlet *g = discardable(), *other = holding(5);
  gl_release(g);
  CHECK(happened("drop 1") && gl_kill(other, NULL) == GL_OK && happened("5:GL_KILLED"));
  gl_release(other);

  g = discardable(), other = make(5, discards_data, g);
  CHECK(gl_switch(other, NULL, NULL) == GL_OK && happened("drop 1 discarded"));
  gl_release(other);

  gl_release(discardable()); /* nobody came between */
  other = holding(5);
  CHECK(happened("drop 1") && gl_kill(other, NULL) == GL_OK && happened("5:GL_KILLED"));
  gl_release(other);
  CHECK(stats().leaked == leaked);
}

/* Gives back its own last handle, then waits deep. */
BODY(loses_itself) {
  gl_release(gl_current());
  return holds(data, value, result);
}
static gl_greenlet *next_one;
static gl_status to_next_one(UNUSED void *arg, void **received) { return gl_switch(next_one, V(3), received); }
BODY(loses_itself_for_the_next) {
  gl_release(gl_current());
  gl_status status = dive(2000, 4, to_next_one, NULL, &value);
  event("%d:%s", number(data), gl_status_name(status));
  return status;
}
BODY(notes_its_start) {
  event("starts with %d", number(value));
  return dive(3000, 1, to_main, NULL, NULL);
}
// rule 22: killed on the arrival of whoever comes next: main, one that waits on the same stack, one that starts there
TEST_ON_STACKS(one_without_handles_is_killed_on_arrival) {
  CHECK(gl_switch(make(1, loses_itself, V(1)), NULL, NULL) == GL_OK && happened("1:GL_KILLED"));

  next_one = holding(5);
  CHECK(gl_switch(make(1, loses_itself_for_the_next, V(1)), NULL, NULL) == GL_OK);
  CHECK(happened("1:GL_KILLED 5:GL_OK") && gl_state(next_one) == GL_DEAD);
  gl_release(next_one);

  next_one = make(5, notes_its_start, NULL);
  CHECK(gl_switch(make(1, loses_itself_for_the_next, V(1)), NULL, NULL) == GL_OK);
  CHECK(happened("1:GL_KILLED starts with 3"));
  gl_release(next_one);
}

BODY(goes_to_main_when_killed) {
  CHECK(dive(1000, 1, to_main, NULL, NULL) == GL_KILLED);
  CHECK(dive(3000, 2, to_main, NULL, &value) == GL_OK);
  event("ends at last");
  return GL_OK;
}
static gl_greenlet *borrowed;
// rules 14, 21: one that does not end is leaked with its bytes, and can still be resumed
TEST_ON_STACKS(one_that_will_not_end_is_leaked) {
  const uint64_t leaked = stats().leaked;
  gl_greenlet *bystander = holding(5);
  borrowed = started(1, goes_to_main_when_killed);
  gl_release(borrowed);
  CHECK(stats().leaked == leaked + 1 && gl_state(borrowed) == GL_SUSPENDED);
  CHECK(gl_kill(bystander, NULL) == GL_OK && happened("5:GL_KILLED"));
  gl_retain(borrowed);
  CHECK(gl_switch(borrowed, NULL, NULL) == GL_OK && happened("ends at last") && gl_state(borrowed) == GL_DEAD);
  gl_release(borrowed), gl_release(bystander);
}

BODY(is_killed_meanwhile) {
  gl_status status = dive(1000, 3, kill_it, data, &value);
  event("killer %s", gl_status_name(status));
  return status;
}
static gl_greenlet *its_killer;
static gl_status kill_the_killer(UNUSED void *arg, void **received) { return gl_kill(its_killer, received); }
BODY(has_its_killer_killed) {
  CHECK(dive(1000, 2, to_main, NULL, NULL) == GL_KILLED);
  CHECK(kill_the_killer(NULL, NULL) == GL_ECYCLE);
  CHECK(dive(2000, 1, to_main, NULL, NULL) == GL_KILLED);
  event("victim ends");
  return GL_KILLED;
}
// rule 13: main kills a killer while its victim refuses to end
TEST_ON_STACKS(a_killer_is_killed) {
  gl_greenlet *victim = started(1, has_its_killer_killed);
  its_killer = make(5, is_killed_meanwhile, victim);
  CHECK(gl_switch(its_killer, NULL, NULL) == GL_OK);
  CHECK(gl_kill(its_killer, NULL) == GL_OK && happened("killer GL_KILLED"));
  CHECK(gl_kill(victim, NULL) == GL_OK && happened("victim ends"));
  gl_release(its_killer), gl_release(victim);
}
