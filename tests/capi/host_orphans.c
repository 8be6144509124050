/* SPDX-License-Identifier: MIT */
/* Rules 14, 21, 22 and 36: last handles in a realm, where the library can only queue and the host drains. */
#include "hosted.h"
#include "partner.h"

static void asks_for_an_orphan(void) { CHECK(gl_host_next_orphan(realm, &out) == GL_OK); }
static bool no_orphan(void) {
  gl_greenlet *now = gl_realm_current(realm);
  asks_for_an_orphan();
  return out.next == NULL && gl_realm_current(realm) == now;
}

// rule 36: released is queued, nothing more; the host kills it when it asks
TEST(released_hosted_one_waits_for_the_host) {
  realm_begins();
  CHECK(no_orphan());
  gl_greenlet *g = waiting_in_realm(realm_main);
  gl_release(g);
  CHECK(stats().alive == 1 && gl_realm_current(realm) == realm_main);
  asks_for_an_orphan();
  CHECK(delivered(g, GL_KILLED, NULL) && gl_state(g) == GL_RUNNING && gl_parent(g) == realm_main);
  ends_with(GL_KILLED, V(1)); /* goes nowhere */
  CHECK(delivered(realm_main, GL_OK, NULL) && stats().alive == 0);
  CHECK(no_orphan());
  realm_ends();
}

// rule 36: no other call of the host kills anybody
TEST(other_host_calls_leave_orphans_alone) {
  realm_begins();
  gl_greenlet *g = waiting_in_realm(realm_main), *other = waiting_in_realm(realm_main);
  gl_release(g);
  switches_to(other, V(1));
  CHECK(delivered(other, GL_OK, V(1)));
  ends_with(GL_OK, V(2));
  CHECK(delivered(realm_main, GL_OK, V(2)) && gl_state(g) == GL_SUSPENDED);
  gl_release(other);
  gl_release(hosted(realm_main));
  CHECK(gl_state(g) == GL_SUSPENDED);
  asks_for_an_orphan(), ends_with(GL_KILLED, NULL);
  CHECK(no_orphan());
  realm_ends();
}

// rules 18, 36: in the order of release
TEST(orphans_come_in_the_order_of_release) {
  gl_greenlet *g[3];
  realm_begins();
  for (int i = 0; i < 3; i++) g[i] = waiting_in_realm(realm_main);
  gl_release(g[1]), gl_release(g[2]), gl_release(g[0]);
  const int order[] = {1, 2, 0};
  for (int i = 0; i < 3; i++) {
    asks_for_an_orphan();
    CHECK(delivered(g[order[i]], GL_KILLED, NULL));
    ends_with(GL_KILLED, NULL);
    CHECK(delivered(realm_main, GL_OK, NULL));
  }
  CHECK(no_orphan());
  realm_ends();
}

static void note_unhandled(UNUSED void *user, gl_greenlet *g, void *payload) {
  event("unhandled %s %d", gl_name(g), (int)(intptr_t)payload);
}
// rules 14, 36: what an orphan leaves goes to drop_result, or to the unhandled function
TEST(what_orphans_leave_is_dropped) {
  realm_begins();
  gl_set_unhandled(note_unhandled, NULL);
  for (int i = 0; i < 2; i++) {
    gl_greenlet *g = NEW(.parent = realm_main, .flags = GL_HOSTED, .drop_result = note_result, .name = "g");
    switches_to(g, NULL), switches_to(realm_main, NULL);
    gl_release(g), asks_for_an_orphan();
    ends_with(i ? GL_THROWN : GL_KILLED, V(7));
    CHECK(delivered(realm_main, GL_OK, NULL));
  }
  gl_set_unhandled(NULL, NULL);
  CHECK(happened("result 7 unhandled g 7"));
  realm_ends();
}

