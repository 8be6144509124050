// SPDX-License-Identifier: MIT
// i386, System V: the frame that i386.S pops.
#pragma once

#include <cstddef>
#include <cstdint>

#include "x86_fp.h"

namespace gl {

// From low to high addresses: what gl_arch_swap() pushes, and pops again.
struct Frame {
  void **received;
  uint32_t edi, esi, ebx, ebp;
  void (*return_address)(void);
};
// As debuggers call them; "-": not one. At last what points above them then.
constexpr char frame_registers[] = "- edi esi ebx ebp eip esp";
static_assert(sizeof(Frame) == 24 && offsetof(Frame, ebx) == 12);

// A frame just below `top` that enters run(data, ...) once it is resumed.
inline void *first_frame(void *top, void *greenlet, void (*run)(void), void *data, void **sink, void (*enter)(void)) {
  auto *frame = reinterpret_cast<Frame *>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t{15}) - 1;
  *frame = {};
  frame->received = sink;
  frame->ebx = reinterpret_cast<uint32_t>(greenlet);
  frame->esi = reinterpret_cast<uint32_t>(run);
  frame->edi = reinterpret_cast<uint32_t>(data);
  frame->return_address = enter;
  return frame; // ebp is 0: the chain of frame pointers ends here
}

// Of the caller, or a little above.
[[gnu::always_inline]] inline char *stack_pointer() {
  char *sp;
  asm("mov %%esp, %0" : "=r"(sp));
  return sp;
}

} // namespace gl
