/* SPDX-License-Identifier: MIT */
/* The current greenlet loses its last handle, leaves, and is killed by whoever is resumed (rule 22). */
#include "victim.h"

/* What an orphan does: releases itself, leaves for somewhere, notes how it is killed, cleans up. */
struct plan {
  gl_greenlet *target; /* NULL: main */
  bool throws;
  void (*cleanup)(void);
  gl_status outcome;
  void *result;
};
BODY(leave_without_handles) {
  const struct plan *plan = data;
  gl_greenlet *target = plan->target ? plan->target : gl_main(), *echoing = gl_new(echo, NULL);
  warm_up(echoing);
  gl_kill(echoing, NULL);
  gl_release(echoing); /* which held this one, as its parent */
  gl_release(gl_current());
  CHECK(gl_state(gl_current()) == GL_RUNNING);
  event("leaves");
  gl_status status = plan->throws ? gl_throw(target, V(7), &value) : gl_switch(target, V(7), &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)value);
  if (plan->cleanup) plan->cleanup();
  *result = plan->result;
  return plan->outcome;
}
static gl_greenlet *orphan(const struct plan *plan) {
  return NEW(.run = leave_without_handles, .data = (void *)plan, .drop_result = note_result);
}

// rule 22: before main's call returns; what was delivered is kept
TEST(orphan_is_killed_before_the_resumed_call_returns) {
  uint64_t leaked = stats().leaked;
  void *received = NULL;
  CHECK(gl_switch(orphan(&(struct plan){.outcome = GL_KILLED}), NULL, &received) == GL_OK);
  CHECK(received == V(7));
  CHECK(happened("leaves GL_KILLED 0"));
  CHECK(stats().leaked == leaked);
  CHECK(all_gone());
}

// rule 22: a throw that was delivered is kept too
TEST(orphan_that_throws_is_killed_before_the_resumed_call_returns) {
  void *received = NULL;
  CHECK(gl_switch(orphan(&(struct plan){.throws = true, .outcome = GL_KILLED}), NULL, &received) == GL_THROWN);
  CHECK(received == V(7));
  CHECK(happened("leaves GL_KILLED 0"));
  CHECK(all_gone());
}

// rules 14, 22
TEST(result_of_an_orphan_is_dropped) {
  void *received = NULL;
  CHECK(gl_switch(orphan(&(struct plan){.outcome = GL_OK, .result = V(5)}), NULL, &received) == GL_OK);
  CHECK(received == V(7));
  CHECK(happened("leaves GL_KILLED 0 result 5"));
  CHECK(all_gone());
}

static void note_unhandled(void *user, gl_greenlet *g, void *payload) {
  (void)user, (void)g;
  event("unhandled %d", (int)(intptr_t)payload);
}

// rules 14, 22
TEST(payload_of_an_orphan_is_unhandled) {
  void *received = NULL;
  gl_set_unhandled(note_unhandled, NULL);
  CHECK(gl_switch(orphan(&(struct plan){.outcome = GL_THROWN, .result = V(5)}), NULL, &received) == GL_OK);
  gl_set_unhandled(NULL, NULL);
  CHECK(received == V(7));
  CHECK(happened("leaves GL_KILLED 0 unhandled 5"));
  CHECK(all_gone());
}

static void check_parent_is_main(void) { event("%s", gl_parent(gl_current()) == gl_main() ? "of main" : "of another"); }

BODY(note_start) {
  CHECK(value == V(7));
  event("starts");
  *result = V(8);
  return GL_OK;
}

// rule 22: by one that starts, before its run
TEST(orphan_is_killed_before_the_started_one_runs) {
  gl_greenlet *next = gl_new(note_start, NULL);
  void *received = NULL;
  CHECK(gl_switch(orphan(&(struct plan){.target = next, .cleanup = check_parent_is_main, .outcome = GL_KILLED}), NULL, &received) == GL_OK);
  CHECK(received == V(8));
  CHECK(happened("leaves GL_KILLED 0 of another starts"));
  gl_release(next);
  CHECK(all_gone());
}

BODY(note_arrival) {
  gl_status status = to_parent(NULL, &value);
  event("arrives %s %d", gl_status_name(status), (int)(intptr_t)value);
  *result = V(8);
  return GL_OK;
}

