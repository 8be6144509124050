/* SPDX-License-Identifier: MIT */
/* Rules 33 to 36 as a host with threads uses them: each greenlet is carried by a thread of its own, one of them runs at a time. */
#include "support.h"
#include <pthread.h>

/* Who holds the baton is current; all calls on the realm are made with it in hand. */
static pthread_mutex_t baton = PTHREAD_MUTEX_INITIALIZER;
static gl_realm *realm;

struct carrier {
  gl_run body;
  void *argument;
  pthread_t thread;
  pthread_cond_t wake;
  gl_delivery inbox; /* next NULL: nothing came */
};
static struct carrier main_carrier = {.wake = PTHREAD_COND_INITIALIZER};

static struct carrier *carrier_of(gl_greenlet *g) { return g == gl_realm_main(realm) ? &main_carrier : gl_data(g); }
static void *carry(void *arg);

/* Hands the baton to whoever comes next. */
static void hand_over(const gl_delivery *d) {
  struct carrier *to = carrier_of(d->next);
  to->inbox = *d;
  if (d->start) CHECK(pthread_create(&to->thread, NULL, carry, to) == 0);
  else pthread_cond_signal(&to->wake);
}
static gl_delivery wait_for_delivery(struct carrier *self) {
  while (!self->inbox.next) pthread_cond_wait(&self->wake, &baton);
  gl_delivery d = self->inbox;
  self->inbox.next = NULL;
  return d;
}
/* Carries a decision out: returns when control is back here. */
static gl_delivery transfer(struct carrier *self, const gl_delivery *d) {
  if (carrier_of(d->next) == self) return *d;
  hand_over(d);
  return wait_for_delivery(self);
}
static void kill_orphans(struct carrier *self) {
  gl_delivery orphan;
  while (gl_host_next_orphan(realm, &orphan) == GL_OK && orphan.next) transfer(self, &orphan);
}
static gl_status go(struct carrier *self, gl_status decided, const gl_delivery *d, void **received) {
  if (decided < 0) return decided;
  gl_delivery kept = transfer(self, d);
  kill_orphans(self);
  if (received) *received = kept.value;
  return kept.status;
}
static struct carrier *current(void) { return carrier_of(gl_realm_current(realm)); }
static gl_status host_switch(gl_greenlet *target, void *value, void **received) {
  struct carrier *self = current();
  gl_delivery d;
  return go(self, gl_host_switch(realm, target, value, &d), &d, received);
}
static gl_status host_throw(gl_greenlet *target, void *payload, void **received) {
  struct carrier *self = current();
  gl_delivery d;
  return go(self, gl_host_throw(realm, target, payload, &d), &d, received);
}
static gl_status host_kill(gl_greenlet *target, void **received) {
  struct carrier *self = current();
  gl_delivery d;
  return go(self, gl_host_kill(realm, target, &d), &d, received);
}
static gl_status to_host_parent(void *value, void **received) { return host_switch(gl_parent(gl_realm_current(realm)), value, received); }

static void *carry(void *arg) {
  struct carrier *self = arg;
  pthread_mutex_lock(&baton);
  gl_delivery d = wait_for_delivery(self);
  kill_orphans(self);
  void *result = NULL;
  gl_status outcome = self->body(self->argument, d.value, &result);
  CHECK(gl_host_end(realm, outcome, result, &d) == GL_OK);
  hand_over(&d);
  pthread_mutex_unlock(&baton);
  return NULL;
}

static gl_greenlet *carried(struct carrier *c, gl_run body, void *argument) {
  *c = (struct carrier){.body = body, .argument = argument, .wake = PTHREAD_COND_INITIALIZER};
  return NEW(.parent = gl_realm_current(realm), .flags = GL_HOSTED, .data = c);
}
static void host_begins(void) {
  pthread_mutex_lock(&baton);
  realm = gl_realm_new();
}
/* All carriers have ended; those of `all` that ran are joined. */
static void host_ends(struct carrier *all, int count) {
  kill_orphans(&main_carrier);
  gl_realm_release(realm);
  pthread_mutex_unlock(&baton);
  for (int i = 0; i < count; i++) pthread_join(all[i].thread, NULL);
  CHECK(all_gone());
}

BODY(echoes) {
  gl_status status = GL_OK;
  while (status == GL_OK) status = to_host_parent(value, &value);
  event("%s", gl_status_name(status));
  *result = value;
  return status;
}
// rules 6, 10, 33: values and throws between threads that carry
TEST(carriers_switch_and_throw) {
  struct carrier c[1];
  host_begins();
  gl_greenlet *g = carried(&c[0], echoes, NULL);
  void *received = NULL;
  for (int i = 0; i < 100; i++) CHECK(host_switch(g, V(i), &received) == GL_OK && received == V(i));
  CHECK(host_throw(g, V(7), &received) == GL_THROWN && received == V(7) && gl_state(g) == GL_DEAD && happened("GL_THROWN"));
  gl_release(g), host_ends(c, 1);
}

