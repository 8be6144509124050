// SPDX-License-Identifier: MIT
// Stacks that many greenlets use: while one needs the place, the bytes of others are moved out into buffers, and back before they resume.
//
//     a shared stack: all begin at its top                 a thread's own: each begins below whoever started it
//
//     | A's   | B's   |     A runs; B waits in a buffer    | main's        |  top of all
//     | bytes | bytes |                                    |               |
//     |       +-------+                                    +---------------+ <- base of A: main's stack pointer at A's start
//     |       |                                            | A's bytes     |
//     +-------+ <- A's stack pointer                       +---------------+ <- base of B, started by A
//                                                          | B's bytes     |
//
// In place is a chain of owners, from gl_stack::in_place, the lowest, upward by Rare::above. (On a shared stack it has one at most.) Whoever resumes may
// write to anything below its own base: what others have there is moved out. So an owner may be moved in part, its lower bytes out and the upper
// ones in place.
//
// Every greenlet that is left in place has a buffer that is large enough: make_room() sees to it before the switch away, which fails if there is no memory.
// So moving out never fails, however control comes here.
#include "internal.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace gl {

static bool on_thread_stack(const Greenlet *g) { return g->stack->kind == Stack::of_thread; }

// What may belong to it lies below.
static char *base_of(const Greenlet *g) {
  if (!on_thread_stack(g)) return top_of(g->stack);
  return is_main(g) ? reinterpret_cast<char *>(UINTPTR_MAX) : rare_of(g)->base;
}

// What others may want from it lies below.
static char *limit_of(const Greenlet *g) { return on_thread_stack(g) ? rare_of(g)->base : base_of(g); }

static size_t saved_by(const Greenlet *g) {
  if (on_thread_stack(g)) return rare_of(g)->saved;
  return g->stack->in_place == g ? 0 : static_cast<size_t>(base_of(g) - static_cast<char *>(g->sp));
}

static Greenlet *above(const Greenlet *g) { return on_thread_stack(g) ? rare_of(g)->above : nullptr; }

// --- Buffers --------------------------------------------------------------------------------------------------------------------------

// By how much a check of the floor in switch_with() may lie above the jump, beside the frame that is saved: nothing, with sibling calls.
#if !defined(_WIN32) && defined(__OPTIMIZE__) && defined(NDEBUG) && !defined(GREENLET_INSTRUMENTED) && \
    (defined(__x86_64__) || defined(__aarch64__) || defined(__riscv))
constexpr size_t overlooked = 0;
#else
constexpr size_t overlooked = 512;
#endif
constexpr size_t below_floor = sizeof(Frame) + overlooked;

// The floor says how large the buffer is.
static size_t capacity_of(const Greenlet *g) { return static_cast<size_t>(limit_of(g) - g->floor) + below_floor; }
static void set_capacity(Greenlet *g, size_t bytes) { g->floor = limit_of(g) - bytes + below_floor; }

static void replace_slice(Greenlet *g, char *slice, size_t bytes) {
  char *old = g->slice;
  size_t old_bytes = capacity_of(g);
  g->slice = slice;
  set_capacity(g, bytes);
  give_buffer(old, old_bytes); // last: a fork may come in between, and its child gives back what it finds
}

static bool set_slice(Greenlet *g, size_t bytes) {
  char *slice = take_buffer(bytes);
  if (slice) replace_slice(g, slice, bytes);
  return slice;
}

bool make_room_slow(Greenlet *g, char *sp) {
  sp -= below_floor;
  if (!set_slice(g, round_buffer(static_cast<size_t>(limit_of(g) - sp)))) return false;
  g->loose = true;
  return true;
}

constexpr uint8_t most_roomy = 8;

static bool fits(size_t capacity, size_t needed) { return needed <= capacity && (capacity <= 512 || capacity / 4 <= needed); }

// Its depth is known for certain now: an estimate is corrected, and a buffer goes that has been far too large for a while.
static void fit_slice(Greenlet *g, size_t needed) {
  size_t capacity = capacity_of(g);
  bool roomy = capacity >= needed && !fits(capacity, needed);
  g->roomy = roomy ? (g->roomy + 1) & 63 : 0;
  if (!g->loose && capacity >= needed && g->roomy < most_roomy) return;
  g->loose = false;
  g->roomy = 0;
  int *thread_errno = realm_of(g)->thread_errno, kept = *thread_errno; // of whoever resumes already
  bool fitted = set_slice(g, round_buffer(needed + overlooked));
  *thread_errno = kept;
  if (fitted || capacity >= needed) return;
  os::print_error(
      "libgreenlet: no memory for the bytes of a greenlet that must be moved\n"); // make_room() took its frame for smaller than it was
  abort();
}

