// SPDX-License-Identifier: MIT
// What the files of core/ share, beside the structs: the functions, grouped by the file that defines them.
#pragma once

#include "structs.h"

#pragma GCC visibility push(hidden)

namespace gl {

// --- realm.cc: whose greenlets these are -------------------------------------------------------------------------------------------
extern Realm detached; // stands in for the realm of a thread that has none yet: nothing is ready in it
extern constinit GL_THREAD_LOCAL Realm *thread_realm GL_TLS_MODEL;
inline Realm *here() { return os::own(thread_realm); } // never NULL; may be `detached`
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
void tally_detached(Counters::Field field, intptr_t n);
inline void tally(Counters::Field field, intptr_t n) {
  Realm *r = here();
  if (r == &detached) [[unlikely]]
    return tally_detached(field, n);
  add_relaxed(r->counters.*field, n);
}
void sum_counters(Counters &sum, uint64_t &stacks_cached);
inline Realm *realm_of(const Greenlet *g) { return reinterpret_cast<Realm *>(g->home.load(std::memory_order_relaxed) & ~home_bits); }
inline void set_realm(Greenlet *g, Realm *r) { g->home.store(reinterpret_cast<uintptr_t>(r) | unready, std::memory_order_relaxed); }
inline void mark(Greenlet *g, uintptr_t bit) { g->home.store(g->home.load(std::memory_order_relaxed) | bit, std::memory_order_relaxed); }
inline void unmark(Greenlet *g, uintptr_t bit) { g->home.store(g->home.load(std::memory_order_relaxed) & ~bit, std::memory_order_relaxed); }
inline bool is_moved(const Greenlet *g) { return g->home.load(std::memory_order_relaxed) & moved; }
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
inline Rare *rare_of(const Greenlet *g) { return g->rare.load(std::memory_order_acquire); } // not to be written: see own_rare()
Rare *own_rare(Greenlet *g);                                                                // one that may be; NULL: no memory
void free_rares(Realm *r);
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
  while (realm_of(g) == r) {
    if (claim(g)) {
      if (realm_of(g) == r) return true;
      unclaim(g);
      return false;
    }
    if (g->life.load(std::memory_order_acquire) != Life::claimed) return false;
    os::yield(); // whoever it came from claims in vain, or another thread has begun to move it
  }
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
inline gl_status delivered(gl_status outcome) {
  return outcome == GL_OK || outcome == GL_KILLED ? GL_OK : GL_THROWN;
} // to an ancestor (rule 4)
inline bool is_dead(const Greenlet *g) { return g->life.load(std::memory_order_acquire) >= Life::ended; }
gl_status decide_switch(Realm *r, Greenlet *target, gl_status status, void *value, gl_delivery &out);
gl_status decide_kill(Realm *r, Greenlet *victim, gl_delivery &out);
void decide_end(Realm *r, gl_status outcome, void *result, gl_delivery &out); // finish(the ended one) follows
void decide_orphan(Realm *r, bool also_due, gl_delivery &out);                // out.next NULL: there is none
void abandon_kill(Greenlet *killer);                                          // it is not going to be resumed
void forget_killers(Greenlet *victim);                                        // it is freed before they are resumed
void report_unhandled(Greenlet *g, void *payload);

// --- switch.cc (or arch/none.cc): carries a delivery out on real stacks -------------------------------------------------------------
gl_status prepare(Greenlet *g); // a stack for an unstarted one
void reap_orphans(Realm *r, bool also_due);
inline void reap(Realm *r) { // kills the orphans of the calling thread's realm
  if (r->orphans.first) [[unlikely]]
    reap_orphans(r, false);
}
inline void drain(Realm *r) { // the same at the beginning of a call, with those that waited for it
  if (r->fast.load(std::memory_order_relaxed) == slow && !r->busy) reap_orphans(r, true);
}
void unprepare(Greenlet *g);
void discard_stack(Greenlet *g, bool started); // of one that is not current
void end_thread(Realm *r);

// --- blocks.cc: memory for greenlets ----------------------------------------------------------------------------------------------------
void *take_block(); // NULL: no memory
void give_block(Greenlet *g);
Group *group_of(const Greenlet *g); // NULL: it is a main one, or came from malloc(), for a sanitizer to see
constexpr unsigned group_size = 64;
unsigned place_in_group(const Greenlet *g);
extern Lock block_lock;

// --- arena.cc: address space for stacks -------------------------------------------------------------------------------------------------
// The stacks that lie side by side with a group of greenlets: the n-th one's, if it has one of this size, is the n-th. So the place of both is known
// without looking at either.
struct Group {
  std::atomic<char *> tops{nullptr}; // where the frames of the first begin, without its colour; NULL: there are no stacks
  std::atomic<size_t> stride{0};
  Region *region = nullptr; // under arena_lock
};
void forget_groups(Group *groups, size_t n);
size_t colour_of(unsigned place);                         // bytes by which a stack begins lower than its end
Stack *take_region_stack(size_t size, const Greenlet *g); // for `g`, or NULL: for no one; NULL: no memory
enum class Pages { released, idle };                      // gone at once, or when the system needs them
void give_region_stack(Stack *stack, Pages pages);
size_t bytes_of(const Stack *stack); // of address space
extern Lock arena_lock;

// --- stack.cc: where greenlets run ----------------------------------------------------------------------------------------------------
constexpr uint32_t most_cached_stacks = 256;
constexpr size_t default_stack_size = 256 << 10; // whole pages everywhere
bool round_stack_size(size_t &size);             // 0: the default; false: nothing that large
Stack *take_stack_slow(Realm *r, Greenlet *g, size_t size);
inline Stack *take_stack(Realm *r, Greenlet *g, size_t size) { // NULL: no memory
  Stack *stack = r->stacks;
  if (!stack || stack->size != size || annotate::needed()) [[unlikely]]
    return take_stack_slow(r, g, size);
  r->stacks = stack->next;
  add_relaxed(r->stacks_cached, -1);
  return stack;
}
size_t uncache_stack(Realm *r, Stack **link, Pages pages);
void give_stack(Realm *r, Stack *stack);          // into the cache, also while the caller still runs on it: a full one gives up another
inline void cache_stack(Realm *r, Stack *stack) { // the same where nobody watches
  stack->next = r->stacks;
  r->stacks = stack;
  if (add_relaxed(r->stacks_cached, 1) > most_cached_stacks) [[unlikely]]
    uncache_stack(r, &stack->next, Pages::idle);
}
size_t free_cached(Realm *r);             // stacks and buffers; returns their bytes
bool find_thread_stack(Realm *r);         // asks the system once; false: it does not say
inline char *top_of(const Stack *stack) { // where frames begin
  return stack->kind == Stack::of_thread ? stack->low + stack->size : reinterpret_cast<char *>(const_cast<Stack *>(stack));
}
#ifdef _WIN32
void tell_bounds(void *frame, const Stack *stack); // a first frame: the system looks at what is said there
#else
inline void tell_bounds(void *, const Stack *) {}
#endif
inline bool runs_on(const Stack *stack) {
  const char *sp = stack_pointer();
  return stack->low <= sp && sp < top_of(stack);
}
gl_status check_stack(const Stack *stack, const Realm *r); // may greenlets of `r` run there?
void retain_stack(Stack *stack);
void release_stack(Stack *stack);  // the caller may still run on it
void put_stack_away(Stack *stack); // likewise: into the cache, or back to where it came from

// --- buffers.cc: for bytes that are moved out -------------------------------------------------------------------------------------------
size_t round_buffer(size_t bytes); // the sizes there are
char *take_buffer(size_t bytes);   // NULL: no memory
void give_buffer(char *buffer, size_t bytes);
size_t free_buffers(Realm *r); // those that the thread keeps; returns their bytes

// --- copy.cc ----------------------------------------------------------------------------------------------------------------------------
void copy_slice(char *to, const char *from, size_t n);

// --- slice.cc: stacks that many use ---------------------------------------------------------------------------------------------------
gl_status settle_in(Realm *r, Greenlet *g); // an unstarted one, before its first switch
bool make_room_slow(Greenlet *g, char *sp);
// Before `g`, which runs, is left: will its bytes fit into its buffer once somebody wants their place? False: no memory. `below` is how much
// further down the stack pointer may be at the jump.
inline bool make_room(Greenlet *g, size_t below) {
  char *sp = stack_pointer() - below;
  return sp >= g->floor || make_room_slow(g, sp);
}
struct StackUse {
  size_t live, moved; // bytes from the stack pointer up, and how many of them its buffer holds
};
StackUse stack_use(const Greenlet *g);      // of one that has started; live == 0: unknown
int trim_slice(void *current, Greenlet *g); // a visitor: gives back what its buffer has too much
void move_out(Greenlet *g, bool runs);      // for ever: it has ended, which perhaps runs there still, or never resumes
void settle_main(Realm *r);                 // frees main's buffer if nobody else is on its stack
// How low the stack pointer has to be while gl_arrange() brings `to` into place, if `left` is the stack that is being left.
inline char *lowest_write(const Stack *left, const Greenlet *to) {
  char *anywhere = reinterpret_cast<char *>(UINTPTR_MAX);
  if (to->stack != left) return anywhere;
  if (to->sp) return static_cast<char *>(to->sp);
  if (left->kind != Stack::of_thread) return anywhere;                           // its first frame is at the top
  char *sp = stack_pointer(), *lowest = static_cast<char *>(left->in_place->sp); // of long ago, or NULL, if that is who leaves
  return (lowest && lowest < sp ? lowest : sp) - 2 * sizeof(Frame) - 384;
}

// --- locals.cc ------------------------------------------------------------------------------------------------------------------------
void drop_locals(Realm *r, Greenlet *g);

} // namespace gl

#pragma GCC visibility pop
