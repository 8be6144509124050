// SPDX-License-Identifier: MIT
// loongarch64: the frame that loongarch64.S saves, and the floating-point control word.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gl {

// From low to high addresses.
struct Frame {
  void **received;
  uint64_t s0, s1, s2, s3, s4, s5, s6, s7, s8, fp;
  void (*return_address)(void);
#ifdef __loongarch_double_float
  uint64_t fs0, fs1, fs2, fs3, fs4, fs5, fs6, fs7;
#endif
};
static_assert(offsetof(Frame, s0) == 8 && offsetof(Frame, return_address) == 88 && sizeof(Frame) % 16 == 0);

// As debuggers call them; "-": not one. At last what points above them then.
#ifdef __loongarch_double_float
constexpr char frame_registers[] = "- r23 r24 r25 r26 r27 r28 r29 r30 r31 r22 pc f24 f25 f26 f27 f28 f29 f30 f31 r3";
static_assert(sizeof(Frame) == 160 && offsetof(Frame, fs0) == 96);
#else
constexpr char frame_registers[] = "- r23 r24 r25 r26 r27 r28 r29 r30 r31 r22 pc r3";
static_assert(sizeof(Frame) == 96);
#endif

// A frame just below `top` that enters run(data, ...) once it is resumed.
inline void *first_frame(void *top, void *greenlet, void (*run)(void), void *data, void **sink, void (*enter)(void)) {
  auto *frame = reinterpret_cast<Frame *>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t{15}) - 1;
  *frame = {};
  frame->received = sink;
  frame->s0 = reinterpret_cast<uint64_t>(greenlet);
  frame->s1 = reinterpret_cast<uint64_t>(run);
  frame->s2 = reinterpret_cast<uint64_t>(data);
  frame->return_address = enter;
  return frame; // fp is 0: the chain of frame pointers ends here
}

// Of the caller, or a little above.
[[gnu::always_inline]] inline char *stack_pointer() {
  char *sp;
  asm("move %0, $sp" : "=r"(sp));
  return sp;
}

#ifdef __loongarch_double_float
// Enabled traps and rounding. These two are parts of one register, without the exception flags.
struct FpWords {
  uint32_t enables, rounding;
};

inline void save_fp(FpWords *words) {
  words->enables = __builtin_loongarch_movfcsr2gr(1);
  words->rounding = __builtin_loongarch_movfcsr2gr(3);
}
inline void load_fp(const FpWords *words) {
  FpWords now;
  save_fp(&now);
  if (now.enables != words->enables) __builtin_loongarch_movgr2fcsr(1, words->enables); // slow
  if (now.rounding != words->rounding) __builtin_loongarch_movgr2fcsr(3, words->rounding);
}
#else
struct FpWords {};

inline void save_fp(FpWords *) {}
inline void load_fp(const FpWords *) {}
#endif

} // namespace gl
