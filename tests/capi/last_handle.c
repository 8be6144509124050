/* SPDX-License-Identifier: MIT */
/* The last handle of one that is not current goes (rule 21). What comes back meanwhile is in kill_waited.c. */
#include "victim.h"

static const struct victim obeys = {NULL, GL_KILLED, NULL};

// rule 21
TEST(unstarted_one_is_dropped_and_freed) {
  gl_greenlet *g = NEW(.run = never, .data = V(1), .drop = note_drop);
  gl_retain(g);
  gl_release(g);
  CHECK(happened(""));
  CHECK(gl_state(g) == GL_UNSTARTED);
  gl_release(g);
  CHECK(happened("drop 1"));
  CHECK(all_gone());
}

// rule 21
TEST(dead_one_is_only_freed) {
  gl_greenlet *g = NEW(.run = identity, .data = V(1), .drop = note_drop);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(happened("drop 1"));
  gl_release(g);
  CHECK(happened(""));
  CHECK(all_gone());
}

static void note_current(void) { event("%s", gl_parent(gl_current()) == gl_main() ? "killed by main" : "killed by another"); }

// rule 21
TEST(suspended_one_is_killed_and_freed) {
  uint64_t leaked = stats().leaked;
  struct victim plan = {note_current, GL_KILLED, NULL};
  gl_greenlet *g = waiting(victim, &plan);
  gl_retain(g);
  gl_release(g);
  CHECK(happened(""));
  gl_release(g);
  CHECK(happened("GL_KILLED 0 killed by main"));
  CHECK(stats().leaked == leaked);
  CHECK(all_gone());
}

BODY(release_data) {
  gl_release(data);
  event("released");
  return GL_OK;
}

// rules 13, 21: whoever releases it is the parent meanwhile
TEST(one_that_releases_anothers_child_waits_for_it) {
  gl_greenlet *parent = waiting(echo, NULL), *g = child_of(parent, victim, &(struct victim){note_current, GL_KILLED, V(1)});
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_greenlet *releaser = gl_new(release_data, g);
  CHECK(gl_switch(releaser, NULL, NULL) == GL_OK);
  CHECK(happened("GL_KILLED 0 killed by another released"));
  CHECK(gl_state(parent) == GL_SUSPENDED);
  gl_release(releaser), gl_release(parent);
  CHECK(all_gone());
}

BODY(note_kill) {
  while (gl_switch(gl_main(), NULL, NULL) != GL_KILLED) {}
  event("%d", (int)(intptr_t)data);
  return GL_KILLED;
}

// rules 16, 21: the family goes, youngest first, with the handle on the youngest
TEST(suspended_ancestors_go_with_their_last_child) {
  gl_greenlet *last = NULL;
  for (int i = 0; i < 4; i++) {
    gl_greenlet *g = child_of(last, note_kill, V(i));
    CHECK(gl_switch(g, NULL, NULL) == GL_OK);
    gl_release(last), last = g;
  }
  CHECK(happened(""));
  gl_release(last);
  CHECK(happened("3 2 1 0"));
  CHECK(all_gone());
}

static int killed;
BODY(count_kills) {
  while (gl_switch(gl_main(), NULL, NULL) != GL_KILLED) {}
  killed++;
  return GL_KILLED;
}
BODY(release_many_suspended) {
  enum { depth = 1000 };
  killed = 0;
  gl_release(data);
  CHECK(killed == depth);
  return GL_OK;
}

// rules 16, 21: not by recursion, also on a small stack
TEST(thousand_suspended_ancestors_go_with_the_youngest) {
  gl_greenlet *last = NULL;
  for (int i = 0; i < 1000; i++) {
    gl_greenlet *g = child_of(last, count_kills, NULL);
    CHECK(gl_switch(g, NULL, NULL) == GL_OK);
    gl_release(last), last = g;
  }
  gl_greenlet *g = NEW(.run = release_many_suspended, .data = last, .stack_size = 32 * 1024);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_release(g);
  CHECK(all_gone());
}

static gl_greenlet *lost, *kept;
static void note_unhandled(void *user, gl_greenlet *g, void *payload) {
  event("unhandled %s %d", g == user ? "its" : "another's", (int)(intptr_t)payload);
}

// rule 21: never freed under its own feet; freed when it ends after all
TEST(one_that_gives_a_value_instead_of_ending_is_leaked) {
  uint64_t leaked = stats().leaked;
  lost = waiting(victim, &(struct victim){give_seven, GL_KILLED, V(3)});
  gl_release(lost);
  CHECK(happened("GL_KILLED 0"));
  CHECK(stats().leaked == leaked + 1);
  CHECK(stats().alive == 1);
  CHECK(gl_state(lost) == GL_SUSPENDED);
  CHECK(gl_parent(lost) == gl_main());
  void *received = NULL;
  CHECK(gl_switch(lost, V(1), &received) == GL_OK);
  CHECK(received == V(3));
  CHECK(happened("GL_OK 1"));
  CHECK(stats().leaked == leaked + 1);
  CHECK(all_gone());
}

