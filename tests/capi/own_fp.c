/* SPDX-License-Identifier: MIT */
/* Rule 23: the floating-point control words. x86 has two, which <fenv.h> sets together and reads from one: both are looked at. */
#define _GNU_SOURCE
#include "partner.h"
#include <fenv.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

#define KEEP (-1)

static int rounding(void) {
  const int mode = fegetround();
#ifdef __SSE__
  if ((int)(_mm_getcsr() & _MM_ROUND_MASK) >> 3 != mode) return -2;
#endif
  return mode;
}

/* At each visit tells main how it rounds, then takes over the mode that it was sent. */
BODY(rounds) {
  gl_status status = GL_OK;
  while (status == GL_OK) {
    const int found = rounding(), mode = (int)(intptr_t)value;
    if (mode != KEEP) fesetround(mode);
    status = gl_switch(gl_main(), V(found), &value);
  }
  return status;
}
static int visit(gl_greenlet *g, int mode) {
  void *found = V(-3);
  CHECK(gl_switch(g, V(mode), &found) == GL_OK);
  return (int)(intptr_t)found;
}
static gl_greenlet *private_one(void) { return gl_new(rounds, NULL); }
static gl_greenlet *sharing_one(void) { return NEW(.run = rounds, .flags = GL_SHARE_FP); }
static void all_leave(gl_greenlet *a, gl_greenlet *b) {
  gl_release(a), gl_release(b);
  fesetround(FE_TONEAREST);
  CHECK(all_gone());
}

// rule 23: private control words are kept
TEST(private_rounding_is_kept) {
  gl_greenlet *a = private_one(), *b = private_one();
  visit(a, FE_UPWARD), visit(b, FE_DOWNWARD);
  CHECK(rounding() == FE_TONEAREST);
  CHECK(visit(a, KEEP) == FE_UPWARD && visit(b, KEEP) == FE_DOWNWARD);
  fesetround(FE_DOWNWARD);
  CHECK(visit(a, KEEP) == FE_UPWARD && rounding() == FE_DOWNWARD);
  all_leave(a, b);
}

BODY(starts_data_rounding_down) {
  fesetround(FE_DOWNWARD);
  return gl_switch(data, V(KEEP), result);
}
// rule 23: they begin as those of whoever starts it, not of whoever made it
TEST(private_rounding_comes_from_the_starter) {
  gl_greenlet *a = private_one(), *b = private_one();
  fesetround(FE_UPWARD);
  CHECK(visit(a, KEEP) == FE_UPWARD);
  gl_greenlet *starter = gl_new(starts_data_rounding_down, b);
  CHECK(visit(starter, KEEP) == FE_DOWNWARD && rounding() == FE_UPWARD);
  gl_release(starter);
  all_leave(a, b);
}

BODY(ends_rounding_down) {
  fesetround(FE_DOWNWARD);
  *result = V(KEEP);
  return data ? GL_THROWN : GL_OK;
}
// rule 23: its end, by a value or a throw, gives back those of whoever goes on
TEST(private_rounding_ends_with_it) {
  fesetround(FE_UPWARD);
  gl_greenlet *a = gl_new(ends_rounding_down, NULL), *b = gl_new(ends_rounding_down, V(1));
  CHECK(gl_switch(a, NULL, NULL) == GL_OK && rounding() == FE_UPWARD);
  CHECK(gl_switch(b, NULL, NULL) == GL_THROWN && rounding() == FE_UPWARD);
  all_leave(a, b);
}

BODY(rounds_down_when_killed) {
  CHECK(to_parent(NULL, NULL) == GL_KILLED);
  event("%d", rounding() == FE_UPWARD);
  fesetround(FE_DOWNWARD);
  return GL_KILLED;
}
// rule 23: kills and last handles exchange them too
TEST(private_rounding_is_kept_when_killed) {
  gl_greenlet *a = gl_new(rounds_down_when_killed, NULL), *b = gl_new(rounds_down_when_killed, NULL);
  fesetround(FE_UPWARD);
  gl_switch(a, NULL, NULL), gl_switch(b, NULL, NULL);
  fesetround(FE_TONEAREST);
  CHECK(gl_kill(a, NULL) == GL_OK && rounding() == FE_TONEAREST);
  gl_release(b);
  CHECK(rounding() == FE_TONEAREST && happened("1 1"));
  all_leave(a, NULL);
}