// --- Moves ----------------------------------------------------------------------------------------------------------------------------

#ifdef GREENLET_CHECKS
static void check_not_moving(const Greenlet *owner, const char *low, const char *high, const Greenlet *to, const void *pointer,
                             const char *what) {
  auto *p = static_cast<const char *>(pointer);
  if (p < low || p >= high) return;
  char text[300];
  snprintf(text, sizeof text,
           "libgreenlet: the %s %p for greenlet '%.60s' (%p) points into the stack of '%.60s' (%p), whose bytes are about to leave\n", what,
           pointer, gl_name(to), static_cast<const void *>(to), gl_name(owner), static_cast<const void *>(owner));
  os::print_error(text);
  abort();
}
#endif

// Moves out what `g` has in place below `until`.
static void save(Greenlet *g, char *until, [[maybe_unused]] const Detour &detour) {
  char *sp = static_cast<char *>(g->sp);
  bool on_thread = on_thread_stack(g);
  size_t saved = on_thread ? rare_of(g)->saved : 0;
  char *low = sp + saved, *base = base_of(g), *high = until < base ? until : base;
  if (low >= high) return;
#ifdef GREENLET_CHECKS
  check_not_moving(g, low, high, detour.to, detour.value, "value");
  if (!detour.to->sp) check_not_moving(g, low, high, detour.to, detour.to->run_data, "data");
#endif
  if (!saved) fit_slice(g, static_cast<size_t>(limit_of(g) - sp));
  size_t n = static_cast<size_t>(high - low);
  annotate::cleared(low, n);
  copy_slice(g->slice + saved, low, n);
  if (on_thread) rare_of(g)->saved = saved + n;
  mark(g, moved);
}

static void forget_slice(Greenlet *g) {
  replace_slice(g, nullptr, 0);
  g->loose = false;
}

// Main's bytes are its own again when nobody else is left.
void settle_main(Realm *r) {
  Rare *rare = &r->main_rare;
  if (r->own_stack.occupants || rare->saved || !rare->base) return;
  forget_slice(&r->main);
  rare->base = nullptr;
  r->main.floor = nullptr;
}

static void restore(Greenlet *g) {
  size_t saved = saved_by(g);
  if (!saved) return;
  annotate::refilled(g->sp, saved);
  copy_slice(static_cast<char *>(g->sp), g->slice, saved);
  if (on_thread_stack(g)) rare_of(g)->saved = 0;
}

// It begins below the lowest one in place.
static void choose_base(Realm *r, Greenlet *g) {
  Greenlet *lowest = r->own_stack.in_place;
  char *base = reinterpret_cast<char *>(reinterpret_cast<uintptr_t>(lowest->sp) & ~uintptr_t{15});
  rare_of(g)->base = base;
  r->own_stack.occupants++;
  Rare *main = &r->main_rare;
  if (main->base >= base) return;
  size_t capacity = main->base ? capacity_of(&r->main) : 0;
  main->base = base;
  set_capacity(&r->main, capacity);
}

static void begin(Realm *r, Greenlet *g, gl_run run) {
  char *base = base_of(g);
  void *data = g->run_data;
  g->slice = nullptr;
  set_capacity(g, 0);
  annotate::refilled(base - sizeof(Frame), sizeof(Frame));
  g->sp = first_frame(base, g, reinterpret_cast<void (*)()>(run), data, &r->sink, gl_arch_enter);
  tell_bounds(g->sp, g->stack);
}

[[gnu::noinline]] static void *arrange_slow(const Detour *detour) {
  Greenlet *to = detour->to;
  if (!is_moved(to)) return to->sp;
  Realm *r = realm_of(to);
  Stack *stack = to->stack;
  bool begins = !to->sp;
  if (begins && on_thread_stack(to)) choose_base(r, to);
  char *base = base_of(to);
  Greenlet *g;
  while ((g = stack->in_place) && g != to) {
    save(g, base, *detour);
    if (on_thread_stack(g) && static_cast<char *>(g->sp) + rare_of(g)->saved < base_of(g)) break; // the rest of it stays
    stack->in_place = above(g);
  }
  if (g != to) {
    if (on_thread_stack(to)) rare_of(to)->above = g;
    if (g) mark(g, moved);
  }
  if (begins) begin(r, to, detour->run);
  else restore(to);
  stack->in_place = to;
  unmark(to, moved);
  if (on_thread_stack(to)) settle_main(r);
  return to->sp;
}

