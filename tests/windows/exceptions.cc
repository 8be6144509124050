// SPDX-License-Identifier: MIT
// Rules 23 and 24: C++ exceptions on stacks of greenlets, between a program and a library that have one C++ runtime.
#include "dll/throws.h"
#include "support.h"
#include <exception>

namespace {

int unwound;
struct counts {
  ~counts() { unwound++; }
};
[[gnu::noinline]] void throw_below(int depth) {
  counts one;
  if (depth > 0) return throw_below(depth - 1);
  throws("from the library");
}

BODY(catches_what_the_library_throws) {
  for (int i = 0; i < 3; i++) try {
      calls([] { throw_below(9); });
    } catch (const library_error &error) {
      event("%s", error.what());
      CHECK(to_parent(nullptr, nullptr) == GL_OK);
    }
  CHECK(!std::current_exception());
  return GL_OK;
}
// rule 24: through frames of both, on a stack of ours
TEST(exceptions_cross_the_library) {
  unwound = 0;
  gl_greenlet *g = gl_new(catches_what_the_library_throws, nullptr);
  for (int i = 0; i < 4; i++) CHECK(gl_switch(g, nullptr, nullptr) == GL_OK && !std::current_exception());
  CHECK(unwound == 30 && gl_state(g) == GL_DEAD);
  CHECK(happened("from the library from the library from the library"));
  gl_release(g);
  CHECK(all_gone());
}

// rule 23: what each of many has caught is its own
TEST(caught_exceptions_of_many_interleave) {
  enum { many = 20 };
  gl_greenlet *g[many];
  for (int i = 0; i < many; i++) g[i] = gl_new(throws_again, V(100 + i)), gl_switch(g[i], nullptr, nullptr);
  CHECK(!std::current_exception());
  for (int i = 0; i < many; i++) {
    void *number = nullptr;
    CHECK(gl_switch(g[i * 7 % many], nullptr, &number) == GL_OK && number == V(100 + i * 7 % many));
  }
  for (auto *one : g) gl_release(one);
  CHECK(all_gone());
}

BODY(throws_deep_on_a_stack_that_has_grown) {
  volatile char large[100000];
  large[0] = large[99999] = 1;
  try {
    throw_below(200);
  } catch (const library_error &) { *result = V(1); }
  return GL_OK;
}
// rules 23, 25: the system looks whether frames lie within the stack
TEST(exceptions_are_caught_far_down) {
  gl_stack *shared = gl_stack_new(256 << 10), *stacks[] = {nullptr, shared, gl_stack_thread()};
  for (gl_stack *stack : stacks) {
    gl_options options = {};
    gl_greenlet *g = nullptr;
    void *caught = nullptr;
    options.size = sizeof options, options.run = throws_deep_on_a_stack_that_has_grown, options.stack = stack;
    CHECK(gl_new_with(&options, &g) == GL_OK);
    CHECK(gl_switch(g, nullptr, &caught) == GL_OK && caught == V(1));
    gl_release(g);
  }
  gl_stack_release(shared);
  CHECK(all_gone());
}

} // namespace
