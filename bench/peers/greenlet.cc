// SPDX-License-Identifier: MIT
// libgreenlet through its shared library, with the FP control words kept (the default) and shared.
#include <greenlet.h>

#include <cstdio>
#include <cstdlib>

#include "loops.h"

namespace {

void exchange_hook(void *, gl_greenlet *, gl_greenlet *) {}

void must(bool holds) {
  if (!holds) std::abort();
}

template <uint32_t Flags> struct Greenlet {
  static constexpr const char *name = Flags & GL_SHARE_FP ? "libgreenlet, GL_SHARE_FP" : "libgreenlet";

  static const char *version() {
    static char text[16];
    std::snprintf(text, sizeof text, "%d.%d.%d", gl_version() / 10000, gl_version() / 100 % 100, gl_version() % 100);
    return text;
  }

  struct Context {
    gl_greenlet *greenlet = gl_main();
  };

  static gl_greenlet *make(gl_run run, void *data) {
    if constexpr (Flags == 0) return gl_new(run, data);
    gl_options options{};
    options.size = sizeof options;
    options.run = run;
    options.data = data;
    options.flags = Flags;
    gl_greenlet *made = nullptr;
    gl_new_with(&options, &made);
    return made;
  }

  template <void (*Body)(Context &, void *)> static void start(Context &context, Context &) {
    gl_run run = [](void *data, void *value, void **) -> gl_status {
      Body(*static_cast<Context *>(data), value);
      return GL_OK;
    };
    context.greenlet = make(run, &context);
    must(context.greenlet);
  }

  [[gnu::always_inline]] static void *exchange(Context &, Context &to, Context &, void *value) {
    void *received;
    gl_switch(to.greenlet, value, &received);
    return received;
  }

  [[gnu::always_inline]] static void *raise(Context &, Context &to, Context &, void *value) {
    void *received;
    gl_throw(to.greenlet, value, &received);
    return received;
  }

  static void *live(void *value) {
    gl_run run = [](void *, void *first, void **result) -> gl_status {
      *result = first;
      return GL_OK;
    };
    gl_greenlet *made = make(run, nullptr);
    void *received;
    gl_switch(made, value, &received);
    gl_release(made);
    return received;
  }

  static void *current() { return gl_current(); }

  static void hook(bool on) { must((on ? gl_hook_add : gl_hook_remove)(exchange_hook, nullptr) == GL_OK); }
};

[[maybe_unused]] const bool added = bench::add<Greenlet<0>>() && bench::add<Greenlet<GL_SHARE_FP>>();

} // namespace
