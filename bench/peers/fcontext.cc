// SPDX-License-Identifier: MIT
// Boost's fcontext: a bare jump that also keeps the FP control words. It hands each context where the other one waits.
#include <boost/context/detail/fcontext.hpp>
#include <boost/version.hpp>

#include "loops.h"
#include "stacks.h"

namespace {

using boost::context::detail::fcontext_t;
using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

struct Fcontext {
  static constexpr const char *name = "Boost fcontext";
  static const char *version() { return BOOST_LIB_VERSION; }

  struct Context {
    fcontext_t waits;
  };
  struct Start {
    Context &context, &from;
  };

  // A first visit tells the new context who it is, and comes back.
  template <void (*Body)(Context &, void *)> static void start(Context &context, Context &from) {
    auto entry = [](transfer_t came) {
      Start self = *static_cast<Start *>(came.data);
      came = jump_fcontext(came.fctx, nullptr);
      self.from.waits = came.fctx;
      Body(self.context, came.data);
    };
    Start self{context, from};
    context.waits = jump_fcontext(make_fcontext(bench::new_stack(), bench::stack_size / 2, entry), &self).fctx;
  }

  [[gnu::always_inline]] static void *exchange(Context &, Context &to, Context &back, void *value) {
    transfer_t came = jump_fcontext(to.waits, value);
    back.waits = came.fctx;
    return came.data;
  }

  static void *live(void *value) {
    static char *stack = bench::new_stack();
    auto entry = [](transfer_t came) { jump_fcontext(came.fctx, came.data); };
    return jump_fcontext(make_fcontext(stack, bench::stack_size / 2, entry), value).data;
  }
};

[[maybe_unused]] const bool added = bench::add<Fcontext>();

} // namespace
