// SPDX-License-Identifier: MIT
// x86-64, Windows: the frame that x86_64_windows.S pops.
#pragma once

#include <cstddef>
#include <cstdint>

#include "x86_fp.h"

namespace gl {

// From low to high addresses: what gl_arch_swap() saves, and loads again. The system asks the thread environment block about the stack that runs.
struct Frame {
  void **received;
  uint32_t guaranteed, last_error;
  unsigned char xmm[10][16];
  void *exceptions;
  void *stack_base, *stack_limit, *deallocation_stack;
  void *fiber;
  uint64_t r15, r14, r13, r12, rsi, rdi, rbx, rbp;
  void (*return_address)(void);
};
// As debuggers call them; "-": not one. At last what points above them then.
constexpr char frame_registers[] = "- - - - - - - - - - - - - - - - - - - - - - - - - - - r15 r14 r13 r12 rsi rdi rbx rbp rip rsp";
static_assert(sizeof(Frame) == 288 && offsetof(Frame, xmm) == 16 && offsetof(Frame, exceptions) == 176 && offsetof(Frame, fiber) == 208 &&
              offsetof(Frame, r15) == 216 && offsetof(Frame, return_address) == 280);

// A frame just below `top` that enters run(data, ...) once it is resumed. Above it lies the end of the stack for unwinders: a return address of 0.
inline void *first_frame(void *top, void *greenlet, void (*run)(void), void *data, void **sink, void (*enter)(void)) {
  char *end = reinterpret_cast<char *>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t{15}) - 16;
  reinterpret_cast<uint64_t *>(end)[1] = 0;
  auto *frame = reinterpret_cast<Frame *>(end) - 1;
  *frame = {};
  frame->received = sink;
  frame->exceptions = reinterpret_cast<void *>(UINTPTR_MAX); // the end of its chain
  asm("movq %%gs:0x20, %0" : "=r"(frame->fiber));            // that of the thread
  frame->rbx = reinterpret_cast<uint64_t>(greenlet);
  frame->r12 = reinterpret_cast<uint64_t>(run);
  frame->r13 = reinterpret_cast<uint64_t>(data);
  frame->return_address = enter;
  return frame;
}

// What the system is to take for the stack while it runs: from `limit` to `base` there is memory, above `deallocation` it may grow.
inline void set_bounds(void *saved, void *deallocation, void *limit, void *base) {
  auto *frame = static_cast<Frame *>(saved);
  frame->deallocation_stack = deallocation;
  frame->stack_limit = limit;
  frame->stack_base = base;
}

inline void set_limit(void *saved, void *limit) { static_cast<Frame *>(saved)->stack_limit = limit; }
inline void set_own_limit(void *limit) { asm volatile("movq %0, %%gs:0x10" : : "r"(limit) : "memory"); }

// Of the caller, or a little above.
[[gnu::always_inline]] inline char *stack_pointer() {
  char *sp;
  asm("mov %%rsp, %0" : "=r"(sp));
  return sp;
}

} // namespace gl
