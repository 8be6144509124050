// SPDX-License-Identifier: MIT
// Moves bytes between a stack and a buffer. memcpy() is best for little, and again beyond the second-level cache. In between, a greenlet has just written
// its lowest bytes and needs them first: so they are read last, and written last.
#include "internal.h"

#include <cstring>

// GCC does not align 32-byte variables that it puts on stacks of Windows. On macOS not everybody (Rust) links what __builtin_cpu_supports() reads.
#if defined(__x86_64__) && !defined(_WIN32) && !defined(__APPLE__)
#define COPIES_DOWNWARD 1
#include <immintrin.h>
#endif

namespace gl {

#ifdef COPIES_DOWNWARD

constexpr size_t block = 128;

[[gnu::target("avx")]] static inline void copy_block(char *to, const char *from) {
  auto load = [&](int n) __attribute__((target("avx"))) { return _mm256_loadu_si256(reinterpret_cast<const __m256i *>(from) + n); };
  __m256i a = load(3), b = load(2), c = load(1), d = load(0);
  auto *out = reinterpret_cast<__m256i *>(to);
  _mm256_storeu_si256(out + 3, a);
  _mm256_storeu_si256(out + 2, b);
  _mm256_storeu_si256(out + 1, c);
  _mm256_storeu_si256(out, d);
}

[[gnu::target("avx"), gnu::noinline]] static void copy_downward(char *to, const char *from, size_t n) {
  size_t rest = n;
  for (; rest >= block; rest -= block) copy_block(to + rest - block, from + rest - block);
  if (rest) copy_block(to, from); // overlaps the block before
  _mm256_zeroupper();
}

void copy_slice(char *to, const char *from, size_t n) {
  if (n < 512 || n >= 64 << 10 || !__builtin_cpu_supports("avx")) memcpy(to, from, n);
  else copy_downward(to, from, n);
}

#else

void copy_slice(char *to, const char *from, size_t n) { memcpy(to, from, n); }

#endif

} // namespace gl
