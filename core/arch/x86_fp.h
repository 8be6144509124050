// SPDX-License-Identifier: MIT
// x86: the floating-point control words, whatever the calling convention.
#pragma once

#include <cstdint>

namespace gl {

// Rounding, masks and modes: callee-saved, other than the exception flags beside them.
struct FpWords {
  uint32_t mxcsr;
  uint16_t x87_control;
};

inline bool has_sse() {
#ifdef __x86_64__
  return true;
#else
  return __builtin_cpu_supports("sse"); // the first processors of this kind have none
#endif
}

inline void save_fp(FpWords *words) {
  if (has_sse()) asm volatile("stmxcsr %0" : "=m"(words->mxcsr));
  asm volatile("fnstcw %0" : "=m"(words->x87_control));
}
inline void load_fp(const FpWords *words) {
  if (has_sse()) asm volatile("ldmxcsr %0" : : "m"(words->mxcsr));
  asm volatile("fldcw %0" : : "m"(words->x87_control));
}

} // namespace gl
