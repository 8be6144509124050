// SPDX-License-Identifier: MIT
// mips, o32 and n64: the frame that mips.S saves, and the floating-point control word.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gl {

// From low to high addresses.
struct Frame {
  void **received;
  uintptr_t s0, s1, s2, s3, s4, s5, s6, s7, gp, s8;
  void (*return_address)(void);
#if defined(__mips_soft_float)
#elif _MIPS_SIM == _ABI64
  uint64_t f24, f25, f26, f27, f28, f29, f30, f31;
#else
  uint64_t f20, f22, f24, f26, f28, f30;
#endif
};
static_assert(offsetof(Frame, s0) == sizeof(void *) && offsetof(Frame, return_address) == 11 * sizeof(void *));

// As debuggers call them; "-": not one. At last what points above them then.
#if defined(__mips_soft_float)
constexpr char frame_registers[] = "- s0 s1 s2 s3 s4 s5 s6 s7 gp s8 pc sp";
static_assert(sizeof(Frame) == 12 * sizeof(void *));
#elif _MIPS_SIM == _ABI64
constexpr char frame_registers[] = "- s0 s1 s2 s3 s4 s5 s6 s7 gp s8 pc f24 f25 f26 f27 f28 f29 f30 f31 sp";
static_assert(sizeof(Frame) == 160 && offsetof(Frame, f24) == 96);
#else // how wide floating-point registers are, the process decides
constexpr char frame_registers[] = "- s0 s1 s2 s3 s4 s5 s6 s7 gp s8 pc - - - - - - - - - - - - sp";
static_assert(sizeof(Frame) == 96 && offsetof(Frame, f20) == 48);
#endif

// A frame just below `top` that enters run(data, ...) once it is resumed.
inline void *first_frame(void *top, void *greenlet, void (*run)(void), void *data, void **sink, void (*enter)(void)) {
  auto *frame = reinterpret_cast<Frame *>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t{15}) - 1;
  *frame = {};
  frame->received = sink;
  frame->s0 = reinterpret_cast<uintptr_t>(greenlet);
  frame->s1 = reinterpret_cast<uintptr_t>(run);
  frame->s2 = reinterpret_cast<uintptr_t>(data);
  frame->return_address = enter;
  return frame;
}

// Of the caller, or a little above.
[[gnu::always_inline]] inline char *stack_pointer() {
  char *sp;
  asm("move %0, $sp" : "=r"(sp));
  return sp;
}

#if defined(__mips_soft_float)
struct FpWords {};

inline void save_fp(FpWords *) {}
inline void load_fp(const FpWords *) {}
#else
// Rounding, enabled traps and flushing to zero. The same register has the exception flags and conditions, which stay.
struct FpWords {
  uint32_t fcsr;
};

inline void save_fp(FpWords *words) { asm volatile("cfc1 %0, $31" : "=r"(words->fcsr)); }
inline void load_fp(const FpWords *words) {
  constexpr uint32_t control = 0x01000f83, causes = 0x0003f000; // causes that are enabled would trap
  FpWords now;
  save_fp(&now);
  if ((now.fcsr ^ words->fcsr) & control) // writing is slow
    asm volatile("ctc1 %0, $31" : : "r"((now.fcsr & ~(control | causes)) | (words->fcsr & control)));
}
#endif

} // namespace gl
