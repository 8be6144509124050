/* SPDX-License-Identifier: MIT */
/* Rules 33 to 35: who runs next in a realm, decision by decision. */
#include "hosted.h"

// rule 33: a realm is a tree of its own, with a main that runs
TEST(realm_begins_in_its_main) {
  realm_begins();
  CHECK(realm_main != gl_main() && gl_state(realm_main) == GL_RUNNING && !gl_parent(realm_main) && !strcmp(gl_name(realm_main), ""));
  gl_set_data(realm_main, V(3));
  CHECK(gl_data(realm_main) == V(3) && gl_current() == gl_main());
  realm_ends();
}

// rule 30
TEST(realm_calls_take_NULL) {
  CHECK(!gl_realm_main(NULL) && !gl_realm_current(NULL));
  gl_realm_release(NULL);
}

// rules 3, 4, 35: starts with a value, ends with one; `run` is never called
TEST(hosted_greenlet_starts_and_ends) {
  realm_begins();
  gl_greenlet *g = NEW(.run = never, .parent = realm_main, .flags = GL_HOSTED, .data = V(9), .drop = note_drop, .name = "g");
  CHECK(gl_parent(g) == realm_main && gl_state(g) == GL_UNSTARTED && gl_data(g) == V(9) && !strcmp(gl_name(g), "g"));
  switches_to(g, V(1));
  CHECK(started(g, V(1)) && gl_state(g) == GL_RUNNING && gl_state(realm_main) == GL_SUSPENDED);
  ends_with(GL_OK, V(2));
  CHECK(delivered(realm_main, GL_OK, V(2)) && gl_state(g) == GL_DEAD && happened("drop 9"));
  gl_release(g), realm_ends();
}

// rule 4: outcomes
TEST(hosted_outcomes) {
  const struct {
    gl_status outcome, delivered;
  } all[] = {{GL_OK, GL_OK}, {GL_THROWN, GL_THROWN}, {GL_KILLED, GL_OK}, {GL_ALIVE, GL_THROWN}, {-1, GL_THROWN}, {99, GL_THROWN}};
  realm_begins();
  for (int i = 0; i < 6; i++) {
    gl_greenlet *g = hosted(realm_main);
    switches_to(g, NULL), ends_with(all[i].outcome, V(i));
    CHECK(delivered(realm_main, all[i].delivered, V(i)));
    gl_release(g);
  }
  realm_ends();
}

// rules 6, 7, 10: between started ones; to itself
TEST(hosted_switches_and_throws) {
  realm_begins();
  gl_greenlet *a = waiting_in_realm(realm_main), *b = waiting_in_realm(realm_main);
  switches_to(a, V(1));
  CHECK(delivered(a, GL_OK, V(1)));
  CHECK(gl_host_throw(realm, b, V(2), &out) == GL_OK && delivered(b, GL_THROWN, V(2)));
  switches_to(b, V(3));
  CHECK(delivered(b, GL_OK, V(3)));
  CHECK(gl_host_throw(realm, b, V(4), &out) == GL_OK && delivered(b, GL_THROWN, V(4)));
  ends_with(GL_OK, NULL), switches_to(a, NULL), ends_with(GL_OK, V(5));
  CHECK(delivered(realm_main, GL_OK, V(5)));
  gl_release(a), gl_release(b), realm_ends();
}

// rules 5, 8, 11, 12: the unstarted and the dead on the way
TEST(hosted_outcomes_find_an_ancestor) {
  realm_begins();
  gl_greenlet *above = hosted(realm_main), *g = hosted(above), *below = hosted(g);
  switches_to(below, NULL), ends_with(GL_OK, V(1));
  CHECK(started(g, V(1)));
  ends_with(GL_THROWN, V(2)); /* kills `above` unrun */
  CHECK(delivered(realm_main, GL_THROWN, V(2)) && gl_state(above) == GL_DEAD);
  switches_to(below, V(3));
  CHECK(delivered(realm_main, GL_OK, V(3)));
  CHECK(gl_host_throw(realm, below, V(4), &out) == GL_OK && delivered(realm_main, GL_THROWN, V(4)));
  gl_greenlet *unstarted = hosted(realm_main);
  CHECK(gl_host_throw(realm, unstarted, V(5), &out) == GL_OK && delivered(realm_main, GL_THROWN, V(5)) && gl_state(unstarted) == GL_DEAD);
  gl_release(unstarted), gl_release(below), gl_release(g), gl_release(above), realm_ends();
}