// rules 21, 36: one that comes back is leaked, once; when it ends later it is freed
TEST(orphan_that_comes_back_is_leaked) {
  realm_begins();
  uint64_t leaked = stats().leaked;
  gl_greenlet *g = waiting_in_realm(realm_main);
  gl_release(g), asks_for_an_orphan();
  switches_to(realm_main, V(3));
  CHECK(delivered(realm_main, GL_OK, NULL) && stats().leaked == leaked + 1 && gl_state(g) == GL_SUSPENDED);
  CHECK(no_orphan());
  switches_to(g, V(4));
  CHECK(delivered(g, GL_OK, V(4)));
  ends_with(GL_OK, V(5));
  CHECK(delivered(realm_main, GL_OK, V(5)) && stats().leaked == leaked + 1);
  realm_ends();
}

// rules 21, 36: one that takes a new handle on itself is neither freed nor leaked
TEST(orphan_that_holds_itself_lives) {
  realm_begins();
  uint64_t leaked = stats().leaked;
  gl_greenlet *g = waiting_in_realm(realm_main);
  gl_release(g), asks_for_an_orphan();
  gl_retain(g), switches_to(realm_main, NULL);
  CHECK(delivered(realm_main, GL_OK, NULL) && stats().leaked == leaked && no_orphan());
  gl_release(g), asks_for_an_orphan();
  CHECK(delivered(g, GL_KILLED, NULL));
  ends_with(GL_KILLED, NULL);
  realm_ends();
}

// rules 18, 36: one that is retained before the host asks is left alone
TEST(orphan_retained_in_time_is_none) {
  realm_begins();
  gl_greenlet *g = waiting_in_realm(realm_main);
  gl_release(g), gl_retain(g);
  CHECK(no_orphan());
  gl_release(g), gl_retain(g), gl_release(g), asks_for_an_orphan();
  CHECK(delivered(g, GL_KILLED, NULL));
  ends_with(GL_KILLED, NULL);
  CHECK(delivered(realm_main, GL_OK, NULL) && no_orphan());
  realm_ends();
}

// rules 22, 36: the current one loses its last handle: it is an orphan once it has left
TEST(current_one_without_handles_is_an_orphan_when_it_leaves) {
  realm_begins();
  gl_greenlet *g = waiting_in_realm(realm_main);
  switches_to(g, NULL), gl_release(g);
  CHECK(no_orphan() && gl_state(g) == GL_RUNNING);
  switches_to(realm_main, V(8));
  CHECK(delivered(realm_main, GL_OK, V(8)));
  asks_for_an_orphan();
  CHECK(delivered(g, GL_KILLED, NULL));
  ends_with(GL_KILLED, NULL);
  CHECK(delivered(realm_main, GL_OK, NULL) && no_orphan());
  realm_ends();
}

// rules 22, 36: one that ends without handles is freed, nobody is killed
TEST(current_one_without_handles_may_just_end) {
  realm_begins();
  gl_greenlet *g = waiting_in_realm(realm_main);
  switches_to(g, NULL), gl_release(g);
  ends_with(GL_OK, V(9));
  CHECK(delivered(realm_main, GL_OK, V(9)) && no_orphan());
  realm_ends();
}

// rules 21, 36: GL_DISCARD: dropped and freed when the host asks, without running
TEST(discarded_orphan_never_runs) {
  realm_begins();
  uint64_t leaked = stats().leaked;
  gl_greenlet *g = NEW(.parent = realm_main, .flags = GL_HOSTED | GL_DISCARD, .data = V(1), .drop = note_drop);
  switches_to(g, NULL), switches_to(realm_main, NULL);
  gl_release(g);
  CHECK(no_orphan() && happened("drop 1") && stats().leaked == leaked);
  realm_ends();
}

// rule 21: an unstarted one needs no host
TEST(unstarted_hosted_one_is_dropped_at_once) {
  realm_begins();
  gl_release(NEW(.parent = realm_main, .flags = GL_HOSTED, .data = V(1), .drop = note_drop));
  CHECK(happened("drop 1") && no_orphan());
  realm_ends();
}

