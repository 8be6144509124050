//go:build cgo && !libgreenlet_system

// SPDX-License-Identifier: MIT
// Greenlet-local values: keys of the process, a small array of values for each greenlet that has any.
#include "internal.h"

#include <cstdlib>

namespace gl {

struct alignas(void *) Locals {
  uint32_t capacity;
  void *&operator[](gl_key key) { return reinterpret_cast<void **>(this + 1)[key - 1]; }
};

constexpr uint32_t most_keys = 4096, drop_rounds = 4; // as POSIX: a drop may set values again

static void (*drops[most_keys])(void *); // [key - 1]
static std::atomic<uint32_t> keys{0};    // published after their drop

static bool is_key(gl_key key) { return key - 1 < keys.load(std::memory_order_acquire); }

static Locals *grow(Greenlet *g, gl_key key) {
  Rare *rare = own_rare(g);
  if (!rare) return nullptr;
  Locals *old = rare->locals;
  uint32_t from = old ? old->capacity : 0;
  if (key <= from) return old;
  uint32_t capacity = from * 2 > key ? from * 2 : key;
  auto *grown = static_cast<Locals *>(realloc(old, sizeof(Locals) + capacity * sizeof(void *)));
  if (!grown) return nullptr;
  grown->capacity = capacity;
  for (gl_key k = from + 1; k <= capacity; k++) (*grown)[k] = nullptr;
  return rare->locals = grown;
}

void drop_locals(Realm *r, Greenlet *g) {
  Rare *rare = rare_of(g);
  for (uint32_t round = 0, dropped = 1; dropped && round < drop_rounds; round++) {
    dropped = 0;
    for (gl_key key = 1; rare->locals && key <= rare->locals->capacity; key++) {
      void *value = (*rare->locals)[key];
      (*rare->locals)[key] = nullptr;
      if (!value || !drops[key - 1]) continue;
      dropped++;
      InCallback callback(r);
      drops[key - 1](value);
    }
  }
  free(rare->locals);
  rare->locals = nullptr;
}

} // namespace gl

using namespace gl;

gl_status gl_key_new(gl_key *out, void (*drop)(void *value)) {
  if (!out) return GL_EINVAL;
  Locked lock(settings_lock);
  uint32_t n = keys.load(std::memory_order_relaxed);
  if (n == most_keys) return GL_ENOMEM;
  drops[n] = drop;
  keys.store(n + 1, std::memory_order_release);
  *out = n + 1; // never 0, so that a variable that was not set is no key
  return GL_OK;
}

void *gl_local(const gl_greenlet *g, gl_key key) {
  Locals *locals = g ? rare_of(g)->locals : nullptr;
  return locals && key - 1 < locals->capacity ? (*locals)[key] : nullptr;
}

gl_status gl_set_local(gl_greenlet *g, gl_key key, void *value) {
  if (!g || !is_key(key)) return GL_EINVAL;
  Locals *locals = grow(g, key);
  if (!locals) return GL_ENOMEM;
  (*locals)[key] = value;
  return GL_OK;
}