// rules 13, 35: kills come back with the status of rule 13
TEST(hosted_kills_tell_how_they_ended) {
  realm_begins();
  gl_greenlet *real = hosted(realm_main), *g = waiting_in_realm(real);
  CHECK(gl_host_kill(realm, g, &out) == GL_OK && gl_parent(g) == realm_main && delivered(g, GL_KILLED, NULL));
  ends_with(GL_KILLED, V(1));
  CHECK(delivered(realm_main, GL_OK, V(1)) && gl_parent(g) == real && gl_state(g) == GL_DEAD);
  gl_release(g);

  g = waiting_in_realm(real);
  CHECK(gl_host_kill(realm, g, &out) == GL_OK);
  switches_to(realm_main, V(2));
  CHECK(delivered(realm_main, GL_ALIVE, V(2)) && gl_parent(g) == real && gl_state(g) == GL_SUSPENDED);

  CHECK(gl_host_kill(realm, g, &out) == GL_OK);
  ends_with(GL_THROWN, V(3));
  CHECK(delivered(realm_main, GL_THROWN, V(3)) && gl_state(g) == GL_DEAD && gl_state(real) == GL_UNSTARTED);
  gl_release(g), gl_release(real), realm_ends();
}

// rule 13: one that kills is killed itself meanwhile
TEST(hosted_killer_is_killed_meanwhile) {
  realm_begins();
  gl_greenlet *killer = hosted(realm_main), *victim = waiting_in_realm(realm_main);
  switches_to(killer, NULL);
  CHECK(gl_host_kill(realm, victim, &out) == GL_OK && delivered(victim, GL_KILLED, NULL));
  switches_to(realm_main, NULL);
  CHECK(delivered(realm_main, GL_OK, NULL));
  CHECK(gl_host_kill(realm, killer, &out) == GL_OK && delivered(killer, GL_KILLED, NULL));
  CHECK(gl_parent(victim) == realm_main && gl_state(victim) == GL_SUSPENDED);
  ends_with(GL_KILLED, NULL);
  CHECK(delivered(realm_main, GL_OK, NULL));
  CHECK(gl_host_kill(realm, victim, &out) == GL_OK);
  ends_with(GL_KILLED, NULL);
  gl_release(victim), gl_release(killer), realm_ends();
}

// rule 13: kills nest, the inner one comes back first
TEST(hosted_kills_nest) {
  realm_begins();
  gl_greenlet *outer = hosted(realm_main), *inner = hosted(realm_main), *victim = waiting_in_realm(realm_main);
  switches_to(outer, NULL);
  CHECK(gl_host_kill(realm, victim, &out) == GL_OK && gl_parent(victim) == outer);
  switches_to(inner, NULL);
  CHECK(started(inner, NULL));
  CHECK(gl_host_kill(realm, victim, &out) == GL_OK && gl_parent(victim) == inner && delivered(victim, GL_KILLED, NULL));
  CHECK(gl_host_kill(realm, outer, &out) == GL_ECYCLE && gl_host_kill(realm, inner, &out) == GL_ECYCLE);
  CHECK(gl_set_parent(outer, victim) == GL_ECYCLE && gl_set_parent(inner, victim) == GL_ECYCLE);
  ends_with(GL_KILLED, V(1));
  CHECK(delivered(inner, GL_OK, V(1)) && gl_parent(victim) == outer);
  switches_to(outer, V(2));
  CHECK(delivered(outer, GL_OK, V(2)) && gl_parent(victim) == realm_main); /* a value came, and it is dead */
  ends_with(GL_OK, NULL), switches_to(inner, NULL), ends_with(GL_OK, NULL);
  gl_release(victim), gl_release(inner), gl_release(outer), realm_ends();
}

