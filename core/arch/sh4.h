// SPDX-License-Identifier: MIT
// SH-4 with double precision: the frame that sh4.S saves, and the floating-point control word.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gl {

// From low to high addresses.
struct Frame {
  void **received;
  uint32_t r8, r9, r10, r11, r12, r13, r14;
  void (*return_address)(void);
  uint32_t fr12, fr13, fr14, fr15;
};
// As debuggers call them; "-": not one. At last what points above them then.
constexpr char frame_registers[] = "- r8 r9 r10 r11 r12 r13 r14 pc fr12 fr13 fr14 fr15 r15";
static_assert(sizeof(Frame) == 52 && offsetof(Frame, r8) == 4 && offsetof(Frame, fr12) == 36);

// A frame just below `top` that enters run(data, ...) once it is resumed.
inline void *first_frame(void *top, void *greenlet, void (*run)(void), void *data, void **sink, void (*enter)(void)) {
  auto *frame = reinterpret_cast<Frame *>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t{7}) - 1;
  *frame = {};
  frame->received = sink;
  frame->r8 = reinterpret_cast<uint32_t>(greenlet);
  frame->r9 = reinterpret_cast<uint32_t>(run);
  frame->r10 = reinterpret_cast<uint32_t>(data);
  frame->return_address = enter;
  return frame; // r14 is 0: the chain of frame pointers ends here
}

// Of the caller, or a little above.
[[gnu::always_inline]] inline char *stack_pointer() {
  char *sp;
  asm("mov r15, %0" : "=r"(sp));
  return sp;
}

// Rounding, traps and the mode for tiny numbers. In the same register are exception flags, and precision and transfer size, which are alike at every call.
struct FpWords {
  uint32_t fpscr;
};
constexpr uint32_t fpscr_control = 0x40f83;

inline void save_fp(FpWords *words) { asm volatile("sts fpscr, %0" : "=r"(words->fpscr)); }
inline void load_fp(const FpWords *words) {
  FpWords now;
  save_fp(&now);
  uint32_t changed = (now.fpscr ^ words->fpscr) & fpscr_control;
  if (changed) asm volatile("lds %0, fpscr" : : "r"(now.fpscr ^ changed)); // slow
}

} // namespace gl
