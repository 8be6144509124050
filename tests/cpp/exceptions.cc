// SPDX-License-Identifier: MIT
// Exceptions: carried to whoever gets the outcome, thrown into a greenlet, and each greenlet's own while it handles them.
#include "cpp_support.h"

#include <memory>
#include <vector>

// rules 10 and 23
TEST(handlers_of_two_greenlets_interleave) {
  gl::greenlet a, b;
  a = gl::greenlet([&] {
    try {
      throw std::runtime_error("A");
    } catch (const std::exception &) {
      b.switch_to();
      try {
        throw;
      } catch (const std::exception &e) { event("a rethrows %s", e.what()); }
      b.switch_to();
    }
    CHECK(!std::current_exception());
  });
  b = gl::greenlet([&] {
    CHECK(!std::current_exception());
    try {
      throw std::runtime_error("B");
    } catch (const std::exception &) {
      a.switch_to();
      try {
        throw;
      } catch (const std::exception &e) { event("b rethrows %s", e.what()); }
    }
    CHECK(!std::current_exception());
    a.switch_to();
  });
  a.switch_to();
  CHECK(happened("a rethrows A b rethrows B"));
  CHECK(a.state() == GL_DEAD && b.state() == GL_SUSPENDED);
}

// rule 23
TEST(each_greenlet_has_its_own_current_exception) {
  std::exception_ptr of_a;
  gl::greenlet a([&] {
    try {
      throw std::runtime_error("A");
    } catch (...) {
      of_a = std::current_exception();
      to_parent_as();
      CHECK(std::current_exception() == of_a);
    }
  });
  try {
    throw std::runtime_error("main");
  } catch (const std::exception &e) {
    std::exception_ptr of_main = std::current_exception();
    a.switch_to();
    CHECK(std::current_exception() == of_main && of_main != of_a);
    CHECK(std::string(e.what()) == "main");
    a.switch_to();
    CHECK(std::current_exception() == of_main);
  }
  CHECK(!std::current_exception());
  CHECK(thrown_by([&] { std::rethrow_exception(of_a); }) == "A");
}

// rule 23
TEST(exceptions_in_flight_are_counted_for_each_greenlet) {
  gl::greenlet other([] {
    CHECK(std::uncaught_exceptions() == 0);
    try {
      at_exit leave{[] {
        CHECK(std::uncaught_exceptions() == 1);
        to_parent_as();
        CHECK(std::uncaught_exceptions() == 1);
      }};
      throw std::runtime_error("other");
    } catch (const std::exception &e) { event("%s", e.what()); }
    CHECK(std::uncaught_exceptions() == 0);
  });
  try {
    at_exit leave{[&] {
      CHECK(std::uncaught_exceptions() == 1);
      other.switch_to();
      CHECK(std::uncaught_exceptions() == 1);
    }};
    throw std::runtime_error("main");
  } catch (const std::exception &e) { event("%s", e.what()); }
  CHECK(std::uncaught_exceptions() == 0);
  other.switch_to();
  CHECK(happened("main other"));
}

// rule 4
TEST(an_exception_ends_the_body_and_arrives_in_the_parent) {
  gl::greenlet body([](int depth) {
    counted local("local");
    if (depth) throw std::out_of_range("too deep");
  });
  try {
    body.switch_to(3);
  } catch (const std::out_of_range &e) { event("%s", e.what()); }
  CHECK(happened("~local too deep"));
  CHECK(body.state() == GL_DEAD);
  CHECK(nothing_left());
}

TEST(an_exception_need_not_be_an_std_exception) {
  gl::greenlet body([] { throw 42; });
  try {
    body.switch_to();
  } catch (int number) { event("%d", number); }
  CHECK(happened("42"));
}

// rule 4
TEST(an_exception_climbs_through_several_greenlets) {
  gl::greenlet outer([] {
    counted local("outer");
    gl::greenlet middle([] {
      counted inner_local("middle");
      gl::greenlet inner([] { throw std::runtime_error("from the bottom"); });
      inner.switch_to();
    });
    middle.switch_to();
  });
  CHECK(thrown_by([&] { outer.switch_to(); }) == "from the bottom");
  CHECK(happened("~middle ~outer"));
}

