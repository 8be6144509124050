// SPDX-License-Identifier: MIT
// Rule 23: each greenlet has its own caught and uncaught exceptions. How the C++ runtime is found is tested in cxx_runtime/.
#include "support.h"
#include <exception>
#include <thread>

namespace {

// An exception that counts how many of its kind exist.
struct Numbered {
  explicit Numbered(int n) : number(n) { alive++; }
  Numbered(const Numbered &other) : number(other.number) { alive++; }
  ~Numbered() { alive--; }
  int number;
  static int alive;
};
int Numbered::alive;

int current_number() {
  if (!std::current_exception()) return 0;
  try {
    throw;
  } catch (const Numbered &e) { return e.number; }
}

// Catches `data`, waits inside the catch block, throws it again; gives its number to the parent.
BODY(waits_in_a_catch_block) {
  try {
    try {
      throw Numbered(static_cast<int>(reinterpret_cast<intptr_t>(data)));
    } catch (const Numbered &) {
      if (to_parent(nullptr, nullptr) != GL_OK) return GL_KILLED;
      throw;
    }
  } catch (const Numbered &e) {
    *result = V(e.number);
    CHECK(current_number() == e.number);
  }
  CHECK(current_number() == 0 && std::uncaught_exceptions() == 0);
  return GL_OK;
}

gl_greenlet *caught(int number) {
  gl_greenlet *g = gl_new(waits_in_a_catch_block, V(number));
  CHECK(gl_switch(g, nullptr, nullptr) == GL_OK);
  CHECK(current_number() == 0);
  return g;
}
// Lets it throw again what it has caught.
int rethrown(gl_greenlet *g) {
  void *number = nullptr;
  CHECK(gl_switch(g, nullptr, &number) == GL_OK && gl_state(g) == GL_DEAD);
  gl_release(g);
  return static_cast<int>(reinterpret_cast<intptr_t>(number));
}
bool nothing_left() { return all_gone() && Numbered::alive == 0 && current_number() == 0 && std::uncaught_exceptions() == 0; }

BODY(throws_and_catches) {
  CHECK(current_number() == 0 && std::uncaught_exceptions() == 0);
  try {
    throw Numbered(99);
  } catch (const Numbered &e) { CHECK(e.number == 99 && current_number() == 99); }
  return GL_OK;
}
void another_throws() {
  gl_greenlet *g = gl_new(throws_and_catches, nullptr);
  CHECK(gl_switch(g, nullptr, nullptr) == GL_OK);
  gl_release(g);
}

} // namespace

// rule 23: catch in A, switch inside the catch block, throw and catch in B, back in A `throw;`
TEST(rethrow_after_another_threw_and_caught) {
  gl_greenlet *a = caught(1);
  another_throws();
  CHECK(rethrown(a) == 1);
  CHECK(nothing_left());
}

// rule 23: A and B are both inside catch blocks, and A leaves first
TEST(catch_blocks_end_in_the_order_they_began) {
  gl_greenlet *a = caught(1), *b = caught(2);
  CHECK(rethrown(a) == 1);
  CHECK(rethrown(b) == 2);
  CHECK(nothing_left());
}

// rule 23: ... or last
TEST(catch_blocks_end_in_reverse_order) {
  gl_greenlet *a = caught(1), *b = caught(2), *c = caught(3);
  CHECK(rethrown(c) == 3);
  CHECK(rethrown(a) == 1);
  CHECK(rethrown(b) == 2);
  CHECK(nothing_left());
}

// rule 23: main is inside a catch block while others run, begin and end
TEST(main_keeps_what_it_caught) {
  gl_greenlet *a = caught(1);
  try {
    try {
      throw Numbered(7);
    } catch (const Numbered &) {
      another_throws();
      gl_greenlet *b = gl_new(waits_in_a_catch_block, V(2));
      CHECK(gl_switch(b, nullptr, nullptr) == GL_OK && current_number() == 7);
      CHECK(rethrown(a) == 1 && current_number() == 7);
      CHECK(rethrown(b) == 2 && current_number() == 7);
      throw;
    }
  } catch (const Numbered &e) { CHECK(e.number == 7); }
  CHECK(nothing_left());
}

namespace {
BODY(waits_in_nested_catch_blocks) {
  try {
    throw Numbered(1);
  } catch (const Numbered &) {
    try {
      throw Numbered(2);
    } catch (const Numbered &) {
      to_parent(nullptr, nullptr);
      CHECK(current_number() == 2);
    }
    to_parent(nullptr, nullptr);
    CHECK(current_number() == 1);
  }
  to_parent(nullptr, nullptr);
  CHECK(current_number() == 0);
  return GL_OK;
}
} // namespace

// rule 23: nested catch blocks of two greenlets, in step
TEST(nested_catch_blocks_are_kept) {
  gl_greenlet *a = gl_new(waits_in_nested_catch_blocks, nullptr), *b = gl_new(waits_in_nested_catch_blocks, nullptr);
  for (int i = 0; i < 4; i++)
    CHECK(gl_switch(a, nullptr, nullptr) == GL_OK && gl_switch(b, nullptr, nullptr) == GL_OK && current_number() == 0);
  CHECK(gl_state(a) == GL_DEAD && gl_state(b) == GL_DEAD);
  gl_release(a), gl_release(b);
  CHECK(nothing_left());
}

