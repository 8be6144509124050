// SPDX-License-Identifier: MIT
// C++ exceptions over frames that were copied out and in again, and what was caught meanwhile (rule 23).
#include "stacks.h"
#include <exception>
#include <string>
#include <utility>

namespace {

// Lies on the stack and checks itself when it goes, by a return or by an exception.
struct Frame {
  explicit Frame(unsigned s) : seed(s) { fill(bytes, sizeof bytes, seed), alive++; }
  ~Frame() {
    CHECK(intact(bytes, sizeof bytes, seed));
    alive--;
  }
  Frame(const Frame &) = delete;
  unsigned seed;
  unsigned char bytes[300];
  static int alive;
};
int Frame::alive;

struct Numbered {
  explicit Numbered(int n) : number(n) { alive++; }
  Numbered(const Numbered &other) : number(other.number), text(other.text) { alive++; }
  ~Numbered() { alive--; }
  int number;
  std::string text = std::string(100, 'x'); // memory of its own
  static int alive;
};
int Numbered::alive;

int current_number() {
  if (!std::current_exception()) return 0;
  try {
    throw;
  } catch (const Numbered &e) { return e.number; }
}
bool clean() { return Frame::alive == 0 && Numbered::alive == 0 && current_number() == 0 && std::uncaught_exceptions() == 0; }

// Waits below `frames` frames, then throws what it was told.
[[gnu::noinline]] void wait_and_throw(int frames, unsigned seed) {
  Frame frame(seed);
  if (frames) return wait_and_throw(frames - 1, seed * 31 + 7);
  void *number_to_throw = nullptr;
  const gl_status status = to_main(nullptr, &number_to_throw);
  throw Numbered(status == GL_OK ? number(number_to_throw) : -1);
}
// Over and over, at changing depths, until it throws -1.
BODY(throws_over_its_frames) {
  for (int turn = 0;; turn++) {
    try {
      wait_and_throw((number(data) * 3 + turn * 5) % 17, static_cast<unsigned>(turn));
    } catch (const Numbered &e) {
      if (e.number < 0) return GL_KILLED;
      CHECK(e.number == turn + 1 && e.text.size() == 100);
    }
    CHECK(current_number() == 0);
  }
}

enum { SOME = 7 };
gl_greenlet *all[SOME];
void start_some(gl_run run) {
  for (int i = 0; i < SOME; i++) {
    all[i] = make(i, run, V(i));
    CHECK(gl_switch(all[i], nullptr, nullptr) == GL_OK);
  }
}
void release_some() {
  for (gl_greenlet *g : all) gl_release(g);
}

} // namespace

// rule 23: the unwinder walks frames that are back in their place
TEST_ON_STACKS(exceptions_pass_restored_frames) {
  start_some(throws_over_its_frames);
  for (int turn = 0; turn < 30; turn++)
    for (gl_greenlet *g : all) CHECK(gl_switch(g, V(turn + 1), nullptr) == GL_OK);
  release_some();
  CHECK(clean());
}

namespace {

// Catches, waits inside the catch block, catches another one there, and throws the first again.
void nest(int n) {
  try {
    throw Numbered(n);
  } catch (const Numbered &outer) {
    CHECK(to_main(nullptr, nullptr) == GL_OK && current_number() == n);
    try {
      Frame frame(static_cast<unsigned>(n));
      throw Numbered(n + 1000);
    } catch (const Numbered &inner) {
      CHECK(to_main(nullptr, nullptr) == GL_OK && current_number() == n + 1000 && inner.number == n + 1000);
    }
    CHECK(to_main(nullptr, nullptr) == GL_OK && current_number() == n && outer.number == n);
    throw;
  }
}
BODY(catches_within_catch_blocks) {
  try {
    nest(number(data) + 1);
  } catch (const Numbered &e) {
    CHECK(e.number == number(data) + 1);
    CHECK(to_main(nullptr, nullptr) == GL_OK && current_number() == number(data) + 1);
  }
  CHECK(current_number() == 0);
  return GL_OK;
}

} // namespace

// rule 23: what each has caught is its own while it is copied out, through nested catch blocks and rethrows
TEST_ON_STACKS(caught_exceptions_are_kept) {
  start_some(catches_within_catch_blocks);
  for (int turn = 0; turn < 4; turn++)
    for (int i = 0; i < SOME; i++) CHECK(gl_switch(all[turn % 2 ? i : SOME - 1 - i], nullptr, nullptr) == GL_OK && current_number() == 0);
  for (gl_greenlet *g : all) CHECK(gl_state(g) == GL_DEAD);
  release_some();
  CHECK(clean());
}

