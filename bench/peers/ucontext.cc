// SPDX-License-Identifier: MIT
// POSIX ucontext: two system calls a transfer, for the signal mask. It carries no value, so that lies in a variable.
#include <gnu/libc-version.h>
#include <ucontext.h>

#include "loops.h"
#include "stacks.h"

namespace {

struct Ucontext {
  static constexpr const char *name = "ucontext";
  static const char *version() { return gnu_get_libc_version(); }

  struct Context {
    ucontext_t registers;
  };

  static inline void *mailbox;

  static void make(Context &context, Context *after, char *top, void (*entry)()) {
    getcontext(&context.registers);
    context.registers.uc_stack.ss_sp = top - bench::stack_size / 2;
    context.registers.uc_stack.ss_size = bench::stack_size / 2;
    context.registers.uc_link = after ? &after->registers : nullptr;
    makecontext(&context.registers, entry, 0);
  }

  // makecontext passes ints only, so a first visit tells the new context who it is, and comes back.
  template <void (*Body)(Context &, void *)> static void start(Context &context, Context &) {
    static Context *starts;
    static ucontext_t here;
    starts = &context;
    make(context, nullptr, bench::new_stack(), [] {
      Context &self = *starts;
      swapcontext(&self.registers, &here);
      Body(self, mailbox);
    });
    swapcontext(&here, &context.registers);
  }

  [[gnu::always_inline]] static void *exchange(Context &self, Context &to, Context &, void *value) {
    mailbox = value;
    swapcontext(&self.registers, &to.registers);
    return mailbox;
  }

  static void *live(void *value) {
    static char *stack = bench::new_stack();
    static Context maker, made;
    mailbox = value;
    make(made, &maker, stack, [] {});
    swapcontext(&maker.registers, &made.registers);
    return mailbox;
  }
};

[[maybe_unused]] const bool added = bench::add<Ucontext>();

} // namespace
