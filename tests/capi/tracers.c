/* SPDX-License-Identifier: MIT */
/* Rule 27: what tracers see, in which order, and how they come and go. */
#include "partner.h"

static gl_greenlet *named[8];
static int names;
static gl_greenlet *name(gl_greenlet *g) { return named[names++] = g; }
/* "main", or "a", "b" ... in the order of naming. */
static const char *name_of(const gl_greenlet *g) {
  static const char *const letters[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
  for (int i = 0; i < names; i++)
    if (named[i] == g) return letters[i];
  return g == gl_main() ? "main" : "?";
}
static const char *const words[] = {"switch", "throw", "start", "end"};
static void note(void *user, int what, gl_greenlet *from, gl_greenlet *to) {
  event("%s%s:%s>%s", (const char *)user, words[what], name_of(from), name_of(to));
  CHECK(gl_current() == from);
}
static void trace(void) { names = 0, gl_trace_add(note, ""); }
static bool traced(const char *expected) {
  gl_trace_remove(note, "");
  return happened(expected);
}
static void leaves(void) {
  for (int i = names - 1; i >= 0; i--) gl_release(named[i]);
  names = 0;
  CHECK(all_gone());
}

// rule 27: START follows the SWITCH that starts; END precedes the SWITCH that carries the outcome
TEST(start_and_end_are_told_with_their_switches) {
  trace();
  gl_switch(name(gl_new(identity, NULL)), NULL, NULL);
  CHECK(traced("switch:main>a start:main>a end:a>main switch:a>main"));
  leaves();
}

BODY(throws) {
  *result = value;
  return GL_THROWN;
}
// rule 27: an outcome that is thrown
TEST(outcome_thrown_is_told_as_throw) {
  trace();
  CHECK(gl_switch(name(gl_new(throws, NULL)), NULL, NULL) == GL_THROWN);
  CHECK(traced("switch:main>a start:main>a end:a>main throw:a>main"));
  leaves();
}

// rule 27: values and throws between started ones
TEST(switches_and_throws_are_told) {
  trace();
  gl_greenlet *a = name(gl_new(echo, NULL));
  gl_switch(a, NULL, NULL), gl_switch(a, NULL, NULL), gl_throw(a, NULL, NULL);
  CHECK(traced("switch:main>a start:main>a switch:a>main switch:main>a switch:a>main throw:main>a end:a>main throw:a>main"));
  leaves();
}

// rules 13, 27: a kill is a throw
TEST(kill_is_told_as_throw) {
  gl_greenlet *a = gl_new(echo, NULL);
  gl_switch(a, NULL, NULL);
  trace(), name(a), gl_kill(a, NULL);
  CHECK(traced("throw:main>a end:a>main switch:a>main"));
  leaves();
}

// rules 21, 27: the same when its last handle goes
TEST(last_handle_is_told_as_throw) {
  gl_greenlet *a = gl_new(echo, NULL);
  gl_switch(a, NULL, NULL);
  trace(), name(a), gl_release(a);
  CHECK(traced("throw:main>a end:a>main switch:a>main"));
  names = 0;
  CHECK(all_gone());
}

BODY(loses_itself) {
  gl_release(gl_current());
  return to_parent(NULL, NULL);
}
// rules 22, 27: one without handles leaves, and is killed by whoever is resumed
TEST(kill_on_arrival_is_told_after_the_switch) {
  trace();
  gl_switch(name(gl_new(loses_itself, NULL)), NULL, NULL);
  CHECK(traced("switch:main>a start:main>a switch:a>main throw:main>a end:a>main switch:a>main"));
  names = 0;
  CHECK(all_gone());
}

// rules 7, 27: to itself
TEST(switch_to_itself_is_told) {
  trace();
  gl_switch(gl_main(), NULL, NULL), gl_throw(gl_main(), NULL, NULL);
  CHECK(traced("switch:main>main throw:main>main"));
  leaves();
}

// rules 8, 27: to a dead one: told as what it becomes
TEST(switch_to_a_dead_one_is_told_with_its_ancestor) {
  gl_greenlet *a = gl_new(identity, NULL);
  gl_switch(a, NULL, NULL);
  trace(), name(a), gl_switch(a, NULL, NULL), gl_throw(a, NULL, NULL);
  CHECK(traced("switch:main>main throw:main>main"));
  leaves();
}

// rules 11, 27: into an unstarted one: it never ran, so it does not end
TEST(throw_into_an_unstarted_one_is_told_with_its_ancestor) {
  trace();
  gl_throw(name(gl_new(never, NULL)), NULL, NULL);
  CHECK(traced("throw:main>main"));
  leaves();
}

// rules 13, 27: nobody is resumed, nobody is told
TEST(kill_of_an_unstarted_or_dead_one_is_not_told) {
  trace();
  gl_greenlet *a = name(gl_new(never, NULL));
  CHECK(gl_kill(a, NULL) == GL_OK && gl_kill(a, NULL) == GL_OK);
  CHECK(traced(""));
  leaves();
}

// rules 5, 27: an outcome that starts its ancestor
TEST(outcome_that_starts_an_ancestor_is_told) {
  trace();
  gl_greenlet *a = name(gl_new(identity, NULL)), *b = name(child_of(a, identity, NULL));
  gl_switch(b, NULL, NULL);
  CHECK(traced("switch:main>b start:main>b end:b>a switch:b>a start:b>a end:a>main switch:a>main"));
  leaves();
}

// rules 9, 27: what fails is not told, be it only that there is no memory for a stack
TEST(failed_calls_are_not_told) {
  trace();
  gl_greenlet *a = name(NEW(.run = never, .stack_size = NO_SUCH_STACK));
  CHECK(gl_switch(a, NULL, NULL) == GL_ENOMEM && gl_state(a) == GL_UNSTARTED);
  CHECK(gl_switch(NULL, NULL, NULL) == GL_EINVAL && gl_throw(NULL, NULL, NULL) == GL_EINVAL);
  CHECK(gl_kill(gl_main(), NULL) == GL_EINVAL);
  CHECK(traced(""));
  leaves();
}

static void run_one(void) {
  gl_greenlet *g = gl_new(identity, NULL);
  names = 0, name(g);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_release(g);
}
#define FOUR(before) before "switch:main>a " before "start:main>a " before "end:a>main " before "switch:a>main"

// rule 27: in the order of adding
TEST(tracers_are_called_in_the_order_of_adding) {
  gl_trace_add(note, "1"), gl_trace_add(note, "2"), gl_trace_add(note, "0");
  run_one();
  gl_trace_remove(note, "1"), gl_trace_remove(note, "2"), gl_trace_remove(note, "0");
  CHECK(happened("1switch:main>a 2switch:main>a 0switch:main>a 1start:main>a 2start:main>a 0start:main>a "
                 "1end:a>main 2end:a>main 0end:a>main 1switch:a>main 2switch:a>main 0switch:a>main"));
  CHECK(all_gone());
}

// rule 27: one that was removed and added again comes last
TEST(tracer_added_again_comes_last) {
  gl_trace_add(note, "1"), gl_trace_add(note, "2");
  gl_trace_remove(note, "1"), gl_trace_add(note, "1");
  gl_switch(gl_main(), NULL, NULL);
  gl_trace_remove(note, "1"), gl_trace_remove(note, "2");
  CHECK(happened("2switch:main>main 1switch:main>main"));
}

// rule 27: NULL, the same pair twice, an unknown one; the same function with other data is another
TEST(trace_add_and_remove_refuse) {
  static char one[] = "1", two[] = "2";
  CHECK(gl_trace_add(NULL, one) == GL_EINVAL && gl_trace_remove(NULL, one) == GL_EINVAL);
  CHECK(gl_trace_remove(note, one) == GL_EINVAL);
  CHECK(gl_trace_add(note, one) == GL_OK && gl_trace_add(note, two) == GL_OK);
  CHECK(gl_trace_add(note, one) == GL_EINVAL && gl_trace_add(note, two) == GL_EINVAL);
  CHECK(gl_trace_remove(note, one) == GL_OK && gl_trace_remove(note, one) == GL_EINVAL);
  CHECK(gl_trace_remove(note, two) == GL_OK && gl_trace_remove(note, two) == GL_EINVAL);
  run_one();
  CHECK(happened(""));
}

static void remove_self(void *user, UNUSED int what, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) {
  event("self");
  CHECK(gl_trace_remove(remove_self, user) == GL_OK);
}
// rule 27: a tracer that removes itself is not called again, and the next ones are not left out
TEST(tracer_removes_itself) {
  gl_trace_add(remove_self, V(1)), gl_trace_add(remove_self, V(2)), gl_trace_add(note, "");
  run_one();
  CHECK(traced("self self " FOUR("")));
}

static void remove_note(UNUSED void *user, UNUSED int what, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) { gl_trace_remove(note, ""); }
// rule 27: one that is removed while an event is told is not called even for that one
TEST(tracer_removes_a_later_one) {
  gl_trace_add(remove_note, NULL), gl_trace_add(note, "");
  run_one();
  gl_trace_remove(remove_note, NULL);
  CHECK(happened(""));
}
// rule 27: an earlier one has had this event
TEST(tracer_removes_an_earlier_one) {
  gl_trace_add(note, ""), gl_trace_add(remove_note, NULL), gl_trace_add(note, "2");
  run_one();
  gl_trace_remove(remove_note, NULL), gl_trace_remove(note, "2");
  CHECK(happened("switch:main>a " FOUR("2")));
}

static void add_note(UNUSED void *user, UNUSED int what, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) { gl_trace_add(note, ""); }
// rule 27: one that is added while an event is told counts from the next event on, be it the START of the same switch
TEST(tracer_adds_another) {
  gl_trace_add(add_note, NULL);
  run_one();
  gl_trace_remove(add_note, NULL);
  CHECK(traced("start:main>a end:a>main switch:a>main"));
}

static void readd_note(UNUSED void *user, UNUSED int what, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) {
  event("re");
  CHECK(gl_trace_remove(note, "") == GL_OK && gl_trace_add(note, "") == GL_OK);
}
// rule 27: removed and added again while an event is told: not called for this one, whatever was there
TEST(tracer_readds_a_later_one) {
  gl_trace_add(readd_note, NULL), gl_trace_add(note, "");
  gl_switch(gl_main(), NULL, NULL), gl_switch(gl_main(), NULL, NULL);
  gl_trace_remove(readd_note, NULL);
  CHECK(happened("re re"));
  gl_switch(gl_main(), NULL, NULL);
  CHECK(traced("switch:main>main"));
}

static void readd_self(void *user, UNUSED int what, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) {
  event("self");
  CHECK(gl_trace_remove(readd_self, user) == GL_OK && gl_trace_add(readd_self, user) == GL_OK);
}
// rule 27: one that adds itself again is called once an event
TEST(tracer_readds_itself) {
  gl_trace_add(readd_self, NULL);
  run_one();
  gl_trace_remove(readd_self, NULL);
  CHECK(happened("self self self self"));
}

static void add_many(UNUSED void *user, UNUSED int what, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) {
  for (int i = 0; i < 100; i++) gl_trace_add(remove_self, V(i));
}
// rule 27: many are added at once, and all remove themselves at once
TEST(tracers_grow_while_they_are_called) {
  gl_trace_add(add_many, NULL), gl_trace_add(note, "");
  gl_switch(gl_main(), NULL, NULL);
  CHECK(happened("switch:main>main"));
  gl_trace_remove(add_many, NULL);
  gl_switch(gl_main(), NULL, NULL);
  events[0] = 0;
  gl_switch(gl_main(), NULL, NULL);
  CHECK(traced("switch:main>main"));
}

static void run_elsewhere(UNUSED void *arg) {
  gl_greenlet *g = gl_new(identity, NULL);
  gl_switch(g, NULL, NULL);
  gl_release(g);
}
// rule 27: a tracer sees its own thread alone
TEST(tracers_belong_to_a_thread) {
  gl_trace_add(note, "");
  on_a_thread(run_elsewhere, NULL);
  CHECK(traced(""));
}

BODY(traces_itself) {
  gl_trace_add(note, "");
  return GL_OK;
}
// rule 27: added by one greenlet, it sees what follows, also after that one's end
TEST(tracer_outlives_the_greenlet_that_added_it) {
  names = 0;
  gl_switch(name(gl_new(traces_itself, NULL)), NULL, NULL);
  gl_switch(gl_main(), NULL, NULL);
  CHECK(traced("end:a>main switch:a>main switch:main>main"));
  leaves();
}
