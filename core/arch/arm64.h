// SPDX-License-Identifier: MIT
// arm64, AAPCS64: the frame that arm64.S saves, and the floating-point control word.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gl {

// From low to high addresses.
struct Frame {
  void **received;
  uint64_t unused;
  uint64_t x19, x20, x21, x22, x23, x24, x25, x26, x27, x28, x29;
  void (*return_address)(void);
  uint64_t d8, d9, d10, d11, d12, d13, d14, d15;
};
// As debuggers call them; "-": not one. At last what points above them then.
constexpr char frame_registers[] = "- - x19 x20 x21 x22 x23 x24 x25 x26 x27 x28 x29 pc d8 d9 d10 d11 d12 d13 d14 d15 sp";
static_assert(sizeof(Frame) == 176 && offsetof(Frame, x19) == 16 && offsetof(Frame, d8) == 112);

// A frame just below `top` that enters run(data, ...) once it is resumed.
inline void *first_frame(void *top, void *greenlet, void (*run)(void), void *data, void **sink, void (*enter)(void)) {
  auto *frame = reinterpret_cast<Frame *>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t{15}) - 1;
  *frame = {};
  frame->received = sink;
  frame->x19 = reinterpret_cast<uint64_t>(greenlet);
  frame->x20 = reinterpret_cast<uint64_t>(run);
  frame->x21 = reinterpret_cast<uint64_t>(data);
  frame->return_address = enter;
  return frame; // x29 is 0: the chain of frame pointers ends here
}

// Of the caller, or a little above.
[[gnu::always_inline]] inline char *stack_pointer() {
  char *sp;
  asm("mov %0, sp" : "=r"(sp));
  return sp;
}

// Rounding and modes. The exception flags are in another register.
struct FpWords {
  uint64_t fpcr;
};

inline void save_fp(FpWords *words) { asm volatile("mrs %0, fpcr" : "=r"(words->fpcr)); }
inline void load_fp(const FpWords *words) {
  FpWords now;
  save_fp(&now);
  if (now.fpcr != words->fpcr) asm volatile("msr fpcr, %0" : : "r"(words->fpcr)); // slow
}

} // namespace gl