namespace {

struct WaitsWhenDestroyed {
  ~WaitsWhenDestroyed() {
    for (int i = 0; i < 2; i++) {
      CHECK(std::uncaught_exceptions() == 1);
      CHECK(to_main(nullptr, nullptr) == GL_OK);
    }
    CHECK(std::uncaught_exceptions() == 1);
  }
};
[[gnu::noinline]] void unwind_slowly(int frames, int n) {
  Frame frame(static_cast<unsigned>(n + frames));
  WaitsWhenDestroyed waits;
  if (frames) return unwind_slowly(frames - 1, n);
  throw Numbered(n);
}
BODY(waits_while_it_unwinds) {
  try {
    unwind_slowly(3, number(data));
  } catch (const Numbered &e) { CHECK(e.number == number(data) && std::uncaught_exceptions() == 0); }
  return GL_OK;
}

} // namespace

// rule 23: copied out and in while an exception is on its way, once in each frame
TEST_ON_STACKS(exceptions_in_flight_are_kept) {
  start_some(waits_while_it_unwinds);
  for (int turn = 0; turn < 8; turn++)
    for (int i = 0; i < SOME; i++) {
      CHECK(std::uncaught_exceptions() == 0);
      CHECK(gl_switch(all[(i * 3 + turn) % SOME], nullptr, nullptr) == GL_OK);
    }
  for (gl_greenlet *g : all) CHECK(gl_state(g) == GL_DEAD);
  release_some();
  CHECK(clean());
}

namespace {

// Each catches, starts the next one inside its catch block, and then throws on.
BODY(starts_the_next_in_a_catch_block) {
  const int self = number(data);
  try {
    Frame frame(static_cast<unsigned>(self));
    throw Numbered(self + 1);
  } catch (const Numbered &e) {
    if (self + 1 < SOME) {
      all[self + 1] = make(self + 1, starts_the_next_in_a_catch_block, V(self + 1));
      CHECK(gl_switch(all[self + 1], nullptr, nullptr) == GL_OK);
    } else {
      CHECK(to_main(nullptr, nullptr) == GL_OK);
    }
    CHECK(current_number() == self + 1 && e.number == self + 1);
  }
  return GL_OK;
}

} // namespace

// rules 4, 23: ends bring back parents that wait in catch blocks on the same stack
TEST_ON_STACKS(catch_blocks_of_a_line_of_parents) {
  all[0] = make(0, starts_the_next_in_a_catch_block, V(0));
  CHECK(gl_switch(all[0], nullptr, nullptr) == GL_OK && current_number() == 0);
  CHECK(gl_switch(all[SOME - 1], nullptr, nullptr) == GL_OK);
  for (gl_greenlet *g : all) CHECK(gl_state(g) == GL_DEAD);
  release_some();
  CHECK(clean());
}

// rules 13, 23: killed in a catch block, while the killer is in one
TEST_ON_STACKS(killed_in_a_catch_block_while_copied_out) {
  start_some(throws_over_its_frames);
  try {
    throw Numbered(5);
  } catch (const Numbered &) {
    for (gl_greenlet *g : all) CHECK(gl_kill(g, nullptr) == GL_OK && current_number() == 5);
  }
  release_some();
  CHECK(clean());
}

namespace {

std::exception_ptr passed;
BODY(passes_an_exception) {
  try {
    Frame frame(1);
    throw Numbered(42);
  } catch (...) { passed = std::current_exception(); }
  return dive(1000, 1, to_main, nullptr, nullptr);
}
BODY(throws_what_was_passed) {
  try {
    Frame frame(2);
    std::rethrow_exception(std::exchange(passed, nullptr));
  } catch (const Numbered &e) { *result = V(e.number); }
  return GL_OK;
}

} // namespace

// rule 23: an exception_ptr goes from one to another of the same stack
TEST_ON_STACKS(exception_pointers_pass_between_greenlets) {
  gl_greenlet *a = make(1, passes_an_exception, nullptr), *b = make(5, throws_what_was_passed, nullptr);
  void *received = nullptr;
  CHECK(gl_switch(a, nullptr, nullptr) == GL_OK);
  CHECK(gl_switch(b, nullptr, &received) == GL_OK && received == V(42));
  gl_release(a), gl_release(b);
  CHECK(clean());
}
