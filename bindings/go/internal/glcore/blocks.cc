//go:build cgo && !libgreenlet_system

// SPDX-License-Identifier: MIT
// Memory for greenlets, in slabs that know which stacks lie beside which greenlets.
//
//     slab  | header: groups, counts | block | block | ... 4096 places, the first ones taken by the header
//
// A slab is aligned to its size, so a block's address tells its slab and its place. Blocks of one slab may belong to different threads.
#include "internal.h"
#include "list.h"

#include <cstdlib>
#include <new>

namespace gl {

namespace {

constexpr size_t slab_bytes = 512 << 10, places = slab_bytes / sizeof(Greenlet);

struct Slab {
  Group groups[places / group_size];
  Greenlet *free = nullptr; // by queue_next
  unsigned fresh;           // places from here on were never used
  unsigned used = 0;
  Slab *next = nullptr, *prev = nullptr; // of those with room
};
constexpr unsigned first_place = (sizeof(Slab) + sizeof(Greenlet) - 1) / sizeof(Greenlet);

Slab *with_room; // under block_lock

Slab *slab_of(const Greenlet *g) { return reinterpret_cast<Slab *>(reinterpret_cast<uintptr_t>(g) & ~(slab_bytes - 1)); }

bool is_full(const Slab *slab) { return !slab->free && slab->fresh == places; }

Slab *new_slab() {
  void *memory = os::map_aligned(slab_bytes);
  if (!memory) return nullptr;
  Slab *slab = new (memory) Slab;
  slab->fresh = first_place;
  push_front(with_room, slab);
  return slab;
}

} // namespace

unsigned place_in_group(const Greenlet *g) { return static_cast<unsigned>(reinterpret_cast<uintptr_t>(g) / sizeof(Greenlet) % group_size); }

Group *group_of(const Greenlet *g) {
  if (reinterpret_cast<uintptr_t>(g) % sizeof(Greenlet) || annotate::objects_watched()) return nullptr;
  Slab *slab = slab_of(g);
  return &slab->groups[reinterpret_cast<uintptr_t>(g) % slab_bytes / sizeof(Greenlet) / group_size];
}

void *take_block() {
  if (annotate::objects_watched()) return os::allocate_aligned(alignof(Greenlet), sizeof(Greenlet));
  Locked lock(block_lock);
  Slab *slab = with_room ? with_room : new_slab();
  if (!slab) return nullptr;
  slab->used++;
  void *block = slab->free;
  if (block) slab->free = slab->free->queue_next;
  else block = reinterpret_cast<char *>(slab) + slab->fresh++ * sizeof(Greenlet);
  if (is_full(slab)) take_out(with_room, slab);
  return block;
}

void give_block(Greenlet *g) {
  if (annotate::objects_watched()) return os::free_aligned(g);
  Locked lock(block_lock);
  Slab *slab = slab_of(g);
  if (is_full(slab)) push_front(with_room, slab);
  g->queue_next = slab->free;
  slab->free = g;
  if (--slab->used || (slab == with_room && !slab->next)) return; // the last one with room stays
  take_out(with_room, slab);
  forget_groups(slab->groups, places / group_size);
  os::unmap(slab, slab_bytes);
}

} // namespace gl
