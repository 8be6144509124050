/* SPDX-License-Identifier: MIT */
/* A realm whose deliveries the test reads itself. */
#pragma once
#include "support.h"

static gl_realm *realm;
static gl_greenlet *realm_main;
static gl_delivery out;

static inline void realm_begins(void) {
  realm = gl_realm_new(), realm_main = gl_realm_main(realm);
  CHECK(realm && realm_main && gl_realm_current(realm) == realm_main);
}
static inline void realm_ends(void) {
  gl_realm_release(realm);
  CHECK(all_gone());
}
static inline gl_greenlet *hosted(gl_greenlet *parent) { return NEW(.parent = parent, .flags = GL_HOSTED); }

/* What the last call told: who runs now, and with what. Forgets it. */
static inline bool delivered(gl_greenlet *next, gl_status status, void *value) {
  bool same = out.next == next && out.status == status && !out.start && out.value == value && gl_realm_current(realm) == next;
  if (!same) printf("delivered to %p: %s, start %u, %p\n", (void *)out.next, gl_status_name(out.status), out.start, out.value);
  memset(&out, 0x5a, sizeof out);
  return same;
}
static inline bool started(gl_greenlet *next, void *value) {
  bool same = out.start != 0;
  out.start = 0;
  return delivered(next, GL_OK, value) && same;
}
static inline void switches_to(gl_greenlet *g, void *value) { CHECK(gl_host_switch(realm, g, value, &out) == GL_OK); }
static inline void ends_with(gl_status outcome, void *result) { CHECK(gl_host_end(realm, outcome, result, &out) == GL_OK); }
/* A suspended one: started, then back to main. */
static inline gl_greenlet *waiting_in_realm(gl_greenlet *parent) {
  gl_greenlet *g = hosted(parent);
  switches_to(g, NULL);
  CHECK(started(g, NULL));
  switches_to(realm_main, NULL);
  CHECK(delivered(realm_main, GL_OK, NULL) && gl_state(g) == GL_SUSPENDED);
  return g;
}
