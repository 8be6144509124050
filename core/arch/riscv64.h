// SPDX-License-Identifier: MIT
// riscv64: the frame that riscv64.S saves, and the rounding mode.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gl {

// From low to high addresses.
struct Frame {
  void **received;
  uint64_t s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11;
  void (*return_address)(void);
#ifndef __riscv_float_abi_soft
  uint64_t fs0, fs1, fs2, fs3, fs4, fs5, fs6, fs7, fs8, fs9, fs10, fs11;
#endif
};
static_assert(offsetof(Frame, s0) == 8 && offsetof(Frame, return_address) == 104 && sizeof(Frame) % 16 == 0);

// As debuggers call them; "-": not one. At last what points above them then.
#ifdef __riscv_float_abi_soft
constexpr char frame_registers[] = "- fp s1 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 pc sp";
static_assert(sizeof(Frame) == 112);
#else
constexpr char frame_registers[] = "- fp s1 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 pc fs0 fs1 fs2 fs3 fs4 fs5 fs6 fs7 fs8 fs9 fs10 fs11 sp";
static_assert(sizeof(Frame) == 208 && offsetof(Frame, fs0) == 112);
#endif

// A frame just below `top` that enters run(data, ...) once it is resumed.
inline void *first_frame(void *top, void *greenlet, void (*run)(void), void *data, void **sink, void (*enter)(void)) {
  auto *frame = reinterpret_cast<Frame *>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t{15}) - 1;
  *frame = {};
  frame->received = sink;
  frame->s1 = reinterpret_cast<uint64_t>(greenlet);
  frame->s2 = reinterpret_cast<uint64_t>(run);
  frame->s3 = reinterpret_cast<uint64_t>(data);
  frame->return_address = enter;
  return frame; // s0 is 0: the chain of frame pointers ends here
}

// Of the caller, or a little above.
[[gnu::always_inline]] inline char *stack_pointer() {
  char *sp;
  asm("mv %0, sp" : "=r"(sp));
  return sp;
}

// The exception flags are beside it, and stay.
struct FpWords {
#ifdef __riscv_flen
  uint64_t rounding;
#endif
};

#ifdef __riscv_flen
inline void save_fp(FpWords *words) { asm volatile("frrm %0" : "=r"(words->rounding)); }
inline void load_fp(const FpWords *words) {
  FpWords now;
  save_fp(&now);
  if (now.rounding != words->rounding) asm volatile("fsrm %0" : : "r"(words->rounding)); // slow
}
#else
inline void save_fp(FpWords *) {}
inline void load_fp(const FpWords *) {}
#endif

} // namespace gl