// Runs below all bytes that it moves, on the stack that is left. What arrange_slow() comes to where one sleeper of a shared stack takes the place of another.
extern "C" [[gnu::visibility("hidden"), gnu::used]] void *gl_arrange(const Detour *detour) {
  Greenlet *to = detour->to;
  Stack *stack = to->stack;
  Greenlet *g = stack->in_place;
  char *sp = static_cast<char *>(to->sp);
  if (stack->kind != Stack::shared || !g || g == to || !sp || g->loose) [[unlikely]]
    return arrange_slow(detour);
  char *base = reinterpret_cast<char *>(stack); // its top
  size_t n = static_cast<size_t>(base - static_cast<char *>(g->sp));
  if (!fits(static_cast<size_t>(base - g->floor) + below_floor, n)) [[unlikely]]
    return arrange_slow(detour);
  g->roomy = 0;
  copy_slice(g->slice, static_cast<char *>(g->sp), n);
  mark(g, moved);
  stack->in_place = to;
  copy_slice(sp, to->slice, static_cast<size_t>(base - sp));
  unmark(to, moved);
  return sp;
}

void move_out(Greenlet *g, bool runs) {
  unmark(g, moved);
  if (!g->sp) return; // it never began
  Stack *stack = g->stack;
  char *sp = runs ? stack_pointer() : static_cast<char *>(g->sp) + saved_by(g);
  annotate::cleared(sp, static_cast<size_t>(base_of(g) - sp)); // its frames never return
  if (on_thread_stack(g)) {
    Greenlet **link = &stack->in_place;
    while (*link && *link != g) link = &rare_of(*link)->above;
    if (*link) *link = rare_of(g)->above;
    stack->occupants--;
  } else if (stack->in_place == g) {
    stack->in_place = nullptr;
  }
  Greenlet *lowest = stack->in_place;
  if (lowest && !saved_by(lowest)) unmark(lowest, moved);
  forget_slice(g);
  if (on_thread_stack(g)) settle_main(realm_of(g));
}

StackUse stack_use(const Greenlet *g) {
  const Stack *stack = g->stack;
  bool runs = g == realm_of(g)->current.load(std::memory_order_relaxed);
  const char *sp = runs ? stack_pointer() : static_cast<char *>(g->sp), *base = is_main(g) ? top_of(stack) : base_of(g);
  size_t moved_bytes = runs || stack->kind == Stack::of_one || !sp ? 0 : saved_by(g);
  if (!sp || sp < stack->low || sp > base) return {0, moved_bytes}; // unknown
  return {static_cast<size_t>(base - sp), moved_bytes};
}

int trim_slice(void *current, Greenlet *g) {
  if (g == current || !(g->flags & on_copied_stack) || !g->slice) return 0;
  size_t fitting = round_buffer(static_cast<size_t>(limit_of(g) - static_cast<char *>(g->sp)) + overlooked);
  char *slice = fitting < capacity_of(g) ? take_buffer(fitting) : nullptr;
  if (!slice) return 0;
  memcpy(slice, g->slice, fitting);
  replace_slice(g, slice, fitting);
  g->loose = false;
  return 0;
}

gl_status settle_in(Realm *r, Greenlet *g) {
  Stack *stack = g->stack;
  gl_status status = check_stack(stack, r);
  if (status < 0) return status;
  if ((on_thread_stack(g) || annotate::needed()) && !own_rare(g)) return GL_ENOMEM;
  if (annotate::needed() && on_thread_stack(g) && !find_thread_stack(r)) return GL_ENOMEM;
  Realm *nobody = nullptr;
  if (stack->realm.compare_exchange_strong(nobody, r, std::memory_order_acq_rel)) r->keepers.fetch_add(1, std::memory_order_relaxed);
  else if (nobody != r) return GL_ETHREAD; // another thread was first
  if (annotate::needed()) annotate::renewed(rare_of(g)->fiber, stack->low, static_cast<size_t>(top_of(stack) - stack->low));
  g->sp = nullptr; // until begin()
  r->detour.run = g->run;
  mark(g, moved);
  return GL_OK;
}

} // namespace gl
