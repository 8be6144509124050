// SPDX-License-Identifier: MIT
// What bare.S has.
#pragma once

extern "C" {
void *bench_bare(void **save, void *load, void *value);
void bench_bare_start(void);
void *bench_empty(void);
}

namespace bench {

// The saved stack pointer of a new context: body(context, value), which never returns, on the stack that ends at `top`.
inline void *new_bare_frame(char *top, void *context, void *body) {
  void **sp = reinterpret_cast<void **>(top);
  *--sp = nullptr; // keeps the stack aligned for the call of the body
  *--sp = nullptr;
  *--sp = reinterpret_cast<void *>(bench_bare_start);
  *--sp = nullptr; // rbp
  *--sp = context; // rbx
  *--sp = body;    // r12
  return sp - 3;
}

} // namespace bench