// rule 22: by a brother; it, not main, is the parent meanwhile
TEST(orphan_is_killed_by_the_brother_that_it_leaves_for) {
  for (int throws = 0; throws < 2; throws++) {
    gl_greenlet *next = waiting(note_arrival, NULL);
    void *received = NULL;
    struct plan plan = {.target = next, .throws = throws, .cleanup = check_parent_is_main, .outcome = GL_KILLED};
    CHECK(gl_switch(orphan(&plan), NULL, &received) == GL_OK);
    CHECK(received == V(8));
    CHECK(happened(throws ? "leaves GL_KILLED 0 of another arrives GL_THROWN 7" : "leaves GL_KILLED 0 of another arrives GL_OK 7"));
    gl_release(next);
    CHECK(all_gone());
  }
}

// rules 8, 22: who is resumed is the dead target's ancestor
TEST(orphan_that_leaves_for_a_dead_one_is_killed_by_its_ancestor) {
  gl_greenlet *next = waiting(note_arrival, NULL), *dead = child_of(next, never, NULL);
  CHECK(gl_kill(dead, NULL) == GL_OK);
  CHECK(gl_switch(orphan(&(struct plan){.target = dead, .outcome = GL_KILLED}), NULL, NULL) == GL_OK);
  CHECK(happened("leaves GL_KILLED 0 arrives GL_OK 7"));
  gl_release(dead), gl_release(next);
  CHECK(all_gone());
}

// rules 11, 22: a throw into an unstarted one resumes that one's ancestor
TEST(orphan_that_throws_into_an_unstarted_one_is_killed_by_its_ancestor) {
  gl_greenlet *next = waiting(note_arrival, NULL), *unstarted = child_of(next, never, NULL);
  CHECK(gl_switch(orphan(&(struct plan){.target = unstarted, .throws = true, .outcome = GL_KILLED}), NULL, NULL) == GL_OK);
  CHECK(happened("leaves GL_KILLED 0 arrives GL_THROWN 7"));
  CHECK(gl_state(unstarted) == GL_DEAD);
  gl_release(unstarted), gl_release(next);
  CHECK(all_gone());
}

BODY(release_oneself_and_end) {
  gl_release(gl_current());
  *result = value;
  return (gl_status)(intptr_t)data;
}

// rules 4, 22: nothing is left to kill
TEST(orphan_that_ends_is_freed) {
  void *received = NULL;
  CHECK(gl_switch(NEW(.run = release_oneself_and_end, .data = V(GL_OK), .drop_result = note_result), V(3), &received) == GL_OK);
  CHECK(received == V(3));
  CHECK(gl_switch(NEW(.run = release_oneself_and_end, .data = V(GL_THROWN), .drop_result = note_result), V(4), &received) == GL_THROWN);
  CHECK(received == V(4));
  CHECK(happened(""));
  CHECK(all_gone());
}

static gl_greenlet *kept;
BODY(release_and_retain_oneself) {
  gl_greenlet *self = gl_current();
  gl_release(self);
  CHECK(gl_switch(self, V(1), &value) == GL_OK); /* does not leave */
  CHECK(gl_switch(NULL, V(1), &value) == GL_EINVAL);
  kept = gl_retain(self);
  gl_status status = gl_switch(gl_main(), V(2), &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)value);
  return status;
}

// rule 22: only one that leaves without a handle is killed
TEST(current_one_may_take_a_new_handle_before_it_leaves) {
  void *received = NULL;
  CHECK(gl_switch(gl_new(release_and_retain_oneself, NULL), NULL, &received) == GL_OK);
  CHECK(received == V(2));
  CHECK(happened(""));
  CHECK(gl_state(kept) == GL_SUSPENDED);
  CHECK(gl_switch(kept, V(3), NULL) == GL_OK);
  CHECK(happened("GL_OK 3"));
  gl_release(kept);
  CHECK(all_gone());
}

static void keep_oneself(void) { kept = gl_retain(gl_current()); }

