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

constexpr size_t default_size = 256 << 10, smallest_size = 16 << 10;

bool round_stack_size(size_t &size) {
  size_t page = os::page_size();
  if (size == 0) size = default_size;
  if (size < smallest_size) size = smallest_size;
  if (size > SIZE_MAX / 2) return false;
  size = (size + page - 1) / page * page;
  return true;
}

static Stack *map_stack(Realm *r, size_t size) {
  size_t guard = os::page_size();
  char *low = os::map_stack(size, guard);
  if (!low) return nullptr;
  // Tops at the same place of their pages would compete for one set of the first-level cache.
  size_t colour = static_cast<size_t>(++r->stacks_coloured) % 32 * 128;
  Stack *stack = reinterpret_cast<Stack *>(low + size - colour) - 1;
  stack->low = low; // the rest is zero
  stack->size = size;
  stack->valgrind_id = annotate::mapped(low, size);
  tally(&Counters::stacks_mapped, 1);
  tally(&Counters::stack_bytes, static_cast<int64_t>(size + guard));
  return stack;
}

static void unmap_stack(Stack *stack) {
  size_t size = stack->size, guard = os::page_size();
  annotate::unmapped(stack->low, size, stack->fiber, stack->valgrind_id);
  tally(&Counters::stacks_mapped, -1);
  tally(&Counters::stack_bytes, -static_cast<int64_t>(size + guard));
  os::unmap_stack(stack->low, size, guard);
}

Stack *take_stack(Realm *r, size_t size) {
  round_stack_size(size);
  Stack **link = &r->stacks;
  while (*link && (*link)->size != size) link = &(*link)->next;
  Stack *stack = *link;
  if (stack) {
    *link = stack->next;
    r->stacks_cached--;
    tally(&Counters::stacks_cached, -1);
  } else {
    stack = map_stack(r, size);
    if (!stack) return nullptr;
  }
  annotate::renewed(stack->low, static_cast<size_t>(reinterpret_cast<char *>(stack) - stack->low), stack->fiber);
  return stack;
}

static void uncache(Realm *r, Stack **link) {
  Stack *stack = *link;
  *link = stack->next;
  r->stacks_cached--;
  tally(&Counters::stacks_cached, -1);
  unmap_stack(stack);
}

// The caller may still be running on `stack`: what a full cache gives up is another one.
void give_stack(Realm *r, Stack *stack) {
  if (r == &detached) return unmap_stack(stack);
  stack->next = r->stacks;
  r->stacks = stack;
  r->stacks_cached++;
  tally(&Counters::stacks_cached, 1);
  if (r->stacks_cached > most_cached_stacks) uncache(r, &stack->next);
}

size_t free_stacks(Realm *r) {
  size_t released = 0;
  while (r->stacks) {
    released += r->stacks->size + os::page_size();
    uncache(r, &r->stacks);
  }
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
