// SPDX-License-Identifier: MIT
// m68k with a floating-point unit, System V: the frame that m68k.S pops, and the floating-point control word.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gl {

// From low to high addresses: what gl_arch_swap() pushes, and pops again.
struct Frame {
  void **received;
  uint32_t fp2_to_fp7[18];
  uint32_t d2, d3, d4, d5, d6, d7, a2, a3, a4, a5, a6;
  void (*return_address)(void);
};
// As debuggers call them; "-": not one, or a part. At last what points above them then.
constexpr char frame_registers[] = "- - - - - - - - - - - - - - - - - - - d2 d3 d4 d5 d6 d7 a2 a3 a4 a5 fp pc sp";
static_assert(sizeof(Frame) == 124 && offsetof(Frame, d2) == 76 && offsetof(Frame, return_address) == 120);

// A frame just below `top` that enters run(data, ...) once it is resumed.
inline void *first_frame(void *top, void *greenlet, void (*run)(void), void *data, void **sink, void (*enter)(void)) {
  auto *frame = reinterpret_cast<Frame *>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t{3}) - 1;
  *frame = {};
  frame->received = sink;
  frame->d2 = reinterpret_cast<uint32_t>(greenlet);
  frame->d3 = reinterpret_cast<uint32_t>(data);
  frame->a2 = reinterpret_cast<uint32_t>(run);
  frame->return_address = enter;
  return frame; // a6 is 0: the chain of frame pointers ends here
}

// Of the caller, or a little above.
[[gnu::always_inline]] inline char *stack_pointer() {
  char *sp;
  asm("move.l %%sp, %0" : "=r"(sp));
  return sp;
}

// Rounding, precision and traps. The exception flags are in another register.
struct FpWords {
  uint32_t fpcr;
};

inline void save_fp(FpWords *words) { asm volatile("fmove.l %%fpcr, %0" : "=d"(words->fpcr)); }
inline void load_fp(const FpWords *words) { asm volatile("fmove.l %0, %%fpcr" : : "d"(words->fpcr)); }

} // namespace gl
