// SPDX-License-Identifier: MIT
// 64-bit SPARC, V9: the frame that sparc64.S saves, and the floating-point control word.
#pragma once

#include <cstddef>
#include <cstdint>

// By so much do %sp and saved frame pointers lie below what they mean. Addresses in C++ are without it.
#define GL_STACK_BIAS 2047

namespace gl {

// From low to high addresses. The caller's registers follow, where register windows are written to.
struct Frame {
  void **received;
  void (*return_address)(void); // less 8, as calls leave it
};
// As debuggers call them; "-": not one. At last what points above them then.
constexpr char frame_registers[] = "- pc sp";
static_assert(sizeof(Frame) == 16 && offsetof(Frame, return_address) == 8);

// What its caller has.
struct FirstFrame {
  Frame frame;
  uint64_t l0, l1, l2, l3, l4, l5, l6, l7, i0, i1, i2, i3, i4, i5, i6, i7;
  uint64_t arguments[6]; // room for those of functions that it calls
  uint64_t result, unused;
};
static_assert(sizeof(FirstFrame) == 208 && offsetof(FirstFrame, result) == 192);

// A frame just below `top` that enters run(data, ...) once it is resumed.
inline void *first_frame(void *top, void *greenlet, void (*run)(void), void *data, void **sink, void (*enter)(void)) {
  auto *first = reinterpret_cast<FirstFrame *>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t{15}) - 1;
  *first = {};
  first->frame.received = sink;
  first->frame.return_address = reinterpret_cast<void (*)(void)>(reinterpret_cast<uintptr_t>(enter) - 8);
  first->l0 = reinterpret_cast<uint64_t>(greenlet);
  first->l1 = reinterpret_cast<uint64_t>(run);
  first->l2 = reinterpret_cast<uint64_t>(data);
  return first;
}

// Of the caller, or a little above.
[[gnu::always_inline]] inline char *stack_pointer() {
  char *sp;
  asm("add %%sp, %1, %0" : "=r"(sp) : "i"(GL_STACK_BIAS));
  return sp;
}

// Rounding, traps and the mode for tiny numbers. Exception flags and conditions are in the same register.
struct FpWords {
  uint64_t fsr;
};
constexpr uint64_t fsr_control = 0xcfc00000;

inline void save_fp(FpWords *words) { asm volatile("stx %%fsr, %0" : "=m"(words->fsr)); }
inline void load_fp(const FpWords *words) {
  FpWords now;
  save_fp(&now);
  uint64_t changed = (now.fsr ^ words->fsr) & fsr_control;
  if (!changed) return;
  now.fsr ^= changed;
  asm volatile("ldx %0, %%fsr" : : "m"(now.fsr)); // slow
}

} // namespace gl
