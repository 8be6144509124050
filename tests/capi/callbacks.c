/* SPDX-License-Identifier: MIT */
/* Rule 26: what is allowed in a callback, in every kind of them. */
#include "partner.h"

/* `probe` runs inside a callback, `bystanders` stand around. */
static void (*probe)(void);
static int probed;
static struct family bystanders;
static void run_probe(void) {
  probed++;
  probe();
}
static void in_exchange(UNUSED void *user, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) { run_probe(); }
static void in_trace(void *user, int what, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) {
  if (what == (int)(intptr_t)user) run_probe();
}
static void in_drop(UNUSED void *data) { run_probe(); }
static int in_visit(UNUSED void *user, UNUSED gl_greenlet *g) { return run_probe(), 1; }
static void in_unhandled(UNUSED void *user, UNUSED gl_greenlet *g, UNUSED void *payload) { run_probe(); }

static void run_one(void) {
  gl_greenlet *g = gl_new(identity, NULL);
  CHECK(gl_switch(g, V(1), NULL) == GL_OK && gl_state(g) == GL_DEAD);
  gl_release(g);
}
BODY(throws) { return *result = V(1), GL_THROWN; }
static void by_hook(void) { gl_hook_add(in_exchange, NULL), run_one(), gl_hook_remove(in_exchange, NULL); }
static void by_tracer_of(int what) { gl_trace_add(in_trace, V(what)), run_one(), gl_trace_remove(in_trace, V(what)); }
static void by_switch_tracer(void) { by_tracer_of(GL_EV_SWITCH); }
static void by_start_tracer(void) { by_tracer_of(GL_EV_START); }
static void by_end_tracer(void) { by_tracer_of(GL_EV_END); }
static void by_throw_tracer(void) {
  gl_greenlet *g = gl_new(throws, NULL);
  gl_trace_add(in_trace, V(GL_EV_THROW));
  CHECK(gl_switch(g, NULL, NULL) == GL_THROWN);
  gl_trace_remove(in_trace, V(GL_EV_THROW)), gl_release(g);
}
static void by_drop_of_the_ended(void) {
  gl_greenlet *g = NEW(.run = identity, .drop = in_drop);
  gl_switch(g, NULL, NULL), gl_release(g);
}
static void by_drop_of_the_unstarted(void) { gl_release(NEW(.run = never, .drop = in_drop)); }
static void by_drop_of_a_local(void) {
  static gl_key key;
  static bool made;
  if (!made) made = gl_key_new(&key, in_drop) == GL_OK;
  gl_greenlet *ended = gl_new(identity, NULL), *unstarted = gl_new(never, NULL);
  gl_set_local(ended, key, V(1)), gl_set_local(unstarted, key, V(1));
  gl_switch(ended, NULL, NULL), gl_release(ended), gl_release(unstarted);
}
BODY(leaves_a_result) {
  CHECK(to_parent(NULL, NULL) == GL_KILLED);
  *result = V(1);
  return data ? GL_THROWN : GL_OK;
}
static void by_drop_of_a_result(void) {
  gl_greenlet *g = NEW(.run = leaves_a_result, .drop_result = in_drop);
  gl_switch(g, NULL, NULL), gl_release(g);
}
static void by_unhandled(void) {
  gl_greenlet *g = gl_new(leaves_a_result, V(1));
  gl_set_unhandled(in_unhandled, NULL);
  gl_switch(g, NULL, NULL), gl_release(g);
  gl_set_unhandled(NULL, NULL);
}
static void by_visitor(void) { CHECK(gl_foreach(in_visit, NULL) == 1); }

static const struct {
  const char *name;
  void (*run)(void);
} kinds[] = {{"hook", by_hook},
             {"SWITCH tracer", by_switch_tracer},
             {"START tracer", by_start_tracer},
             {"END tracer", by_end_tracer},
             {"THROW tracer", by_throw_tracer},
             {"drop of one that ended", by_drop_of_the_ended},
             {"drop of an unstarted one", by_drop_of_the_unstarted},
             {"drop of a local", by_drop_of_a_local},
             {"drop_result", by_drop_of_a_result},
             {"unhandled", by_unhandled},
             {"visitor", by_visitor}};

