//go:build cgo && !libgreenlet_system

// SPDX-License-Identifier: MIT
// Host runtimes: the decisions of tree.cc, handed out instead of carried out.
#include "internal.h"
#include "probes.h"

using namespace gl;

static gl_status check_call(const Realm *r, const gl_delivery *out) {
  if (!r || !out) return GL_EINVAL;
  return r->busy ? GL_EBUSY : GL_OK;
}

static gl_status check_target(const Realm *r, const Greenlet *target, const gl_delivery *out) {
  if (!target) return GL_EINVAL;
  gl_status status = check_call(r, out);
  return status != GL_OK || realm_of(target) == r ? status : not_ours(target);
}

// Nobody is told, and nothing is pending, kept or lost: then a value goes to the target itself, and that is all.
static bool is_plain(const Realm *r, const Greenlet *from, const Greenlet *to) {
  auto is_held = [r](const Greenlet *g) { return g->handles.load(std::memory_order_relaxed) || g == &r->main; };
  return to->life.load(std::memory_order_relaxed) == Life::started && !r->tracers.any() && to->waits == Waits::no && !to->kept_kill &&
         !from->kept_kill && is_held(from) && is_held(to);
}

gl_status gl_host_switch(gl_realm *realm, gl_greenlet *target, void *value, gl_delivery *out) {
  gl_status status = check_target(realm, target, out);
  if (status < 0) return status;
  Greenlet *from = realm->current.load(std::memory_order_relaxed);
  if (!is_plain(realm, from, target)) return decide_switch(realm, target, GL_OK, value, *out);
  probe_transfer(from, target, GL_OK);
  realm->current.store(target, std::memory_order_relaxed);
  *out = {target, GL_OK, 0, value};
  return GL_OK;
}

gl_status gl_host_throw(gl_realm *realm, gl_greenlet *target, void *payload, gl_delivery *out) {
  gl_status status = check_target(realm, target, out);
  return status < 0 ? status : decide_switch(realm, target, GL_THROWN, payload, *out);
}

gl_status gl_host_kill(gl_realm *realm, gl_greenlet *target, gl_delivery *out) {
  gl_status status = check_target(realm, target, out);
  return status < 0 ? status : decide_kill(realm, target, *out);
}

gl_status gl_host_end(gl_realm *realm, gl_status outcome, void *result, gl_delivery *out) {
  gl_status status = check_call(realm, out);
  if (status < 0) return status;
  Greenlet *g = realm->current.load(std::memory_order_relaxed);
  if (is_main(g)) return GL_EINVAL;
  decide_end(realm, outcome, result, *out);
  finish(g);
  return GL_OK;
}

gl_status gl_host_next_orphan(gl_realm *realm, gl_delivery *out) {
  gl_status status = check_call(realm, out);
  if (status < 0) return status;
  if (!realm->orphans.first && !realm->due.first && !realm->released.load(std::memory_order_relaxed)) {
    *out = {nullptr, GL_KILLED, 0, nullptr};
    return GL_OK;
  }
  do { // a drop of one that is freed on the way may release others
    collect_released(realm);
    decide_orphan(realm, true, *out);
  } while (!out->next && realm->released.load(std::memory_order_relaxed));
  return GL_OK;
}
