// SPDX-License-Identifier: MIT
// Alpha: the frame that alpha.S saves, and the floating-point control word.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gl {

// From low to high addresses.
struct Frame {
  void **received;
  void (*return_address)(void);
  uint64_t s0, s1, s2, s3, s4, s5, fp;
  uint64_t f2, f3, f4, f5, f6, f7, f8, f9;
  uint64_t unused;
};
// As debuggers call them; "-": not one. At last what points above them then.
constexpr char frame_registers[] = "- pc s0 s1 s2 s3 s4 s5 fp f2 f3 f4 f5 f6 f7 f8 f9 - sp";
static_assert(sizeof(Frame) == 144 && offsetof(Frame, s0) == 16 && offsetof(Frame, f2) == 72);

// A frame just below `top` that enters run(data, ...) once it is resumed.
inline void *first_frame(void *top, void *greenlet, void (*run)(void), void *data, void **sink, void (*enter)(void)) {
  auto *frame = reinterpret_cast<Frame *>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t{15}) - 1;
  *frame = {};
  frame->received = sink;
  frame->return_address = enter;
  frame->s0 = reinterpret_cast<uint64_t>(greenlet);
  frame->s1 = reinterpret_cast<uint64_t>(run);
  frame->s2 = reinterpret_cast<uint64_t>(data);
  return frame;
}

// Of the caller, or a little above.
[[gnu::always_inline]] inline char *stack_pointer() {
  char *sp;
  asm("mov $30, %0" : "=r"(sp));
  return sp;
}

// Rounding, traps and modes. Exception flags are in the same register. What the kernel keeps beside it is not exchanged: that needs system calls.
struct FpWords {
  uint64_t fpcr;
};
constexpr uint64_t fpcr_control = 0x7c0f800000000000;

inline void save_fp(FpWords *words) {
  double fpcr; // control words travel in floating-point registers
  asm volatile("excb\n\tmf_fpcr %0\n\texcb" : "=f"(fpcr));
  words->fpcr = __builtin_bit_cast(uint64_t, fpcr);
}
inline void load_fp(const FpWords *words) {
  FpWords now;
  save_fp(&now);
  uint64_t changed = (now.fpcr ^ words->fpcr) & fpcr_control;
  if (changed) asm volatile("excb\n\tmt_fpcr %0\n\texcb" : : "f"(__builtin_bit_cast(double, now.fpcr ^ changed))); // slow
}

} // namespace gl