// rule 13: nobody needs to run
TEST(hosted_kill_of_unstarted_and_dead) {
  realm_begins();
  gl_greenlet *g = NEW(.parent = realm_main, .flags = GL_HOSTED, .data = V(1), .drop = note_drop);
  CHECK(gl_host_kill(realm, g, &out) == GL_OK && delivered(realm_main, GL_OK, NULL) && happened("drop 1"));
  CHECK(gl_host_kill(realm, g, &out) == GL_OK && delivered(realm_main, GL_OK, NULL) && happened(""));
  gl_release(g), realm_ends();
}

/* A call that fails leaves `out` and the realm alone (rules 9, 35). */
#define FAILS(call, expected)      \
  (memset(&out, 0x5a, sizeof out), \
   (call) == (expected) && out.next == before.next && out.value == before.value && gl_realm_current(realm) == now)

// rules 9, 13, 30, 35: every argument that may be wrong
TEST(host_calls_refuse) {
  realm_begins();
  gl_delivery before;
  memset(&before, 0x5a, sizeof before);
  gl_greenlet *now = realm_main, *g = waiting_in_realm(realm_main);
  CHECK(FAILS(gl_host_switch(NULL, g, NULL, &out), GL_EINVAL) && FAILS(gl_host_switch(realm, NULL, NULL, &out), GL_EINVAL));
  CHECK(FAILS(gl_host_throw(NULL, g, NULL, &out), GL_EINVAL) && FAILS(gl_host_throw(realm, NULL, NULL, &out), GL_EINVAL));
  CHECK(FAILS(gl_host_kill(NULL, g, &out), GL_EINVAL) && FAILS(gl_host_kill(realm, NULL, &out), GL_EINVAL));
  CHECK(FAILS(gl_host_end(NULL, GL_OK, NULL, &out), GL_EINVAL) && FAILS(gl_host_next_orphan(NULL, &out), GL_EINVAL));
  CHECK(gl_host_switch(realm, g, NULL, NULL) == GL_EINVAL && gl_host_throw(realm, g, NULL, NULL) == GL_EINVAL);
  CHECK(gl_host_kill(realm, g, NULL) == GL_EINVAL && gl_host_next_orphan(realm, NULL) == GL_EINVAL && gl_realm_current(realm) == now);
  CHECK(FAILS(gl_host_kill(realm, realm_main, &out), GL_EINVAL));
  CHECK(FAILS(gl_host_end(realm, GL_OK, NULL, &out), GL_EINVAL)); /* main is current */
  switches_to(g, NULL), now = g;
  CHECK(FAILS(gl_host_kill(realm, g, &out), GL_EINVAL) && FAILS(gl_host_kill(realm, realm_main, &out), GL_EINVAL));
  CHECK(gl_host_end(realm, GL_OK, NULL, NULL) == GL_EINVAL && gl_state(g) == GL_RUNNING);
  gl_greenlet *child = hosted(g);
  switches_to(child, NULL), now = child;
  CHECK(FAILS(gl_host_kill(realm, g, &out), GL_ECYCLE));
  ends_with(GL_OK, NULL), ends_with(GL_OK, NULL);
  gl_release(child), gl_release(g), realm_ends();
}

// rules 17, 33: each realm is a thread of its own
TEST(host_calls_over_realms_are_refused) {
  realm_begins();
  gl_delivery before;
  memset(&before, 0x5a, sizeof before);
  gl_realm *other = gl_realm_new();
  gl_greenlet *now = realm_main, *stranger = hosted(gl_realm_main(other)), *own = waiting_in_realm(realm_main);
  gl_greenlet *targets[] = {stranger, gl_realm_main(other), gl_main()};
  for (int i = 0; i < 3; i++) {
    CHECK(FAILS(gl_host_switch(realm, targets[i], NULL, &out), GL_ETHREAD));
    CHECK(FAILS(gl_host_throw(realm, targets[i], NULL, &out), GL_ETHREAD));
    CHECK(FAILS(gl_host_kill(realm, targets[i], &out), GL_ETHREAD));
  }
  CHECK(gl_set_parent(own, stranger) == GL_ETHREAD); /* started */
  gl_realm_release(other);
  CHECK(FAILS(gl_host_switch(realm, stranger, NULL, &out), GL_EEXPIRED));
  CHECK(FAILS(gl_host_throw(realm, stranger, NULL, &out), GL_EEXPIRED));
  CHECK(FAILS(gl_host_kill(realm, stranger, &out), GL_EEXPIRED));
  CHECK(gl_set_parent(own, stranger) == GL_EEXPIRED && gl_set_parent(stranger, own) == GL_ETHREAD && gl_state(stranger) == GL_DEAD);
  switches_to(own, NULL), ends_with(GL_OK, NULL);
  gl_release(stranger), gl_release(own), realm_ends();
}