static void in_every_callback(void (*what)(void)) {
  probe = what;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    probed = 0;
    make_family(&bystanders);
    kinds[i].run();
    release_family(&bystanders);
    CHECK(probed > 0);
    bool gone = all_gone();
    if (!gone || !probed) printf("... in a %s\n", kinds[i].name);
    CHECK(gone);
  }
}

static void transfers_are_refused(void) {
  gl_greenlet *targets[] = {gl_current(), bystanders.main, bystanders.unstarted, bystanders.suspended, bystanders.dead};
  for (int i = 0; i < 5; i++) {
    void *received = V(77);
    const int state = gl_state(targets[i]);
    CHECK(gl_switch(targets[i], V(1), &received) == GL_EBUSY);
    CHECK(gl_throw(targets[i], V(1), &received) == GL_EBUSY);
    CHECK(gl_kill(targets[i], &received) == GL_EBUSY);
    CHECK(received == V(77) && gl_state(targets[i]) == state);
  }
  CHECK(gl_kill(NULL, NULL) == GL_EINVAL);
}
// rule 26: gl_switch, gl_throw and gl_kill answer GL_EBUSY, whatever the target
TEST(transfers_in_callbacks_are_EBUSY) { in_every_callback(transfers_are_refused); }

static struct family foreign;
static void foreign_kills_are_refused(void) {
  CHECK(gl_kill(foreign.suspended, NULL) == GL_EBUSY);
  CHECK(gl_kill(foreign.main, NULL) == GL_EBUSY);
}
// rules 13, 26: being in a callback is looked at before the thread
TEST(kills_in_callbacks_are_EBUSY_before_ETHREAD) {
  struct partner other;
  partner_start(&other), partner_do(&other, make_family, &foreign);
  probe = foreign_kills_are_refused, probed = 0;
  by_visitor(), by_hook();
  CHECK(probed >= 2);
  partner_do(&other, release_family, &foreign), partner_end(&other);
  CHECK(all_gone());
}

static gl_greenlet *hosted;
static void hosted_kills_are_refused(void) { CHECK(gl_kill(hosted, NULL) == GL_EBUSY); }
// rules 13, 26, 34: ... and before the kind
TEST(kills_in_callbacks_are_EBUSY_before_ENOTSUP) {
  gl_realm *realm = gl_realm_new();
  hosted = NEW(.parent = gl_realm_main(realm), .flags = GL_HOSTED);
  probe = hosted_kills_are_refused, probed = 0;
  by_visitor(), by_hook();
  CHECK(probed >= 2 && gl_kill(hosted, NULL) == GL_ENOTSUP);
  gl_release(hosted), gl_realm_release(realm);
  CHECK(all_gone());
}

static void makes_and_releases(void) {
  gl_greenlet *g = gl_new(never, NULL);
  CHECK(g && gl_state(g) == GL_UNSTARTED && gl_parent(g) == gl_current());
  gl_greenlet *child = child_of(g, never, NULL);
  CHECK(gl_retain(child) == child);
  gl_release(child), gl_release(child), gl_release(g);
  gl_release(gl_retain(bystanders.dead)), gl_release(gl_retain(bystanders.suspended));
}
// rule 26: greenlets are made and released
TEST(callbacks_make_and_release_greenlets) { in_every_callback(makes_and_releases); }

static void moves_bystanders(void) {
  CHECK(gl_set_parent(bystanders.unstarted, bystanders.suspended) == GL_OK);
  CHECK(gl_set_parent(bystanders.suspended, bystanders.unstarted) == GL_ECYCLE);
  CHECK(gl_set_parent(bystanders.dead, bystanders.unstarted) == GL_OK);
  CHECK(gl_parent(bystanders.dead) == bystanders.unstarted);
  CHECK(gl_set_parent(bystanders.dead, bystanders.main) == GL_OK && gl_set_parent(bystanders.unstarted, bystanders.main) == GL_OK);
}
// rule 26: parents are changed
TEST(callbacks_set_parents) { in_every_callback(moves_bystanders); }

