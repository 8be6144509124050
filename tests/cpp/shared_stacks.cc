// SPDX-License-Identifier: MIT
// gl::shared_stack: greenlets that take turns on one stack.
#include "cpp_support.h"

#include <vector>

static int turns_of_a_string(std::string mine) {
  for (int turn = 1;; turn++) {
    mine += 'x';
    if (to_parent_as<std::string>(mine) == "stop") return turn;
  }
}
static void take_turns(gl_stack *stack) {
  std::vector<gl::greenlet> all;
  gl::options with;
  with.stack = stack;
  for (int i = 0; i < 5; i++) all.emplace_back(with, turns_of_a_string);
  for (size_t i = 0; i < 5; i++) CHECK(all[i].switch_to<std::string>(std::to_string(i)) == std::to_string(i) + "x");
  for (size_t i = 5; i-- > 0;) CHECK(all[i].switch_to<std::string>(std::string("go on")) == std::to_string(i) + "xx");
  for (gl::greenlet &g : all) CHECK(g.switch_to<int>(std::string("stop")) == 2);
}
// rules 6, 32
TEST(greenlets_take_turns_on_one_stack) { take_turns(gl::shared_stack()); }
// rules 6, 32
TEST(greenlets_take_turns_on_the_threads_own_stack) { take_turns(gl::shared_stack::of_thread()); }

// rules 13, 24: unwinding in the place of another
TEST(exceptions_pass_frames_that_were_copied) {
  gl::shared_stack stack(64 * 1024);
  gl::options with;
  with.stack = stack;
  gl::greenlet first(with, [] {
    counted local("first");
    to_parent_as();
  });
  gl::greenlet second(with, [] {
    counted local("second");
    to_parent_as();
    throw std::runtime_error("out of the second");
  });
  first.switch_to(), second.switch_to();
  CHECK(first.kill() && happened("~first"));
  CHECK(thrown_by([&] { second.switch_to(); }) == "out of the second" && happened("~second"));
}

// rule 32: a handle each
TEST(a_stack_lives_as_long_as_a_handle) {
  gl_stats stats{};
  stats.size = sizeof stats;
  gl_trim();
  gl_get_stats(&stats);
  const auto before = stats.stacks_mapped;
  gl::greenlet last;
  {
    gl::shared_stack stack, copy(stack);
    stack = gl::shared_stack();
    gl::options with;
    with.stack = copy;
    last = gl::greenlet(with, [] { to_parent_as(); });
    last.switch_to();
  }
  gl_trim();
  gl_get_stats(&stats);
  CHECK(stats.stacks_mapped == before + 1);
  last.switch_to();
  last.reset();
  gl_trim();
  gl_get_stats(&stats);
  CHECK(stats.stacks_mapped == before);
}