// rules 15, 17, 33: unstarted ones move between realms, their children stay and skip them
TEST(unstarted_ones_move_between_realms) {
  realm_begins();
  gl_realm *other = gl_realm_new();
  gl_greenlet *moved = hosted(realm_main), *child = hosted(moved);
  CHECK(gl_set_parent(moved, gl_realm_main(other)) == GL_OK);
  CHECK(gl_host_switch(realm, moved, NULL, &out) == GL_ETHREAD && gl_host_switch(other, child, NULL, &out) == GL_ETHREAD);
  switches_to(child, NULL), ends_with(GL_OK, V(4));
  CHECK(delivered(realm_main, GL_OK, V(4)) && gl_state(moved) == GL_UNSTARTED);
  CHECK(gl_host_switch(other, moved, V(5), &out) == GL_OK && out.next == moved && out.start && gl_realm_current(other) == moved);
  CHECK(gl_host_end(other, GL_OK, V(6), &out) == GL_OK && out.next == gl_realm_main(other));
  gl_release(child), gl_release(moved), gl_realm_release(other), realm_ends();
}

// rule 15: hosted and ordinary ones have no family in common
TEST(hosted_and_ordinary_ones_are_no_family) {
  realm_begins();
  gl_greenlet *g = hosted(realm_main), *ordinary = gl_new(never, NULL);
  CHECK(gl_set_parent(g, gl_main()) == GL_EINVAL && gl_set_parent(g, ordinary) == GL_EINVAL);
  CHECK(gl_set_parent(ordinary, realm_main) == GL_EINVAL && gl_set_parent(ordinary, g) == GL_EINVAL);
  CHECK(gl_set_parent(realm_main, g) == GL_EINVAL && gl_set_parent(realm_main, gl_main()) == GL_EINVAL);
  CHECK(gl_parent(g) == realm_main && gl_parent(ordinary) == gl_main());
  gl_release(g), gl_release(ordinary), realm_ends();
}

static bool not_supported(gl_greenlet *g) {
  void *received = V(77);
  return gl_switch(g, NULL, &received) == GL_ENOTSUP && gl_throw(g, NULL, &received) == GL_ENOTSUP && gl_kill(g, &received) == GL_ENOTSUP &&
         received == V(77);
}
// rule 34: gl_switch and its like do not carry hosted ones, in any state, also when their realm has ended
TEST(ordinary_transfers_to_hosted_ones_are_ENOTSUP) {
  realm_begins();
  gl_greenlet *unstarted = hosted(realm_main), *suspended = waiting_in_realm(realm_main), *dead = hosted(realm_main),
              *running = hosted(realm_main);
  switches_to(dead, NULL), ends_with(GL_OK, NULL), switches_to(running, NULL);
  gl_greenlet *all[] = {unstarted, suspended, dead, running, realm_main};
  for (int i = 0; i < 5; i++) CHECK(not_supported(all[i]));
  CHECK(gl_state(unstarted) == GL_UNSTARTED && gl_state(suspended) == GL_SUSPENDED && gl_realm_current(realm) == running);
  gl_realm_release(realm);
  for (int i = 0; i < 5; i++) CHECK(not_supported(all[i])); /* the greenlets keep their main */
  for (int i = 0; i < 4; i++) gl_release(all[i]);
  CHECK(all_gone());
}
