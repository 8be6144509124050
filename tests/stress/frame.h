// SPDX-License-Identifier: MIT
// What a body has on its stack and in registers while it waits, for whatever copies stacks to get wrong.
#pragma once
#include <cstddef>
#include <cstdint>

inline uint64_t scramble(uint64_t n) { // splitmix64
  n += 0x9e3779b97f4a7c15;
  n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9;
  n = (n ^ n >> 27) * 0x94d049bb133111eb;
  return n ^ n >> 31;
}

// One of the frames of a body: a link to the one that called it, and bytes full of a pattern of its own.
struct Frame {
  const Frame *outer;
  uint64_t seed;
  uint64_t *words;
  size_t count;

  void fill() const {
    for (size_t i = 0; i < count; i++) words[i] = word(i);
  }
  bool is_intact() const {
    uint64_t wrong = 0;
    for (size_t i = 0; i < count; i++) wrong |= words[i] ^ word(i);
    return !wrong && (!outer || outer->is_intact());
  }

private:
  uint64_t word(size_t i) const { return seed + i * 0x9e3779b97f4a7c15; }
};

// Values that the compiler can neither foresee nor compute again, so that it keeps them across a call, in the registers that a callee saves as long as
// there are some.
class Kept {
public:
  explicit Kept(uint64_t n)
      : seed(n), a(opaque(n)), b(opaque(n + 1)), c(opaque(n + 2)), d(opaque(n + 3)), e(opaque(n + 4)), f(opaque(n + 5)), x(double(f)) {}
  bool is_intact() const {
    return a == seed && b == seed + 1 && c == seed + 2 && d == seed + 3 && e == seed + 4 && f == seed + 5 && x == double(f);
  }

private:
  static uint64_t opaque(uint64_t n) {
    volatile uint64_t hidden = n;
    return hidden;
  }
  uint64_t seed, a, b, c, d, e, f;
  double x;
};
