// SPDX-License-Identifier: MIT
// boost::context::fiber, with stacks from Boost's pool. resume() carries no value, so it lies in a variable.
#include <boost/context/fiber.hpp>
#include <boost/context/pooled_fixedsize_stack.hpp>
#include <boost/version.hpp>

#include <memory>
#include <utility>

#include "loops.h"

namespace {

using boost::context::fiber;

struct Fiber {
  static constexpr const char *name = "boost::context::fiber";
  static const char *version() { return BOOST_LIB_VERSION; }

  struct Context {
    fiber waits;
    bool catches = false; // waits in raise()
  };

  static inline void *mailbox;

  static auto &pool() {
    static boost::context::pooled_fixedsize_stack stacks;
    return stacks;
  }

  template <void (*Body)(Context &, void *)> static void start(Context &context, Context &from) {
    context.waits = fiber(std::allocator_arg, pool(), [&context, &from](fiber &&came) {
      from.waits = std::move(came);
      Body(context, mailbox);
      return fiber();
    });
  }

  [[gnu::always_inline]] static void *exchange(Context &, Context &to, Context &back, void *value) {
    mailbox = value;
    back.waits = std::move(to.waits).resume();
    return mailbox;
  }

  struct Raised {};

  // A C++ exception thrown on top of the other context, unless that waits where nothing would catch it.
  [[gnu::always_inline]] static void *raise(Context &self, Context &to, Context &back, void *value) {
    mailbox = value;
    self.catches = true;
    try {
      back.waits = std::move(to.waits).resume_with([&self, &to](fiber &&came) {
        if (!to.catches) return std::move(came);
        self.waits = std::move(came);
        throw Raised();
      });
    } catch (Raised) {}
    return mailbox;
  }

  static void *live(void *value) {
    mailbox = value;
    fiber made(std::allocator_arg, pool(), [](fiber &&maker) { return std::move(maker); });
    made = std::move(made).resume();
    return mailbox;
  }
};

[[maybe_unused]] const bool added = bench::add<Fiber>();

} // namespace
