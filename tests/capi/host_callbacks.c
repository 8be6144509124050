/* SPDX-License-Identifier: MIT */
/* Rules 26 to 29 and 34 in realms: tracers, drops and visitors, and the hooks that are never called. */
#include "hosted.h"
#include "partner.h"

static gl_greenlet *a, *b;
static const char *name_of(const gl_greenlet *g) { return g == realm_main ? "main" : g == a ? "a" : g == b ? "b" : "?"; }
static void note(void *user, int what, gl_greenlet *from, gl_greenlet *to) {
  static const char *const words[] = {"switch", "throw", "start", "end"};
  event("%s%s:%s>%s", (const char *)user, words[what], name_of(from), name_of(to));
  CHECK(gl_realm_current(realm) == from);
}

// rule 27: the same events, from the same one that leaves
TEST(realm_tracers_see_transfers) {
  realm_begins();
  a = hosted(realm_main), b = hosted(a);
  CHECK(gl_realm_trace_add(realm, note, "") == GL_OK);
  switches_to(b, NULL), ends_with(GL_OK, NULL);
  switches_to(a, NULL), switches_to(realm_main, NULL);
  CHECK(happened("switch:main>b start:main>b end:b>a switch:b>a start:b>a switch:a>a switch:a>main"));
  CHECK(gl_host_throw(realm, a, NULL, &out) == GL_OK);
  ends_with(GL_THROWN, NULL);
  CHECK(happened("throw:main>a end:a>main throw:a>main"));
  CHECK(gl_realm_trace_remove(realm, note, "") == GL_OK);
  switches_to(realm_main, NULL);
  CHECK(happened(""));
  gl_release(b), gl_release(a), realm_ends();
}

// rules 27, 36: kills, by the host's call and of orphans
TEST(realm_tracers_see_kills) {
  realm_begins();
  a = waiting_in_realm(realm_main), b = waiting_in_realm(realm_main);
  gl_realm_trace_add(realm, note, "");
  CHECK(gl_host_kill(realm, a, &out) == GL_OK);
  ends_with(GL_KILLED, NULL);
  CHECK(happened("throw:main>a end:a>main switch:a>main"));
  gl_release(b);
  CHECK(happened("") && gl_host_next_orphan(realm, &out) == GL_OK);
  ends_with(GL_KILLED, NULL);
  CHECK(happened("throw:main>b end:b>main switch:b>main"));
  gl_realm_trace_remove(realm, note, "");
  gl_release(a), realm_ends();
}

// rules 27, 30, 33: a realm's tracers are its own
TEST(realm_tracers_belong_to_the_realm) {
  static char one[] = "1";
  realm_begins();
  gl_realm *other = gl_realm_new();
  CHECK(gl_realm_trace_add(NULL, note, one) == GL_EINVAL && gl_realm_trace_add(realm, NULL, one) == GL_EINVAL);
  CHECK(gl_realm_trace_remove(NULL, note, one) == GL_EINVAL && gl_realm_trace_remove(realm, note, one) == GL_EINVAL);
  CHECK(gl_realm_trace_add(other, note, one) == GL_OK && gl_realm_trace_add(other, note, one) == GL_EINVAL);
  CHECK(gl_trace_remove(note, one) == GL_EINVAL && gl_realm_trace_remove(realm, note, one) == GL_EINVAL);
  switches_to(realm_main, NULL);
  CHECK(happened(""));
  gl_realm_release(other), realm_ends();
}

static void must_not_exchange(UNUSED void *user, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) { event("hook"); }
// rule 34: the thread's hooks and tracers have nothing to do with a realm
TEST(hooks_are_never_called_for_hosted_ones) {
  realm_begins();
  gl_hook_add(must_not_exchange, NULL), gl_trace_add(note, "thread ");
  a = waiting_in_realm(realm_main);
  CHECK(gl_host_kill(realm, a, &out) == GL_OK);
  ends_with(GL_KILLED, NULL);
  gl_hook_remove(must_not_exchange, NULL), gl_trace_remove(note, "thread ");
  CHECK(happened(""));
  gl_release(a), realm_ends();
}

