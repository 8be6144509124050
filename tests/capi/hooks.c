/* SPDX-License-Identifier: MIT */
/* Exchange hooks: one call on the old stack right before each transfer (rules 7, 23, 26). */
#include "partner.h"

static gl_greenlet *a, *b;
static const char *name_of(const gl_greenlet *g) { return g == gl_main() ? "main" : g == a ? "a" : g == b ? "b" : "?"; }
static void note(void *user, gl_greenlet *from, gl_greenlet *to) { event("%s%s>%s", (const char *)user, name_of(from), name_of(to)); }
static void hook(void) { CHECK(gl_hook_add(note, "") == GL_OK); }
static bool hooked(const char *expected) {
  CHECK(gl_hook_remove(note, "") == GL_OK);
  return happened(expected);
}
static void leaves(void) {
  gl_release(a), gl_release(b);
  a = b = NULL;
  CHECK(all_gone());
}

// rule 23: start, switch and end are one transfer each
TEST(hook_is_called_for_each_transfer) {
  a = gl_new(echo, NULL), hook();
  gl_switch(a, NULL, NULL), gl_switch(a, NULL, NULL), gl_throw(a, NULL, NULL);
  CHECK(hooked("main>a a>main main>a a>main main>a a>main"));
  leaves();
}

// rules 13, 21, 23: so are kills, also by a last handle
TEST(hook_is_called_for_kills) {
  a = gl_new(echo, NULL), b = gl_new(echo, NULL);
  gl_switch(a, NULL, NULL), gl_switch(b, NULL, NULL);
  hook();
  gl_kill(a, NULL), gl_release(b);
  CHECK(hooked("main>a a>main main>b b>main"));
  b = NULL;
  leaves();
}

// rules 5, 23: an outcome that starts an ancestor is one transfer
TEST(hook_is_called_for_an_outcome_that_starts) {
  a = gl_new(identity, NULL), b = child_of(a, identity, NULL), hook();
  gl_switch(b, NULL, NULL);
  CHECK(hooked("main>b b>a a>main"));
  gl_release(b), b = NULL;
  leaves();
}

// rule 7: a switch to itself is none
TEST(hook_is_not_called_for_the_current_one) {
  a = gl_new(identity, NULL), gl_switch(a, NULL, NULL);
  hook();
  gl_switch(gl_main(), NULL, NULL), gl_throw(gl_main(), NULL, NULL), gl_switch(a, NULL, NULL);
  CHECK(hooked(""));
  leaves();
}

// rules 9, 11, 13: nor is what fails, or resumes nobody
TEST(hook_is_not_called_when_nobody_is_resumed) {
  a = gl_new(never, NULL), b = NEW(.run = never, .stack_size = NO_SUCH_STACK);
  hook();
  CHECK(gl_switch(NULL, NULL, NULL) == GL_EINVAL && gl_switch(b, NULL, NULL) == GL_ENOMEM);
  CHECK(gl_kill(a, NULL) == GL_OK && gl_throw(b, NULL, NULL) == GL_THROWN);
  CHECK(hooked(""));
  leaves();
}

static void check_place(UNUSED void *user, gl_greenlet *from, gl_greenlet *to) {
  void *low = NULL, *high = NULL;
  event("%s>%s", name_of(from), name_of(to));
  CHECK(gl_state(to) != GL_DEAD);
  if (from == gl_main()) return;
  if (gl_stack_bounds(from, &low, &high) == GL_OK) event("%s", frame_within(low, high) ? "inside" : "outside");
}
// rule 23: on the stack of the one that leaves
TEST(hook_runs_on_the_old_stack) {
  a = gl_new(echo, NULL);
  gl_hook_add(check_place, NULL);
  gl_switch(a, NULL, NULL), gl_switch(a, NULL, NULL);
  gl_hook_remove(check_place, NULL);
  CHECK(happened("main>a a>main inside main>a a>main inside"));
  leaves();
}

// rules 26, 27: several, in the order of adding
TEST(hooks_are_called_in_the_order_of_adding) {
  a = gl_new(identity, NULL);
  gl_hook_add(note, "1"), gl_hook_add(note, "2"), gl_hook_add(note, "0");
  gl_switch(a, NULL, NULL);
  gl_hook_remove(note, "0"), gl_hook_remove(note, "1"), gl_hook_remove(note, "2");
  CHECK(happened("1main>a 2main>a 0main>a 1a>main 2a>main 0a>main"));
  leaves();
}