// rule 21: a payload is no death either
TEST(one_that_throws_back_instead_of_ending_is_leaked) {
  uint64_t leaked = stats().leaked;
  lost = waiting(victim, &(struct victim){throw_seven, GL_OK, V(3)});
  gl_set_unhandled(note_unhandled, lost);
  gl_release(lost);
  gl_set_unhandled(NULL, NULL);
  CHECK(happened("GL_KILLED 0 unhandled its 7"));
  CHECK(stats().leaked == leaked + 1);
  CHECK(gl_switch(lost, V(1), NULL) == GL_OK);
  CHECK(happened("GL_OK 1"));
  CHECK(all_gone());
}

// rule 21: a leaked one may be kept again, and then its last handle may go again
TEST(leaked_one_that_gets_a_handle_is_killed_again) {
  uint64_t leaked = stats().leaked;
  lost = waiting(victim, &(struct victim){give_seven, GL_KILLED, NULL});
  gl_release(lost);
  CHECK(stats().leaked == leaked + 1);
  gl_retain(lost);
  gl_release(lost);
  CHECK(happened("GL_KILLED 0 GL_KILLED 0"));
  CHECK(all_gone());
}

BODY(refuse_to_end) {
  for (;;) {
    gl_status status = gl_switch(gl_main(), V(1), &value);
    event(gl_status_name(status));
    if (status == GL_OK && value) gl_switch(gl_current(), NULL, NULL);
    if (status == GL_OK && value == V(2)) return GL_OK;
  }
}

// rule 21: a leaked one that somebody resumes may leave again
TEST(leaked_one_that_is_resumed_is_not_killed_again) {
  uint64_t leaked = stats().leaked;
  gl_greenlet *g = waiting(refuse_to_end, NULL);
  gl_release(g);
  CHECK(happened("GL_KILLED"));
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(gl_switch(g, V(1), NULL) == GL_OK); /* this time with a switch to itself between */
  CHECK(happened("GL_OK GL_OK"));
  CHECK(gl_state(g) == GL_SUSPENDED);
  CHECK(stats().leaked == leaked + 1);
  CHECK(gl_switch(g, V(2), NULL) == GL_OK);
  CHECK(happened("GL_OK"));
  CHECK(all_gone());
}

// rule 21: with a new handle it is as any other
TEST(leaked_one_that_refuses_again_is_counted_again) {
  uint64_t leaked = stats().leaked;
  gl_greenlet *g = waiting(refuse_to_end, NULL);
  for (unsigned i = 1; i <= 3; i++) {
    gl_release(g);
    CHECK(happened("GL_KILLED"));
    CHECK(stats().leaked == leaked + i);
    gl_retain(g);
  }
  CHECK(gl_switch(g, V(2), NULL) == GL_OK);
  CHECK(happened("GL_OK"));
  gl_release(g);
  CHECK(all_gone());
}

BODY(touch_a_handle_when_resumed) {
  for (;;) {
    gl_status status = gl_switch(gl_main(), V(1), &value);
    event(gl_status_name(status));
    if (status == GL_OK && value) return GL_OK;
    if (status == GL_OK) gl_release(gl_retain(gl_current()));
  }
}

// rules 21, 22: the handle that a leaked one takes is a handle that it can lose
TEST(leaked_one_that_takes_and_loses_a_handle_is_killed_again) {
  uint64_t leaked = stats().leaked;
  gl_greenlet *g = waiting(touch_a_handle_when_resumed, NULL);
  gl_release(g);
  CHECK(happened("GL_KILLED"));
  void *received = NULL;
  CHECK(gl_switch(g, NULL, &received) == GL_OK);
  CHECK(received == V(1));
  CHECK(happened("GL_OK GL_KILLED"));
  CHECK(stats().leaked == leaked + 2);
  CHECK(gl_switch(g, V(1), NULL) == GL_OK);
  CHECK(happened("GL_OK"));
  CHECK(all_gone());
}

// rules 16, 21: a child is a handle
TEST(leaked_one_that_loses_its_child_is_killed_again) {
  gl_greenlet *g = waiting(refuse_to_end, NULL);
  gl_release(g);
  CHECK(happened("GL_KILLED"));
  gl_release(child_of(g, never, NULL));
  CHECK(happened("GL_KILLED"));
  CHECK(gl_switch(g, V(2), NULL) == GL_OK);
  CHECK(happened("GL_OK"));
  CHECK(all_gone());
}

static void keep_oneself(void) { kept = gl_retain(gl_current()); }
static void keep_oneself_and_refuse(void) {
  keep_oneself();
  give_seven();
}

