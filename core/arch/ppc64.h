// SPDX-License-Identifier: MIT
// powerpc64, ELFv2 and ELFv1: the frame that ppc64.S saves, and the floating-point control word.
#pragma once

#include <cstddef>
#include <cstdint>

#ifdef __BIG_ENDIAN__
#include <sys/auxv.h>

// Whether there are vector registers to save: a program may use them although this library was not compiled for them. From before the first jump on it
// does not change.
extern "C" __attribute__((visibility("hidden"))) bool gl_arch_has_vectors;
#endif

namespace gl {

// From low to high addresses.
struct Frame {
  const Frame *caller; // the chain that the ABI wants there
  void **received;
  void (*return_address)(void);
  uint32_t cr, vrsave;
  uint64_t r14, r15, r16, others[15], floats[18], vectors[24];
};
// As debuggers call them; "-": not one. At last what points above them then.
constexpr char frame_registers[] = "- - pc - r14 r15 r16 r17 r18 r19 r20 r21 r22 r23 r24 r25 r26 r27 r28 r29 r30 r31 "
                                   "f14 f15 f16 f17 f18 f19 f20 f21 f22 f23 f24 f25 f26 f27 f28 f29 f30 f31 "
                                   "- - - - - - - - - - - - - - - - - - - - - - - - r1";
static_assert(sizeof(Frame) == 512 && offsetof(Frame, cr) == 24 && offsetof(Frame, r14) == 32 && offsetof(Frame, floats) == 176 &&
              offsetof(Frame, vectors) == 320);

// A frame just below `top` that enters run(data, ...) once it is resumed.
inline void *first_frame(void *top, void *greenlet, void (*run)(void), void *data, void **sink, void (*enter)(void)) {
#ifdef __BIG_ENDIAN__
  constexpr unsigned long has_altivec = 0x10000000; // PPC_FEATURE_HAS_ALTIVEC
  if (!__atomic_load_n(&gl_arch_has_vectors, __ATOMIC_RELAXED) && getauxval(AT_HWCAP) & has_altivec)
    __atomic_store_n(&gl_arch_has_vectors, true, __ATOMIC_RELAXED);
#endif
  auto *frame = reinterpret_cast<Frame *>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t{15}) - 1;
  *frame = {};
  frame->received = sink;
  frame->r14 = reinterpret_cast<uint64_t>(greenlet);
  frame->r15 = reinterpret_cast<uint64_t>(run);
  frame->r16 = reinterpret_cast<uint64_t>(data);
#if _CALL_ELF == 2
  frame->return_address = enter;
#else
  frame->return_address = *reinterpret_cast<void (**)(void)>(enter); // that is a descriptor: its first word leads to the code
#endif
  return frame;
}

// Of the caller, or a little above.
[[gnu::always_inline]] inline char *stack_pointer() {
  char *sp;
  asm("mr %0, 1" : "=r"(sp));
  return sp;
}

// Rounding, masks and modes, with the exception flags beside them.
struct FpWords {
  double fpscr;
};

inline uint64_t fp_controls(const FpWords *words) {
#ifdef _ARCH_PWR6
  constexpr uint64_t controls = 0x7000000ff; // with the rounding of decimal numbers
#else
  constexpr uint64_t controls = 0xff;
#endif
  return __builtin_bit_cast(uint64_t, words->fpscr) & controls;
}
inline void save_fp(FpWords *words) { asm volatile("mffs %0" : "=d"(words->fpscr)); }
inline void load_fp(const FpWords *words) {
  FpWords now;
  save_fp(&now);
  if (fp_controls(&now) == fp_controls(words)) return; // writing is slow
  asm volatile("mtfsf 3, %0" : : "d"(words->fpscr));   // the last two of eight parts, which have no flags
#ifdef _ARCH_PWR6
  asm volatile("mtfsf 1, %0, 0, 1" : : "d"(words->fpscr)); // likewise in the upper half
#endif
}

} // namespace gl
