// SPDX-License-Identifier: MIT
// A greenlet's birth, its handles and its death.
#include "internal.h"

#include <cstdlib>
#include <cstring>
#include <new>

namespace gl {

constexpr uint32_t most_cached_blocks = 1024;

// Blocks are kept in a list of the thread that frees them. Sanitizers see each one go.
static Greenlet *new_block() {
  Realm *r = here();
  void *memory = r->blocks;
  if (memory) {
    r->blocks = r->blocks->next;
    r->blocks_cached--;
  } else {
    memory = os::allocate_aligned(alignof(Greenlet), sizeof(Greenlet));
    if (!memory) return nullptr;
  }
  return new (memory) Greenlet;
}

static void free_block(Greenlet *g) {
  Realm *r = here();
  if (r == &detached || r->blocks_cached == most_cached_blocks || has_ended(r) || annotate::needed()) return free(g);
  g->next = r->blocks;
  r->blocks = g;
  r->blocks_cached++;
}

void free_blocks(Realm *r) {
  while (Greenlet *g = r->blocks) {
    r->blocks = g->next;
    free(g);
  }
}

// Parents that are main need no handle: the realm lives as long as its greenlets.
static void hold_parent(Greenlet *g, Greenlet *parent) {
  if (!is_main(parent)) hold(parent);
  g->parent = parent;
}

static gl_status create(Realm *r, Greenlet *parent, const gl_options &o, Greenlet **out) {
  Greenlet *g = new_block();
  if (!g) return GL_ENOMEM;
  g->run = o.run;
  g->run_data = g->data = o.data;
  g->drop = o.drop;
  g->drop_result = o.drop_result;
  g->stack_size = o.stack_size;
  g->flags = static_cast<uint8_t>(o.flags);
  g->realm.store(r, std::memory_order_relaxed);
  if (o.name) {
    size_t size = strlen(o.name) + 1;
    g->name = static_cast<char *>(malloc(size));
    if (!g->name) return free(g), GL_ENOMEM;
    memcpy(g->name, o.name, size);
  }
  if (!link(r, g)) return free(g->name), free(g), GL_EEXPIRED;
  hold_parent(g, parent);
  gain(r);
  tally(&Counters::created, 1);
  tally(&Counters::alive, 1);
  *out = g;
  return GL_OK;
}

void hold(Greenlet *g) {
  if (is_main(g)) realm_of(g)->keepers.fetch_add(1, std::memory_order_relaxed); // its handles keep the realm
  g->handles.fetch_add(one_handle, std::memory_order_relaxed);
}

static void let_go_of_main(Greenlet *main) {
  uint32_t handles = main->handles.load(std::memory_order_relaxed);
  while (handles >= one_handle)
    if (main->handles.compare_exchange_weak(handles, handles - one_handle)) return lose_keeper(realm_of(main));
}

// Drops one handle. True: it was the last, and the caller frees `g`.
static bool was_last(Greenlet *g) {
  uint32_t handles = g->handles.load(std::memory_order_acquire);
  if (handles == one_handle && is_mine(g)) { // nobody else has one, so nobody else looks
    Life life = g->life.load(std::memory_order_relaxed);
    if (life < Life::started || life == Life::dead) return g->handles.store(0, std::memory_order_relaxed), true;
  }
  uint32_t rest;
  bool current;
  do {
    Life life = g->life.load(std::memory_order_acquire);
    bool mine = is_mine(g);
    current = mine && realm_of(g)->current.load(std::memory_order_relaxed) == g;
    rest = handles - one_handle;
    if (rest == 0 && !current && (life == Life::started || (life == Life::ended && !mine))) rest = queued;
    if (g->handles.compare_exchange_weak(handles, rest, std::memory_order_acq_rel, std::memory_order_acquire)) {
      if (rest == 0 && current) slow_down(realm_of(g));
      if (handles != one_handle) return false;
      if (rest == queued) return add_orphan(g), false;
      return life != Life::ended && !current; // else finish() does
    }
  } while (true);
}

void run_drops(Realm *r, Greenlet *g) {
  if (g->drop) {
    InCallback callback(r);
    g->drop(g->run_data);
  }
  if (g->locals) drop_locals(r, g);
}

bool claim(Greenlet *g) {
  Life life = Life::unstarted;
  if (!os::single_threaded()) return g->life.compare_exchange_strong(life, Life::claimed, std::memory_order_acquire);
  if (g->life != life) return false;
  g->life.store(Life::claimed, std::memory_order_relaxed);
  return true;
}

void retire(Greenlet *g) {
  Realm *r = realm_of(g);
  if (has_ended(r)) return; // with its thread, at a fork
  unlink(r, g);
  tally(&Counters::alive, -1);
}

void expire(Greenlet *g) {
  Life life = g->life.load(std::memory_order_relaxed);
  abandon_kill(g);
  retire(g);
  g->ready.store(0, std::memory_order_relaxed);
  g->life.store(Life::ended, std::memory_order_release);
  run_drops(realm_of(g), g);
  if (life == Life::started) discard_stack(g);
}

// Frees the block. Returns the parent, if its handle must go now.
static Greenlet *dispose(Greenlet *g) {
  Realm *r = realm_of(g);
  if (!is_dead(g)) expire(g);
  if (g->locals) drop_locals(r, g);
  forget_killers(g);
  Greenlet *parent = g->parent;
  if (is_main(parent)) parent = nullptr;
  free(g->name);
  free_block(g);
  lose(r);
  return parent;
}

void destroy(Greenlet *g) {
  do g = dispose(g); // a loop: chains of the dead may be long
  while (g && was_last(g));
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

static gl_status check_options(const gl_options *given, gl_options &o) {
  if (!given) return GL_EINVAL;
  size_t known = given->size < sizeof o ? given->size : sizeof o;
  memcpy(&o, given, known);
  for (size_t i = known; i < given->size; i++)
    if (reinterpret_cast<const char *>(given)[i]) return GL_EINVAL;
  if (o.flags & ~uint32_t{GL_SHARE_FP | GL_DISCARD | GL_HOSTED}) return GL_EINVAL;
  if (o.stack && o.stack_size) return GL_EINVAL;
  bool hosted = o.flags & GL_HOSTED;
  if (hosted ? !o.parent || o.stack || o.stack_size : !o.run) return GL_EINVAL;
  if (o.parent && realm_of(o.parent)->hosted != hosted) return GL_EINVAL;
  if (o.stack) return GL_ENOTSUP;
  size_t rounded = o.stack_size;
  return round_stack_size(rounded) ? GL_OK : GL_ENOMEM;
}

gl_status gl_new_with(const gl_options *options, gl_greenlet **out) {
  Realm *r = here();
  drain(r);
  gl_options o{};
  gl_status status = out ? check_options(options, o) : GL_EINVAL;
  if (status != GL_OK) return status;
  if (!(o.flags & GL_HOSTED)) { // hosts call from any thread, and need no realm there
    r = attach();
    if (!r) return GL_ENOMEM;
    adopt_cxx_runtime(r);
  }
  Greenlet *parent = o.parent ? o.parent : r->current.load(std::memory_order_relaxed);
  return create(realm_of(parent), parent, o, out);
}

gl_greenlet *gl_new(gl_run run, void *data) {
  Realm *r = attach();
  if (!r) return nullptr;
  drain(r);
  if (!run) return nullptr;
  adopt_cxx_runtime(r);
  gl_options o{};
  o.run = run;
  o.data = data;
  Greenlet *g;
  return create(r, r->current.load(std::memory_order_relaxed), o, &g) == GL_OK ? g : nullptr;
}

gl_greenlet *gl_retain(gl_greenlet *g) {
  if (g) hold(g);
  return g;
}

void gl_release(gl_greenlet *g) {
  if (!g) return;
  Realm *r = here();
  drain(r);
  if (g->leaked && is_mine(g)) g->leaked = false; // it has got a handle since
  let_go(g);
  reap(r);
}

int gl_state(const gl_greenlet *g) {
  if (!g || is_dead(g) || has_ended(realm_of(g))) return GL_DEAD;
  if (g->life.load(std::memory_order_relaxed) < Life::started) return GL_UNSTARTED;
  return realm_of(g)->current.load(std::memory_order_relaxed) == g ? GL_RUNNING : GL_SUSPENDED;
}

void *gl_data(const gl_greenlet *g) { return g ? g->data : nullptr; }

void gl_set_data(gl_greenlet *g, void *data) {
  if (g) g->data = data;
}

const char *gl_name(const gl_greenlet *g) { return g && g->name ? g->name : ""; }
