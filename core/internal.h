// SPDX-License-Identifier: MIT
// What the files of core/ share: the structs first, then the functions, grouped by the file that defines them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "../capi/greenlet.h"
#include "arch/arch.h"
#include "callbacks.h"
#include "lock.h"

#pragma GCC visibility push(hidden)

namespace gl {

using Greenlet = ::gl_greenlet;
using Realm = ::gl_realm;
struct Stack;
struct Locals;

// What a C++ runtime keeps for a thread: the start of its __cxa_eh_globals.
struct CxxState {
  void *caught = nullptr;
  unsigned uncaught = 0;
};

// `ended` is dead to every rule, but its stack or its block are still in use by the thread that ends it.
// `claimed` is unstarted, but about to start, to move to another thread or to die unrun: nobody else may do so meanwhile.
enum class Life : uint8_t { unstarted, claimed, started, ended, dead };

// For the end of a kill: not at all; for its answer; or without interest in it, as the library does.
enum class Waits : uint8_t { no, for_answer, for_nothing };

// gl_greenlet::handles counts in steps of `one_handle`; the low bit says that it waits in a queue of orphans. One word, so that exactly one
// thread finds itself responsible for freeing.
constexpr uint32_t queued = 1, one_handle = 2;

// gl_realm::fast: the realm's address when a switch needs no decision; with `hooked` set, when it needs only the hooks; else `slow`.
constexpr uintptr_t hooked = 1, slow = 2;

struct Counters {
  using Field = std::atomic<int64_t> Counters::*;
  std::atomic<int64_t> created{0}, died{0}, stacks_mapped{0}, stack_bytes{0}, leaked{0};
  static const Field fields[5];
};

} // namespace gl

struct alignas(64) gl_greenlet {
  // First cache line: all that a switch touches.
  std::atomic<uintptr_t> ready{0}; // its realm's address while a switch here needs no decision, else 0
  void *sp = nullptr;              // while suspended: its saved frame (arch/README.md)
  gl::CxxState cxx;
  gl::FpWords *fp = &own_fp; // or the realm's shared set
  gl::FpWords own_fp{};
  int saved_errno = 0;
  std::atomic<uint32_t> handles{0};
  std::atomic<gl::Realm *> realm{nullptr};

  // Second: the tree, and what start and end need.
  std::atomic<gl::Life> life{gl::Life::dead};
  uint8_t flags = 0;    // gl_flag
  bool visited = false; // by the search for cycles; under forest_lock

  // These share a byte that only its own thread writes.
  gl::Waits waits : 2 = gl::Waits::no;
  bool kept_kill : 1 = false; // the next call answers GL_KILLED (rule 14)
  bool leaked : 1 = false;    // outlived its last handle (rule 21)
  bool reaping : 1 = false;   // kills orphans, one after the other
  gl::Greenlet *parent = nullptr;
  union {
    gl_run run = nullptr;     // until the start: the first frame carries it then
    gl::Greenlet *queue_next; // of orphans, where only started ones get, or of free blocks
  };
  void *run_data = nullptr;
  void *data = nullptr;
  union {
    size_t stack_size = 0; // until the start; rounded
    gl::Stack *stack;      // from then on; NULL: none (main, hosted)
  };
  gl::Greenlet *prev = nullptr, *next = nullptr; // the realm's list, a ring through main; `next` is NULL outside

  // Third: what few greenlets use.
  void (*drop)(void *) = nullptr;
  void (*drop_result)(void *) = nullptr;
  char *name = nullptr;
  gl::Locals *locals = nullptr;
  gl::Greenlet *killers = nullptr;      // those whose kill of this one is pending, innermost first, by outer_killer
  gl::Greenlet *killing = nullptr;      // whom its own pending call kills; NULL: freed meanwhile
  gl::Greenlet *outer_killer = nullptr; // beside it in killing->killers
  gl::Greenlet *walk_next = nullptr;    // in the search for cycles
};
static_assert(sizeof(gl_greenlet) <= 192, "a block is three cache lines");

namespace gl {

// Orphans that wait, oldest first.
struct OrphanQueue {
  Greenlet *first = nullptr, *last = nullptr;
};

// Where a visit of the list stands; whoever takes a greenlet out of the list moves it on.
struct Cursor {
  Greenlet *next;
  Cursor *outer;
};

} // namespace gl

struct alignas(64) gl_realm {
  // Read and written by each switch.
  std::atomic<uintptr_t> fast{gl::slow};
  std::atomic<gl::Greenlet *> current{nullptr};
  gl::CxxState *cxx = &no_cxx; // of the thread
  int *thread_errno = nullptr;
  void *sink = nullptr; // where a value goes that nobody receives
  uint32_t busy = 0;    // callbacks on the stack
  bool hosted = false;
  std::atomic<bool> ended{false};
  gl::Callbacks<gl_exchange> hooks;