static int refusals;
static void calls_are_refused(void) {
  gl_delivery untouched;
  memset(&untouched, 0x5a, sizeof untouched);
  gl_delivery mine = untouched;
  gl_greenlet *now = gl_realm_current(realm);
  CHECK(gl_host_switch(realm, b, NULL, &mine) == GL_EBUSY && gl_host_throw(realm, b, NULL, &mine) == GL_EBUSY);
  CHECK(gl_host_kill(realm, b, &mine) == GL_EBUSY && gl_host_end(realm, GL_OK, NULL, &mine) == GL_EBUSY);
  CHECK(gl_host_next_orphan(realm, &mine) == GL_EBUSY);
  CHECK(!memcmp(&mine, &untouched, sizeof mine) && gl_realm_current(realm) == now);
  refusals++;
}
static void refused_in_tracer(UNUSED void *user, UNUSED int what, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) { calls_are_refused(); }
static void refused_in_drop(UNUSED void *data) { calls_are_refused(); }
static int refused_in_visit(UNUSED void *user, UNUSED gl_greenlet *g) { return calls_are_refused(), 0; }
static void refused_in_unhandled(UNUSED void *user, UNUSED gl_greenlet *g, UNUSED void *payload) { calls_are_refused(); }

// rule 26: in every kind of callback of a realm its calls are GL_EBUSY
TEST(host_calls_in_realm_callbacks_are_EBUSY) {
  realm_begins();
  b = waiting_in_realm(realm_main);
  refusals = 0;
  gl_realm_trace_add(realm, refused_in_tracer, NULL);
  switches_to(realm_main, NULL);
  gl_realm_trace_remove(realm, refused_in_tracer, NULL);
  CHECK(refusals == 1);
  CHECK(gl_realm_foreach(realm, refused_in_visit, NULL) == 0 && refusals == 3);
  a = NEW(.parent = realm_main, .flags = GL_HOSTED, .drop = refused_in_drop, .drop_result = refused_in_drop);
  switches_to(a, NULL), ends_with(GL_OK, NULL);
  CHECK(refusals == 4);
  gl_release(a);
  gl_release(NEW(.parent = realm_main, .flags = GL_HOSTED, .drop = refused_in_drop));
  CHECK(refusals == 5);
  gl_set_unhandled(refused_in_unhandled, NULL);
  for (int i = 0; i < 2; i++) {
    a = NEW(.parent = realm_main, .flags = GL_HOSTED, .drop_result = refused_in_drop);
    switches_to(a, NULL), switches_to(realm_main, NULL), gl_release(a);
    CHECK(gl_host_next_orphan(realm, &out) == GL_OK);
    ends_with(i ? GL_THROWN : GL_KILLED, V(1));
  }
  gl_set_unhandled(NULL, NULL);
  CHECK(refusals == 7);
  switches_to(b, NULL), ends_with(GL_OK, NULL); /* all is as before */
  gl_release(b), realm_ends();
}

static void switches_on_this_thread(UNUSED void *data) {
  gl_greenlet *g = gl_new(never, NULL);
  CHECK(gl_switch(g, NULL, NULL) == GL_EBUSY);
  gl_release(g);
  event("refused");
}
// rules 26, 33: the thread that the callback runs on is busy too, even if it had no greenlets before
TEST(realm_callback_makes_its_thread_busy) {
  if (gl_switch(gl_current(), NULL, NULL) == GL_ENOTSUP) SKIP("no gl_switch() here");
  realm_begins();
  on_a_thread(call_release, NEW(.parent = realm_main, .flags = GL_HOSTED, .drop = switches_on_this_thread));
  CHECK(happened("refused"));
  realm_ends();
}

static gl_realm *another;
static void runs_another_realm(UNUSED void *data) {
  gl_delivery mine;
  gl_greenlet *g = hosted(gl_realm_main(another));
  CHECK(gl_host_switch(another, g, NULL, &mine) == GL_OK && mine.next == g);
  CHECK(gl_host_end(another, GL_OK, NULL, &mine) == GL_OK);
  gl_release(g);
  event("ran");
}
// rules 26, 33: another realm is not busy meanwhile
TEST(another_realm_runs_in_a_realm_callback) {
  realm_begins();
  another = gl_realm_new();
  gl_release(NEW(.parent = realm_main, .flags = GL_HOSTED, .drop = runs_another_realm));
  CHECK(happened("ran"));
  gl_realm_release(another), realm_ends();
}

static void moves_the_starting_one(UNUSED void *user, int what, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) {
  if (what != GL_EV_START) return;
  CHECK(gl_set_parent(a, gl_realm_main(another)) == GL_EBUSY && gl_parent(a) == realm_main);
  event("refused");
}
// rule 15: one that is starting does not move to another realm
TEST(starting_hosted_one_does_not_move) {
  realm_begins();
  another = gl_realm_new();
  a = hosted(realm_main);
  gl_realm_trace_add(realm, moves_the_starting_one, NULL);
  switches_to(a, NULL);
  gl_realm_trace_remove(realm, moves_the_starting_one, NULL);
  CHECK(happened("refused"));
  ends_with(GL_OK, NULL);
  gl_release(a), gl_realm_release(another), realm_ends();
}

