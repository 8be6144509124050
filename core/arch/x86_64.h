// SPDX-License-Identifier: MIT
// x86-64, System V: the frame that x86_64.S pops.
#pragma once

#include <cstddef>
#include <cstdint>

#include "x86_fp.h"

namespace gl {

// From low to high addresses: what gl_arch_swap() pushes, and pops again.
struct Frame {
  uint64_t received;
  uint64_t r15, r14, r13, r12, rbx, rbp;
  uint64_t return_address;
};
// As debuggers call them; "-": not one. At last what points above them then.
constexpr char frame_registers[] = "- r15 r14 r13 r12 rbx rbp rip rsp";
static_assert(sizeof(Frame) == 64 && offsetof(Frame, r12) == 32 && offsetof(Frame, return_address) == 56);

// A frame just below `top` that enters run(data, ...) once it is resumed.
inline void *first_frame(void *top, void *greenlet, void (*run)(void), void *data, void **sink, void (*enter)(void)) {
  auto *frame = reinterpret_cast<Frame *>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t{15}) - 1;
  *frame = {};
  frame->received = reinterpret_cast<uintptr_t>(sink);
  frame->rbx = reinterpret_cast<uintptr_t>(greenlet);
  frame->r12 = reinterpret_cast<uintptr_t>(run);
  frame->r13 = reinterpret_cast<uintptr_t>(data);
  frame->return_address = reinterpret_cast<uintptr_t>(enter);
  return frame; // rbp is 0: the chain of frame pointers ends here
}

// Of the caller, or a little above.
[[gnu::always_inline]] inline char *stack_pointer() {
  uint64_t sp;
  asm("mov %%rsp, %0" : "=r"(sp));
  return reinterpret_cast<char *>(sp);
}

} // namespace gl