// rules 21, 22
TEST(orphan_may_keep_itself_while_it_is_killed) {
  uint64_t leaked = stats().leaked;
  void *received = NULL;
  CHECK(gl_switch(orphan(&(struct plan){.cleanup = keep_oneself, .outcome = GL_KILLED}), NULL, &received) == GL_OK);
  CHECK(received == V(7));
  CHECK(gl_state(kept) == GL_DEAD);
  CHECK(stats().leaked == leaked);
  gl_release(kept);
  events[0] = 0;
  CHECK(all_gone());
}

static void give_six(void) {
  kept = gl_current(); /* no handle: to end it after all */
  void *value = NULL;
  gl_status status = to_parent(V(6), &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)value);
}

// rules 14, 21, 22: it is leaked, and what was delivered first is kept
TEST(orphan_that_refuses_to_end_is_leaked) {
  uint64_t leaked = stats().leaked;
  void *received = NULL;
  struct plan plan = {.cleanup = give_six, .outcome = GL_OK, .result = V(3)};
  CHECK(gl_switch(orphan(&plan), NULL, &received) == GL_OK);
  CHECK(received == V(7));
  CHECK(happened("leaves GL_KILLED 0 result 6"));
  CHECK(stats().leaked == leaked + 1);
  CHECK(gl_switch(kept, V(1), &received) == GL_OK);
  CHECK(received == V(3));
  CHECK(happened("GL_OK 1"));
  CHECK(all_gone());
}

static void drop_on_the_resumed(void *data) {
  CHECK(gl_current() == gl_main());
  note_drop(data);
}
BODY(leave_discardable) {
  gl_release(gl_current());
  gl_switch(gl_main(), V(7), NULL);
  return never(data, value, result);
}

// rules 21, 22: freed without running, by who is resumed, not under its own feet
TEST(discardable_orphan_is_freed_when_it_has_left) {
  uint64_t leaked = stats().leaked;
  void *received = NULL;
  CHECK(gl_switch(NEW(.run = leave_discardable, .data = V(1), .drop = drop_on_the_resumed, .flags = GL_DISCARD), NULL, &received) == GL_OK);
  CHECK(received == V(7));
  CHECK(happened("drop 1"));
  CHECK(stats().leaked == leaked);
  CHECK(all_gone());
}

BODY(release_parentless_child) {
  gl_greenlet *self = gl_current();
  *(gl_greenlet **)data = NEW(.run = never, .parent = self);
  gl_release(self);
  gl_status status = gl_switch(gl_main(), V(7), &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)value);
  return status;
}

// rules 16, 22: a child keeps it; when the child goes, it goes as any other
TEST(current_one_with_a_child_has_a_handle) {
  gl_greenlet *child = NULL;
  CHECK(gl_switch(gl_new(release_parentless_child, &child), NULL, NULL) == GL_OK);
  CHECK(happened(""));
  CHECK(gl_state(gl_parent(child)) == GL_SUSPENDED);
  gl_release(child);
  CHECK(happened("GL_KILLED 0"));
  CHECK(all_gone());
}

BODY(move_the_last_child_away) {
  gl_greenlet *self = gl_current(), *child = NEW(.run = never, .parent = self);
  gl_release(self);
  CHECK(gl_set_parent(child, gl_main()) == GL_OK);
  CHECK(gl_current() == self);
  event("moved");
  *(gl_greenlet **)data = child;
  gl_status status = gl_switch(gl_main(), V(7), &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)value);
  return status;
}

// rules 15, 22: gl_set_parent takes the current one's last handle
TEST(current_one_loses_its_last_handle_with_its_child) {
  gl_greenlet *child = NULL;
  CHECK(gl_switch(gl_new(move_the_last_child_away, &child), NULL, NULL) == GL_OK);
  CHECK(happened("moved GL_KILLED 0"));
  gl_release(child);
  CHECK(all_gone());
}

static gl_greenlet *second;
static void switch_to_second(void) {
  gl_status status = gl_switch(second, V(1), NULL);
  event("back %s", gl_status_name(status));
}
BODY(second_orphan) {
  gl_release(gl_current());
  event("second leaves");
  gl_status status = to_parent(V(2), NULL);
  event("second %s", gl_status_name(status));
  return status;
}