// rules 18, 36: released on any thread
TEST(orphans_are_released_on_any_thread) {
  realm_begins();
  gl_greenlet *g = waiting_in_realm(realm_main);
  on_a_thread(call_release, g);
  asks_for_an_orphan();
  CHECK(delivered(g, GL_KILLED, NULL));
  ends_with(GL_KILLED, NULL);
  CHECK(no_orphan());
  realm_ends();
}

// rules 14, 36: an orphan kills the one that waits for it: that is kept for that one's next call, once
TEST(kill_of_one_that_waits_for_an_orphan_is_kept) {
  realm_begins();
  gl_greenlet *waiting = waiting_in_realm(realm_main), *orphan = waiting_in_realm(realm_main), *third = waiting_in_realm(realm_main);
  switches_to(waiting, NULL), gl_release(orphan), asks_for_an_orphan();
  CHECK(delivered(orphan, GL_KILLED, NULL));
  switches_to(third, NULL);
  CHECK(gl_host_kill(realm, waiting, &out) == GL_OK && delivered(waiting, GL_OK, NULL)); /* not yet told */
  CHECK(no_orphan());
  CHECK(gl_host_switch(realm, NULL, NULL, &out) == GL_EINVAL); /* a failed call leaves it */
  switches_to(third, V(1));
  CHECK(delivered(waiting, GL_KILLED, NULL));
  ends_with(GL_KILLED, NULL);
  CHECK(delivered(third, GL_OK, NULL));
  ends_with(GL_OK, NULL);
  CHECK(delivered(realm_main, GL_OK, NULL));
  gl_release(waiting), gl_release(third);
  while (asks_for_an_orphan(), out.next) ends_with(GL_KILLED, NULL);
  realm_ends();
}

// rule 36: an orphan switches to a third one, and only later control comes back to the one that asked
TEST(orphan_goes_elsewhere_first) {
  realm_begins();
  uint64_t leaked = stats().leaked;
  gl_greenlet *orphan = waiting_in_realm(realm_main), *third = waiting_in_realm(realm_main);
  gl_release(orphan), asks_for_an_orphan();
  switches_to(third, V(1));
  CHECK(delivered(third, GL_OK, V(1)));
  ends_with(GL_OK, V(2)); /* to main, which waits for the orphan */
  CHECK(delivered(realm_main, GL_OK, NULL) && stats().leaked == leaked + 1);
  gl_release(third);
  CHECK(no_orphan());
  switches_to(orphan, NULL), ends_with(GL_OK, NULL);
  realm_ends();
}

// rule 36: an orphan releases another one, which it may kill itself or leave to those who come
TEST(orphans_leave_orphans) {
  realm_begins();
  gl_greenlet *first = waiting_in_realm(realm_main), *second = waiting_in_realm(realm_main);
  gl_release(first), asks_for_an_orphan();
  gl_release(second), asks_for_an_orphan();
  CHECK(delivered(second, GL_KILLED, NULL) && gl_parent(second) == first);
  ends_with(GL_KILLED, NULL);
  CHECK(delivered(first, GL_OK, NULL) && no_orphan());
  ends_with(GL_KILLED, NULL);
  CHECK(delivered(realm_main, GL_OK, NULL) && no_orphan());
  realm_ends();
}

// rules 19, 37: those that still wait when the realm goes can not be unwound: they are dropped and counted
TEST(orphans_left_at_the_end_are_leaked) {
  realm_begins();
  uint64_t leaked = stats().leaked;
  gl_greenlet *g = NEW(.parent = realm_main, .flags = GL_HOSTED, .data = V(1), .drop = note_drop);
  switches_to(g, NULL), switches_to(realm_main, NULL);
  gl_release(g);
  realm_ends();
  CHECK(happened("drop 1") && stats().leaked == leaked + 1);
}
