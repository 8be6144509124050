// SPDX-License-Identifier: MIT
// What a value looks like on its way, and to C.
#include "cpp_support.h"

#include <array>
#include <memory>
#include <tuple>

enum class colour : unsigned char { red, green, blue = 200 };
struct point {
  short x, y;
};

template <class T> static bool comes_back(T value) {
  gl::greenlet identity_of([](T v) { return v; });
  return identity_of.switch_to<T>(value) == value;
}

// rules 3 and 4
TEST(what_fits_a_pointer_passes_both_ways) {
  int here = 0;
  CHECK(comes_back(42));
  CHECK(comes_back(-1));
  CHECK(comes_back(true));
  CHECK(comes_back('x'));
  CHECK(comes_back(SIZE_MAX));
  CHECK(comes_back(INT64_MIN));
  CHECK(comes_back(1.5f));
  CHECK(comes_back(-2.25));
  CHECK(comes_back(colour::blue));
  CHECK(comes_back(&here));
  CHECK(comes_back(&gl_version));
  CHECK(comes_back(static_cast<const char *>(nullptr)));
  gl::greenlet swap([](point p) { return point{p.y, p.x}; });
  point back = swap.switch_to<point>(point{1, -2});
  CHECK(back.x == -2 && back.y == 1);
  CHECK(nothing_left());
}

TEST(what_fits_a_pointer_is_not_boxed) {
  gl::greenlet look([](int v) {
    CHECK(v == 7);
    CHECK(gl::detail::boxes_on_their_way == 0);
  });
  look.switch_to(7);
}

TEST(larger_values_are_moved_not_copied) {
  gl::greenlet add([](std::unique_ptr<int> v) {
    ++*v;
    return v;
  });
  auto number = std::make_unique<int>(41);
  int *address = number.get();
  number = add.switch_to<std::unique_ptr<int>>(std::move(number));
  CHECK(number.get() == address && *number == 42);

  gl::greenlet join([](std::tuple<std::string, std::array<int, 100>> v) { return std::get<0>(v) + std::to_string(std::get<1>(v)[99]); });
  std::array<int, 100> numbers{};
  numbers[99] = 9;
  CHECK(join.switch_to<std::string>(std::make_tuple(std::string("number "), numbers)) == "number 9");
  CHECK(nothing_left());
}

TEST(no_value_is_NULL) {
  gl::greenlet body([](void *v) {
    CHECK(!v);
    return to_parent_as<const char *>();
  });
  CHECK(body.switch_to<int>() == 0);
  CHECK(body.switch_to<void *>(nullptr) == nullptr);
  CHECK(body.state() == GL_DEAD);
}

TEST(a_value_that_nobody_asked_for_is_destroyed) {
  gl::greenlet give([] { return counted(); });
  give.switch_to();
  CHECK(counted::alive == 0);
  gl::greenlet deaf([] {});
  deaf.switch_to(counted());
  CHECK(nothing_left());
}

TEST(a_value_of_another_type_is_told_and_destroyed) {
  auto give = [] { return counted("value"); };
  CHECK(thrown_by([&] { gl::greenlet(give).switch_to<std::string>(); }) == gl::bad_value().what());
  CHECK(happened("~value"));
  CHECK(thrown_by([&] { gl::greenlet(give).switch_to<int>(); }) == gl::bad_value().what());
  CHECK(happened("~value"));
  CHECK(thrown_by([&] { gl::greenlet([] { return 1; }).switch_to<std::string>(); }) == gl::bad_value().what());
  CHECK(thrown_by([&] { gl::greenlet([] {}).switch_to<std::string>(); }) == gl::bad_value().what());
  // In a body it is an exception like any other.
  CHECK(thrown_by([&] { gl::greenlet([](std::string) {}).switch_to(2); }) == gl::bad_value().what());
  CHECK(nothing_left());
}

// rule 9
TEST(a_failed_switch_loses_the_value) {
  CHECK(thrown_by([] { gl::ref().switch_to(counted("value")); }) == "GL_EINVAL");
  CHECK(happened("~value"));
  CHECK(thrown_by([] { gl::ref().throw_in(counted()); }) == "GL_EINVAL");
  CHECK(nothing_left());
}

// rule 14
TEST(a_result_that_nobody_waits_for_is_destroyed) {
  gl::greenlet body([] {
    try {
      to_parent_as();
    } catch (const gl::killed &) {}
    to_parent_as(counted("late"));
    return counted("result");
  });
  body.switch_to();
  body.kill();
  event("kill");
  body.reset();
  CHECK(happened("~late kill"));
  CHECK(gl::detail::boxes_on_their_way == 0 && counted::alive == 0);
}

// rule 8
TEST(a_value_for_a_dead_one_goes_to_its_ancestor) {
  gl::greenlet parent([](std::string first) {
    gl::greenlet child([] {});
    child.switch_to();
    CHECK(child.switch_to<std::string>(first + " goes back") == "a goes back");
  });
  parent.switch_to(std::string("a"));
  CHECK(parent.state() == GL_DEAD);
  CHECK(nothing_left());
}

BODY(c_adds_one) {
  CHECK((intptr_t)value == 41);
  *result = V((intptr_t)value + 1);
  return GL_OK;
}

TEST(a_small_value_is_for_C_what_C_would_have_sent) {
  gl::greenlet c = gl::greenlet::adopt(gl_new(c_adds_one, nullptr));
  CHECK(c.switch_to<int>(41) == 42);

  gl::greenlet cpp([](unsigned char v) { return static_cast<short>(-v); });
  void *received;
  CHECK(gl_switch(cpp.get(), V(3), &received) == GL_OK);
  CHECK((intptr_t)received == -3);
}

TEST(a_box_passes_through_C_unharmed) {
  gl::greenlet c = gl::greenlet::adopt(gl_new(echo, nullptr));
  CHECK(c.switch_to<std::string>(std::string(100, 'x')).size() == 100);
  // C code that keeps it for a while, as `void *`.
  void *kept = c.switch_to<void *>(counted("box"));
  CHECK(counted::alive == 1);
  CHECK(gl::from_pointer<counted>(kept).name);
  CHECK(happened("~box"));
  kept = gl::to_pointer(counted());
  gl::drop_pointer(kept);
  c.kill();
  CHECK(nothing_left());
}

TEST(a_pointer_that_is_no_box_is_never_looked_into) {
  void *kept = gl::to_pointer(std::string("on its way"));
  CHECK(thrown_by([] { gl::from_pointer<std::string>(V(1)); }) == gl::bad_value().what());
  CHECK(gl::from_pointer<int>(V(1)) == 1);
  gl::drop_pointer(V(2));
  CHECK(gl::from_pointer<std::string>(kept) == "on its way");
  CHECK(thrown_by([=] { gl::from_pointer<std::string>(kept); }) == gl::bad_value().what());
}

// rule 7
TEST(a_value_for_the_current_one_is_back_at_once) {
  CHECK(gl::current().switch_to<std::string>(std::string("self")) == "self");
  CHECK(gl::main_greenlet().switch_to<int>(3) == 3);
}
