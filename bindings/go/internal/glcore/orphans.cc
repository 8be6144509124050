//go:build cgo && !libgreenlet_system

// SPDX-License-Identifier: MIT
// Orphans: suspended greenlets whose last handle went. Their own thread kills them before it goes on; those released inside a callback or on another
// thread wait in gl_realm::released for its next call (rule 18).
#include "internal.h"

#include <initializer_list>

namespace gl {

static Greenlet *const refused = reinterpret_cast<Greenlet *>(uintptr_t{1}); // in gl_realm::released

static void append(OrphanQueue &queue, Greenlet *g) {
  g->queue_next = nullptr;
  (queue.first ? queue.last->queue_next : queue.first) = g;
  queue.last = g;
}

static Greenlet *pop(OrphanQueue &queue) {
  Greenlet *g = queue.first;
  if (g) queue.first = g->queue_next;
  return g;
}

void add_orphan(Greenlet *g) {
  Realm *r = realm_of(g);
  if (is_mine(g) && !r->busy && !has_ended(r)) {
    append(r->orphans, g);
    slow_down(r);
    return;
  }
  r->keepers.fetch_add(1, std::memory_order_relaxed); // once `g` is in the queue, its owner may free it, and with it the realm
  Greenlet *head = r->released.load();
  do g->queue_next = head;
  while (head != refused && !r->released.compare_exchange_weak(head, g));
  r->fast.store(slow); // after the push: see rearm()
  if (head == refused && g->handles.fetch_and(~queued) < one_handle) destroy(g);
  lose_keeper(r);
}

static void collect(Realm *r, Greenlet *newest) {
  Greenlet *oldest = nullptr;
  while (newest) {
    Greenlet *next = newest->queue_next;
    newest->queue_next = oldest;
    oldest = newest;
    newest = next;
  }
  while (oldest) {
    Greenlet *next = oldest->queue_next;
    append(r->due, oldest);
    oldest = next;
  }
}

void collect_released(Realm *r) {
  if (r->released.load(std::memory_order_relaxed)) collect(r, r->released.exchange(nullptr));
}

Greenlet *take_orphan(Realm *r, bool also_due) {
  for (;;) {
    Greenlet *g = pop(r->orphans);
    if (!g && also_due) g = pop(r->due);
    if (!g) return nullptr;
    if (g->handles.fetch_and(~queued) >= one_handle) continue; // somebody took a handle meanwhile
    annotate::take_over(g);
    if (is_dead(g)) destroy(g);
    else if (g == r->current) g->leaked = false; // it goes on until it switches away (rule 22)
    else if (g->flags & GL_DISCARD) destroy(g);
    else return g;
  }
}

Greenlet *refuse_orphans(Realm *r) { return r->released.exchange(refused); }

void close_orphans(Realm *r) {
  collect(r, refuse_orphans(r));
  for (OrphanQueue *queue : {&r->orphans, &r->due})
    while (Greenlet *g = pop(*queue))
      if (g->handles.fetch_and(~queued) < one_handle) destroy(g);
}

} // namespace gl