// rule 23: what a sharing one changes its main sees, and the other way
TEST(sharing_one_and_main_have_one_set) {
  gl_greenlet *a = sharing_one(), *b = sharing_one();
  CHECK(visit(a, FE_UPWARD) == FE_TONEAREST);
  CHECK(rounding() == FE_UPWARD && visit(b, FE_DOWNWARD) == FE_UPWARD);
  CHECK(rounding() == FE_DOWNWARD && visit(a, KEEP) == FE_DOWNWARD);
  fesetround(FE_UPWARD);
  CHECK(visit(a, KEEP) == FE_UPWARD && visit(b, KEEP) == FE_UPWARD);
  all_leave(a, b);
}

// rule 23: also after a private one ran between
TEST(shared_set_passes_private_ones_by) {
  gl_greenlet *private = private_one(), *shared = sharing_one();
  visit(private, FE_DOWNWARD), visit(shared, FE_UPWARD);
  CHECK(visit(private, KEEP) == FE_DOWNWARD && rounding() == FE_UPWARD);
  CHECK(visit(shared, KEEP) == FE_UPWARD);
  all_leave(private, shared);
}

// rule 23: a new sharing one begins with the shared set, although a private one starts it
TEST(sharing_one_started_by_a_private_one_has_the_shared_set) {
  gl_greenlet *shared = sharing_one(), *starter = gl_new(starts_data_rounding_down, shared);
  fesetround(FE_UPWARD);
  CHECK(visit(starter, KEEP) == FE_UPWARD && rounding() == FE_UPWARD);
  CHECK(visit(shared, KEEP) == FE_UPWARD);
  all_leave(starter, shared);
}

BODY(visits_data_rounding_down) {
  fesetround(FE_DOWNWARD);
  gl_switch(gl_main(), NULL, &value);
  void *found = NULL;
  gl_switch(data, value, &found); /* data goes on to main */
  *result = V(rounding());
  return GL_OK;
}
// rule 23: a private one switches straight to a sharing one and gets its own back
TEST(private_and_sharing_ones_switch_to_each_other) {
  gl_greenlet *shared = sharing_one(), *private = gl_new(visits_data_rounding_down, shared);
  visit(shared, KEEP), visit(private, KEEP);
  fesetround(FE_UPWARD);
  CHECK(visit(private, FE_TONEAREST) == FE_UPWARD); /* what the sharing one found */
  CHECK(rounding() == FE_TONEAREST);                /* what it changed */
  CHECK(visit(private, KEEP) == FE_DOWNWARD && rounding() == FE_TONEAREST);
  all_leave(private, shared);
}

BODY(starts_a_private_one) {
  fesetround(FE_UPWARD);
  return gl_switch(data, V(FE_DOWNWARD), result);
}
// rule 23: a private one that a sharing one starts begins with the shared set and leaves it alone
TEST(private_one_started_by_a_sharing_one) {
  gl_greenlet *private = private_one(), *shared = NEW(.run = starts_a_private_one, .data = private, .flags = GL_SHARE_FP);
  CHECK(visit(shared, KEEP) == FE_UPWARD);
  CHECK(rounding() == FE_UPWARD && visit(private, KEEP) == FE_DOWNWARD);
  all_leave(private, shared);
}

BODY(ends_rounding_up) {
  fesetround(FE_UPWARD);
  return GL_OK;
}
BODY(waits_for_data_rounding_down) {
  fesetround(FE_DOWNWARD);
  CHECK(gl_set_parent(data, gl_current()) == GL_OK && gl_switch(data, NULL, NULL) == GL_OK);
  *result = V(rounding());
  return GL_OK;
}
// rule 23: a sharing one that ends in a private parent: the parent has its own, main sees the change
TEST(sharing_one_ends_in_a_private_parent) {
  gl_greenlet *shared = NEW(.run = ends_rounding_up, .flags = GL_SHARE_FP), *private = gl_new(waits_for_data_rounding_down, shared);
  CHECK(visit(private, KEEP) == FE_DOWNWARD);
  CHECK(gl_state(shared) == GL_DEAD && rounding() == FE_UPWARD);
  all_leave(private, shared);
}

// rules 5, 23: an outcome that starts an ancestor: it begins with those of the one that ended
TEST(private_rounding_of_an_ancestor_that_an_outcome_starts) {
  gl_greenlet *above = private_one(), *below = child_of(above, ends_rounding_down, NULL);
  fesetround(FE_UPWARD);
  CHECK(visit(below, KEEP) == FE_DOWNWARD && rounding() == FE_UPWARD);
  CHECK(visit(above, KEEP) == FE_DOWNWARD && rounding() == FE_UPWARD);
  all_leave(above, below);
}

