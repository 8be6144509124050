// SPDX-License-Identifier: MIT
// The structs that the files of core/ share: a greenlet, a stack, a realm.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "greenlet.h"
#include "arch.h"
#include "callbacks.h"
#include "lock.h"

#pragma GCC visibility push(hidden)

namespace gl {

using Greenlet = ::gl_greenlet;
using Realm = ::gl_realm;
using Stack = ::gl_stack;
struct Locals;
struct Region;
struct Group;

// What a C++ runtime keeps for a thread: the start of its __cxa_eh_globals.
struct CxxState {
  void *caught = nullptr;
  unsigned uncaught = 0;
#ifdef __ARM_EABI__
  void *propagating = nullptr; // while destructors run, which makes `uncaught` more than 0
#endif
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

// gl_greenlet::home: its realm's address, with `unready` set while a switch to it needs a decision, and with `moved` while its bytes are not, or
// not all, in place. Realms are aligned to a cache line.
constexpr uintptr_t unready = 4, moved = 8, home_bits = 63;

// Beside the user's in gl_greenlet::flags: it runs on a stack that others use too.
constexpr uint8_t on_copied_stack = 0x80;

struct Counters { // as wide as pointers: wider ones would take locks on some CPUs
  using Field = std::atomic<intptr_t> Counters::*;
  std::atomic<intptr_t> created{0}, died{0}, stacks_mapped{0}, stack_bytes{0}, slice_bytes{0}, leaked{0};
  static const Field fields[6];
};

// What few greenlets have. All others share one that stays empty.
struct Rare {
  void (*drop)(void *) = nullptr;
  void *drop_data = nullptr;
  void (*drop_result)(void *) = nullptr;
  char *name = nullptr;
  Locals *locals = nullptr;

  Greenlet *killers = nullptr;      // those whose kill of this one is pending, innermost first, by outer_killer
  Greenlet *killing = nullptr;      // whom its own pending call kills; NULL: freed meanwhile
  Greenlet *outer_killer = nullptr; // beside it in killing's killers
  Greenlet *marked_next = nullptr;  // in the search for cycles, under forest_lock
  bool marked = false;

  // On a thread's own stack (slice.cc).
  char *base = nullptr;      // where its part of the stack begins, and goes down from; of main: the highest base of the others
  size_t saved = 0;          // bytes from the stack pointer upward that its buffer holds
  Greenlet *above = nullptr; // the next one in place

  Fiber fiber{};        // on a copied stack, what sanitizers know of it
  Rare *next = nullptr; // of free ones
};
extern Rare no_rare;

constexpr size_t buffer_classes = 80; // up to 64 KiB
struct FreeBuffer {
  FreeBuffer *next;
};

} // namespace gl

// Memory that greenlets run on. Lies at the top of what it describes, but for a thread's own.
struct alignas(64) gl_stack {
  enum Kind : uint8_t { of_one, shared, shared_and_watched, of_thread };
  Kind kind = of_one;
  unsigned valgrind_id = 0;
  char *low = nullptr;
  size_t size = 0; // as asked for
  gl::Region *region = nullptr;
  gl_stack *next = nullptr; // in a cache
  gl::Fiber fiber{};

  // Of those that are copied.
  std::atomic<uint32_t> handles{0};
  uint32_t occupants = 0;                  // of a thread's own: greenlets that have started on it, without main
  std::atomic<gl::Realm *> realm{nullptr}; // whose greenlets run here; NULL: nobody's yet
  gl::Greenlet *in_place = nullptr;        // the lowest of those whose bytes are in place
};

struct alignas(64) gl_greenlet {
  // First cache line: all that a switch touches.
  std::atomic<uintptr_t> home{gl::unready};
  void *sp = nullptr;     // while suspended: its saved frame (arch/README.md)
  void *caught = nullptr; // a CxxState
  unsigned uncaught = 0;
#ifdef __ARM_EABI__
  void *propagating = nullptr;
#endif
  int saved_errno = 0;
  gl::FpWords *fp = &own_fp; // or the realm's shared set
  gl::FpWords own_fp{};
  char *floor = nullptr; // lowest stack pointer with which it may leave: below that, its buffer is too small. NULL: it needs none
  std::atomic<uint32_t> handles{0};
  std::atomic<gl::Life> life{gl::Life::dead};
  uint8_t flags = 0; // gl_flag, on_copied_stack