// rule 22: an orphan that is being killed meets another orphan
TEST(orphan_kills_an_orphan_while_it_is_killed) {
  void *received = NULL;
  second = NULL;
  struct plan plan = {.cleanup = switch_to_second, .outcome = GL_KILLED};
  gl_greenlet *first = orphan(&plan);
  second = child_of(first, second_orphan, NULL);
  CHECK(gl_switch(first, NULL, &received) == GL_OK);
  CHECK(happened("leaves")); /* the child keeps it */
  CHECK(received == V(7));
  CHECK(gl_kill(first, NULL) == GL_OK);
  CHECK(happened("GL_KILLED 0 second leaves second GL_KILLED back GL_OK"));
  CHECK(all_gone());
}

static gl_greenlet *hub;
BODY(note_status_once) {
  gl_status status = gl_switch(gl_main(), NULL, &value);
  event("hub %s %d", gl_status_name(status), (int)(intptr_t)value);
  status = gl_switch(gl_main(), V(4), &value);
  event("hub %s %d", gl_status_name(status), (int)(intptr_t)value);
  if (status == GL_KILLED) return status;
  status = gl_switch(gl_main(), V(5), &value);
  event("hub %s %d", gl_status_name(status), (int)(intptr_t)value);
  return status;
}
static void go_to_main(void) {
  kept = gl_current();
  gl_switch(gl_main(), V(6), NULL);
}

// rules 14, 22: a kill of the one that waits for the orphan: the delivered value comes first, the kill with its next call
TEST(kill_of_one_that_waits_for_an_orphan_is_kept) {
  uint64_t leaked = stats().leaked;
  hub = waiting(note_status_once, NULL);
  void *received = NULL;
  struct plan plan = {.target = hub, .cleanup = go_to_main, .outcome = GL_KILLED};
  CHECK(gl_switch(orphan(&plan), NULL, &received) == GL_OK);
  CHECK(received == V(6)); /* the orphan, being killed by the hub, went to main */
  CHECK(happened("leaves GL_KILLED 0"));
  CHECK(gl_state(hub) == GL_SUSPENDED);
  CHECK(gl_parent(kept) == hub);
  CHECK(gl_kill(hub, NULL) == GL_OK);
  CHECK(happened("hub GL_OK 7 hub GL_KILLED 0"));
  CHECK(gl_state(hub) == GL_DEAD);
  CHECK(stats().leaked == leaked + 1);
  CHECK(gl_switch(kept, NULL, NULL) == GL_OK);
  gl_release(hub);
  CHECK(all_gone());
}

// rules 13, 22: the resumed one waits in gl_kill for somebody else
TEST(status_of_a_kill_survives_the_kill_of_an_orphan) {
  gl_greenlet *prey = waiting(victim, &(struct victim){go_to_main, GL_KILLED, NULL});
  hub = gl_new(killer, prey);
  CHECK(gl_switch(hub, NULL, NULL) == GL_OK);
  CHECK(happened("GL_KILLED 0"));
  CHECK(gl_switch(orphan(&(struct plan){.target = hub, .outcome = GL_KILLED}), NULL, NULL) == GL_OK);
  CHECK(happened("leaves GL_KILLED 0 kill GL_ALIVE 7"));
  CHECK(gl_parent(prey) == gl_main());
  CHECK(gl_switch(prey, NULL, NULL) == GL_OK);
  gl_release(hub), gl_release(prey);
  CHECK(all_gone());
}

BODY(start_and_release_orphans) {
  static struct plan plan;
  intptr_t n = (intptr_t)data, wrong = 0;
  plan = (struct plan){.target = gl_current(), .outcome = GL_KILLED};
  for (intptr_t i = 0; i < n; i++) {
    void *received = NULL;
    if (gl_switch(orphan(&plan), NULL, &received) != GL_OK || received != V(7)) wrong++;
    events[0] = 0;
  }
  CHECK(wrong == 0);
  return GL_OK;
}

// rule 22: their stacks and handles are reused
TEST(thousand_orphans_in_turn) {
  gl_greenlet *g = gl_new(start_and_release_orphans, V(1000));
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_release(g);
  CHECK(stats().stacks_mapped < 100);
  CHECK(all_gone());
}
