//go:build cgo && !libgreenlet_system

// SPDX-License-Identifier: MIT
// A greenlet's birth, its handles and its death.
#include "internal.h"

#include <cstdlib>
#include <cstring>
#include <new>

namespace gl {

constexpr uint32_t most_cached_blocks = 1024, most_cached_rares = 1024;

// Blocks stay in the list of their realm, dead, when they wait there for reuse, blank: with all that few greenlets use as in a new one. So a life
// touches neither the list nor its lock.
static Greenlet *new_block(Realm *r) {
  Greenlet *g = r->blocks;
  if (g && (r == here() || r->hosted)) {
    r->blocks = g->queue_next;
    r->blocks_cached--;
    return g;
  }
  void *memory = take_block();
  if (!memory) return nullptr;
  g = new (memory) Greenlet;
  set_realm(g, r);
  if (!link(r, g)) return give_block(g), nullptr;
  r->keepers.fetch_add(1, std::memory_order_relaxed);
  return g;
}

static void free_block(Realm *r, Greenlet *g) {
  unlink(r, g);
  give_block(g);
  lose_keeper(r);
}

// Blank already, but for what many use.
static inline void keep_block(Realm *r, Greenlet *g) {
  g->flags &= GL_HOSTED;
  g->floor = nullptr;
  g->waits = Waits::no;
  g->kept_kill = g->leaked = g->reaping = g->loose = false;
  g->roomy = 0;
  g->dumped = g->has_child = false;
  g->queue_next = r->blocks;
  r->blocks = g;
  r->blocks_cached++;
}

static inline void recycle_block(Greenlet *g) {
  Realm *r = realm_of(g);
  if (!is_mine(g) || has_ended(r) || r->blocks_cached == most_cached_blocks || annotate::needed())
    return free_block(r, g); // sanitizers see each one go
  keep_block(r, g);
}

void free_blocks(Realm *r) {
  r->blocks_cached = most_cached_blocks; // and no more of them
  while (Greenlet *g = r->blocks) {
    r->blocks = g->queue_next;
    free_block(r, g);
  }
}

// --- What few have ----------------------------------------------------------------------------------------------------------------------

Rare no_rare;

Rare *own_rare(Greenlet *g) {
  Rare *rare = rare_of(g);
  if (rare != &no_rare) return rare;
  Realm *r = here();
  if (r != &detached && r->rares) {
    rare = r->rares;
    r->rares = rare->next;
    r->rares_cached--;
  } else {
    rare = static_cast<Rare *>(malloc(sizeof(Rare)));
    if (!rare) return nullptr;
  }
  g->rare.store(new (rare) Rare, std::memory_order_release); // other threads look at parents' while they search
  return rare;
}

static void give_rare(Greenlet *g) {
  Rare *rare = rare_of(g);
  if (rare == &no_rare) return;
  g->rare.store(&no_rare, std::memory_order_relaxed);
  if (rare->name) free(rare->name);
  Realm *r = here();
  if (r == &detached || has_ended(r) || r->rares_cached == most_cached_rares || annotate::needed()) return free(rare);
  rare->next = r->rares;
  r->rares = rare;
  r->rares_cached++;
}

void free_rares(Realm *r) {
  r->rares_cached = most_cached_rares; // and no more of them
  while (Rare *rare = r->rares) {
    r->rares = rare->next;
    free(rare);
  }
}

// --- Handles ----------------------------------------------------------------------------------------------------------------------------

void hold(Greenlet *g) {
  if (is_main(g)) realm_of(g)->keepers.fetch_add(1, std::memory_order_relaxed); // its handles keep the realm
  g->handles.fetch_add(one_handle, std::memory_order_relaxed);
}

void hold_again(Greenlet *g) {
  if (is_mine(g) && g->leaked) [[unlikely]]
    g->leaked = false;
  hold(g);
}

// A block becomes a greenlet, once `life` says so.
[[gnu::always_inline]] static inline void fill(Greenlet *g, Greenlet *parent, gl_run run, void *data) {
  g->run = run;
  g->run_data = g->data = data;
  g->parent = parent;
  g->stack_size = default_stack_size;
  g->saved_errno = 0;
  g->handles.store(one_handle, std::memory_order_relaxed);
}

[[gnu::always_inline]] static inline void give_life(Greenlet *g) {
  tally(&Counters::created, 1);
  g->life.store(Life::unstarted, std::memory_order_release); // from now on its thread's end ends it
}

// All but give_life(). NULL: no memory, or the realm has ended.
static Greenlet *create(Greenlet *parent, gl_run run, void *data) {
  Greenlet *g = new_block(realm_of(parent));
  if (!g) return nullptr;
  fill(g, parent, run, data);
  hold_parent(parent);
  return g;
}

static void let_go_of_main(Greenlet *main) {
  uint32_t handles = main->handles.load(std::memory_order_relaxed);
  while (handles >= one_handle)
    if (main->handles.compare_exchange_weak(handles, handles - one_handle)) return lose_keeper(realm_of(main));
}

static bool was_last_slow(Greenlet *g) {
  annotate::give_away(g);
  uint32_t handles = g->handles.load(std::memory_order_acquire), rest;
  bool current;
  do {
    Life life = g->life.load(std::memory_order_acquire);
    bool mine = is_mine(g);
    current = mine && realm_of(g)->current.load(std::memory_order_relaxed) == g;
    rest = handles - one_handle;
    if (rest == 0 && !current && !(mine && g->leaked) && (life == Life::started || (life == Life::ended && !mine))) rest = queued;
    if (g->handles.compare_exchange_weak(handles, rest, std::memory_order_acq_rel, std::memory_order_acquire)) {
      if (rest == 0 && current) slow_down(realm_of(g));
      if (handles != one_handle) return false;
      if (rest == queued) return add_orphan(g), false;
      return life < Life::started || life == Life::dead; // else it goes on, or finish() frees it
    }
  } while (true);
}

// Drops one handle. True: it was the last, and the caller destroys `g`.
static inline bool was_last(Greenlet *g) {
  if (g->handles.load(std::memory_order_acquire) == one_handle && is_mine(g)) { // nobody else has one, so nobody else looks
    Life life = g->life.load(std::memory_order_relaxed);
    if (life < Life::started || life == Life::dead) return g->handles.store(0, std::memory_order_relaxed), true;
  }
  return was_last_slow(g);
}

void run_drops(Realm *r, Greenlet *g) {
  Rare *rare = rare_of(g);
  if (auto drop = rare->drop) {
    rare->drop = nullptr; // once, also if it ends the thread
    InCallback callback(r);
    drop(rare->drop_data);
  }
  if (rare_of(g)->locals) drop_locals(r, g);
}

void expire(Greenlet *g) {
  Life life = g->life.load(std::memory_order_relaxed);
  abandon_kill(g);
  if (!expired_by_fork(g)) tally(&Counters::died, 1);
  mark(g, unready);
  g->life.store(Life::ended, std::memory_order_release);
  run_drops(realm_of(g), g);
  g->caught = nullptr;
  g->uncaught = 0;
  discard_stack(g, life == Life::started);
}

// Frees the block. Returns the parent, if its handle must go now.
static inline Greenlet *dispose(Greenlet *g) {
  if (rare_of(g)->locals) [[unlikely]]
    drop_locals(realm_of(g), g);
  if (!is_mine(g) || rare_of(g)->killers) [[unlikely]] // another thread's may be changing
    forget_killers(g);
  give_rare(g);
  Greenlet *parent = g->parent;
  if (is_main(parent)) parent = nullptr;
  recycle_block(g);
  return parent;
}

void destroy(Greenlet *g) {
  do { // a loop: chains of the dead may be long
    annotate::take_over(g);
    if (!is_dead(g)) {
      expire(g);
      if (g->handles.load(std::memory_order_acquire) != 0)
        return g->life.store(Life::dead, std::memory_order_release); // its drops took one
    }
    g = dispose(g);
  } while (g && was_last(g));
}

void let_go(Greenlet *g) {
  if (is_main(g)) let_go_of_main(g);
  else if (was_last(g)) destroy(g);
}

void finish(Greenlet *g) {
  if (g->handles.load(std::memory_order_acquire) == 0) destroy(g);
  else g->life.store(Life::dead, std::memory_order_release);
}

} // namespace gl

