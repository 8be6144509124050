// SPDX-License-Identifier: MIT
// Where greenlets run: sizes, each thread's cache of free stacks, handles on shared ones.
#include "internal.h"

#include <cstdint>

namespace gl {

constexpr size_t smallest_size = 16 << 10;

// Whoever brings a greenlet back on a shared stack runs below it: not all of what lies above the guard is told.
constexpr size_t moving_depth = 2048;

bool round_stack_size(size_t &size) {
  if (size == 0) return size = default_stack_size, true;
  size_t page = os::page_size();
  if (size < smallest_size) size = smallest_size;
  if (size > SIZE_MAX / 8 * 7) return false; // sums would overflow
  size = (size + page - 1) / page * page;
  return true;
}

size_t uncache_stack(Realm *r, Stack **link, Pages pages) {
  Stack *stack = *link;
  *link = stack->next;
  add_relaxed(r->stacks_cached, -1);
  size_t bytes = bytes_of(stack);
  give_region_stack(stack, pages);
  return bytes;
}

// For frames.
static size_t room_of(const Stack *stack) { return static_cast<size_t>(top_of(stack) - stack->low); }

Stack *take_stack_slow(Realm *r, Greenlet *g, size_t size) {
  Stack **link = &r->stacks;
  while (*link && (*link)->size != size) link = &(*link)->next;
  Stack *stack = *link;
  if (stack) {
    *link = stack->next;
    add_relaxed(r->stacks_cached, -1);
  } else {
    stack = take_region_stack(size, g);
    if (!stack) return nullptr;
  }
  size_t bytes = room_of(stack);
  annotate::cleared(stack->low, bytes);
  annotate::in_use(stack->low, bytes);
  annotate::renewed(stack->fiber, stack->low, bytes);
  return stack;
}

void give_stack(Realm *r, Stack *stack) {
  annotate::idle(stack->low, room_of(stack));
  cache_stack(r, stack);
}

size_t free_cached(Realm *r) {
  if (r != &detached) settle_main(r);
  size_t released = free_buffers(r);
  while (r->stacks) released += uncache_stack(r, &r->stacks, Pages::released);
  return released;
}

bool find_thread_stack(Realm *r) {
  Stack &own = r->own_stack;
  void *low, *high;
  if (own.low) return true;
  if (!os::thread_stack(&low, &high)) return false;
  own.low = static_cast<char *>(low);
  own.size = static_cast<size_t>(static_cast<char *>(high) - own.low);
  return true;
}

#ifdef _WIN32
void tell_bounds(void *frame, const Stack *stack) {
  char *limit = stack->kind == Stack::of_one ? os::committed_from(stack->low) : stack->low; // others have all of it
  set_bounds(frame, stack->low - os::guard_size(), limit, top_of(stack));
}

// Bytes are moved to where nobody has been yet, so it gets all of its memory before the first ones are.
static bool commit_thread_stack(Realm *r) {
  Stack &own = r->own_stack;
  if (own.occupants) return true;
  if (!find_thread_stack(r) || !os::commit_all(own.low, top_of(&own))) return false;
  if (r->main.sp && r->current.load(std::memory_order_relaxed) != &r->main) set_limit(r->main.sp, own.low);
  else set_own_limit(own.low);
  return true;
}
#else
static bool commit_thread_stack(Realm *) { return true; }
#endif

gl_status check_stack(const Stack *stack, const Realm *r) {
  const Realm *served = stack->realm.load(std::memory_order_acquire);
  if (!served || served == r) return GL_OK;
  return stack->kind == Stack::of_thread && has_ended(served) ? GL_EEXPIRED : GL_ETHREAD;
}

void retain_stack(Stack *stack) {
  if (stack->kind == Stack::of_thread) stack->realm.load(std::memory_order_relaxed)->keepers.fetch_add(1, std::memory_order_relaxed);
  else stack->handles.fetch_add(1, std::memory_order_relaxed);
}

void put_stack_away(Stack *stack) {
  if (!stack->region) return; // its thread has ended on it
  Realm *r = here();
  if (r != &detached && !has_ended(r)) return give_stack(r, stack);
  annotate::idle(stack->low, room_of(stack));
  give_region_stack(stack, Pages::released);
}

void release_stack(Stack *stack) {
  if (!stack) return;
  if (stack->kind == Stack::of_thread) return lose_keeper(stack->realm.load(std::memory_order_relaxed));
  if (stack->handles.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  Realm *served = stack->realm.exchange(nullptr, std::memory_order_relaxed);
  stack->kind = Stack::of_one;
  put_stack_away(stack);
  if (served) lose_keeper(served);
}

} // namespace gl

using namespace gl;

gl_stack *gl_stack_new(size_t size) {
  if (!round_stack_size(size)) return nullptr;
  size += os::page_size();
  Realm *r = here();
  Stack *stack = r != &detached ? take_stack(r, nullptr, size) : take_region_stack(size, nullptr); // a thread that has ended gets no fiber
  if (!stack) return nullptr;
  if (r == &detached) annotate::in_use(stack->low, room_of(stack));
  if (!os::commit_all(stack->low, top_of(stack))) return put_stack_away(stack), nullptr;
#ifdef GREENLET_CHECKS
  bool watched = true;
#else
  bool watched = annotate::objects_watched();
#endif
  stack->kind = watched ? Stack::shared_and_watched : Stack::shared; // the second goes by the long way
  stack->handles.store(1, std::memory_order_relaxed);
  return stack;
}

gl_stack *gl_stack_thread() {
  Realm *r = attach();
  return r && commit_thread_stack(r) ? &r->own_stack : nullptr;
}

gl_stack *gl_stack_retain(gl_stack *stack) {
  if (stack) retain_stack(stack);
  return stack;
}

void gl_stack_release(gl_stack *stack) { release_stack(stack); }

gl_status gl_stack_bounds(const gl_greenlet *g, void **low, void **high) {
  if (!g || !low || !high) return GL_EINVAL;
  if (g->life != Life::started || !g->stack) return GL_ENOTSUP;
  const Stack *stack = g->stack;
  if (stack->kind == Stack::of_thread && (realm_of(g) != here() || !find_thread_stack(here()))) return GL_ENOTSUP;
  *low = stack->low + (g->flags & on_copied_stack && stack->kind != Stack::of_thread ? moving_depth : 0);
  *high = top_of(stack);
  return GL_OK;
}

void gl_prefetch(const gl_greenlet *g) {
  if (!g) return;
  __builtin_prefetch(g);
  __builtin_prefetch(reinterpret_cast<const char *>(g) + 64);
  const Group *group = group_of(g);
  const char *tops = group ? group->tops.load(std::memory_order_relaxed) : nullptr;
  if (!tops) return;
  unsigned place = place_in_group(g);
  const char *top = tops + place * group->stride.load(std::memory_order_relaxed) - colour_of(place);
  for (ptrdiff_t line = 1; line <= 3; line++) __builtin_prefetch(top - line * 64); // the saved frame of one that is not deep
}

size_t gl_trim() {
  Realm *r = here();
  if (r != &detached && !r->busy) gl_foreach(trim_slice, r->current.load(std::memory_order_relaxed)); // in a hook, who leaves runs still
  return free_cached(r);
}