// rule 13: a kill unwinds the other thread before it comes back
TEST(carriers_are_killed) {
  struct carrier c[1];
  host_begins();
  gl_greenlet *g = carried(&c[0], echoes, NULL);
  host_switch(g, NULL, NULL);
  CHECK(host_kill(g, NULL) == GL_OK && gl_state(g) == GL_DEAD && happened("GL_KILLED"));
  gl_release(g), host_ends(c, 1);
}

BODY(kills_its_argument) {
  *result = V(host_kill(data, NULL));
  return GL_OK;
}
BODY(lets_another_kill_it) {
  CHECK(to_host_parent(NULL, NULL) == GL_KILLED);
  CHECK(host_switch(data, NULL, NULL) == GL_KILLED);
  event("killed twice");
  return GL_KILLED;
}
// rule 13: nested kills over four threads; the inner killer's outcome goes to main, the outer one still waits
TEST(carriers_nest_kills) {
  struct carrier c[3];
  host_begins();
  gl_greenlet *inner = carried(&c[0], kills_its_argument, NULL), *victim = carried(&c[1], lets_another_kill_it, inner);
  c[0].argument = victim;
  gl_greenlet *outer = carried(&c[2], kills_its_argument, victim);
  void *status = V(-1);
  CHECK(host_switch(victim, NULL, NULL) == GL_OK);
  CHECK(host_switch(outer, NULL, &status) == GL_OK && status == V(GL_OK) && happened("killed twice"));
  CHECK(gl_state(victim) == GL_DEAD && gl_state(inner) == GL_DEAD && gl_state(outer) == GL_SUSPENDED && gl_parent(victim) == outer);
  CHECK(host_switch(outer, NULL, &status) == GL_OK && status == V(GL_OK) && gl_state(outer) == GL_DEAD);
  gl_release(victim), gl_release(inner), gl_release(outer), host_ends(c, 3);
}

BODY(releases_its_argument) {
  gl_release(data);
  event("released");
  to_host_parent(NULL, NULL);
  event("went on");
  return GL_OK;
}
// rule 36: what one thread releases is unwound before the next one goes on
TEST(carriers_unwind_orphans_first) {
  struct carrier c[2];
  host_begins();
  gl_greenlet *orphan = carried(&c[0], echoes, NULL), *g = carried(&c[1], releases_its_argument, orphan);
  host_switch(orphan, NULL, NULL);
  CHECK(host_switch(g, NULL, NULL) == GL_OK && happened("released GL_KILLED"));
  CHECK(host_switch(g, NULL, NULL) == GL_OK && happened("went on"));
  gl_release(g), host_ends(c, 2);
}

BODY(loses_itself) {
  gl_release(gl_realm_current(realm));
  return echoes(data, value, result);
}
// rules 22, 36: one that lost itself is unwound by whoever is resumed, who keeps what was delivered
TEST(carriers_that_lose_themselves_are_unwound) {
  struct carrier c[1];
  void *received = NULL;
  host_begins();
  CHECK(host_switch(carried(&c[0], loses_itself, NULL), V(5), &received) == GL_OK && received == V(5) && happened("GL_KILLED"));
  host_ends(c, 1);
}

enum { RING = 20, LAPS = 10 };
static gl_greenlet *ring[RING];
BODY(passes_on) {
  const int number = (int)(intptr_t)data;
  for (;;) {
    const intptr_t token = (intptr_t)value;
    gl_greenlet *next = token == RING * LAPS ? gl_realm_main(realm) : ring[(number + 1) % RING];
    if (next != gl_realm_main(realm)) CHECK(token % RING == number);
    gl_status status = host_switch(next, V(token + (next != gl_realm_main(realm))), &value);
    if (status != GL_OK) return status;
  }
}
// rule 33: a ring of threads passes a token; each call comes from another one
TEST(carriers_pass_a_token) {
  static struct carrier c[RING];
  void *received = NULL;
  host_begins();
  for (int i = 0; i < RING; i++) ring[i] = carried(&c[i], passes_on, V(i));
  CHECK(host_switch(ring[0], V(0), &received) == GL_OK && received == V(RING * LAPS));
  for (int i = 0; i < RING; i++) gl_release(ring[i]);
  host_ends(c, RING);
}