  gl::Callbacks<gl_tracer> tracers;
  gl::FpWords shared_fp{};        // of main and all GL_SHARE_FP greenlets
  gl::CxxState no_cxx;            // stands in until a C++ runtime is found
  gl::OrphanQueue orphans;        // to be killed before this thread goes on
  gl::OrphanQueue due;            // to be killed at its next call
  gl::Greenlet *blocks = nullptr; // free ones, by `queue_next`
  uint32_t blocks_cached = 0;
  std::atomic<uint32_t> stacks_cached{0};
  uint32_t stacks_coloured = 0;
  gl::Stack *stacks = nullptr;  // free ones
  void *discarded_sp = nullptr; // where the last switch of an ended greenlet saves
  gl::Fiber main_fiber{};       // what sanitizers know of the thread's own stack
  gl::Fiber *arrived_from = nullptr;
  gl::Stack *ending = nullptr;     // left for ever by the switch under way
  void *(*cxx_source)() = nullptr; // who told `cxx`
  gl::Counters counters;
  gl::Realm *prev_realm = nullptr, *next_realm = nullptr;

  // Written by other threads.
  alignas(64) std::atomic<gl::Greenlet *> released{nullptr}; // orphans from elsewhere and from callbacks, newest first
  std::atomic<int64_t> keepers{1};                           // itself, its blocks, handles on main: the last one frees it
  gl::Lock list_lock;                                        // guards the ring through main, and cursors
  gl::Cursor *cursors = nullptr;

  gl::Greenlet main;
};

