/* SPDX-License-Identifier: MIT */
/* A host runtime in miniature: it brings the stacks (one OS thread a greenlet) and asks the library who runs next. */
#include "interpret.h"

#include <stdlib.h>

_Thread_local gl_realm *host_realm;

static void *carry(void *self);

/* The library has made delivery.next current: lets it run. */
static void resume(gl_delivery delivery) {
  struct actor *next = gl_data(delivery.next);
  next->carrier.inbox = delivery;
  if (!delivery.start) {
    gate_open(&next->carrier.resume);
    return;
  }
  next->carrier.realm = host_realm;
  next->carrier.started = 1;
  if (pthread_create(&next->carrier.thread, NULL, carry, next)) abort();
}

/* Lets another one run, and waits until control is back here. */
static gl_delivery hand_over(struct actor *self, gl_delivery delivery) {
  if (gl_data(delivery.next) == self) return delivery;
  resume(delivery);
  gate_pass(&self->carrier.resume);
  if (self->carrier.abandoned) pthread_exit(NULL);
  return self->carrier.inbox;
}

/* Rule 36: what comes back from an orphan's kill goes nowhere. */
static void drain_orphans(struct actor *self) {
  gl_delivery delivery;
  while (gl_host_next_orphan(host_realm, &delivery) == GL_OK && delivery.next) hand_over(self, delivery);
}

/* One greenlet from its start to its end. */
static void *carry(void *data) {
  struct actor *self = data;
  host_realm = self->carrier.realm;
  gl_delivery delivery = self->carrier.inbox;
  drain_orphans(self);
  void *result = NULL;
  gl_status outcome = enter(self, delivery.value, &result);
  gl_host_end(host_realm, outcome, result, &delivery);
  resume(delivery);
  return NULL;
}

/* A greenlet that was freed without an end leaves its thread behind. */
void host_join(struct actor *actor) {
  if (!actor->carrier.started) return;
  actor->carrier.abandoned = 1;
  gate_open(&actor->carrier.resume);
  pthread_join(actor->carrier.thread, NULL);
}

void host_drain(void) { drain_orphans(gl_data(gl_realm_current(host_realm))); }

gl_status host_transfer(enum transfer how, gl_greenlet *target, void *value, void **received) {
  struct actor *self = gl_data(gl_realm_current(host_realm));
  gl_delivery delivery;
  drain_orphans(self);
  gl_status status = how == SWITCH  ? gl_host_switch(host_realm, target, value, &delivery)
                     : how == THROW ? gl_host_throw(host_realm, target, value, &delivery)
                                    : gl_host_kill(host_realm, target, &delivery);
  if (status < 0) return status;
  delivery = hand_over(self, delivery);
  drain_orphans(self);
  *received = delivery.value;
  return delivery.status;
}
