// SPDX-License-Identifier: MIT
// Private stacks: one mapping each, with a guard page below, and a cache of free ones for each thread.
//
//     high  +--------------------+
//           | struct Stack       |
//           +--------------------+ <- first frame: gl_arch_enter
//           |         |          |
//           |         v          |
//           ~                    ~
//     low   +--------------------+
//           | guard page: faults |
//           +--------------------+
#include "internal.h"

#include <cstdint>

namespace gl {

constexpr size_t smallest_size = 16 << 10;

bool round_stack_size(size_t &size) {
  if (size == 0) return size = default_stack_size, true;
  size_t page = os::page_size();
  if (size < smallest_size) size = smallest_size;
  if (size > SIZE_MAX / 2) return false;
  size = (size + page - 1) / page * page;
  return true;
}

// Tops at the same place of their pages would compete for one set of the first-level cache, so they start at different places of one page more than was
// asked for. Another page, of address space alone, is for the distance of neighbours: 66 pages made each switch in a ring of 100 a nanosecond slower than
// 65 or 67 to 71 (Zen 4).
constexpr size_t colours = 32, colour_step = 128;

static size_t mapped_bytes(size_t size) { return size + 2 * os::page_size(); }

static Stack *map_stack(Realm *r, size_t size) {
  size_t bytes = mapped_bytes(size), guard = os::page_size();
  char *low = os::map_stack(bytes, guard);
  if (!low) return nullptr;
  unsigned valgrind_id = annotate::mapped(low, bytes);
  size_t colour = ++r->stacks_coloured % colours * colour_step;
  Stack *stack = reinterpret_cast<Stack *>(low + bytes - colour) - 1;
  stack->low = low; // the rest is zero
  stack->size = size;
  stack->valgrind_id = valgrind_id;
  tally(&Counters::stacks_mapped, 1);
  tally(&Counters::stack_bytes, static_cast<int64_t>(bytes + guard));
  return stack;
}

// Returns the bytes of address space given back.
static size_t unmap_stack(Stack *stack) {
  size_t bytes = mapped_bytes(stack->size), guard = os::page_size();
  annotate::unmapped(stack->low, bytes, stack->fiber, stack->valgrind_id);
  tally(&Counters::stacks_mapped, -1);
  tally(&Counters::stack_bytes, -static_cast<int64_t>(bytes + guard));
  os::unmap_stack(stack->low, bytes, guard);
  return bytes + guard;
}

size_t uncache_stack(Realm *r, Stack **link) {
  Stack *stack = *link;
  *link = stack->next;
  add_relaxed(r->stacks_cached, -1);
  return unmap_stack(stack);
}

Stack *take_stack_slow(Realm *r, size_t size) {
  Stack **link = &r->stacks;
  while (*link && (*link)->size != size) link = &(*link)->next;
  Stack *stack = *link;
  if (stack) {
    *link = stack->next;
    add_relaxed(r->stacks_cached, -1);
  } else {
    stack = map_stack(r, size);
    if (!stack) return nullptr;
  }
  annotate::renewed(stack->low, static_cast<size_t>(reinterpret_cast<char *>(stack) - stack->low), stack->fiber);
  return stack;
}

size_t free_stacks(Realm *r) {
  size_t released = 0;
  while (r->stacks) released += uncache_stack(r, &r->stacks);
  return released;
}

} // namespace gl

using namespace gl;

gl_stack *gl_stack_new(size_t) { return nullptr; }
gl_stack *gl_stack_thread() { return nullptr; }
gl_stack *gl_stack_retain(gl_stack *stack) { return stack; }
void gl_stack_release(gl_stack *) {}

gl_status gl_stack_bounds(const gl_greenlet *g, void **low, void **high) {
  if (!g || !low || !high) return GL_EINVAL;
  if (g == &here()->main) return os::thread_stack(low, high) ? GL_OK : GL_ENOTSUP;
  if (g->life != Life::started || is_main(g) || !g->stack) return GL_ENOTSUP;
  *low = g->stack->low;
  *high = g->stack;
  return GL_OK;
}

void gl_prefetch(const gl_greenlet *g) {
  if (g) __builtin_prefetch(g);
}

size_t gl_trim() { return free_stacks(here()); }
