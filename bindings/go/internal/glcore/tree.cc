//go:build cgo && !libgreenlet_system

// SPDX-License-Identifier: MIT
// Who runs next. Knows parents, lives, kills and outcomes; no stack, no assembly, no operating system. Each decision is committed when it
// returns: `out.next` is current, and whoever asked transfers there (switch.cc on stacks of ours, a host by its own means).
#include "internal.h"
#include "probes.h"

namespace gl {

static Greenlet *shown_parent(const Greenlet *g) {
  Greenlet *killer = rare_of(g)->killers;
  return killer ? killer : g->parent;
}

// The nearest ancestor of `g` that is not dead and of this realm, at last main (rule 17). Our own dead ones have parents that only we change; beyond
// the first of another thread a lock is needed, and a handle on the heir, in `held`: that thread may give up the one that kept it.
static Greenlet *find_heir(Realm *r, Greenlet *g, Greenlet *&held) {
  held = nullptr;
  Greenlet *a = g;
  while (a && realm_of(a) == r) {
    a = shown_parent(a);
    if (a && realm_of(a) == r && !is_dead(a)) return a;
  }
  Locked lock(forest_lock);
  for (; a; a = shown_parent(a))
    if (realm_of(a) == r && !is_dead(a)) return hold(a), held = a;
  return &r->main;
}

// --- Cycles ---------------------------------------------------------------------------------------------------------------------------

// The graph has two kinds of edges up, to the parent and to each pending killer. Ways part and meet only at those who are being killed: so these are
// marked. Under forest_lock.
static bool reaches(Greenlet *from, const Greenlet *target) {
  bool found = false;
  Greenlet *first = nullptr, *last = nullptr; // marked ones
  auto climb = [&](Greenlet *g) {
    for (; g && !found; g = g->parent) {
      found = g == target;
      Rare *rare = rare_of(g);
      if (!rare->killers) continue;
      if (rare->marked) return;
      rare->marked = true;
      rare->marked_next = nullptr;
      (last ? rare_of(last)->marked_next : first) = g;
      last = g;
    }
  };
  climb(from);
  for (Greenlet *g = first; g && !found; g = rare_of(g)->marked_next)
    for (Greenlet *k = rare_of(g)->killers; k; k = rare_of(k)->outer_killer) climb(k);
  for (Greenlet *g = first; g; g = rare_of(g)->marked_next) rare_of(g)->marked = false;
  return found;
}

// --- Kills that wait (rule 13) ----------------------------------------------------------------------------------------------------------

// The victim has handles on its killers, as on a parent. A killer has none on the victim, other than the library, whose kill decides what becomes of
// it.
static void begin_kill(Greenlet *killer, Greenlet *victim, Waits waits) {
  hold_again(killer);
  if (waits == Waits::for_nothing) hold(victim);
  Locked lock(forest_lock);
  rare_of(killer)->killing = victim;
  rare_of(killer)->outer_killer = rare_of(victim)->killers;
  rare_of(victim)->killers = killer;
  killer->waits = waits;
  mark(killer, unready); // control comes back by way of end_kill()
}

// Before begin_kill(): false if there is no memory.
static bool can_kill(Greenlet *killer, Greenlet *victim) { return own_rare(killer) && own_rare(victim); }

// Returns the victim; NULL: it is freed. Of one that is dead another thread may drop the last handle: it is not to be touched afterwards, unless the
// kill holds it.
static Greenlet *leave_kill(Greenlet *killer, bool &died) {
  Locked lock(forest_lock);
  killer->waits = Waits::no;
  Greenlet *victim = rare_of(killer)->killing;
  died = !victim || is_dead(victim);
  if (!victim) return nullptr;
  Greenlet **link = &rare_of(victim)->killers;
  while (*link != killer) link = &rare_of(*link)->outer_killer;
  *link = rare_of(killer)->outer_killer;
  rare_of(killer)->killing = nullptr;
  return victim;
}

void abandon_kill(Greenlet *killer) {
  if (killer->waits == Waits::no) return;
  bool holds_victim = killer->waits == Waits::for_nothing;
  bool died;
  Greenlet *victim = leave_kill(killer, died);
  if (!victim) return;
  if (holds_victim) let_go(victim);
  let_go(killer);
}

void forget_killers(Greenlet *victim) {
  for (;;) {
    Greenlet *killer;
    { // their own thread may be resuming them
      Locked lock(forest_lock);
      killer = rare_of(victim)->killers;
      if (!killer) return;
      rare_of(victim)->killers = rare_of(killer)->outer_killer;
      rare_of(killer)->killing = nullptr;
    }
    let_go(killer);
  }
}

// One without handles that cannot be made to end.
static void give_up(Greenlet *g) {
  g->leaked = true;
  tally(&Counters::leaked, 1);
}

// The library dropped the last handle of `victim` and drops its own now (rule 21).
static void let_go_of_victim(Greenlet *victim) {
  if (victim->handles.load(std::memory_order_acquire) != one_handle || is_dead(victim)) return let_go(victim);
  victim->handles.store(0, std::memory_order_relaxed);
  give_up(victim);
}

// Nobody waits for what comes back when the library kills (rule 14).
static void dispose_of_answer(Realm *r, Greenlet *killer, Greenlet *victim, const gl_delivery &d) {
  if (d.status == GL_KILLED) {
    killer->kept_kill = true;
  } else if (d.status == GL_THROWN) {
    InCallback callback(r);
    report_unhandled(victim, d.value);
  } else if (auto drop_result = rare_of(victim)->drop_result; d.value && drop_result) {
    InCallback callback(r);
    drop_result(d.value);
  }
}

// Control comes back to one whose kill is pending: what does that call answer?
static void end_kill(Realm *r, Greenlet *killer, gl_delivery &d) {
  bool answers = killer->waits == Waits::for_answer;
  bool died;
  Greenlet *victim = leave_kill(killer, died);
  if (!r->hosted) unmark(killer, unready);
  if (answers) {
    if (d.status == GL_OK && !died) d.status = GL_ALIVE;
  } else {
    dispose_of_answer(r, killer, victim, d);
    let_go_of_victim(victim);
    d.status = GL_OK;
    d.value = nullptr;
  }
  if (victim) let_go(killer);
}

// --- Decisions --------------------------------------------------------------------------------------------------------------------------

// Tells the tracers, also of an end. They may release and reparent, but neither free the target nor take it away.
static void announce(Realm *r, const gl_delivery &d, bool ended = false) {
  Greenlet *from = r->current.load(std::memory_order_relaxed), *to = d.next;
  if (ended) GL_PROBE(end, from, to);
  probe_transfer(from, to, d.status);
  if (d.start) GL_PROBE(start, from, to);
  if (!r->tracers.any()) return;
  hold(to);
  {
    InCallback callback(r);
    if (d.start) r->starting = to;
    if (ended) r->tracers.call(GL_EV_END, from, to);
    r->tracers.call(d.status == GL_OK ? GL_EV_SWITCH : GL_EV_THROW, from, to);
    if (d.start) r->tracers.call(GL_EV_START, from, to);
    r->starting = nullptr;
  }
  if (d.start) to->life.store(Life::started, std::memory_order_relaxed); // it is not to die unrun when its last handle goes here
  let_go(to);
}

static void commit(Realm *r, gl_delivery &d) {
  Greenlet *from = r->current.load(std::memory_order_relaxed), *to = d.next;
  if (to != from) {
    if (is_lost(from)) {
      from->handles.store(queued, std::memory_order_relaxed);
      add_orphan(from);
    }
    r->current.store(to, std::memory_order_relaxed);
    r->leaving = r->hosted ? nullptr : from;
    r->begins = d.start;
  }
  if (d.start) {
    to->life.store(Life::started, std::memory_order_release);
    if (!r->hosted) unmark(to, unready);
  }
  if (to->waits != Waits::no) end_kill(r, to, d);
  if (to->kept_kill || is_lost(to)) slow_down(r); // its next call wants a decision
}

// Passes the dead, and the unstarted that cannot take what comes, until somebody can: fills in d.next and d.start. If a target that the user named
// turns out to be another thread's, or a value for it cannot start anybody, that fails, and nothing has changed. (Only an unstarted one moves: its realm
// is certain once it is claimed, or seen to have started.)
static gl_status settle(Realm *r, Greenlet *to, bool named, gl_delivery &d, Greenlet *held = nullptr) {
  const Greenlet *target = named ? to : nullptr;
  bool may_fail = named && d.status == GL_OK;
  // `held` keeps the rest of the way while the drops of those who die on it run
  for (;;) {
    Life life = to->life.load(std::memory_order_acquire);
    bool ours = life >= Life::started ? realm_of(to) == r : claim_here(r, to);
    if (!ours && to == target) return not_ours(to);
    if (!ours || life >= Life::ended) {
      Greenlet *passed = held;
      to = find_heir(r, to, held);
      if (!held) held = passed; // which keeps the heir
      else if (passed) let_go(passed);
      continue;
    }
    if (life == Life::started) break;
    gl_status status = d.status != GL_OK ? d.status : to->flags & GL_HOSTED ? GL_OK : prepare(to);
    d.start = status == GL_OK;
    if (d.start) break;
    if (status < 0) {
      if (may_fail) {
        unclaim(to);
        if (held) let_go(held);
        return status;
      }
      d.status = GL_THROWN; // rule 5
      d.value = nullptr;
    }
    hold(to);
    expire(to);
    Greenlet *passed = held, *heir = find_heir(r, to, held);
    if (!held) hold(heir);
    finish(to);
    let_go(to);
    if (passed) let_go(passed);
    held = to = heir;
  }
  d.next = to;
  if (held && d.start) to->life.store(Life::started, std::memory_order_relaxed); // as in announce()
  if (held) let_go(held);
  return GL_OK;
}

// A kill that came while the library waited is answered by the caller's next call (rule 14).
static bool take_kept_kill(Realm *r, gl_delivery &out) {
  Greenlet *g = r->current.load(std::memory_order_relaxed);
  if (!g->kept_kill) return false;
  g->kept_kill = false;
  out = {g, GL_KILLED, 0, nullptr};
  return true;
}

gl_status decide_switch(Realm *r, Greenlet *target, gl_status status, void *value, gl_delivery &out) {
  if (take_kept_kill(r, out)) return GL_OK;
  gl_delivery d{target, status, 0, value};
  gl_status failed = settle(r, target, true, d);
  if (failed < 0) return failed;
  announce(r, d);
  commit(r, d);
  out = d;
  return GL_OK;
}

gl_status decide_kill(Realm *r, Greenlet *victim, gl_delivery &out) {
  Greenlet *killer = r->current.load(std::memory_order_relaxed);
  Life life = victim->life.load(std::memory_order_acquire);
  if (life >= Life::started && realm_of(victim) != r) return not_ours(victim); // it moved, and started there
  if (is_main(victim) || victim == killer) return GL_EINVAL;
  if (life < Life::ended) {
    Locked lock(forest_lock);
    if (reaches(killer, victim)) return GL_ECYCLE;
  }
  if (take_kept_kill(r, out)) return GL_OK;
  if (life != Life::started) {
    if (life < Life::started) {
      if (!claim_here(r, victim)) return not_ours(victim);
      expire(victim);
      finish(victim);
    }
    out = {killer, GL_OK, 0, nullptr};
    return GL_OK;
  }
  if (!can_kill(killer, victim)) return GL_ENOMEM;
  out = {victim, GL_KILLED, 0, nullptr};
  begin_kill(killer, victim, Waits::for_answer);
  announce(r, out);
  commit(r, out);
  return GL_OK;
}

void decide_end(Realm *r, gl_status outcome, void *result, gl_delivery &out) {
  Greenlet *g = r->current.load(std::memory_order_relaxed);
  run_drops(r, g);
  gl_delivery d{nullptr, delivered(outcome), 0, result};
  Greenlet *held, *heir = find_heir(r, g, held);
  settle(r, heir, false, d, held);
  announce(r, d, true);
  mark(g, unready);
  g->kept_kill = false;
  tally(&Counters::died, 1);
  g->life.store(Life::ended, std::memory_order_release);
  commit(r, d);
  out = d;
}

void decide_orphan(Realm *r, bool also_due, gl_delivery &out) {
  Greenlet *killer = r->current.load(std::memory_order_relaxed), *g;
  while ((g = take_orphan(r, also_due)) && !can_kill(killer, g)) give_up(g);
  out = {g, GL_KILLED, 0, nullptr};
  if (!g) return;
  begin_kill(killer, g, Waits::for_nothing);
  announce(r, out);
  commit(r, out);
}

} // namespace gl

