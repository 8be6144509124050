// SPDX-License-Identifier: MIT
#include "stacks.h"
#include <thread>
#include <utility>

namespace {

constexpr size_t small_size = 16 << 10, default_size = 256 << 10, size_a = 96 << 10, size_b = 512 << 10;

gl_stack *new_shared(Kind kind) { return gl_stack_new(StackSet::usable_bytes(kind)); }

} // namespace

StackSet::StackSet() : shared{new_shared(Kind::shared_a), new_shared(Kind::shared_b)} {}

StackSet::~StackSet() {
  for (gl_stack *stack : shared) gl_stack_release(stack);
}

void StackSet::choose(Kind kind, int number, gl_options *options) const {
  if (is_shared(kind)) options->stack = shared[size_t(number)];
  if (kind == Kind::thread) options->stack = gl_stack_thread();
  if (kind == Kind::small) options->stack_size = small_size;
}

size_t StackSet::usable_bytes(Kind kind) {
  switch (kind) {
  case Kind::large: return default_size;
  case Kind::small: return small_size;
  case Kind::shared_a: return size_a;
  case Kind::shared_b: return size_b;
  case Kind::thread: break;
  }
  return 0;
}

void StackSet::replace(int number, Kind kind) {
  gl_stack_release(std::exchange(shared[size_t(number)], nullptr));
  shared.push_back(new_shared(kind));
}

gl_status StackSet::lend(int number) {
  gl_options options = {};
  options.size = sizeof options;
  options.run = [](void *, void *, void **) -> gl_status { return GL_OK; };
  options.stack = number < 0 ? gl_stack_thread() : shared[size_t(number)];
  gl_status status = GL_OK;
  std::thread([&] {
    gl_greenlet *borrower = nullptr;
    status = gl_new_with(&options, &borrower);
    if (status != GL_OK) return;
    others++;
    status = gl_switch(borrower, nullptr, nullptr);
    gl_release(borrower);
  }).join();
  return status;
}
