// SPDX-License-Identifier: MIT
// Address space for stacks: regions of up to 64 stacks of one size, each with a guard below. Pages are taken as they are touched.
//
//     high  +--------------------+
//           | spacing            |  another page of address space
//           +--------------------+
//           | colour             |  up to 3 KiB
//           | struct gl_stack    |
//           +--------------------+ <- top: the first frame
//           |         |          |
//           |         v          |
//           ~                    ~
//     low   +--------------------+
//           | guard page: faults |
//           +--------------------+
//           | the next lower one |
//
// Tops at the same place of their pages would compete for one set of the first-level cache: hence the colours. The spacing keeps the distance of
// neighbours from what collides in the second: 66 pages made each switch in a ring of 100 a nanosecond slower than 65 or 67 to 71 (Zen 4).
#include "internal.h"
#include "list.h"

#include <cstdlib>
#include <new>

namespace gl {

constexpr size_t colours = 24, colour_step = 128; // the first frames have at least 1 KiB left in their page
constexpr size_t largest_in_region = 1 << 20;     // beyond, each stack is a region of its own
constexpr size_t most_reserved = 64;              // regions at a time

// All stacks of one size.
struct Arena {
  size_t size;
  Region *open = nullptr;                          // with a free place
  char *reserve = nullptr, *reserve_end = nullptr; // for more regions
  size_t regions = 0;
  Arena *next = nullptr;
};
static Arena *arenas; // under arena_lock, as all that follows

struct Region {
  Arena *arena;
  char *base;
  unsigned places;
  uint64_t all, free; // a bit for each place
  uint64_t guarded = 0;
  Group *group = nullptr;
  Region *next = nullptr, *prev = nullptr; // of open ones
};

size_t colour_of(unsigned place) { return place % colours * colour_step; }

static size_t stride_of(size_t size) { return os::guard_size() + size + 2 * os::page_size(); }

static char *end_of_slot(char *slot, size_t stride) { return slot + stride - os::page_size(); }

static char *top_of_slot(char *slot, size_t stride) { return end_of_slot(slot, stride) - sizeof(Stack); }

static Arena *find_arena(size_t size) {
  Arena **link = &arenas;
  while (*link && (*link)->size != size) link = &(*link)->next;
  if (!*link)
    if (void *memory = malloc(sizeof(Arena))) *link = new (memory) Arena{size};
  return *link;
}

static void drop_arena_if_empty(Arena *arena) {
  if (arena->regions) return;
  if (arena->reserve != arena->reserve_end) os::unmap(arena->reserve, static_cast<size_t>(arena->reserve_end - arena->reserve));
  Arena **link = &arenas;
  while (*link != arena) link = &(*link)->next;
  *link = arena->next;
  free(arena);
}

// Reserves as much again as there is, so that mappings stay few; less where the system does not give it. Returns how many stacks the next region has.
static unsigned reserve(Arena *arena, unsigned places) {
  if (arena->reserve != arena->reserve_end) return places;
  size_t stride = stride_of(arena->size), n = places;
  while (os::unmaps_in_parts && places > 1 && n < arena->regions * places && n < most_reserved * places) n *= 2;
  while (!(arena->reserve = os::map_stacks(n * stride)))
    if (!(n /= 2)) return arena->reserve_end = nullptr, 0;
  arena->reserve_end = arena->reserve + n * stride;
  return n < places ? static_cast<unsigned>(n) : places;
}

static Region *new_region(Arena *arena) {
  Region *region = static_cast<Region *>(malloc(sizeof(Region)));
  if (!region) return nullptr;
  unsigned places = reserve(arena, arena->size <= largest_in_region ? group_size : 1);
  if (!places) return free(region), nullptr;
  uint64_t all = places == group_size ? ~uint64_t{0} : (uint64_t{1} << places) - 1;
  new (region) Region{arena, arena->reserve, places, all, all};
  arena->reserve += places * stride_of(arena->size);
  arena->regions++;
  push_front(arena->open, region);
  annotate::not_leaked(region); // its stacks point to it
  return region;
}

static void attach(Region *region, Group *group) {
  size_t stride = stride_of(region->arena->size);
  region->group = group;
  group->region = region;
  group->stride.store(stride, std::memory_order_relaxed);
  group->tops.store(top_of_slot(region->base, stride), std::memory_order_relaxed);
}

static void detach(Group *group) {
  group->region->group = nullptr;
  group->region = nullptr;
  group->tops.store(nullptr, std::memory_order_relaxed);
}

void forget_groups(Group *groups, size_t n) {
  Locked lock(arena_lock);
  for (size_t i = 0; i < n; i++)
    if (groups[i].region) detach(&groups[i]);
}

static void free_region(Region *region) {
  Arena *arena = region->arena;
  if (region->group) detach(region->group);
  take_out(arena->open, region);
  os::unmap(region->base, region->places * stride_of(arena->size));
  os::forget_guards(static_cast<unsigned>(__builtin_popcountll(region->guarded)));
  arena->regions--;
  free(region);
  drop_arena_if_empty(arena);
}

// The region beside the group of `g` and the place beside `g`, if free; else any.
static Region *choose(Arena *arena, const Greenlet *g, unsigned &place) {
  Group *group = g ? group_of(g) : nullptr;
  if (group && !group->region && arena->size <= largest_in_region)
    if (Region *region = new_region(arena)) attach(region, group);
  if (group && group->region && group->region->arena == arena) {
    place = place_in_group(g);
    if (group->region->free >> place & 1) return group->region;
  }
  Region *region = arena->open ? arena->open : new_region(arena);
  if (region) place = static_cast<unsigned>(__builtin_ctzll(region->free));
  return region;
}

// NULL: no guard, or no memory, for it.
static char *guarded_slot(Region *region, unsigned place) {
  uint64_t bit = uint64_t{1} << place;
  size_t stride = stride_of(region->arena->size);
  char *slot = region->base + place * stride;
  if (!(region->guarded & bit) && !os::install_guard(slot, os::guard_size())) return nullptr;
  region->guarded |= bit;
  return os::commit_stack(slot + os::guard_size(), end_of_slot(slot, stride)) ? slot : nullptr;
}

static char *take_place(size_t size, const Greenlet *g, Region *&region, unsigned &place) {
  Locked lock(arena_lock);
  Arena *arena = find_arena(size);
  if (!arena) return nullptr;
  region = choose(arena, g, place);
  if (!region) return drop_arena_if_empty(arena), nullptr;
  char *slot = guarded_slot(region, place);
  Region *unguarded = slot ? nullptr : region;
  for (Region *other = arena->open; !slot && other; other = other->next) { // the system has no more guards; some are there already
    uint64_t usable = other->free & other->guarded;
    if (usable) slot = guarded_slot(region = other, place = static_cast<unsigned>(__builtin_ctzll(usable)));
  }
  if (unguarded && unguarded->free == unguarded->all && !(slot && region == unguarded)) free_region(unguarded);
  if (!slot) return nullptr;
  uint64_t bit = uint64_t{1} << place;
  region->free &= ~bit;
  if (!region->free) take_out(arena->open, region);
  return slot;
}

Stack *take_region_stack(size_t size, const Greenlet *g) {
  Region *region;
  unsigned place;
  char *slot = take_place(size, g, region, place);
  if (!slot) return nullptr;
  size_t stride = stride_of(size);
  char *low = slot + os::guard_size();
  unsigned valgrind_id = annotate::mapped(low, size + os::page_size());
  Stack *stack = new (top_of_slot(slot, stride) - colour_of(place)) Stack;
  stack->low = low;
  stack->size = size;
  stack->region = region;
  stack->valgrind_id = valgrind_id;
  tally(&Counters::stacks_mapped, 1);
  tally(&Counters::stack_bytes, static_cast<intptr_t>(stride));
  return stack;
}

size_t bytes_of(const Stack *stack) { return stride_of(stack->size); }

void give_region_stack(Stack *stack, Pages pages) {
  Region *region = stack->region;
  char *low = stack->low;
  size_t page = os::page_size(), stride = stride_of(stack->size), bytes = stack->size + page;
  annotate::unmapped(stack->fiber, stack->valgrind_id);
  annotate::cleared(low, bytes); // others may map memory there, of which AddressSanitizer does not hear
  tally(&Counters::stacks_mapped, -1);
  tally(&Counters::stack_bytes, -static_cast<intptr_t>(stride));
  if (pages == Pages::idle) os::offer_pages(low, bytes);
  else os::release_pages(low, bytes);
  Locked lock(arena_lock);
  if (!region->free) push_front(region->arena->open, region);
  region->free |= uint64_t{1} << static_cast<size_t>(low - region->base) / stride;
  if (region->free == region->all) free_region(region);
}

} // namespace gl
