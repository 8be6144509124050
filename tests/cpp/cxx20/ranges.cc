// SPDX-License-Identifier: MIT
// What C++20 adds: generators in range adaptors, options by name.
#include "../cpp_support.h"

#include <algorithm>
#include <ranges>
#include <vector>

static_assert(std::input_iterator<gl::generator<int>::iterator>);
static_assert(std::ranges::input_range<gl::generator<std::string>>);

static gl::generator<int> naturals() {
  return gl::generator<int>([](auto yield) {
    for (int i = 0;; i++) yield(i);
  });
}

TEST(a_generator_feeds_adaptors) {
  auto numbers = naturals();
  std::vector<int> seen;
  for (int n : numbers | std::views::filter([](int i) { return i % 2; }) | std::views::transform([](int i) { return i * i; })) {
    if (n > 50) break;
    seen.push_back(n);
  }
  CHECK((seen == std::vector<int>{1, 9, 25, 49}));
}

TEST(a_generator_feeds_constrained_algorithms) {
  auto numbers = naturals();
  CHECK(*std::ranges::find_if(numbers, [](int i) { return i > 6; }) == 7);
}

TEST(options_have_names) {
  gl::greenlet body({.stack_size = 64 << 10, .name = "small"}, [] { return gl::current().name(); });
  CHECK(body.switch_to<const char *>() == std::string("small"));
}
