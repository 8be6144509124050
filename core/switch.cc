// SPDX-License-Identifier: MIT
// Carries out what tree.cc decides, on stacks of ours. The fast path decides by itself: one word says that nothing else has a say.
#include "internal.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <unwind.h>

namespace gl {

enum class Transfer { resume, start, end };

// What each greenlet has of its own (rule 23), beside the registers that the jump saves. Most often there is nothing to exchange, and stores would
// make each switch wait for the one before. The current one's own `cxx` is empty: its state is the thread's.
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
  if (reinterpret_cast<uintptr_t>(cxx->caught) | cxx->uncaught | reinterpret_cast<uintptr_t>(to->cxx.caught) | to->cxx.uncaught)
      [[unlikely]] {
    if (how != Transfer::end) from->cxx = *cxx;
    *cxx = to->cxx;
    to->cxx = CxxState{};
  }
}

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

static Fiber &fiber_of(Realm *r, Greenlet *g) { return g->stack ? g->stack->fiber : r->main_fiber; }

static void arrive(Realm *r, Greenlet *self) { annotate::arrive(fiber_of(r, self), *r->arrived_from); }

static void reap_on_arrival() { reap(here()); }

// The last thing that runs on the old stack. Orphans that wait are killed before the new one resumes, on its stack (rule 22).
static gl_status jump(Realm *r, Greenlet *from, Greenlet *to, const gl_delivery &d, void **save, void **received) {
  if (r->fast.load(std::memory_order_relaxed) == slow) rearm(r);
  if (!received) received = &r->sink;
  if (!annotate::needed()) {
    if (!r->orphans.first || d.start || to->reaping) return gl_arch_swap(save, to->sp, d.value, d.status, received);
    return gl_arch_swap_call(save, to->sp, d.value, d.status, received, reap_on_arrival);
  }
  bool for_ever = save == &r->discarded_sp;
  Fiber &old_fiber = for_ever ? r->ending->fiber : fiber_of(r, from);
  r->arrived_from = &old_fiber;
  annotate::leave(old_fiber, fiber_of(r, to), for_ever);
  gl_status status = gl_arch_swap(save, to->sp, d.value, d.status, received);
  arrive(r, from);
  if (!from->reaping) reap(r);
  return status;
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
  return jump(r, from, to, d, &from->sp, received);
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
  from->reaping = true;
  int kept = *r->thread_errno; // drops and tracers may change what was just exchanged
  if (also_due) collect_released(r);
  gl_delivery d;
  while (decide_orphan(r, also_due, d), d.next) transfer(r, from, d, nullptr);
  *r->thread_errno = kept;
  from->reaping = false;
  rearm(r);
}

// --- Start and end -----------------------------------------------------------------------------------------------------------------------

[[gnu::always_inline]] static inline gl_status prepare_here(Realm *r, Greenlet *g) {
  Stack *stack = take_stack(r, g->stack_size);
  if (!stack) return GL_ENOMEM;
  g->sp = first_frame(stack, g, reinterpret_cast<void (*)()>(g->run), &r->sink, gl_arch_enter);
  g->stack = stack;
  g->fp = g->flags & GL_SHARE_FP ? &r->shared_fp : &g->own_fp;
  return GL_OK;
}

gl_status prepare(Greenlet *g) { return prepare_here(here(), g); }

void discard_stack(Greenlet *g) {
  if (g->stack) give_stack(here(), g->stack);
}

// The stack of an ended one is in the cache, and perhaps `g` is freed, before the last jump from it.
[[gnu::noinline]] static int end_slow(Realm *r, Greenlet *g, gl_status outcome, void *result) {
  gl_delivery d;
  decide_end(r, outcome, result, d);
  run_hooks(r, g, d.next);
  if (d.start) exchange<Transfer::start>(r, g, d.next);
  else exchange<Transfer::end>(r, g, d.next);
  Stack *stack = g->stack;
  r->ending = stack;
  int kept = *r->thread_errno; // of the next one already
  finish(g);
  give_stack(r, stack);
  *r->thread_errno = kept;
  return jump(r, nullptr, d.next, d, &r->discarded_sp, nullptr);
}

// With nothing to drop or to tell, and a parent that waits in a switch: what decide_end() and end_slow() come to then. Ends in a sibling call: a call
// that never returns would spoil the prediction of all returns that follow.
[[gnu::always_inline]] static inline int end(Realm *r, Greenlet *g, gl_status outcome, void *result) {
  Greenlet *heir = g->parent;
  uintptr_t own = reinterpret_cast<uintptr_t>(r);
  if (r->fast.load(std::memory_order_relaxed) != own || heir->ready.load(std::memory_order_relaxed) != own || g->killers || g->drop ||
      g->locals || g->handles.load(std::memory_order_relaxed) < one_handle || r->stacks_cached == most_cached_stacks) [[unlikely]]
    return end_slow(r, g, outcome, result);
  add_relaxed(r->counters.died, 1);
  g->ready.store(0, std::memory_order_relaxed);
  exchange<Transfer::end>(r, g, heir);
  r->current.store(heir, std::memory_order_relaxed);
  give_stack(r, g->stack);
  void *load = heir->sp;
  g->life.store(Life::dead, std::memory_order_release); // the last touch
  return gl_arch_leave(nullptr, load, result, outcome == GL_OK || outcome == GL_KILLED ? GL_OK : GL_THROWN);
}

