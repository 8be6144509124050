// SPDX-License-Identifier: MIT
// s390x, Linux's ELF ABI: the frame that s390x.S saves, and the floating-point control word.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gl {

// From low to high addresses.
struct Frame {
  void **received;
  uint64_t r6, r7, r8, r9, r10, r11, r12, r13;
  void (*return_address)(void);
  uint64_t f8, f9, f10, f11, f12, f13, f14, f15;
};
// As debuggers call them; "-": not one. At last what points above them then.
constexpr char frame_registers[] = "- r6 r7 r8 r9 r10 r11 r12 r13 pc f8 f9 f10 f11 f12 f13 f14 f15 r15";
static_assert(sizeof(Frame) == 144 && offsetof(Frame, r6) == 8 && offsetof(Frame, return_address) == 72 && offsetof(Frame, f8) == 80);

// A frame just below `top` that enters run(data, ...) once it is resumed.
inline void *first_frame(void *top, void *greenlet, void (*run)(void), void *data, void **sink, void (*enter)(void)) {
  auto *frame = reinterpret_cast<Frame *>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t{15}) - 1;
  *frame = {};
  frame->received = sink;
  frame->r6 = reinterpret_cast<uint64_t>(greenlet);
  frame->r7 = reinterpret_cast<uint64_t>(run);
  frame->r8 = reinterpret_cast<uint64_t>(data);
  frame->return_address = enter;
  return frame;
}

// Of the caller, or a little above.
[[gnu::always_inline]] inline char *stack_pointer() {
  char *sp;
  asm("lgr %0, %%r15" : "=r"(sp));
  return sp;
}

// Masks and rounding. Exception flags and the data exception code are in the same register.
struct FpWords {
  uint32_t fpc;
};
constexpr uint32_t fpc_control = 0xfc000077;

inline void save_fp(FpWords *words) { asm volatile("efpc %0" : "=r"(words->fpc)); }
inline void load_fp(const FpWords *words) {
  FpWords now;
  save_fp(&now);
  uint32_t changed = (now.fpc ^ words->fpc) & fpc_control;
  if (changed) asm volatile("sfpc %0" : : "r"(now.fpc ^ changed)); // slow
}

} // namespace gl