using namespace gl;

// Options of another size than ours: what is missing is zero, and what is unknown has to be.
[[gnu::noinline]] static bool convert_options(const gl_options *given, gl_options &o) {
  o = {};
  size_t known = given->size < sizeof o ? given->size : sizeof o;
  memcpy(&o, given, known);
  for (size_t i = known; i < given->size; i++)
    if (reinterpret_cast<const char *>(given)[i]) return false;
  return true;
}

static gl_status check_options(const gl_options &o, size_t &stack_size) {
  if (o.flags & ~uint32_t{GL_SHARE_FP | GL_DISCARD | GL_HOSTED}) return GL_EINVAL;
  if (o.stack && o.stack_size) return GL_EINVAL;
  bool hosted = o.flags & GL_HOSTED;
  if (hosted ? !o.parent || o.stack || o.stack_size : !o.run) return GL_EINVAL;
  if (o.parent && bool(o.parent->flags & GL_HOSTED) != hosted) return GL_EINVAL;
  stack_size = o.stack_size;
  return hosted || round_stack_size(stack_size) ? GL_OK : GL_ENOMEM;
}

// What is said of it only rarely. False: no memory, and nothing has changed.
static bool take_rare_options(Greenlet *g, const gl_options &o) {
  if (!o.drop && !o.drop_result && !o.name) return true;
  Rare *rare = own_rare(g);
  if (!rare) return false;
  rare->name = o.name ? strdup(o.name) : nullptr;
  if (o.name && !rare->name) return give_rare(g), false;
  rare->drop = o.drop;
  rare->drop_data = o.data;
  rare->drop_result = o.drop_result;
  return true;
}

