// SPDX-License-Identifier: MIT
// arm, 32 bits, AAPCS: the frame that arm.S pops, and the floating-point control word.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gl {

// From low to high addresses: what gl_arch_swap() pushes, and pops again.
struct Frame {
  void **received;
  uint32_t unused[2];
#ifdef __ARM_FP
  uint32_t d8_to_d15[16];
#endif
  uint32_t r4, r5, r6, r7, r8, r9, r10, r11;
  void (*return_address)(void);
};
// As debuggers call them; "-": not one. At last what points above them then.
constexpr char frame_registers[] = "- - - "
#ifdef __ARM_FP
                                   "- - - - - - - - - - - - - - - - "
#endif
                                   "r4 r5 r6 r7 r8 r9 r10 r11 pc sp";
static_assert(sizeof(Frame) % 8 == 0 && sizeof(Frame) - offsetof(Frame, r4) == 36);

// A frame just below `top` that enters run(data, ...) once it is resumed.
inline void *first_frame(void *top, void *greenlet, void (*run)(void), void *data, void **sink, void (*enter)(void)) {
  auto *frame = reinterpret_cast<Frame *>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t{7}) - 1;
  *frame = {};
  frame->received = sink;
  frame->r4 = reinterpret_cast<uint32_t>(greenlet);
  frame->r5 = reinterpret_cast<uint32_t>(run);
  frame->r6 = reinterpret_cast<uint32_t>(data);
  frame->return_address = enter;
  return frame; // r11 is 0: the chain of frame pointers ends here
}

// Of the caller, or a little above.
[[gnu::always_inline]] inline char *stack_pointer() {
  char *sp;
  asm("mov %0, sp" : "=r"(sp));
  return sp;
}

// Rounding and modes. The exception flags lie beside them, and stay.
struct FpWords {
  uint32_t fpscr;
};

#ifdef __ARM_FP
constexpr uint32_t fpscr_flags = 0xf800009f; // of comparisons and exceptions
inline void save_fp(FpWords *words) { asm volatile("vmrs %0, fpscr" : "=r"(words->fpscr)); }
inline void load_fp(const FpWords *words) {
  FpWords now;
  save_fp(&now);
  uint32_t wanted = (now.fpscr & fpscr_flags) | (words->fpscr & ~fpscr_flags);
  if (now.fpscr != wanted) asm volatile("vmsr fpscr, %0" : : "r"(wanted));
}
#else
inline void save_fp(FpWords *) {}
inline void load_fp(const FpWords *) {}
#endif

} // namespace gl