static void makes_and_moves(UNUSED void *data) {
  gl_greenlet *g = hosted(realm_main);
  CHECK(gl_set_parent(g, b) == GL_OK && gl_parent(g) == b);
  gl_release(g);
  gl_release(gl_retain(b));
  CHECK(gl_realm_trace_add(realm, note, "x") == GL_OK && gl_realm_trace_remove(realm, note, "x") == GL_OK);
  event("made");
}
// rule 26: the rest is allowed
TEST(realm_callbacks_make_and_move_greenlets) {
  realm_begins();
  b = waiting_in_realm(realm_main);
  gl_release(NEW(.parent = realm_main, .flags = GL_HOSTED, .drop = makes_and_moves));
  CHECK(happened("made"));
  switches_to(b, NULL), ends_with(GL_OK, NULL);
  gl_release(b), realm_ends();
}

static void note_local(void *value) { event("%s local %d", name_of(gl_realm_current(realm)), (int)(intptr_t)value); }
static void note_data(void *value) { event("%s data %d", name_of(gl_realm_current(realm)), (int)(intptr_t)value); }
// rules 4, 28: the drops of one that ends run as it; those of one that dies unrun as whoever is current
TEST(hosted_drops_and_locals) {
  gl_key key;
  realm_begins();
  CHECK(gl_key_new(&key, note_local) == GL_OK);
  a = NEW(.parent = realm_main, .flags = GL_HOSTED, .data = V(1), .drop = note_data);
  b = NEW(.parent = realm_main, .flags = GL_HOSTED, .data = V(2), .drop = note_data);
  CHECK(gl_set_local(a, key, V(3)) == GL_OK && gl_set_local(b, key, V(4)) == GL_OK && gl_local(a, key) == V(3));
  switches_to(a, NULL), ends_with(GL_OK, NULL);
  CHECK(happened("a data 1 a local 3"));
  CHECK(gl_host_kill(realm, b, &out) == GL_OK && happened("main data 2 main local 4"));
  gl_release(a), gl_release(b), realm_ends();
}

struct visits {
  int mains, of_a, of_b, others, stop_at;
};
static int visit(void *user, gl_greenlet *g) {
  struct visits *v = user;
  ++*(g == realm_main ? &v->mains : g == a ? &v->of_a : g == b ? &v->of_b : &v->others);
  return v->mains + v->of_a + v->of_b + v->others == v->stop_at ? 42 : 0;
}
// rules 29, 30: gl_realm_foreach() visits main and the started
TEST(realm_foreach_visits_main_and_the_started) {
  realm_begins();
  CHECK(gl_realm_foreach(NULL, visit, NULL) == GL_EINVAL && gl_realm_foreach(realm, NULL, NULL) == GL_EINVAL);
  a = waiting_in_realm(realm_main), b = waiting_in_realm(realm_main);
  gl_greenlet *unstarted = hosted(realm_main), *dead = waiting_in_realm(realm_main);
  switches_to(dead, NULL), ends_with(GL_OK, NULL), switches_to(b, NULL);
  struct visits all = {0}, some = {.stop_at = 2};
  CHECK(gl_realm_foreach(realm, visit, &all) == 0 && all.mains == 1 && all.of_a == 1 && all.of_b == 1 && all.others == 0);
  CHECK(gl_realm_foreach(realm, visit, &some) == 42);
  ends_with(GL_OK, NULL), switches_to(a, NULL), ends_with(GL_OK, NULL);
  gl_release(a), gl_release(b), gl_release(unstarted), gl_release(dead), realm_ends();
}

static int releases_the_realm(UNUSED void *user, UNUSED gl_greenlet *g) {
  gl_realm_release(realm);
  event("released");
  return 0;
}
// rules 26, 37: a realm is not released inside a callback of its own
TEST(realm_is_not_released_by_its_visitor) {
  realm_begins();
  CHECK(gl_realm_foreach(realm, releases_the_realm, NULL) == 0);
  CHECK(happened("released") && gl_realm_current(realm) == realm_main);
  realm_ends();
}

static void releases_while_tracing(UNUSED void *user, UNUSED int what, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) {
  gl_realm_release(realm);
}
// rules 4, 26, 37: a start that a tracer sees goes on all the same
TEST(realm_is_not_released_by_its_tracer) {
  realm_begins();
  a = NEW(.parent = realm_main, .flags = GL_HOSTED, .data = V(1), .drop = note_drop);
  gl_realm_trace_add(realm, releases_while_tracing, NULL);
  switches_to(a, NULL);
  CHECK(started(a, NULL) && happened(""));
  ends_with(GL_OK, NULL);
  CHECK(delivered(realm_main, GL_OK, NULL) && happened("drop 1"));
  gl_realm_trace_remove(realm, releases_while_tracing, NULL);
  gl_release(a), realm_ends();
}