gl_status gl_new_with(const gl_options *options, gl_greenlet **out) {
  Realm *r = here();
  if (!is_settled(r)) drain(r);
  if (!options || !out) return GL_EINVAL;
  gl_options converted;
  if (options->size != sizeof converted) {
    if (!convert_options(options, converted)) return GL_EINVAL;
    options = &converted;
  }
  const gl_options &o = *options; // read in place: a copy would wait for what the caller has just written
  size_t stack_size;
  gl_status status = check_options(o, stack_size);
  if (status != GL_OK) return status;
  if (!(o.flags & GL_HOSTED) && !is_settled(r)) { // hosts call from any thread, and need no realm there
    r = attach();
    if (!r) return GL_ENOMEM;
    adopt_cxx_runtime(r);
  }
  Greenlet *parent = o.parent ? o.parent : r->current.load(std::memory_order_relaxed);
  if (o.stack) status = has_ended(realm_of(parent)) ? GL_EEXPIRED : check_stack(o.stack, realm_of(parent));
  if (status < 0) return status;
  Greenlet *g = create(parent, o.run, o.data);
  if (!g) return has_ended(realm_of(parent)) ? GL_EEXPIRED : GL_ENOMEM;
  g->flags = static_cast<uint8_t>(o.flags);
  if (!take_rare_options(g, o)) {
    g->handles.store(0, std::memory_order_relaxed);
    return destroy(g), GL_ENOMEM;
  }
  if (o.flags & GL_HOSTED) {
    g->stack = nullptr;
  } else if (o.stack) {
    g->flags |= on_copied_stack;
    retain_stack(g->stack = o.stack);
  } else {
    g->stack_size = stack_size;
  }
  if (is_mine(g)) {
    give_life(g);
  } else if (hand_over(realm_of(g), g)) {
    tally(&Counters::created, 1);
  } else {
    g->handles.store(0, std::memory_order_relaxed);
    destroy(g);
    release_stack(o.stack);
    return GL_EEXPIRED;
  }
  *out = g;
  return GL_OK;
}

[[gnu::noinline]] static gl_greenlet *new_slow(gl_run run, void *data) {
  Realm *r = attach();
  if (!r) return nullptr;
  drain(r);
  if (!run) return nullptr;
  adopt_cxx_runtime(r);
  Greenlet *g = create(r->current.load(std::memory_order_relaxed), run, data);
  if (g) give_life(g);
  return g;
}

// With a block at hand and nothing else to do: create() without what can go wrong.
gl_greenlet *gl_new(gl_run run, void *data) {
  Realm *r = here();
  Greenlet *g = r->blocks, *parent = r->current.load(std::memory_order_relaxed);
  if (!run || !g || !is_settled(r) || parent->leaked) [[unlikely]]
    return new_slow(run, data);
  r->blocks = g->queue_next;
  r->blocks_cached--;
  fill(g, parent, run, data);
  if (parent != &r->main) parent->handles.fetch_add(one_handle, std::memory_order_relaxed);
  give_life(g);
  return g;
}

gl_greenlet *gl_retain(gl_greenlet *g) {
  if (g) hold_again(g);
  return g;
}

[[gnu::noinline]] static void release_slow(Realm *r, Greenlet *g) {
  drain(r);
  if (is_main(g)) let_go_of_main(g);
  else if (was_last(g)) destroy(g);
  reap(r);
}

// The last handle of a dead one of ours that left nothing behind: what release_slow() comes to then.
void gl_release(gl_greenlet *g) {
  if (!g) return;
  Realm *r = here();
  bool plain = g->handles.load(std::memory_order_acquire) == one_handle && g->life.load(std::memory_order_relaxed) == Life::dead &&
               realm_of(g) == r && r->fast.load(std::memory_order_relaxed) != slow && g->parent == &r->main &&
               r->blocks_cached != most_cached_blocks && rare_of(g) == &no_rare;
  if (!plain) [[unlikely]]
    return release_slow(r, g);
  g->handles.store(0, std::memory_order_relaxed);
  keep_block(r, g);
}

int gl_state(const gl_greenlet *g) {
  Life life = g ? g->life.load(std::memory_order_acquire) : Life::dead;
  if (life >= Life::ended) return GL_DEAD;
  if (life < Life::started) return expired_by_fork(g) ? GL_DEAD : GL_UNSTARTED; // its realm may be about to change
  if (has_ended(realm_of(g))) return GL_DEAD;
  return realm_of(g)->current.load(std::memory_order_relaxed) == g ? GL_RUNNING : GL_SUSPENDED;
}

void *gl_data(const gl_greenlet *g) { return g ? g->data : nullptr; }

void gl_set_data(gl_greenlet *g, void *data) {
  if (g) g->data = data;
}

const char *gl_name(const gl_greenlet *g) { return g && rare_of(g)->name ? rare_of(g)->name : ""; }