namespace {
struct SwitchesWhenDestroyed {
  ~SwitchesWhenDestroyed() {
    CHECK(std::uncaught_exceptions() == 1);
    CHECK(to_parent(nullptr, nullptr) == GL_OK);
    CHECK(std::uncaught_exceptions() == 1);
  }
};
BODY(switches_while_unwinding) {
  try {
    SwitchesWhenDestroyed local;
    throw Numbered(static_cast<int>(reinterpret_cast<intptr_t>(data)));
  } catch (const Numbered &e) {
    CHECK(std::uncaught_exceptions() == 0);
    *result = V(e.number);
  }
  return GL_OK;
}
gl_greenlet *unwinding(int number) {
  gl_greenlet *g = gl_new(switches_while_unwinding, V(number));
  CHECK(gl_switch(g, nullptr, nullptr) == GL_OK);
  return g;
}
} // namespace

// rule 23: std::uncaught_exceptions() in a destructor that switches while an exception flies
TEST(uncaught_exceptions_are_counted_for_each) {
  gl_greenlet *a = unwinding(1);
  CHECK(std::uncaught_exceptions() == 0);
  another_throws();
  CHECK(rethrown(a) == 1);
  CHECK(nothing_left());
}

// rule 23: two fly at once, and the first one lands first
TEST(two_exceptions_fly_at_once) {
  gl_greenlet *a = unwinding(1), *b = unwinding(2), *c = caught(3);
  CHECK(std::uncaught_exceptions() == 0);
  CHECK(rethrown(a) == 1 && rethrown(c) == 3 && rethrown(b) == 2);
  CHECK(nothing_left());
}

namespace {
struct StartsAnother {
  ~StartsAnother() {
    another_throws();
    CHECK(std::uncaught_exceptions() == 1);
  }
};
} // namespace

// rule 23: one that is started while an exception flies, or inside a catch block, begins with none
TEST(new_ones_begin_without_exceptions) {
  try {
    StartsAnother local;
    throw Numbered(5);
  } catch (const Numbered &e) {
    another_throws();
    CHECK(e.number == 5 && current_number() == 5);
  }
  CHECK(nothing_left());
}

// rules 13, 23: killed inside a catch block, it leaves it and destroys what it had caught; the killer keeps its own
TEST(killed_inside_a_catch_block) {
  gl_greenlet *a = caught(1), *b = caught(2);
  try {
    throw Numbered(7);
  } catch (const Numbered &) {
    CHECK(gl_kill(a, nullptr) == GL_OK && current_number() == 7);
    gl_release(b);
    CHECK(current_number() == 7 && Numbered::alive == 1);
  }
  gl_release(a);
  CHECK(nothing_left());
}

namespace {
BODY(loses_itself_in_a_catch_block) {
  gl_release(gl_current());
  return waits_in_a_catch_block(data, value, result);
}
} // namespace

// rules 22, 23: killed on arrival by one that is inside a catch block itself
TEST(killed_on_arrival_inside_a_catch_block) {
  try {
    throw Numbered(7);
  } catch (const Numbered &) {
    CHECK(gl_switch(gl_new(loses_itself_in_a_catch_block, V(1)), nullptr, nullptr) == GL_OK);
    CHECK(current_number() == 7 && Numbered::alive == 1);
  }
  CHECK(nothing_left());
}

namespace {
void throws_in_a_hook(void *, gl_greenlet *, gl_greenlet *) {
  try {
    throw Numbered(50);
  } catch (const Numbered &) {}
}
void throws_in_a_tracer(void *, int, gl_greenlet *, gl_greenlet *) { throws_in_a_hook(nullptr, nullptr, nullptr); }
void interleaves() {
  gl_greenlet *a = caught(1), *b = unwinding(2), *c = caught(3);
  CHECK(rethrown(a) == 1 && rethrown(b) == 2 && rethrown(c) == 3);
  CHECK(nothing_left());
}
} // namespace

// rule 23: the same on the ways that hooks and tracers take, also when those throw and catch themselves
TEST(exceptions_are_kept_by_slow_ways) {
  gl_hook_add(throws_in_a_hook, nullptr), interleaves();
  gl_trace_add(throws_in_a_tracer, nullptr), interleaves();
  gl_hook_remove(throws_in_a_hook, nullptr), interleaves();
  gl_trace_remove(throws_in_a_tracer, nullptr);
}

// rule 23: and on other threads
TEST(exceptions_are_kept_on_other_threads) {
  gl_greenlet *a = caught(1);
  std::thread([] {
    gl_greenlet *b = caught(2), *c = unwinding(3);
    CHECK(rethrown(b) == 2 && rethrown(c) == 3 && current_number() == 0);
  }).join();
  CHECK(rethrown(a) == 1);
  CHECK(nothing_left());
}