namespace gl {

// --- realm.cc: whose greenlets these are -------------------------------------------------------------------------------------------
extern Realm detached; // stands in for the realm of a thread that has none yet: nothing is ready in it
extern constinit thread_local Realm *thread_realm GL_TLS_MODEL;
inline Realm *here() { return thread_realm; } // never NULL; may be `detached`
Realm *attach_slow();
inline Realm *attach() { // the calling thread's realm, made if need be; NULL: no memory
  Realm *r = here();
  return r != &detached ? r : attach_slow();
}
extern std::atomic<void *(*)()> cxx_runtime; // NULL: none is known
void adopt_cxx_runtime(Realm *r);
// Attached, with nothing to be done at the beginning of a call.
inline bool is_settled(const Realm *r) {
  return r->fast.load(std::memory_order_relaxed) != slow && r->cxx_source && r->cxx_source == cxx_runtime.load(std::memory_order_relaxed);
}
void rearm(Realm *r); // lets switches be fast, if nothing stands against it
inline void slow_down(Realm *r) { r->fast.store(slow, std::memory_order_relaxed); }
// For what has one writer and readers that need not be exact: no locked instruction.
template <class Number, class Change> inline Number add_relaxed(std::atomic<Number> &n, Change change) {
  Number sum = n.load(std::memory_order_relaxed) + static_cast<Number>(change);
  n.store(sum, std::memory_order_relaxed);
  return sum;
}
void tally_detached(Counters::Field field, int64_t n);
inline void tally(Counters::Field field, int64_t n) {
  Realm *r = here();
  if (r == &detached) [[unlikely]]
    return tally_detached(field, n);
  add_relaxed(r->counters.*field, n);
}
void sum_counters(Counters &sum, uint64_t &stacks_cached);
inline Realm *realm_of(const Greenlet *g) { return g->realm.load(std::memory_order_relaxed); }
inline bool has_ended(const Realm *r) { return r->ended.load(std::memory_order_acquire); }
inline bool is_main(const Greenlet *g) { return g == &realm_of(g)->main; }
inline bool is_mine(const Greenlet *g) { return realm_of(g) == here() || (g->flags & GL_HOSTED); }

bool link(Realm *r, Greenlet *g); // false: the realm has ended
void unlink(Realm *r, Greenlet *g);
void lose_keeper(Realm *r);
bool expired_by_fork(const Greenlet *g);
gl_status not_ours(const Greenlet *g); // GL_ETHREAD or GL_EEXPIRED
void return_to_main(Realm *r);
void end_realm(Realm *r);
extern Lock forest_lock;   // guards parents and killers where threads meet
extern Lock settings_lock; // guards what is set for the process: keys, the function for what nobody handled
// While a callback runs on this thread, on behalf of realm `r`, nothing switches (rule 26).
class InCallback {
public:
  explicit InCallback(Realm *r);
  ~InCallback();
  InCallback(const InCallback &) = delete;
  InCallback &operator=(const InCallback &) = delete;

private:
  Realm *realms_[2];
};

// --- greenlet.cc: birth, handles, death ---------------------------------------------------------------------------------------------
void hold(Greenlet *g);                     // for the library's own use: a leaked one stays so
void hold_again(Greenlet *g);               // for the user's
inline void hold_parent(Greenlet *parent) { // main needs no handle: its realm lives as long as its greenlets
  if (!is_main(parent)) [[unlikely]]
    hold_again(parent);
}
void let_go(Greenlet *g); // the last handle of a suspended one makes it an orphan
void run_drops(Realm *r, Greenlet *g);
inline bool claim(Greenlet *g) { // an unstarted one; false: another thread, or a transfer that is being traced, was first
  Life life = Life::unstarted;
  if (!os::single_threaded()) return g->life.compare_exchange_strong(life, Life::claimed, std::memory_order_acquire);
  if (g->life.load(std::memory_order_relaxed) != life) return false;
  g->life.store(Life::claimed, std::memory_order_relaxed);
  return true;
}
inline void unclaim(Greenlet *g) { g->life.store(Life::unstarted, std::memory_order_release); }
bool hand_over(Realm *r, Greenlet *g); // makes it another thread's unstarted one; false: that realm is ending, and passed it over
// One of this realm that is unstarted, for a start or for a death unrun. False: another thread moves it away.
inline bool claim_here(Realm *r, Greenlet *g) {
  if (realm_of(g) != r || !claim(g)) return false; // a claim in vain would be in the way of its own thread
  if (realm_of(g) == r) return true;
  unclaim(g);
  return false;
}
void expire(Greenlet *g);   // ends an unstarted or a suspended one without running it; finish() or destroy() follows
void finish(Greenlet *g);   // the last touch of whoever ended it
void destroy(Greenlet *g);  // it has no handles
void free_blocks(Realm *r); // once and for all

// --- orphans.cc: those whose last handle went ---------------------------------------------------------------------------------------
void add_orphan(Greenlet *g);                   // its queued bit is set; any thread
void collect_released(Realm *r);                // they are due now
Greenlet *take_orphan(Realm *r, bool also_due); // the next one to be killed; NULL: none
Greenlet *refuse_orphans(Realm *r);             // from now on whoever would add one frees it; returns those released so far, newest first
void close_orphans(Realm *r);                   // all are dead: refuses, and frees what waits
inline bool is_lost(const Greenlet *g) {        // the current one has no handle left (rule 22)
  return g->handles.load(std::memory_order_relaxed) == 0 && !g->leaked && g->life == Life::started && !is_main(g);
}

// --- tree.cc: who runs next ---------------------------------------------------------------------------------------------------------
inline bool is_dead(const Greenlet *g) { return g->life.load(std::memory_order_acquire) >= Life::ended; }
gl_status decide_switch(Realm *r, Greenlet *target, gl_status status, void *value, gl_delivery &out);
gl_status decide_kill(Realm *r, Greenlet *victim, gl_delivery &out);
void decide_end(Realm *r, gl_status outcome, void *result, gl_delivery &out); // finish(the ended one) follows
void decide_orphan(Realm *r, bool also_due, gl_delivery &out);                // out.next NULL: there is none
void abandon_kill(Greenlet *killer);                                          // it is not going to be resumed
void forget_killers(Greenlet *victim);                                        // it is freed before they are resumed
void report_unhandled(Greenlet *g, void *payload);

// --- switch.cc (or arch/none.cc): carries a delivery out on real stacks -------------------------------------------------------------
gl_status prepare(Greenlet *g); // a stack and a first frame for an unstarted one
void reap_orphans(Realm *r, bool also_due);
inline void reap(Realm *r) { // kills the orphans of the calling thread's realm
  if (r->orphans.first) [[unlikely]]
    reap_orphans(r, false);
}
inline void drain(Realm *r) { // the same at the beginning of a call, with those that waited for it
  if (r->fast.load(std::memory_order_relaxed) == slow && !r->busy) reap_orphans(r, true);
}
void discard_stack(Greenlet *g); // of a suspended one
void end_thread(Realm *r);

// --- stack.cc: where greenlets run ----------------------------------------------------------------------------------------------------
struct Stack {
  char *low;
  size_t size; // as asked for; this struct lies above
  Stack *next;
  unsigned valgrind_id;
  Fiber fiber;
};
constexpr uint32_t most_cached_stacks = 256;
constexpr size_t default_stack_size = 256 << 10; // whole pages everywhere
bool round_stack_size(size_t &size);             // 0: the default; false: nothing that large
Stack *take_stack_slow(Realm *r, size_t size);
inline Stack *take_stack(Realm *r, size_t size) { // NULL: no memory
  Stack *stack = r->stacks;
  if (!stack || stack->size != size || annotate::needed()) [[unlikely]]
    return take_stack_slow(r, size);
  r->stacks = stack->next;
  add_relaxed(r->stacks_cached, -1);
  return stack;
}
size_t uncache_stack(Realm *r, Stack **link);
inline void give_stack(Realm *r, Stack *stack) { // into the cache, also while the caller still runs on it: a full one gives up another
  stack->next = r->stacks;
  r->stacks = stack;
  if (add_relaxed(r->stacks_cached, 1) > most_cached_stacks) [[unlikely]]
    uncache_stack(r, &stack->next);
}
size_t free_stacks(Realm *r);

// --- locals.cc ------------------------------------------------------------------------------------------------------------------------
void drop_locals(Realm *r, Greenlet *g);

} // namespace gl

#pragma GCC visibility pop
