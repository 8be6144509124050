// SPDX-License-Identifier: MIT
// Carries out what tree.cc decides, on stacks of ours. The fast path decides by itself: one word says that nothing else has a say.
#include "internal.h"
#include "probes.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#ifndef _WIN32
#include <unwind.h>
#endif

namespace gl {

enum class Transfer { resume, start, end };

// What each greenlet has of its own (rule 23), beside the registers that the jump saves. Most often there is nothing to exchange, and stores would
// make each switch wait for the one before. The current one's own C++ state is empty: it is the thread's.
template <Transfer how> [[gnu::always_inline]] static inline void exchange(Realm *r, Greenlet *from, Greenlet *to) {
  if (from->fp != to->fp) { // else both have the set that is shared with main
    if (how != Transfer::end || from->fp == &r->shared_fp) save_fp(from->fp);
    if (how == Transfer::start && to->fp == &to->own_fp) to->own_fp = *from->fp; // it starts with what is in force
    else load_fp(to->fp);
  }
  int own_errno = *r->thread_errno;
  if (how != Transfer::end) from->saved_errno = own_errno;
  if (own_errno != to->saved_errno) [[unlikely]]
    *r->thread_errno = to->saved_errno;
  CxxState *cxx = r->cxx;
  bool caught = reinterpret_cast<uintptr_t>(cxx->caught) | reinterpret_cast<uintptr_t>(to->caught), uncaught = cxx->uncaught | to->uncaught;
  if (caught || uncaught) [[unlikely]] {
    if (how != Transfer::end) from->caught = cxx->caught, from->uncaught = cxx->uncaught;
    cxx->caught = to->caught;
    cxx->uncaught = to->uncaught;
    to->caught = nullptr;
    to->uncaught = 0;
#ifdef __ARM_EABI__
    if (how != Transfer::end) from->propagating = cxx->propagating;
    cxx->propagating = to->propagating;
#endif
  }
}

// What the stack pointer may fall by on the slow path until the jump, also in a build that is not optimised.
constexpr size_t slow_path_depth = 4096;

// --- The slow path ----------------------------------------------------------------------------------------------------------------------

static void run_hooks(Realm *r, Greenlet *from, Greenlet *to) {
  if (!r->hooks.any()) return;
  int kept = *r->thread_errno;
  {
    InCallback callback(r);
    r->hooks.call(from, to);
  }
  *r->thread_errno = kept;
}

static Fiber &fiber_of(Greenlet *g) { return g->flags & on_copied_stack ? rare_of(g)->fiber : g->stack->fiber; }

static void reap_on_arrival() { reap(here()); }

static void arrive_watched() {
  Realm *r = here();
  Greenlet *self = r->current.load(std::memory_order_relaxed);
  annotate::arrive(fiber_of(self), *r->left);
  annotate::destroyed(r->ended_fiber);
  if (!self->reaping) reap(r);
}

// Nothing of the old greenlet's runs after this. `left` is the stack that the caller runs on. With bytes to move, or a function to call on arrival,
// it goes by way of gl_arrange().
[[gnu::always_inline]] static inline gl_status jump(Realm *r, void **save, const Stack *left, Greenlet *to, gl_status status, void *value,
                                                    void **received, void (*first)()) {
  if (!received) received = &r->sink;
  if (!first && !is_moved(to)) return gl_arch_swap(save, to->sp, value, status, received);
  r->detour.to = to;
  r->detour.first = first;
#ifdef GREENLET_CHECKS
  r->detour.value = value;
#endif
  return gl_arch_swap_via(save, lowest_write(left, to), value, status, received, &r->detour);
}

// Orphans that wait are killed before the new one resumes, on its stack (rule 22).
static gl_status deliver(Realm *r, void **save, const Stack *left, const gl_delivery &d, void **received) {
  if (r->fast.load(std::memory_order_relaxed) == slow) rearm(r);
  void (*first)() = annotate::needed() ? arrive_watched : r->orphans.first && !d.next->reaping ? reap_on_arrival : nullptr;
  return jump(r, save, left, d.next, d.status, d.value, received, first);
}

static gl_status transfer(Realm *r, Greenlet *from, const gl_delivery &d, void **received) {
  Greenlet *to = d.next;
  if (!to) __builtin_unreachable(); // a decision names somebody
  if (to == from) {
    if (received) *received = d.value;
    if (r->fast.load(std::memory_order_relaxed) == slow) rearm(r);
    return d.status;
  }
  run_hooks(r, from, to);
  if (d.start) exchange<Transfer::start>(r, from, to);
  else exchange<Transfer::resume>(r, from, to);
  if (annotate::needed()) annotate::leave(*(r->left = &fiber_of(from)), fiber_of(to), false);
  r->leaving = nullptr;
  return deliver(r, &from->sp, from->stack, d, received);
}

static gl_status check_target(Realm *r, const Greenlet *target) {
  if (!target) return GL_EINVAL;
  if (r->busy) return GL_EBUSY;
  if (target->flags & GL_HOSTED) return GL_ENOTSUP;
  return realm_of(target) == r ? GL_OK : not_ours(target);
}

// What the caller sees of errno must not change on the way.
template <class Decide> static gl_status decide_and_transfer(Greenlet *target, void **received, Decide decide) {
  int kept = errno;
  Realm *r = attach();
  if (!r) return target ? GL_ENOMEM : GL_EINVAL;
  drain(r);
  gl_delivery d{};
  Greenlet *from = r->current.load(std::memory_order_relaxed);
  gl_status status = check_target(r, target);
  if (status == GL_OK && !make_room(from, slow_path_depth)) status = GL_ENOMEM;
  if (status == GL_OK) status = decide(r, d);
  errno = kept;
  return status < 0 ? status : transfer(r, from, d, received);
}

[[gnu::noinline]] static gl_status switch_slow(Greenlet *target, gl_status status, void *value, void **received) {
  return decide_and_transfer(target, received, [&](Realm *r, gl_delivery &d) { return decide_switch(r, target, status, value, d); });
}

// Whoever comes back to `from` meanwhile need not start another loop on top of this one, so `from` says that it is at it.
void reap_orphans(Realm *r, bool also_due) {
  if (r == &detached || r->busy) return;
  Greenlet *from = r->current.load(std::memory_order_relaxed);
  int kept = *r->thread_errno; // drops and tracers may change what was just exchanged
  if (!make_room(from, slow_path_depth)) {
    *r->thread_errno = kept;
    return; // they wait for the next call
  }
  from->reaping = true;
  if (also_due) collect_released(r);
  gl_delivery d;
  while (decide_orphan(r, also_due, d), d.next) transfer(r, from, d, nullptr);
  *r->thread_errno = kept;
  from->reaping = false;
  rearm(r);
}

// --- Start and end -----------------------------------------------------------------------------------------------------------------------

[[gnu::always_inline]] static inline gl_status prepare_here(Realm *r, Greenlet *g) {
  if (g->flags & on_copied_stack) [[unlikely]] {
    gl_status status = settle_in(r, g);
    if (status < 0) return status;
  } else {
    Stack *stack = take_stack(r, g, g->stack_size);
    if (!stack) return GL_ENOMEM;
    g->sp = first_frame(stack, g, reinterpret_cast<void (*)()>(g->run), g->run_data, &r->sink, gl_arch_enter);
    tell_bounds(g->sp, stack);
    g->stack = stack;
  }
  g->fp = g->flags & GL_SHARE_FP ? &r->shared_fp : &g->own_fp;
  return GL_OK;
}

gl_status prepare(Greenlet *g) { return prepare_here(here(), g); }

// It does not start after all.
void unprepare(Greenlet *g) {
  if (g->flags & (GL_HOSTED | on_copied_stack)) return unmark(g, moved);
  Stack *stack = g->stack;
  give_stack(here(), stack);
  g->stack_size = stack->size;
}

void discard_stack(Greenlet *g, bool started) {
  if (g->flags & GL_HOSTED) return;
  if (g->flags & on_copied_stack) {
    if (started) {
      move_out(g, false);
      annotate::destroyed(rare_of(g)->fiber);
    }
    release_stack(g->stack);
  } else if (started) {
    put_stack_away(g->stack);
  }
}

// Perhaps `g` is freed, and its stack is in the cache, before the last jump from there.
[[gnu::noinline]] static int end_slow(Realm *r, Greenlet *g, gl_status outcome, void *result) {
  gl_delivery &d = r->last_delivery; // not a local: AddressSanitizer may keep those where they go before the jump
  decide_end(r, outcome, result, d);
  run_hooks(r, g, d.next);
  if (d.start) exchange<Transfer::start>(r, g, d.next);
  else exchange<Transfer::end>(r, g, d.next);
  Stack *stack = g->stack;
  bool copied = g->flags & on_copied_stack;
  r->left = &fiber_of(g);
  if (copied) r->ended_fiber = *r->left, r->left = &r->ended_fiber; // a private one goes with its stack
  int kept = *r->thread_errno;                                      // of the next one already
  if (copied) move_out(g, true);
  finish(g); // runs drops, which may trim the cache
  if (copied) release_stack(stack);
  else give_stack(r, stack);
  *r->thread_errno = kept;
  if (annotate::needed()) annotate::leave(*r->left, fiber_of(d.next), true);
  r->leaving = nullptr;
  return deliver(r, &r->discarded_sp, stack, d, nullptr);
}

// With nothing to drop or to tell, and a parent that waits in a switch: what decide_end() and end_slow() come to then. Ends in a sibling call: a call
// that never returns would spoil the prediction of all returns that follow.
extern "C" [[gnu::visibility("hidden"), gnu::used]] int gl_end(Greenlet *g, gl_status outcome, void *result) {
  Realm *r = here();
  Greenlet *heir = g->parent;
  uintptr_t own = reinterpret_cast<uintptr_t>(r);
  if (r->fast.load(std::memory_order_relaxed) != own || heir->home.load(std::memory_order_relaxed) != own || rare_of(g) != &no_rare ||
      g->handles.load(std::memory_order_relaxed) < one_handle || g->flags & on_copied_stack || r->stacks_cached == most_cached_stacks)
      [[unlikely]]
    return end_slow(r, g, outcome, result);
  gl_status status = delivered(outcome);
  GL_PROBE(end, g, heir);
  probe_transfer(g, heir, status);
  add_relaxed(r->counters.died, 1);
  mark(g, unready);
  exchange<Transfer::end>(r, g, heir);
  r->current.store(heir, std::memory_order_relaxed);
  cache_stack(r, g->stack);
  void *load = heir->sp;
  g->life.store(Life::dead, std::memory_order_release); // the last touch
  return gl_arch_leave(nullptr, load, result, status);
}

void end_thread(Realm *r) {
  Greenlet *g = r->current.load(std::memory_order_relaxed);
  if (annotate::needed() && g != &r->main) annotate::unwound(fiber_of(g), r->own_stack.fiber);
  return_to_main(r);
  drain(r);
  end_realm(r);
}

void os::exception_escaped() {
  const Greenlet *g = here()->current.load(std::memory_order_relaxed);
  char text[200];
  snprintf(text, sizeof text, "libgreenlet: an exception left the body of greenlet '%.100s' (%p)\n", gl_name(g),
           static_cast<const void *>(g));
  os::print_error(text);
  abort();
}

#ifndef _WIN32
// An exception got as far as the outermost frame. There is no landing pad, so this is the search phase, with the stack of the throw intact; forced
// unwinding (pthread_exit, cancellation) finds the end of the stack next and goes on as it means to.
#ifdef __ARM_EABI__
extern "C" [[gnu::visibility("hidden"), gnu::used]] _Unwind_Reason_Code gl_arch_personality(_Unwind_State state, _Unwind_Control_Block *,
                                                                                            _Unwind_Context *frame) {
  if (!(state & _US_FORCE_UNWIND)) os::exception_escaped();
  uintptr_t nowhere = 0;
  _Unwind_VRS_Set(frame, _UVRSC_CORE, 15, _UVRSD_UINT32, &nowhere);
  return _URC_CONTINUE_UNWIND;
}
#else
extern "C" [[gnu::visibility("hidden"), gnu::used]] _Unwind_Reason_Code
gl_arch_personality(int, _Unwind_Action actions, _Unwind_Exception_Class, _Unwind_Exception *, _Unwind_Context *) {
  if (!(actions & _UA_FORCE_UNWIND)) os::exception_escaped();
  return _URC_CONTINUE_UNWIND;
}
#endif
#endif

// With hooks, and nothing else in the way.
[[gnu::noinline]] static gl_status switch_hooked(Realm *r, Greenlet *target, gl_status status, void *value, void **received) {
  Greenlet *from = r->current.load(std::memory_order_relaxed);
  if (from == target || r->busy) return switch_slow(target, status, value, received);
  probe_transfer(from, target, status);
  r->current.store(target, std::memory_order_relaxed);
  int kept = *r->thread_errno;
  r->busy = 1;
  r->hooks.call(from, target);
  r->busy = 0;
  if (*r->thread_errno != kept) *r->thread_errno = kept;
  if (r->fast.load(std::memory_order_relaxed) == slow) rearm(r); // a hook changed something
  exchange<Transfer::resume>(r, from, target);
  return jump(r, &from->sp, from->stack, target, status, value, received, nullptr);
}

// The one that leaves has no buffer yet, or is deeper than ever. Once it has room, this is a switch like any other, at the same depth.
[[gnu::noinline]] static gl_status switch_with_room(Realm *r, Greenlet *target, gl_status status, void *value, void **received) {
  if (r->busy) return switch_slow(target, status, value, received); // a hook: who is current has not arrived yet
  int kept = *r->thread_errno;
  bool room = make_room(r->current.load(std::memory_order_relaxed), slow_path_depth);
  *r->thread_errno = kept;
  if (!room) return switch_slow(target, status, value, received); // there may be something worse to say
  return status == GL_OK ? gl_switch(target, value, received) : gl_throw(target, value, received);
}

// With somebody else's bytes in the place of the target's.
[[gnu::noinline]] static gl_status switch_moved(Realm *r, Greenlet *target, gl_status status, void *value, void **received) {
  Greenlet *from = r->current.load(std::memory_order_relaxed);
  probe_transfer(from, target, status);
  r->current.store(target, std::memory_order_relaxed);
  exchange<Transfer::resume>(r, from, target);
  return jump(r, &from->sp, from->stack, target, status, value, received, nullptr);
}

// A first switch, with nothing in the way: what decide_switch() and transfer() come to then.
[[gnu::noinline]] static gl_status start(Realm *r, Greenlet *target, void *value, void **received) {
  if (!claim_here(r, target)) [[unlikely]]
    return switch_slow(target, GL_OK, value, received);
  int kept = *r->thread_errno;
  gl_status prepared = prepare_here(r, target);
  if (*r->thread_errno != kept) *r->thread_errno = kept;
  if (prepared != GL_OK) [[unlikely]] {
    unclaim(target);
    return switch_slow(target, GL_OK, value, received); // fails again, and keeps errno
  }
  Greenlet *from = r->current.load(std::memory_order_relaxed);
  probe_transfer(from, target, GL_OK);
  GL_PROBE(start, from, target);
  target->life.store(Life::started, std::memory_order_release);
  unmark(target, unready);
  r->current.store(target, std::memory_order_relaxed);
  exchange<Transfer::start>(r, from, target);
  return jump(r, &from->sp, from->stack, target, GL_OK, value, received, nullptr);
}

// The hot path. It must end in a sibling call: then nothing runs after the jump, and the return goes straight to the caller.
[[gnu::always_inline]] static inline gl_status switch_with(Greenlet *target, gl_status status, void *value, void **received) {
  Realm *r = here();
  if (!target) [[unlikely]]
    return switch_slow(target, status, value, received);
  uintptr_t difference = target->home.load(std::memory_order_relaxed) ^ r->fast.load(std::memory_order_relaxed);
  Greenlet *from = r->current.load(std::memory_order_relaxed);
  if (difference != 0) [[unlikely]] {
    if (difference > home_bits) return switch_slow(target, status, value, received);
    if (stack_pointer() < from->floor) return switch_with_room(r, target, status, value, received);
    if (difference == moved) return switch_moved(r, target, status, value, received);
    if (difference == unready && status == GL_OK) return start(r, target, value, received);
    if ((difference | moved) == (hooked | moved)) return switch_hooked(r, target, status, value, received);
    return switch_slow(target, status, value, received);
  }
  if (from == target) [[unlikely]]
    return switch_slow(target, status, value, received);
  if (stack_pointer() < from->floor) [[unlikely]]
    return switch_with_room(r, target, status, value, received);
  probe_transfer(from, target, status);
  r->current.store(target, std::memory_order_relaxed);
  exchange<Transfer::resume>(r, from, target);
  return gl_arch_swap(&from->sp, target->sp, value, status, received ? received : &r->sink);
}

} // namespace gl

using namespace gl;

// In one section with the jump: at other distances from it, which any change elsewhere would move, the pair takes up to a fifth longer.
#define BESIDE_THE_JUMP [[gnu::section(GL_JUMP_SECTION), gnu::aligned(64)]]

BESIDE_THE_JUMP gl_status gl_switch(gl_greenlet *target, void *value, void **received) {
  return switch_with(target, GL_OK, value, received);
}

BESIDE_THE_JUMP gl_status gl_throw(gl_greenlet *target, void *payload, void **received) {
  return switch_with(target, GL_THROWN, payload, received);
}

gl_status gl_kill(gl_greenlet *target, void **received) {
  return decide_and_transfer(target, received, [&](Realm *r, gl_delivery &d) { return decide_kill(r, target, d); });
}