static void no_exchange(UNUSED void *user, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) {}
static void no_trace(UNUSED void *user, UNUSED int what, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) {}
static void adds_and_removes(void) {
  for (int i = 0; i < 20; i++) CHECK(gl_hook_add(no_exchange, V(i)) == GL_OK && gl_trace_add(no_trace, V(i)) == GL_OK);
  CHECK(gl_hook_add(no_exchange, V(3)) == GL_EINVAL && gl_trace_add(no_trace, V(3)) == GL_EINVAL);
  for (int i = 0; i < 20; i++) CHECK(gl_hook_remove(no_exchange, V(i)) == GL_OK && gl_trace_remove(no_trace, V(i)) == GL_OK);
}
// rule 26: hooks and tracers are added and removed
TEST(callbacks_add_and_remove_hooks_and_tracers) { in_every_callback(adds_and_removes); }

static int nothing_to_visit(UNUSED void *user, UNUSED gl_greenlet *g) { return 0; }
static void drops_nothing(UNUSED void *data) {}
static void nests_callbacks(void) {
  CHECK(gl_foreach(nothing_to_visit, NULL) == 0);
  gl_release(NEW(.run = never, .drop = drops_nothing));
  CHECK(gl_switch(gl_main(), NULL, NULL) == GL_EBUSY); /* still inside the outer one */
  CHECK(gl_kill(bystanders.suspended, NULL) == GL_EBUSY);
}
// rule 26: a callback inside a callback; its end is not the end of the outer one
TEST(callbacks_nest) { in_every_callback(nests_callbacks); }

static void asks_and_sets(void) {
  gl_key made;
  void *low = NULL, *high = NULL;
  CHECK(gl_key_new(&made, NULL) == GL_OK);
  CHECK(gl_set_local(bystanders.suspended, made, V(5)) == GL_OK && gl_local(bystanders.suspended, made) == V(5));
  CHECK(gl_stack_bounds(bystanders.suspended, &low, &high) == GL_OK && low < high);
  gl_set_data(bystanders.unstarted, V(6));
  CHECK(gl_data(bystanders.unstarted) == V(6) && !strcmp(gl_name(bystanders.unstarted), ""));
  gl_prefetch(bystanders.suspended), gl_trim();
  CHECK(stats().alive >= 2 && gl_main() == bystanders.main && gl_current());
}
// rule 26: statistics, locals, names, bounds, trim
TEST(callbacks_ask_and_set) { in_every_callback(asks_and_sets); }

static void runs_a_realm(void) {
  gl_realm *realm = gl_realm_new();
  gl_greenlet *g = NEW(.parent = gl_realm_main(realm), .flags = GL_HOSTED);
  gl_delivery out = {0};
  CHECK(gl_host_switch(realm, g, V(1), &out) == GL_OK && out.next == g && out.start);
  CHECK(gl_host_end(realm, GL_OK, V(2), &out) == GL_OK && out.next == gl_realm_main(realm));
  gl_release(g), gl_realm_release(realm);
}
// rules 26, 33: a realm is busy only in callbacks of its own
TEST(callbacks_run_realms) { in_every_callback(runs_a_realm); }

static void loses_a_bystander(void) {
  if (probed > 1) return;
  gl_release(bystanders.suspended);
  gl_release(gl_new(never, NULL)); /* drains nothing here */
  CHECK(stats().alive >= 2);
  bystanders.suspended = NULL;
}
// rules 18, 26: one that loses its last handle in a callback is killed at the next call outside
TEST(callbacks_queue_last_handles) { in_every_callback(loses_a_bystander); }

static int state_in_end;
static void note_state(UNUSED void *user, int what, gl_greenlet *from, UNUSED gl_greenlet *to) {
  if (what == GL_EV_END) state_in_end = gl_state(from) == GL_RUNNING && gl_current() == from;
}
// rule 26: in an END tracer the one that ended still runs
TEST(state_in_an_END_tracer_is_RUNNING) {
  gl_trace_add(note_state, NULL), run_one(), gl_trace_remove(note_state, NULL);
  CHECK(state_in_end);
  CHECK(all_gone());
}
