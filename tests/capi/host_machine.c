/* SPDX-License-Identifier: MIT */
/* Rules 33 to 36 as a host without stacks uses them: each greenlet is a state machine, a loop carries deliveries to them. */
#include "hosted.h"

/* What a machine asks for when its step is done. */
struct request {
  enum { SWITCH, THROW, KILL, END } what;
  gl_greenlet *target; /* of SWITCH, THROW, KILL */
  gl_status outcome;   /* of END */
  void *value;
};
/* One step: from one delivery to the next request. */
struct machine {
  struct request (*step)(struct machine *self, gl_status status, void *value);
  int at, number;
  gl_greenlet *other;
  gl_delivery kept; /* what it goes on with, once there are no orphans */
  bool draining;
};
static struct machine main_machine;

static struct request give(gl_greenlet *target, void *value) { return (struct request){SWITCH, target, GL_OK, value}; }
static struct request end(gl_status outcome, void *value) { return (struct request){END, NULL, outcome, value}; }
static gl_greenlet *self_handle(void) { return gl_realm_current(realm); }

static gl_greenlet *machine(struct machine *m) { return NEW(.parent = gl_realm_current(realm), .flags = GL_HOSTED, .data = m); }

static gl_status ask(struct request r) {
  switch (r.what) {
  case SWITCH: return gl_host_switch(realm, r.target, r.value, &out);
  case THROW: return gl_host_throw(realm, r.target, r.value, &out);
  case KILL: return gl_host_kill(realm, r.target, &out);
  default: return gl_host_end(realm, r.outcome, r.value, &out);
  }
}

/* The host: main asks, and goes on when control is back. Rule 36: before a machine goes on, orphans are killed. */
static gl_status carry(struct request r, void **received) {
  gl_status status = ask(r);
  if (status < 0) return status;
  for (;;) {
    struct machine *m = out.next == realm_main ? &main_machine : gl_data(out.next);
    if (!m->draining) m->kept = out;
    m->draining = true;
    CHECK(gl_host_next_orphan(realm, &out) == GL_OK);
    if (out.next) continue;
    m->draining = false;
    if (m == &main_machine) break;
    struct request next = m->step(m, m->kept.status, m->kept.value);
    status = ask(next);
    CHECK(status >= 0);
    if (status < 0) return status;
  }
  if (received) *received = main_machine.kept.value;
  return main_machine.kept.status;
}
static gl_status switch_to(gl_greenlet *g, void *value, void **received) { return carry(give(g, value), received); }
static gl_status kill(gl_greenlet *g, void **received) { return carry((struct request){KILL, g, GL_OK, NULL}, received); }

static struct request counts_up(struct machine *m, gl_status status, void *value) {
  if (status == GL_KILLED) return event("counter %d closed", m->number), end(GL_KILLED, NULL);
  if (status == GL_THROWN) return end(GL_THROWN, value);
  if (m->at == m->number) return end(GL_OK, NULL);
  return give(gl_parent(self_handle()), V(++m->at));
}
// rule 33: a generator: values come one by one, and at last its end
TEST(machine_generates) {
  realm_begins();
  struct machine m = {.step = counts_up, .number = 3};
  gl_greenlet *g = machine(&m);
  void *received = NULL;
  for (int i = 1; i <= 3; i++) CHECK(switch_to(g, NULL, &received) == GL_OK && received == V(i) && gl_state(g) == GL_SUSPENDED);
  CHECK(switch_to(g, NULL, &received) == GL_OK && !received && gl_state(g) == GL_DEAD);
  gl_release(g), realm_ends();
}

// rules 10, 13: thrown into, and killed
TEST(machine_is_thrown_into_and_killed) {
  realm_begins();
  struct machine a = {.step = counts_up, .number = 9}, b = {.step = counts_up, .number = 8};
  gl_greenlet *g = machine(&a), *h = machine(&b);
  void *received = NULL;
  switch_to(g, NULL, NULL), switch_to(h, NULL, NULL);
  CHECK(carry((struct request){THROW, g, GL_OK, V(5)}, &received) == GL_THROWN && received == V(5));
  CHECK(kill(h, &received) == GL_OK && happened("counter 8 closed") && gl_state(h) == GL_DEAD);
  gl_release(g), gl_release(h), realm_ends();
}