// rules 5, 23: a sharing ancestor begins with the shared set
TEST(shared_rounding_of_an_ancestor_that_an_outcome_starts) {
  gl_greenlet *above = sharing_one(), *below = child_of(above, ends_rounding_down, NULL);
  fesetround(FE_UPWARD);
  CHECK(visit(below, KEEP) == FE_UPWARD && rounding() == FE_UPWARD);
  all_leave(above, below);
}

BODY(loses_itself_rounding_down) {
  gl_release(gl_current());
  fesetround(FE_DOWNWARD);
  return rounds_down_when_killed(data, value, result);
}
// rules 22, 23: the one resumed kills on its arrival, and has its own again
TEST(private_rounding_is_kept_over_a_kill_on_arrival) {
  fesetround(FE_UPWARD);
  CHECK(gl_switch(gl_new(loses_itself_rounding_down, NULL), NULL, NULL) == GL_OK && rounding() == FE_UPWARD);
  CHECK(happened("0"));
  all_leave(NULL, NULL);
}

static void finds_its_own_set(void *arg) {
  gl_greenlet *shared = sharing_one();
  CHECK(visit(shared, FE_DOWNWARD) == FE_TONEAREST && rounding() == FE_DOWNWARD);
  CHECK(visit(shared, (int)(intptr_t)arg) == FE_DOWNWARD);
  gl_release(shared);
}
static void set_rounding(void *mode) { fesetround((int)(intptr_t)mode); }
// rule 23: each thread has a shared set of its own
TEST(threads_do_not_share_the_set) {
  struct partner other;
  gl_greenlet *shared = sharing_one();
  partner_start(&other);
  visit(shared, FE_UPWARD);
  partner_do(&other, set_rounding, V(FE_TONEAREST));
  partner_do(&other, finds_its_own_set, V(FE_DOWNWARD));
  CHECK(rounding() == FE_UPWARD && visit(shared, KEEP) == FE_UPWARD);
  partner_end(&other);
  all_leave(shared, NULL);
}

static void visit_there(void *g) {
  set_rounding(V(FE_DOWNWARD));
  CHECK(visit(g, FE_UPWARD) == FE_DOWNWARD && rounding() == FE_UPWARD);
}
static void note_main(void *main) { *(gl_greenlet **)main = gl_main(); }
// rules 15, 23: one that moves before it starts has the set of its new thread
TEST(sharing_one_that_moved_has_the_set_of_its_new_thread) {
  struct partner other;
  gl_greenlet *shared = NEW(.run = rounds, .flags = GL_SHARE_FP, .stack_size = private_stack()), *their_main = NULL;
  partner_start(&other), partner_do(&other, note_main, &their_main);
  CHECK(gl_set_parent(shared, their_main) == GL_OK);
  partner_do(&other, visit_there, shared);
  CHECK(rounding() == FE_TONEAREST);
  partner_release(&other, shared), partner_end(&other);
  CHECK(all_gone());
}

#if defined(__GLIBC__) && !defined(__alpha__) /* where the kernel has them */
static int traps(void) {
  int enabled = fegetexcept();
#ifdef __SSE__
  const int masked = (int)(_mm_getcsr() >> 7) & FE_ALL_EXCEPT;
  if ((FE_ALL_EXCEPT & ~masked) != enabled) return -2;
#endif
  return enabled;
}
BODY(traps_divisions) {
  CHECK(traps() == FE_OVERFLOW);
  fedisableexcept(FE_ALL_EXCEPT), feenableexcept(FE_DIVBYZERO);
  CHECK(to_parent(NULL, NULL) == GL_OK && traps() == FE_DIVBYZERO);
  return GL_OK;
}
// rule 23: traps are kept as rounding is, in both units
TEST(private_traps_are_kept) {
  feenableexcept(FE_OVERFLOW);
  if (traps() != FE_OVERFLOW) SKIP("this CPU, or what plays it, has no traps");
  gl_greenlet *g = gl_new(traps_divisions, NULL);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK && traps() == FE_OVERFLOW);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK && traps() == FE_OVERFLOW);
  fedisableexcept(FE_ALL_EXCEPT);
  all_leave(g, NULL);
}
#endif