using namespace gl;

gl_greenlet *gl_parent(const gl_greenlet *g) { return g ? shown_parent(g) : nullptr; }

gl_status gl_set_parent(gl_greenlet *child, gl_greenlet *parent) {
  drain(here());
  if (!child || !parent || is_main(child)) return GL_EINVAL;
  if ((child->flags & GL_HOSTED) != (parent->flags & GL_HOSTED)) return GL_EINVAL;
  if (!is_mine(child) && !is_mine(parent)) return GL_ETHREAD;
  Realm *from = realm_of(child), *to = realm_of(parent);
  Greenlet *old;
  bool missed = false; // `to` ended meanwhile, without it
  {
    Locked lock(forest_lock);
    if (has_ended(to)) return GL_EEXPIRED;
    if (reaches(parent, child)) return GL_ECYCLE;
    if (from != to) {
      if (has_ended(from)) return GL_ETHREAD;
      if (!claim(child)) return child->life == Life::claimed && is_mine(child) ? GL_EBUSY : GL_ETHREAD;
      unlink(from, child);
      if (!link(to, child)) return link(from, child), unclaim(child), GL_EEXPIRED;
      to->keepers.fetch_add(1, std::memory_order_relaxed);
      set_realm(child, to);
    }
    old = child->parent;
    hold_parent(parent);
    child->parent = parent;
    if (from != to) missed = !hand_over(to, child);
  }
  if (missed) expire(child), child->life.store(Life::dead, std::memory_order_release); // the caller has a handle
  if (!is_main(old)) let_go(old);
  if (from != to) lose_keeper(from);
  reap(here());
  return GL_OK;
}
