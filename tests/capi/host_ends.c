/* SPDX-License-Identifier: MIT */
/* Rules 19, 33 and 37: the end of a realm, and realms that several threads call one after the other. */
#include "hosted.h"
#include "partner.h"

static gl_greenlet *with_drop(int number, uint32_t flags) {
  return NEW(.parent = realm_main, .flags = GL_HOSTED | flags, .data = V(number), .drop = note_drop);
}
static gl_greenlet *suspended(int number, uint32_t flags) {
  gl_greenlet *g = with_drop(number, flags);
  switches_to(g, NULL), switches_to(realm_main, NULL);
  return g;
}
static bool expired(gl_greenlet *g) {
  gl_realm *other = gl_realm_new();
  gl_delivery untouched = {0};
  bool is = gl_state(g) == GL_DEAD && gl_host_switch(other, g, NULL, &untouched) == GL_EEXPIRED && !untouched.next;
  gl_realm_release(other);
  return is;
}
static int leaked_by_the_end(void) {
  uint64_t leaked = stats().leaked;
  gl_realm_release(realm);
  return (int)(stats().leaked - leaked);
}

// rules 19, 37: what is left is dropped; handles stay valid and are expired
TEST(realm_end_drops_what_is_left) {
  realm_begins();
  gl_greenlet *unstarted = with_drop(1, 0);
  CHECK(leaked_by_the_end() == 0 && happened("drop 1") && expired(unstarted));
  gl_release(unstarted);
  realm_begins();
  gl_greenlet *waiting = suspended(2, 0);
  CHECK(leaked_by_the_end() == 1 && happened("drop 2") && expired(waiting));
  gl_release(waiting);
  realm_begins();
  gl_greenlet *discardable = suspended(3, GL_DISCARD);
  CHECK(leaked_by_the_end() == 0 && happened("drop 3") && expired(discardable));
  gl_release(discardable);
  CHECK(all_gone());
}

// rules 19, 37: the current one too
TEST(realm_ends_while_a_greenlet_is_current) {
  realm_begins();
  gl_greenlet *g = with_drop(4, 0);
  switches_to(g, NULL);
  CHECK(leaked_by_the_end() == 1 && happened("drop 4") && expired(g));
  gl_release(g);
  CHECK(all_gone());
}

// rules 13, 37: in the middle of a kill
TEST(realm_ends_during_a_kill) {
  realm_begins();
  gl_greenlet *killer = with_drop(1, 0), *victim = suspended(2, 0);
  switches_to(killer, NULL);
  CHECK(gl_host_kill(realm, victim, &out) == GL_OK);
  CHECK(leaked_by_the_end() == 2 && expired(killer) && expired(victim));
  CHECK(strstr(events, "drop 1") && strstr(events, "drop 2"));
  events[0] = 0;
  gl_release(victim), gl_release(killer);
  CHECK(all_gone());
}

// rules 14, 37: while the host waits for an orphan, which nobody holds any more
TEST(realm_ends_during_an_orphans_kill) {
  realm_begins();
  gl_greenlet *g = suspended(1, 0);
  gl_release(g);
  CHECK(gl_host_next_orphan(realm, &out) == GL_OK && out.next == g);
  CHECK(leaked_by_the_end() == 1 && happened("drop 1"));
  CHECK(all_gone());
}

// rules 28, 37: main's locals are dropped
TEST(realm_end_drops_the_locals_of_main) {
  gl_key key;
  gl_key_new(&key, note_drop);
  realm_begins();
  gl_set_local(realm_main, key, V(7));
  gl_realm_release(realm);
  CHECK(happened("drop 7"));
  CHECK(all_gone());
}

static void make_another(void *data) {
  note_drop(data);
  gl_release(with_drop(6, 0));
}
// rules 26, 37: a drop at the end makes and releases another one
TEST(drop_at_the_end_of_a_realm_makes_another) {
  realm_begins();
  gl_greenlet *g = NEW(.parent = realm_main, .flags = GL_HOSTED, .data = V(5), .drop = make_another);
  gl_realm_release(realm);
  CHECK(happened("drop 5 drop 6"));
  gl_release(g);
  CHECK(all_gone());
}

static void step(void *g) {
  switches_to(g, V(1));
  CHECK(gl_realm_current(realm) == g);
  switches_to(realm_main, V(2));
}
static void end_it(void *g) {
  switches_to(g, NULL);
  ends_with(GL_OK, NULL);
}
static void begin_realm(UNUSED void *arg) { realm_begins(); }
static void end_realm(UNUSED void *arg) { gl_realm_release(realm); }
static void release_and_drain(void *g) {
  gl_release(g);
  CHECK(gl_host_next_orphan(realm, &out) == GL_OK && out.next == g);
  ends_with(GL_KILLED, NULL);
  CHECK(gl_host_next_orphan(realm, &out) == GL_OK && !out.next);
}
// rule 33: its thread is whoever calls; each step here is another one
TEST(realm_is_called_by_one_thread_after_another) {
  on_a_thread(begin_realm, NULL);
  gl_greenlet *a = hosted(realm_main), *b = hosted(realm_main);
  for (int i = 0; i < 3; i++) on_a_thread(step, a), step(b);
  on_a_thread(end_it, a);
  on_a_thread(release_and_drain, b);
  CHECK(gl_state(a) == GL_DEAD);
  gl_release(a);
  on_a_thread(end_realm, NULL);
  CHECK(all_gone());
}

static void make_hosted(void *g) { *(gl_greenlet **)g = suspended(1, 0); }
// rules 19, 33: the end of a thread that used a realm is not the realm's
TEST(realm_outlives_the_threads_that_use_it) {
  gl_greenlet *g = NULL;
  realm_begins();
  on_a_thread(make_hosted, &g);
  CHECK(happened("") && gl_state(g) == GL_SUSPENDED);
  switches_to(g, V(3));
  CHECK(delivered(g, GL_OK, V(3)));
  ends_with(GL_OK, NULL);
  CHECK(happened("drop 1"));
  gl_release(g), realm_ends();
}

// rules 33, 37: several realms beside each other, ended in any order
TEST(realms_are_independent) {
  gl_realm *realms[4];
  gl_greenlet *g[4];
  gl_delivery mine;
  for (int i = 0; i < 4; i++) {
    realms[i] = gl_realm_new(), g[i] = hosted(gl_realm_main(realms[i]));
    CHECK(gl_host_switch(realms[i], g[i], V(i), &mine) == GL_OK && mine.next == g[i]);
  }
  for (int i = 0; i < 4; i++) CHECK(gl_realm_current(realms[i]) == g[i]);
  const int order[] = {2, 0, 3, 1};
  for (int i = 0; i < 4; i++) {
    int r = order[i];
    CHECK(gl_host_end(realms[r], GL_OK, V(r), &mine) == GL_OK && mine.next == gl_realm_main(realms[r]) && mine.value == V(r));
    gl_realm_release(realms[r]);
  }
  for (int i = 0; i < 4; i++) gl_release(g[i]);
  CHECK(all_gone());
}