static struct request reads_other(struct machine *m, gl_status status, void *value) {
  if (status == GL_KILLED) {
    event("reader closed");
    gl_release(m->other), m->other = NULL;
    return end(GL_KILLED, NULL);
  }
  switch (m->at++) {
  case 0: return give(m->other, NULL);
  case 1: return give(gl_parent(self_handle()), V(100 + (intptr_t)value));
  default: return m->at = 1, give(m->other, NULL);
  }
}
// rule 36: the last handle goes: a machine unwinds at the next transfer, and what it held unwinds behind it, before anybody goes on
TEST(orphaned_machines_unwind_before_the_next_step) {
  realm_begins();
  struct machine source = {.step = counts_up, .number = 50}, reader = {.step = reads_other}, other = {.step = counts_up, .number = 5};
  gl_greenlet *r = machine(&reader), *bystander = machine(&other);
  reader.other = machine(&source);
  CHECK(gl_set_parent(reader.other, r) == GL_OK);
  void *received = NULL;
  CHECK(switch_to(r, NULL, &received) == GL_OK && received == V(101));
  CHECK(switch_to(r, NULL, &received) == GL_OK && received == V(102));
  gl_release(r); /* the source holds it as its parent: a circle, rule 16 */
  CHECK(switch_to(bystander, NULL, &received) == GL_OK && received == V(1) && happened(""));
  CHECK(gl_set_parent(reader.other, realm_main) == GL_OK); /* the circle is open: an orphan */
  CHECK(happened("") && gl_state(r) == GL_SUSPENDED);
  CHECK(switch_to(bystander, NULL, &received) == GL_OK && received == V(2));
  CHECK(happened("reader closed counter 50 closed"));
  gl_release(bystander);
  CHECK(switch_to(realm_main, V(7), &received) == GL_OK && received == V(7));
  CHECK(happened("counter 5 closed"));
  realm_ends();
}

static struct request kills_other(struct machine *m, gl_status status, void *value) {
  (void)value;
  if (m->at++ == 0) return (struct request){KILL, m->other, GL_OK, NULL};
  return event("%d: %s", m->number, gl_status_name(status)), end(GL_OK, V(m->number));
}
static struct request resists_once(struct machine *m, gl_status status, void *value) {
  (void)value;
  event("resists %s", gl_status_name(status));
  return m->at++ < 2 ? give(gl_parent(self_handle()), NULL) : end(GL_KILLED, NULL);
}
// rule 13: kills that are resisted, obeyed and nested, each with its status
TEST(machines_kill_each_other) {
  realm_begins();
  struct machine victim = {.step = resists_once}, first = {.step = kills_other, .number = 1}, second = {.step = kills_other, .number = 2};
  gl_greenlet *v = machine(&victim), *a = machine(&first), *b = machine(&second);
  first.other = second.other = v;
  void *received = NULL;
  CHECK(switch_to(v, NULL, NULL) == GL_OK && happened("resists GL_OK"));
  CHECK(switch_to(a, NULL, &received) == GL_OK && received == V(1) && happened("resists GL_KILLED 1: GL_ALIVE"));
  CHECK(switch_to(b, NULL, &received) == GL_OK && received == V(2) && happened("resists GL_KILLED 2: GL_OK"));
  CHECK(gl_state(v) == GL_DEAD);
  gl_release(v), gl_release(a), gl_release(b), realm_ends();
}

enum { RING = 50, LAPS = 20 };
static gl_greenlet *ring[RING];
static struct request passes_on(struct machine *m, gl_status status, void *value) {
  if (status != GL_OK) return end(status, NULL);
  intptr_t token = (intptr_t)value;
  if (token == RING * LAPS) return give(realm_main, value);
  CHECK(token % RING == m->number);
  return give(ring[(m->number + 1) % RING], V(token + 1));
}
// rule 33: a ring that passes a token, without anybody's stack
TEST(machines_pass_a_token) {
  static struct machine machines[RING];
  realm_begins();
  for (int i = 0; i < RING; i++) machines[i] = (struct machine){.step = passes_on, .number = i}, ring[i] = machine(&machines[i]);
  void *received = NULL;
  CHECK(switch_to(ring[0], V(0), &received) == GL_OK && received == V(RING * LAPS));
  for (int i = 0; i < RING; i++) gl_release(ring[i]);
  CHECK(switch_to(realm_main, NULL, NULL) == GL_OK); /* kills them all */
  realm_ends();
}