// rule 21
TEST(one_that_keeps_itself_and_ends_is_dead_not_freed) {
  uint64_t leaked = stats().leaked;
  gl_greenlet *g = waiting(victim, &(struct victim){keep_oneself, GL_KILLED, NULL});
  gl_release(g);
  CHECK(kept == g);
  CHECK(gl_state(kept) == GL_DEAD);
  CHECK(gl_parent(kept) == gl_main());
  CHECK(stats().leaked == leaked);
  gl_release(kept);
  CHECK(happened("GL_KILLED 0"));
  CHECK(all_gone());
}

// rule 21
TEST(one_that_keeps_itself_and_goes_on_is_not_leaked) {
  uint64_t leaked = stats().leaked;
  gl_greenlet *g = waiting(victim, &(struct victim){keep_oneself_and_refuse, GL_KILLED, NULL});
  gl_release(g);
  CHECK(gl_state(kept) == GL_SUSPENDED);
  CHECK(gl_parent(kept) == gl_main());
  CHECK(stats().leaked == leaked);
  gl_release(kept); /* and may be killed again */
  CHECK(happened("GL_KILLED 0 GL_KILLED 0"));
  CHECK(stats().leaked == leaked);
  CHECK(all_gone());
}

BODY(keep_oneself_always) {
  for (;;) {
    gl_status status = to_parent(NULL, &value);
    event(gl_status_name(status));
    if (status == GL_OK) return GL_OK;
    kept = gl_retain(gl_current());
  }
}

// rule 21: any number of times
TEST(one_may_keep_itself_again_and_again) {
  kept = waiting(keep_oneself_always, NULL);
  for (int i = 0; i < 3; i++) {
    gl_release(kept);
    CHECK(happened("GL_KILLED"));
    CHECK(gl_state(kept) == GL_SUSPENDED);
  }
  CHECK(gl_switch(kept, NULL, NULL) == GL_OK);
  CHECK(happened("GL_OK"));
  gl_release(kept);
  CHECK(all_gone());
}

BODY(hold_another) {
  gl_greenlet *mine = waiting(victim, (void *)&obeys);
  gl_set_parent(mine, gl_main()); /* else each would keep the other (rule 16) */
  gl_status status = to_parent(NULL, NULL);
  event("holder %s", gl_status_name(status));
  gl_release(mine);
  event("held gone");
  return status;
}

// rule 21: a victim's cleanup releases last handles of its own
TEST(victim_releases_what_it_holds) {
  gl_release(waiting(hold_another, NULL));
  CHECK(happened("holder GL_KILLED GL_KILLED 0 held gone"));
  CHECK(all_gone());
}

static gl_greenlet *nest[100];
BODY(release_the_next) {
  intptr_t i = (intptr_t)data;
  gl_switch(gl_main(), NULL, NULL);
  killed++;
  if (i + 1 < 100) gl_release(nest[i + 1]);
  return GL_KILLED;
}

// rule 21: each victim's cleanup has the next one killed
TEST(hundred_victims_release_each_other) {
  killed = 0;
  for (intptr_t i = 0; i < 100; i++) {
    nest[i] = gl_new(release_the_next, V(i));
    CHECK(gl_switch(nest[i], NULL, NULL) == GL_OK);
  }
  gl_release(nest[0]);
  CHECK(killed == 100);
  CHECK(all_gone());
}

BODY(end_at_the_second_kill) {
  gl_switch(gl_main(), NULL, NULL);
  event("first");
  gl_switch(gl_main(), NULL, NULL);
  event("second");
  *result = V(5);
  return GL_KILLED;
}

// rules 13, 21: it is being killed already when its last handle goes; who killed it first still waits
TEST(last_handle_goes_while_another_kills_it) {
  gl_greenlet *g = NEW(.run = end_at_the_second_kill, .drop_result = note_result);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  gl_greenlet *k = gl_new(killer, g);
  CHECK(gl_switch(k, NULL, NULL) == GL_OK);
  CHECK(happened("first"));
  gl_release(g);
  CHECK(happened("second result 5"));
  CHECK(gl_switch(k, V(6), NULL) == GL_OK);
  CHECK(happened("kill GL_OK 6"));
  gl_release(k);
  CHECK(all_gone());
}

// rules 13, 21: who killed it is itself killed and freed before it comes back
TEST(caller_goes_before_its_released_victim) {
  gl_greenlet *g = waiting(end_at_the_second_kill, NULL), *k = gl_new(killer, g);
  CHECK(gl_switch(k, NULL, NULL) == GL_OK);
  CHECK(gl_kill(k, NULL) == GL_OK);
  gl_release(k);
  CHECK(gl_parent(g) == gl_main());
  gl_release(g);
  CHECK(happened("first kill GL_KILLED 0 second"));
  CHECK(all_gone());
}