// rule 4
TEST(an_exception_goes_to_the_parent_not_to_the_caller) {
  gl::greenlet a, b;
  a = gl::greenlet([&] {
    b.switch_to();
    event("a goes on");
  });
  b = gl::greenlet([] { throw std::runtime_error("B"); });
  CHECK(thrown_by([&] { a.switch_to(); }) == "B");
  CHECK(a.state() == GL_SUSPENDED);
  a.switch_to();
  CHECK(happened("a goes on"));
}

// rule 10
TEST(an_exception_is_thrown_where_the_greenlet_waits) {
  gl::greenlet body([] {
    for (;;) {
      try {
        to_parent_as();
      } catch (const std::runtime_error &e) { event("caught %s", e.what()); }
    }
  });
  body.switch_to();
  body.throw_in(std::runtime_error("one"));
  body.throw_in(std::make_exception_ptr(std::runtime_error("two")));
  CHECK(happened("caught one caught two"));
  CHECK(thrown_by([&] { body.throw_in(std::logic_error("three")); }) == "three");
  CHECK(body.state() == GL_DEAD);
}

// rule 10
TEST(what_a_throw_brings_back_is_typed) {
  gl::greenlet body([] {
    try {
      to_parent_as();
    } catch (const std::runtime_error &e) { return std::string(e.what()); }
    return std::string();
  });
  body.switch_to();
  CHECK(body.throw_in<std::string>(std::runtime_error("text")) == "text");
}

// rules 10, 11 and 12
TEST(a_throw_passes_the_unstarted_the_dead_and_the_current) {
  gl::greenlet body([] { event("ran"); });
  CHECK(thrown_by([&] { body.throw_in(std::runtime_error("unstarted")); }) == "unstarted");
  CHECK(body.state() == GL_DEAD);
  CHECK(thrown_by([&] { body.throw_in(std::runtime_error("dead")); }) == "dead");
  CHECK(thrown_by([&] { gl::current().throw_in(std::runtime_error("current")); }) == "current");
  CHECK(happened(""));
  CHECK(gl::detail::boxes_on_their_way == 0);
}

TEST(an_exception_is_freed_where_it_was_caught) {
  gl::greenlet body([] { throw counted("exception"); });
  try {
    body.switch_to();
  } catch (const counted &) { event("caught"); }
  CHECK(happened("caught ~exception"));
}

BODY(c_throws) {
  *result = data;
  return GL_THROWN;
}
BODY(c_switches_on) { // and passes on what comes, as C code does
  return gl_switch((gl_greenlet *)data, value, result);
}

TEST(a_payload_of_C_is_a_gl_thrown_and_back) {
  int number = 0;
  gl::greenlet c = gl::greenlet::adopt(gl_new(c_throws, &number));
  try {
    c.switch_to();
  } catch (const gl::thrown &t) { event(t.payload() == &number ? "payload" : "another"); }
  CHECK(happened("payload"));

  // C throws, a C++ body lets it pass, C gets its own payload.
  c = gl::greenlet::adopt(gl_new(c_throws, &number));
  gl::greenlet cpp([&c] {
    c.set_parent(gl::current());
    c.switch_to();
  });
  void *received;
  CHECK(gl_switch(cpp.get(), nullptr, &received) == GL_THROWN && received == &number);
}

TEST(an_exception_passes_through_C) {
  gl::greenlet thrower([] { throw std::runtime_error("through C"); });
  gl::greenlet c = gl::greenlet::adopt(gl_new(c_switches_on, thrower.get()));
  thrower.set_parent(c);
  CHECK(thrown_by([&] { c.switch_to(); }) == "through C");
  CHECK(thrower.state() == GL_DEAD && c.state() == GL_DEAD);
}

TEST(C_can_drop_an_exception) {
  gl::greenlet thrower([] { throw counted("exception"); });
  void *received;
  CHECK(gl_switch(thrower.get(), nullptr, &received) == GL_THROWN);
  gl::drop_pointer(received);
  CHECK(happened("~exception"));
  CHECK(counted::alive == 0);
}

