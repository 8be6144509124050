//go:build cgo && !libgreenlet_system

// SPDX-License-Identifier: MIT
// For those who watch: tracers, visits, statistics, and what nobody handled.
#include "internal.h"

#include <cstdio>
#include <cstring>

namespace gl {

static gl_unhandled unhandled;
static void *unhandled_user;

void report_unhandled(Greenlet *g, void *payload) {
  settings_lock.lock();
  gl_unhandled function = unhandled;
  void *user = unhandled_user;
  settings_lock.unlock();
  if (function) return function(user, g, payload);
  char text[200];
  snprintf(text, sizeof text, "libgreenlet: greenlet '%.100s' (%p) threw %p when its last handle went\n", gl_name(g),
           static_cast<void *>(g), payload);
  os::print_error(text);
}

static gl_status add_tracer(Realm *r, gl_tracer tracer, void *user) {
  gl_status status = r->tracers.add(tracer, user);
  if (status == GL_OK) slow_down(r);
  return status;
}

static gl_status remove_tracer(Realm *r, gl_tracer tracer, void *user) {
  gl_status status = r->tracers.remove(tracer, user);
  if (status == GL_OK) rearm(r);
  return status;
}

static int visit_all(Realm *r, int (*visit)(void *, Greenlet *), void *user) {
  InCallback callback(r);
  int answer = visit(user, &r->main);
  Cursor cursor;
  r->list_lock.lock();
  cursor = {r->main.next, r->cursors};
  r->cursors = &cursor;
  while (!answer && cursor.next != &r->main) {
    Greenlet *g = cursor.next;
    cursor.next = g->next;
    if (g->life.load(std::memory_order_relaxed) != Life::started) continue;
    r->list_lock.unlock();
    answer = visit(user, g);
    r->list_lock.lock();
  }
  r->cursors = cursor.outer;
  r->list_lock.unlock();
  return answer;
}

} // namespace gl

using namespace gl;

void gl_set_unhandled(gl_unhandled function, void *user) {
  Locked lock(settings_lock);
  unhandled = function;
  unhandled_user = user;
}

gl_status gl_trace_add(gl_tracer tracer, void *user) {
  Realm *r = attach();
  return r ? add_tracer(r, tracer, user) : GL_ENOMEM;
}

gl_status gl_trace_remove(gl_tracer tracer, void *user) {
  Realm *r = here();
  return r != &detached ? remove_tracer(r, tracer, user) : GL_EINVAL;
}

gl_status gl_realm_trace_add(gl_realm *realm, gl_tracer tracer, void *user) { return realm ? add_tracer(realm, tracer, user) : GL_EINVAL; }

gl_status gl_realm_trace_remove(gl_realm *realm, gl_tracer tracer, void *user) {
  return realm ? remove_tracer(realm, tracer, user) : GL_EINVAL;
}

int gl_foreach(int (*visit)(void *user, gl_greenlet *g), void *user) {
  if (!visit) return GL_EINVAL;
  Realm *r = attach();
  return r ? visit_all(r, visit, user) : GL_ENOMEM;
}

int gl_realm_foreach(gl_realm *realm, int (*visit)(void *user, gl_greenlet *g), void *user) {
  return realm && visit ? visit_all(realm, visit, user) : GL_EINVAL;
}

gl_status gl_get_stats(gl_stats *stats) {
  if (!stats || stats->size == 0) return GL_EINVAL;
  Counters sum;
  uint64_t stacks_cached;
  sum_counters(sum, stacks_cached);
  auto of = [](const std::atomic<intptr_t> &n) { return static_cast<uintptr_t>(n.load(std::memory_order_relaxed)); };
  gl_stats full{};
  full.size = stats->size;
  full.created = of(sum.created);
  full.alive = full.created - of(sum.died);
  full.stacks_mapped = of(sum.stacks_mapped);
  full.stacks_cached = stacks_cached;
  full.stack_bytes = of(sum.stack_bytes);
  full.slice_bytes = of(sum.slice_bytes);
  full.leaked = of(sum.leaked);
  memcpy(stats, &full, full.size < sizeof full ? full.size : sizeof full);
  return GL_OK;
}
