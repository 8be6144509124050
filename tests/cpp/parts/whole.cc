// SPDX-License-Identifier: MIT
// A program and a plugin that it loads with RTLD_LOCAL: each has greenlet.hpp compiled in, and they are one to each other.
#include "../cpp_support.h"

#include <dlfcn.h>

static gl::greenlet from_plugin(const char *kind) {
  static void *plugin = dlopen(PLUGIN, RTLD_NOW | RTLD_LOCAL);
  static auto make = plugin ? reinterpret_cast<gl_greenlet *(*)(const char *)>(dlsym(plugin, "make_greenlet")) : nullptr;
  CHECK(make);
  return make ? gl::greenlet::adopt(make(kind)) : gl::greenlet();
}

TEST(values_pass_between_program_and_plugin) {
  CHECK(from_plugin("value").switch_to<std::string>(std::string("there")) == "there and back");
  CHECK(nothing_left());
}

TEST(exceptions_pass_between_program_and_plugin) {
  CHECK(thrown_by([] { from_plugin("exception").switch_to(); }) == "from the plugin");
  CHECK(nothing_left());
}

TEST(a_kill_that_a_plugin_swallows_is_noticed) {
  gl::greenlet body = from_plugin("swallower");
  body.switch_to();
  CHECK(gl::detail::kills_under_way == 0);
  CHECK(body.kill());
  CHECK(nothing_left());
}