[[gnu::noinline]] static void arrive_slow(Realm *r, Greenlet *g) {
  if (annotate::needed()) arrive(r, g);
  reap(r);
}

extern "C" [[gnu::visibility("hidden"), gnu::used]] int gl_enter(Greenlet *g, void *value, gl_run run) {
  Realm *r = here();
  if (r->fast.load(std::memory_order_relaxed) == slow) [[unlikely]]
    arrive_slow(r, g);
  void *result = nullptr;
  gl_status outcome = run(g->run_data, value, &result);
  return end(r, g, outcome, result);
}

void end_thread(Realm *r) {
  Greenlet *g = r->current.load(std::memory_order_relaxed);
  if (annotate::needed() && g != &r->main) annotate::unwound(fiber_of(r, g), r->main_fiber);
  return_to_main(r);
  drain(r);
  end_realm(r);
}

// An exception got as far as the outermost frame. There is no landing pad, so this is the search phase, with the stack of the throw intact; forced
// unwinding (pthread_exit, cancellation) finds the end of the stack next and goes on as it means to.
extern "C" [[gnu::visibility("hidden"), gnu::used]] _Unwind_Reason_Code
gl_arch_personality(int, _Unwind_Action actions, _Unwind_Exception_Class, _Unwind_Exception *, _Unwind_Context *) {
  if (actions & _UA_FORCE_UNWIND) return _URC_CONTINUE_UNWIND;
  const Greenlet *g = here()->current.load(std::memory_order_relaxed);
  char text[200];
  snprintf(text, sizeof text, "libgreenlet: an exception left the body of greenlet '%.100s' (%p)\n", gl_name(g),
           static_cast<const void *>(g));
  os::print_error(text);
  abort();
}

} // namespace gl

using namespace gl;

// With hooks, and nothing else in the way.
[[gnu::noinline]] static gl_status switch_hooked(Realm *r, Greenlet *target, gl_status status, void *value, void **received) {
  Greenlet *from = r->current.load(std::memory_order_relaxed);
  if (from == target || r->busy) return switch_slow(target, status, value, received);
  r->current.store(target, std::memory_order_relaxed);
  int kept = *r->thread_errno;
  r->busy = 1;
  r->hooks.call(from, target);
  r->busy = 0;
  if (*r->thread_errno != kept) *r->thread_errno = kept;
  if (r->fast.load(std::memory_order_relaxed) == slow) rearm(r); // a hook changed something
  exchange<Transfer::resume>(r, from, target);
  return gl_arch_swap(&from->sp, target->sp, value, status, received ? received : &r->sink);
}

// A first switch, with nothing in the way: what decide_switch() and transfer() come to then.
[[gnu::noinline]] static gl_status start(Realm *r, Greenlet *target, void *value, void **received) {
  if (!claim_here(r, target)) [[unlikely]]
    return switch_slow(target, GL_OK, value, received);
  if (prepare_here(r, target) != GL_OK) [[unlikely]] {
    unclaim(target);
    return switch_slow(target, GL_OK, value, received); // fails again, and keeps errno
  }
  Greenlet *from = r->current.load(std::memory_order_relaxed);
  target->life.store(Life::started, std::memory_order_release);
  target->ready.store(reinterpret_cast<uintptr_t>(r), std::memory_order_relaxed);
  r->current.store(target, std::memory_order_relaxed);
  exchange<Transfer::start>(r, from, target);
  return gl_arch_swap(&from->sp, target->sp, value, GL_OK, received ? received : &r->sink);
}

// The hot path. It must end in a sibling call: then nothing runs after the jump, and the return goes straight to the caller.
[[gnu::always_inline]] static inline gl_status switch_with(Greenlet *target, gl_status status, void *value, void **received) {
  Realm *r = here();
  if (!target) [[unlikely]]
    return switch_slow(target, status, value, received);
  uintptr_t difference = target->ready.load(std::memory_order_relaxed) ^ r->fast.load(std::memory_order_relaxed);
  Greenlet *from = r->current.load(std::memory_order_relaxed);
  if (difference != 0 || from == target) [[unlikely]] {
    if (difference == hooked) return switch_hooked(r, target, status, value, received);
    if (difference == reinterpret_cast<uintptr_t>(r) && status == GL_OK) return start(r, target, value, received); // not ready
    return switch_slow(target, status, value, received);
  }
  r->current.store(target, std::memory_order_relaxed);
  exchange<Transfer::resume>(r, from, target);
  return gl_arch_swap(&from->sp, target->sp, value, status, received ? received : &r->sink);
}

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