// rule 30: NULL, the same pair twice, an unknown one
TEST(hook_add_and_remove_refuse) {
  static char one[] = "1", two[] = "2";
  CHECK(gl_hook_add(NULL, one) == GL_EINVAL && gl_hook_remove(NULL, one) == GL_EINVAL && gl_hook_remove(note, one) == GL_EINVAL);
  CHECK(gl_hook_add(note, one) == GL_OK && gl_hook_add(note, two) == GL_OK && gl_hook_add(note, one) == GL_EINVAL);
  CHECK(gl_hook_remove(note, one) == GL_OK && gl_hook_remove(note, one) == GL_EINVAL && gl_hook_remove(note, two) == GL_OK);
  a = gl_new(identity, NULL), gl_switch(a, NULL, NULL);
  CHECK(happened(""));
  leaves();
}

static void remove_self(void *user, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) {
  event("self");
  CHECK(gl_hook_remove(remove_self, user) == GL_OK);
}
static void remove_note(UNUSED void *user, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) { gl_hook_remove(note, ""); }
static void add_note(UNUSED void *user, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) { gl_hook_add(note, ""); }
// rule 26: hooks remove themselves, and others that are not called any more
TEST(hooks_remove_hooks) {
  a = gl_new(identity, NULL);
  gl_hook_add(remove_self, V(1)), gl_hook_add(remove_self, V(2)), gl_hook_add(remove_note, NULL), gl_hook_add(note, "");
  gl_switch(a, NULL, NULL);
  gl_hook_remove(remove_note, NULL);
  CHECK(happened("self self"));
  leaves();
}
// rule 26: a hook that a hook adds counts from the next transfer
TEST(hooks_add_hooks) {
  a = gl_new(identity, NULL);
  gl_hook_add(add_note, NULL);
  gl_switch(a, NULL, NULL);
  gl_hook_remove(add_note, NULL);
  CHECK(hooked("a>main"));
  leaves();
}

static void run_elsewhere(UNUSED void *arg) {
  gl_greenlet *g = gl_new(identity, NULL);
  gl_switch(g, NULL, NULL);
  gl_release(g);
}
// rule 23: a hook serves the thread that added it
TEST(hooks_belong_to_a_thread) {
  hook();
  on_a_thread(run_elsewhere, NULL);
  CHECK(hooked(""));
}

static void trace(UNUSED void *user, int what, gl_greenlet *from, gl_greenlet *to) {
  if (what == GL_EV_SWITCH) event("trace %s>%s", name_of(from), name_of(to));
}
// rules 23, 27: with tracers the hook comes last: right before the transfer
TEST(hook_comes_after_tracers) {
  a = gl_new(identity, NULL);
  hook(), gl_trace_add(trace, NULL);
  gl_switch(a, NULL, NULL);
  gl_trace_remove(trace, NULL);
  CHECK(hooked("trace main>a main>a trace a>main a>main"));
  leaves();
}

/* A runtime that keeps a depth for each stack: the register of this thread is saved to `from` and loaded from `to`. */
static intptr_t depth;
static void exchange_depth(UNUSED void *user, gl_greenlet *from, gl_greenlet *to) {
  gl_set_data(from, V(depth));
  depth = (intptr_t)gl_data(to);
}
BODY(goes_deeper) {
  intptr_t mine = depth;
  while (value) {
    mine++, depth++;
    CHECK(to_parent(NULL, &value) == GL_OK);
    CHECK(depth == mine);
  }
  return GL_OK;
}
// rule 23: what hooks swap is each one's own, over all kinds of transfers
TEST(hook_keeps_state_for_each) {
  gl_greenlet *all[5];
  depth = 1000;
  gl_hook_add(exchange_depth, NULL);
  for (int i = 0; i < 5; i++) all[i] = gl_new(goes_deeper, V(i * 100));
  for (int round = 0; round < 10; round++)
    for (int i = 0; i < 5; i++) {
      CHECK(gl_switch(all[i], V(1), NULL) == GL_OK && depth == 1000);
      CHECK((intptr_t)gl_data(all[i]) == i * 100 + round + 1);
    }
  for (int i = 0; i < 5; i++) {
    CHECK(gl_switch(all[i], NULL, NULL) == GL_OK && gl_state(all[i]) == GL_DEAD && depth == 1000);
    gl_release(all[i]);
  }
  gl_hook_remove(exchange_depth, NULL);
  gl_set_data(gl_main(), NULL);
  CHECK(all_gone());
}
