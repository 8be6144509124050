// SPDX-License-Identifier: MIT
// Two greenlets that switch to each other, and what becomes of one that nobody resumes.
//
// func2 ends while func1 waits: its result goes to its parent, which is main, and not back to func1. So func1 never gets past
// its switch; when the last handle on it goes, it is unwound, and its destructors run.
#include <greenlet.hpp>

#include <cstdio>
#include <vector>

struct page {
  std::vector<char> bytes = std::vector<char>(4096); // something to lose
  ~page() { std::puts("func1 is unwound: it frees its page"); }
};

int main() {
  gl::greenlet gr1, gr2; // children of the current greenlet: main

  gr1 = gl::greenlet([&](const char *argument) {
    page scratch;
    std::puts(argument);
    gr2.switch_to();
    std::puts("func1 end");
  });
  gr2 = gl::greenlet([] { std::puts("fun2 come"); });

  auto value = gr1.switch_to<const char *>("fun1 come");
  std::puts(value ? value : "None"); // what a body without a result gives is NULL: Python's None

  gr2.reset(); // dead: only its memory goes
  gr1.reset(); // suspended: its destructors run before this call returns
  std::puts("main end");
}
