// SPDX-License-Identifier: MIT
// What greenlet.hpp does where gl_set_local() has no memory.
#include "cpp_support.h"

#include <dlfcn.h>

static bool refused;

// The header's calls come here.
extern "C" gl_status gl_set_local(gl_greenlet *g, gl_key key, void *value) {
  static auto *const own = reinterpret_cast<decltype(&gl_set_local)>(dlsym(RTLD_NEXT, "gl_set_local"));
  return refused ? GL_ENOMEM : own(g, key, value);
}

TEST(a_value_that_cannot_be_kept_leaves_the_old_one) {
  static gl::local<counted> object;
  object.emplace("old");
  refused = true;
  CHECK(thrown_by([] { object.emplace("new"); }) == std::bad_alloc().what());
  refused = false;
  CHECK(happened("~new") && std::string(object->name) == "old");
  object.reset();
  CHECK(happened("~old") && counted::alive == 0);
}

// rule 13: only that nobody notices one that is swallowed
TEST(a_kill_that_cannot_be_noted_unwinds_all_the_same) {
  gl::greenlet body([] {
    counted local("local");
    to_parent_as();
    event("not reached");
  });
  body.switch_to();
  refused = true;
  CHECK(body.kill());
  refused = false;
  CHECK(happened("~local") && body.state() == GL_DEAD);
  CHECK(nothing_left());
}
