/* SPDX-License-Identifier: MIT */
/* Bodies for the tests of kills. */
#pragma once
#include "support.h"

/* Waits once, notes how that ended, cleans up as told, ends as told. */
struct victim {
  void (*cleanup)(void); /* may be NULL */
  gl_status outcome;
  void *result;
};
UNUSED BODY(victim) {
  const struct victim *plan = (const struct victim *)data;
  gl_status status = to_parent(value, &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)value);
  if (plan->cleanup) plan->cleanup();
  *result = plan->result;
  return plan->outcome;
}

/* Started, and waiting for its second switch. */
static inline gl_greenlet *waiting(gl_run run, void *data) {
  gl_greenlet *g = gl_new(run, data);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(gl_state(g) == GL_SUSPENDED);
  return g;
}

/* Switches to and fro: a library that takes short cuts when nothing special is going on takes them by the second switch. */
static inline void warm_up(gl_greenlet *echoing) {
  for (int i = 0; i < 3; i++) CHECK(gl_switch(echoing, NULL, NULL) == GL_OK);
}

/* Kills its data and notes what came. Ends if it was killed itself; else goes to main, and ends when it is resumed. */
UNUSED BODY(killer) {
  gl_status status = gl_kill((gl_greenlet *)data, &value);
  event("kill %s %d", gl_status_name(status), (int)(intptr_t)value);
  if (status != GL_KILLED) status = gl_switch(gl_main(), value, NULL);
  return status == GL_KILLED ? GL_KILLED : GL_OK;
}

/* Cleanups that refuse to end, and note how they go on. */
static inline void give_seven(void) {
  void *value = NULL;
  gl_status status = to_parent(V(7), &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)value);
}
static inline void throw_seven(void) {
  void *value = NULL;
  gl_status status = gl_throw(gl_parent(gl_current()), V(7), &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)value);
}
