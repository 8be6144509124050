//go:build cgo && !libgreenlet_system

// SPDX-License-Identifier: MIT
// Whose greenlets these are: a realm for each thread at its first call, realms of hosts, their ends, fork.
#include "internal.h"
#include "layout.h"
#include "list.h"

#include <cerrno>
#include <cstdlib>
#include <new>

namespace gl {

constinit Realm detached;
constinit GL_THREAD_LOCAL Realm *thread_realm GL_TLS_MODEL = &detached;
Lock forest_lock, settings_lock, block_lock, arena_lock;
std::atomic<void *(*)()> cxx_runtime{nullptr};
const Counters::Field Counters::fields[] = {&Counters::died,        &Counters::created,     &Counters::stacks_mapped,
                                            &Counters::stack_bytes, &Counters::slice_bytes, &Counters::leaked};

namespace {

Lock registry_lock; // guards what follows
Realm *registry;    // the realms of threads that have not ended
Counters totals;    // of threads that have ended, or never had a realm

std::atomic<uintptr_t> libraries_searched{0};
Lock search_lock; // the C library does not get over a fork while another thread looks for libraries
bool forked;

// Adds what `r` has counted to the totals.
void fold_counters(Realm *r) {
  for (auto field : Counters::fields) totals.*field += (r->counters.*field).exchange(0);
}

void enlist(Realm *r) {
  Locked lock(registry_lock);
  push_front(registry, r);
}

void delist(Realm *r) { // under registry_lock
  take_out(registry, r);
  fold_counters(r);
}

// No other thread of this library is in a critical section while the process forks. This thread's own list is locked as well: others may
// be adding to it.
void before_fork() {
  registry_lock.lock();
  forest_lock.lock();
  settings_lock.lock();
  search_lock.lock();
  block_lock.lock();
  arena_lock.lock();
  here()->list_lock.lock();
}
void after_fork() {
  here()->list_lock.unlock();
  arena_lock.unlock();
  block_lock.unlock();
  search_lock.unlock();
  settings_lock.unlock();
  forest_lock.unlock();
  registry_lock.unlock();
}
void after_fork_in_child() {
  forked = true;
  Realm *lost = nullptr;
  for (Realm *r = registry, *next; r; r = next) {
    next = r->next;
    if (r == here()) continue;
    r->ended.store(true, std::memory_order_release);
    refuse_orphans(r);
    r->counters.died.store(r->counters.created.load(std::memory_order_relaxed), std::memory_order_relaxed);
    delist(r);
    r->next = lost;
    lost = r;
  }
  after_fork();
  for (Realm *r = lost, *next; r; r = next) {
    next = r->next;
    r->main_rare.saved = 0;
    free_cached(r);
    free_blocks(r);
    free_rares(r);
    lose_keeper(r);
  }
}

Realm *new_realm() {
  void *memory = os::allocate_aligned(alignof(Realm), sizeof(Realm));
  if (!memory) return nullptr;
  Realm *r = new (memory) Realm;
  Greenlet *main = &r->main;
  set_realm(main, r);
  main->rare.store(&r->main_rare, std::memory_order_relaxed);
  main->stack = &r->own_stack;
  main->life.store(Life::started, std::memory_order_relaxed);
  main->handles.store(0, std::memory_order_relaxed);
  main->fp = &r->shared_fp;
  main->prev = main->next = main;
  r->current.store(main, std::memory_order_relaxed);
  r->own_stack.kind = Stack::of_thread;
  r->own_stack.realm.store(r, std::memory_order_relaxed);
  r->own_stack.in_place = main;
  return r;
}

} // namespace

void os::thread_ended(void *realm) {
#ifdef __APPLE__
  thread_realm = static_cast<Realm *>(realm); // the thread's variables may have been freed, and be new ones
#endif
  end_thread(static_cast<Realm *>(realm));
}

static Realm *make_thread_realm() {
  static std::atomic<int> fork_handled{0};
  Realm *r = new_realm();
  if (!r) return nullptr;
  bool can_fork = fork_handled.exchange(1) || os::at_fork(before_fork, after_fork, after_fork_in_child);
  if (!can_fork) fork_handled = 0;
  if (!can_fork || !os::at_thread_end(r)) {
    os::free_aligned(r);
    return nullptr;
  }
  r->thread_errno = &errno;
  unmark(&r->main, unready);
  annotate::thread(r->own_stack.fiber);
#if defined(_WIN32) && defined(GL_HAS_SWITCH)
  find_thread_stack(r); // elsewhere the system would tell of the stack that runs
#endif
  enlist(r);
  os::own(thread_realm) = r;
  adopt_cxx_runtime(r);
  rearm(r);
  return r;
}

Realm *attach_slow() {
  int kept = errno; // a process's first malloc() may change it, although it succeeds
  Realm *r = make_thread_realm();
  if (r) errno = kept;
  return r;
}

void adopt_cxx_runtime(Realm *r) {
  void *(*get_globals)() = cxx_runtime.load(std::memory_order_acquire);
  if (!get_globals) {
    if (!search_lock.try_lock()) return; // whoever has it may wait for the linker's lock, which this thread has if it is loading a library
    uintptr_t loaded = os::libraries_loaded();
    if (libraries_searched.exchange(loaded, std::memory_order_relaxed) != loaded) get_globals = os::find_cxx_runtime();
    search_lock.unlock();
    if (!get_globals) return;
    cxx_runtime.store(get_globals, std::memory_order_release);
  }
  if (r->cxx_source == get_globals) return;
  r->cxx_source = get_globals;
  r->cxx = static_cast<CxxState *>(get_globals());
}

// The full fences of sequential consistency order this against add_orphan(): either it sees our `fast` and slows it down again, or we see its
// greenlet.
void rearm(Realm *r) {
  Greenlet *g = r->current.load(std::memory_order_relaxed);
  if (r->hosted || r->busy || r->tracers.any() || r->orphans.first || r->due.first || g->kept_kill || is_lost(g) || annotate::needed())
    return slow_down(r);
  r->fast.exchange(reinterpret_cast<uintptr_t>(r) | (r->hooks.any() ? hooked : 0));
  if (r->released.load()) slow_down(r);
}

InCallback::InCallback(Realm *r) : realms_{attach(), r->hosted ? r : nullptr} {
  for (Realm *realm : realms_) {
    if (!realm) continue;
    realm->busy++;
    slow_down(realm);
  }
}

InCallback::~InCallback() {
  for (Realm *realm : realms_)
    if (realm && --realm->busy == 0) rearm(realm);
}

bool expired_by_fork(const Greenlet *g) { return forked && has_ended(realm_of(g)); }

gl_status not_ours(const Greenlet *g) {
  Locked lock(forest_lock); // it may be on the move, and its old realm about to go
  return has_ended(realm_of(g)) ? GL_EEXPIRED : GL_ETHREAD;
}

void tally_detached(Counters::Field field, intptr_t n) { totals.*field += n; }

// Those who died before those who were made, in case that threads go on meanwhile.
void sum_counters(Counters &sum, uint64_t &stacks_cached) {
  Locked lock(registry_lock);
  for (auto field : Counters::fields) {
    sum.*field = (totals.*field).load(std::memory_order_relaxed);
    for (Realm *r = registry; r; r = r->next) add_relaxed(sum.*field, (r->counters.*field).load(std::memory_order_relaxed));
  }
  stacks_cached = 0;
  for (Realm *r = registry; r; r = r->next) stacks_cached += r->stacks_cached.load(std::memory_order_relaxed);
}

bool link(Realm *r, Greenlet *g) {
  Locked lock(r->list_lock);
  if (has_ended(r)) return false;
  Greenlet *main = &r->main, *last = main->prev;
  g->prev = last;
  g->next = main;
  last->next = g;
  main->prev = g;
  return true;
}

void unlink(Realm *r, Greenlet *g) {
  if (has_ended(r)) return; // nobody walks it any more
  Locked lock(r->list_lock);
  if (!g->next) return;
  for (Cursor *c = r->cursors; c; c = c->outer)
    if (c->next == g) c->next = g->next;
  g->prev->next = g->next;
  g->next->prev = g->prev;
  g->next = nullptr;
}

void lose_keeper(Realm *r) {
  annotate::give_away(r);
  if (r->keepers.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  annotate::take_over(r);
  os::free_aligned(r);
}

// Empties the list up to the next living greenlet, which is to end with the realm. One that another thread is about to free, makes or moves, is left to
// that thread: see hand_over().
static Greenlet *take_living(Realm *r) {
  Locked lock(r->list_lock);
  while (r->main.next != &r->main) {
    Greenlet *g = r->main.next;
    r->main.next = g->next;
    g->next->prev = &r->main;
    g->next = nullptr;
    if (g->life.load(std::memory_order_acquire) == Life::started) return g;
    if (is_dead(g) || !claim(g)) continue;
    uint32_t handles = g->handles.load(std::memory_order_acquire);
    while (handles >= one_handle)
      if (g->handles.compare_exchange_weak(handles, handles + one_handle)) return g;
  }
  r->ended.store(true, std::memory_order_release);
  return nullptr;
}

bool hand_over(Realm *r, Greenlet *g) {
  Locked lock(r->list_lock);
  if (!g->next) return false;
  unclaim(g);
  return true;
}

// Ends one that can never run again, with its thread or realm.
static void lose_track(Greenlet *g) {
  if (g->life == Life::started && !(g->flags & GL_DISCARD) && !g->leaked) tally(&Counters::leaked, 1);
  expire(g);
}

// Who ran when the thread came to its end? If that was in a hook, whoever is current has not arrived: it goes on waiting, unless it was to begin.
static Greenlet *last_to_run(Realm *r) {
  Greenlet *g = r->current.load(std::memory_order_relaxed), *leaving = r->leaving;
  r->leaving = nullptr;
  if (!leaving) return g;
  if (r->begins) {
    lose_track(g);
    finish(g);
  }
  if (!is_dead(leaving)) return leaving;
  discard_stack(leaving, true); // it was in its last transfer
  finish(leaving);
  return &r->main;
}

// Back to main, whatever ran when the thread or the realm came to its end.
void return_to_main(Realm *r) {
  Greenlet *g = last_to_run(r);
  slow_down(r);
  r->busy = 0; // it may have come out of a callback or a visit
  r->hooks.abandon_calls();
  r->tracers.abandon_calls();
  {
    Locked lock(r->list_lock);
    r->cursors = nullptr;
  }
  if (Greenlet *to = r->starting) { // a tracer was told of its start
    r->starting = nullptr;
    unprepare(to);
    unclaim(to);
    let_go(to);
  }
  r->main.reaping = false;
  r->main_rare.saved = 0; // its frames are unwound
  r->current.store(&r->main, std::memory_order_relaxed);
  if (g == &r->main) return;
  abandon_kill(&r->main);
  if (g->stack && runs_on(g->stack)) g->stack->region = nullptr; // Windows ends threads wherever they are: it stays for ever
  lose_track(g);
  finish(g);
  // The bytes of those who were in place lie where the thread runs now.
  for (Greenlet *lost; (lost = r->own_stack.in_place) != &r->main; finish(lost)) lose_track(lost);
}

void end_realm(Realm *r) {
  drop_locals(r, &r->main);
  free_blocks(r);
  free_rares(r);
  while (Greenlet *g = take_living(r)) {
    bool unstarted = g->life == Life::claimed;
    lose_track(g);
    if (unstarted) { // take_living() holds it
      g->life.store(Life::dead, std::memory_order_release);
      let_go(g);
    } else {
      finish(g);
    }
  }
  close_orphans(r);
  free_cached(r);
  r->hooks.clear();
  r->tracers.clear();
  if (!r->hosted) {
    Locked lock(registry_lock);
    delist(r);
    os::own(thread_realm) = &detached;
  }
  lose_keeper(r);
}

} // namespace gl

using namespace gl;

// For debuggers, by name: after `strip`, and where a linker leaves out what nobody uses.
#if __has_attribute(retain)
#define KEPT __attribute__((used, retain))
#else
#define KEPT __attribute__((used))
#endif
extern "C" GL_API KEPT constinit const Layout gl_debug{.realms = &registry};

void gl_set_cxx_runtime(void *(*get_globals)()) {
  libraries_searched = 0;
  cxx_runtime.store(get_globals, std::memory_order_release);
}

// Asked for everywhere: it is not to cost more than the call (aligned, or a cycle is lost to the layout).
[[gnu::aligned(64)]] gl_greenlet *gl_current() {
  Greenlet *g = here()->current.load(std::memory_order_relaxed);
  if (g) [[likely]]
    return g;
  Realm *r = attach_slow();
  return r ? &r->main : nullptr;
}

gl_greenlet *gl_main() {
  Realm *r = attach();
  return r ? &r->main : nullptr;
}

gl_realm *gl_realm_new() {
  Realm *r = new_realm();
  if (!r) return nullptr;
  r->hosted = true;
  r->main.flags = GL_HOSTED;
  return r;
}

void gl_realm_release(gl_realm *realm) {
  if (!realm || realm->busy) return;
  return_to_main(realm);
  end_realm(realm);
}

gl_greenlet *gl_realm_main(gl_realm *realm) { return realm ? &realm->main : nullptr; }
gl_greenlet *gl_realm_current(gl_realm *realm) { return realm ? realm->current.load(std::memory_order_relaxed) : nullptr; }
