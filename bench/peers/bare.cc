// SPDX-License-Identifier: MIT
// The bare jump: no checks, nothing kept but the registers.
#include "bare.h"

#include "loops.h"
#include "stacks.h"

namespace {

struct Bare {
  static constexpr const char *name = "bare jump";
  static const char *version() { return ""; }

  struct Context {
    void *sp;
  };

  template <void (*Body)(Context &, void *)> static void start(Context &context, Context &) {
    context.sp = bench::new_bare_frame(bench::new_stack(), &context, reinterpret_cast<void *>(Body));
  }

  [[gnu::always_inline]] static void *exchange(Context &self, Context &to, Context &, void *value) {
    return bench_bare(&self.sp, to.sp, value);
  }

  static inline Context maker, made;

  static void body(Context &, void *value) { bench_bare(&made.sp, maker.sp, value); }

  static void *live(void *value) {
    static char *stack = bench::new_stack();
    return bench_bare(&maker.sp, bench::new_bare_frame(stack, &made, reinterpret_cast<void *>(body)), value);
  }

  static void *current() { return bench_empty(); }
};

[[maybe_unused]] const bool added = bench::add<Bare>();

} // namespace