  // These share a byte that only its own thread writes.
  gl::Waits waits : 2 = gl::Waits::no;
  bool kept_kill : 1 = false; // the next call answers GL_KILLED (rule 14)
  bool leaked : 1 = false;    // outlived its last handle (rule 21)
  bool reaping : 1 = false;   // kills orphans, one after the other
  bool loose : 1 = false;     // its buffer's size was estimated
  // And these another one, which no other thread looks at.
  uint8_t : 0;
  uint8_t roomy : 6 = 0;      // times in a row that its buffer was far too large
  bool dumped : 1 = false;    // by gl_dump(), which is under way
  bool has_child : 1 = false; // one that gl_dump() has to look for

  // Second: the tree, and what start and end need.
  gl::Greenlet *parent = nullptr;
  union {
    gl_run run = nullptr;     // until the start: the first frame carries it then
    gl::Greenlet *queue_next; // of orphans, where only started ones get, or of free blocks
  };
  union {
    void *run_data = nullptr; // until the start
    char *slice;              // from then on, on a copied stack: the buffer for its bytes
  };
  void *data = nullptr;
  union {
    size_t stack_size = 0; // of a private stack, until the start; rounded
    gl::Stack *stack;      // NULL: none (hosted)
  };
  gl::Greenlet *prev = nullptr, *next = nullptr; // the realm's list, a ring through main; `next` is NULL outside
  std::atomic<gl::Rare *> rare{&gl::no_rare};
};
static_assert(sizeof(gl_greenlet) == 128, "a block is two cache lines");

namespace gl {

// Orphans that wait, oldest first.
struct OrphanQueue {
  Greenlet *first = nullptr, *last = nullptr;
};

// What gl_arch_swap_via() does between the two stacks: gl_arrange(this) brings the bytes of `to` into place; `first`, unless NULL, is called on its
// stack below its frame before it resumes, and may itself switch.
struct Detour {
  Greenlet *to;
  void (*first)();
  gl_run run; // of one that begins: gl_greenlet::run may have become a queue's by then
#ifdef GREENLET_CHECKS
  void *value;
#endif
};

// Where a visit of the list stands; whoever takes a greenlet out of the list moves it on.
struct Cursor {
  Greenlet *next;
  Cursor *outer;
};

} // namespace gl

struct alignas(128) gl_realm {
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
  gl::Rare *rares = nullptr; // free ones
  uint32_t rares_cached = 0;
  std::atomic<uint32_t> stacks_cached{0};
  gl::Stack *stacks = nullptr;                   // free ones
  gl::FreeBuffer *buffers[gl::buffer_classes]{}; // free ones
  size_t buffer_bytes = 0;                       // of them
  gl::Greenlet *starting = nullptr;              // tracers are being told
  gl::Greenlet *leaving = nullptr;               // decided, but who is current has not arrived yet
  bool begins = false;                           // who is current then
  void *discarded_sp = nullptr;                  // where the last switch of an ended greenlet saves
  gl::Detour detour{};
  gl_delivery last_delivery{};     // of one that has ended
  gl::Fiber *left = nullptr;       // by the switch under way
  gl::Fiber ended_fiber{};         // of one that ended on a copied stack
  void *(*cxx_source)() = nullptr; // who told `cxx`
  gl::Counters counters;
  gl::Realm *prev = nullptr, *next = nullptr; // of threads that have not ended

  // Written by other threads.
  alignas(64) std::atomic<gl::Greenlet *> released{nullptr}; // orphans from elsewhere and from callbacks, newest first
  std::atomic<intptr_t> keepers{1};                          // itself, its blocks, handles on main: the last one frees it
  gl::Lock list_lock;                                        // guards the ring through main, and cursors
  gl::Cursor *cursors = nullptr;

  gl::Stack own_stack; // the thread's
  gl::Rare main_rare;
  alignas(128) char odd[64]{}; // main has an address that no block has: see group_of()
  gl::Greenlet main;
};

#pragma GCC visibility pop