TEST(code_on_the_C_functions_carries_exceptions) {
  gl::greenlet body([] { CHECK(thrown_by([] { to_parent_as(); }) == "by hand"); });
  body.switch_to();
  void *received;
  CHECK(gl_throw(body.get(), gl::to_payload(std::make_exception_ptr(std::runtime_error("by hand"))), &received) == GL_OK);
  gl::greenlet thrower([] { throw std::runtime_error("outcome"); });
  CHECK(gl_switch(thrower.get(), nullptr, &received) == GL_THROWN);
  CHECK(thrown_by([=] { std::rethrow_exception(gl::from_payload(received)); }) == "outcome");
}

static void note_unhandled(void *, gl_greenlet *, void *payload) {
  event("unhandled %s", thrown_by([=] { std::rethrow_exception(gl::from_payload(payload)); }).c_str());
}
static void note_payload(void *, gl_greenlet *, void *payload) { event(payload ? "unhandled" : "nothing"); }

static gl::greenlet one_that_throws_when_killed() {
  return gl::greenlet([] {
    try {
      to_parent_as();
    } catch (const gl::killed &) { throw std::runtime_error("while dying"); }
  });
}

// rule 14
TEST(an_exception_that_nobody_waits_for_can_be_told) {
  gl_set_unhandled(note_unhandled, nullptr);
  gl::greenlet body = one_that_throws_when_killed();
  body.switch_to();
  body.reset();
  CHECK(happened("unhandled while dying"));
  gl_set_unhandled(nullptr, nullptr);
  CHECK(nothing_left());
}

// rule 14
TEST(an_exception_that_nobody_waits_for_is_freed) {
  gl_set_unhandled(note_payload, nullptr);
  gl::greenlet body([] {
    at_exit nested{[] { one_that_throws_when_killed(); }};
    try {
      to_parent_as();
    } catch (const gl::killed &) { throw counted(); }
  });
  body.switch_to();
  body.reset();
  CHECK(happened("unhandled"));
  gl_set_unhandled(nullptr, nullptr);
  CHECK(nothing_left());
}

// rules 14 and 16
TEST(exceptions_of_ancestors_that_nobody_waits_for_are_freed) {
  gl_set_unhandled(note_payload, nullptr);
  gl::greenlet child;
  gl::greenlet parent([&] {
    child = gl::greenlet([] {});
    try {
      to_parent_as();
    } catch (const gl::killed &) { throw counted(); }
  });
  parent.switch_to();
  parent.reset();
  CHECK(happened(""));
  child.reset(); // unstarted, and the last to hold its parent
  CHECK(happened("unhandled"));
  gl_set_unhandled(nullptr, nullptr);
  CHECK(nothing_left());
}

TEST(a_release_frees_no_exception_that_somebody_holds) {
  gl::greenlet thrower([] { throw std::runtime_error("held"); });
  void *held;
  CHECK(gl_switch(thrower.get(), nullptr, &held) == GL_THROWN);
  gl::greenlet other = one_that_throws_when_killed();
  other.switch_to();
  gl_set_unhandled(note_payload, nullptr);
  thrower.reset();
  other.reset();
  gl_set_unhandled(nullptr, nullptr);
  CHECK(happened("unhandled"));
  CHECK(thrown_by([=] { std::rethrow_exception(gl::from_payload(held)); }) == "held");
  CHECK(nothing_left());
}

TEST(many_exceptions_leave_nothing_behind) {
  for (int i = 0; i < 1000; i++) {
    gl::greenlet body([i] {
      counted local;
      if (i % 2) throw std::runtime_error("odd");
      to_parent_as(std::vector<int>(10));
    });
    if (i % 2) CHECK(thrown_by([&] { body.switch_to(); }) == "odd");
    else CHECK(body.switch_to<std::vector<int>>().size() == 10);
  }
  CHECK(nothing_left());
}

TEST(a_payload_of_C_says_what_it_is) {
  CHECK(thrown_by([] { throw gl::thrown(nullptr); }) == "a payload was thrown into this greenlet");
}
