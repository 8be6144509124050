// SPDX-License-Identifier: MIT
// A user's program in C++17.
#include <cstdio>
#include <greenlet.h>
#include <greenlet.hpp>
#include <stdexcept>

namespace {
// An exception on a greenlet's stack, caught there, with a switch inside the handler.
gl_status catch_and_wait(void *, void *value, void **result) {
  try {
    throw std::runtime_error("inside");
  } catch (const std::exception &) { return gl_switch(gl_parent(gl_current()), value, result); }
}
} // namespace

int main() {
  int number = 0;
  void *received = nullptr;
  gl_greenlet *g = gl_new(catch_and_wait, nullptr);
  if (gl_switch(g, &number, &received) != GL_OK || received != &number) return 1;
  if (gl_kill(g, &received) != GL_OK || gl_state(g) != GL_DEAD) return 1;
  gl_release(g);
  std::puts("works");
}
