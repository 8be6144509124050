// SPDX-License-Identifier: MIT
// Kills: forced unwinding, and what becomes of one that is swallowed.
#include "child.h"
#include "cpp_support.h"

#include <sstream>
#include <streambuf>

static void waits() { to_parent_as(); }

// Waits, and swallows what comes. The rest of the body is `then`.
template <class F> static gl::greenlet swallower(F then) {
  return gl::greenlet([then] {
    try {
      waits();
    } catch (...) { event("swallowed"); }
    return then();
  });
}

// rule 13
TEST(a_kill_unwinds) {
  gl::greenlet body([] {
    counted outer("outer");
    [] {
      counted inner("inner");
      waits();
      event("not reached");
    }();
  });
  body.switch_to();
  CHECK(body.kill());
  event("killed");
  CHECK(happened("~inner ~outer killed"));
  CHECK(body.state() == GL_DEAD);
  CHECK(nothing_left());
}

// rule 21
TEST(the_last_handle_unwinds) {
  gl::greenlet body([] {
    counted local("local");
    waits();
  });
  body.switch_to();
  gl::greenlet second = body;
  body.reset();
  CHECK(happened(""));
  second = gl::greenlet();
  CHECK(happened("~local"));
  CHECK(nothing_left());
}

TEST(a_kill_passes_handlers_of_errors) {
  gl::greenlet body([] {
    try {
      waits();
    } catch (const std::exception &) { event("handled"); }
  });
  body.switch_to();
  CHECK(body.kill());
  CHECK(happened(""));
}

TEST(a_kill_can_be_caught_by_name_and_thrown_on) {
  gl::greenlet body([] {
    try {
      try {
        waits();
      } catch (const gl::killed &) {
        event("cleaning");
        throw;
      }
    } catch (...) {
      event("outer");
      throw;
    }
  });
  body.switch_to();
  CHECK(body.kill());
  CHECK(happened("cleaning outer"));
  CHECK(nothing_left());
}

// rule 13
TEST(a_handler_of_a_kill_may_switch_before_it_throws_on) {
  gl::greenlet body([] {
    try {
      waits();
    } catch (...) {
      event("closing %d", to_parent_as<int>(1));
      throw;
    }
  });
  body.switch_to();
  CHECK(!body.kill());
  CHECK(body.state() == GL_SUSPENDED);
  body.switch_to(2);
  CHECK(happened("closing 2"));
  CHECK(body.state() == GL_DEAD);
  CHECK(nothing_left());
}

TEST(a_body_that_swallows_a_kill_and_returns_counts_as_killed) {
  gl::greenlet body = swallower([] { return counted("result"); });
  body.switch_to();
  CHECK(body.kill());
  CHECK(happened("swallowed ~result"));
  CHECK(nothing_left());
  body = swallower([] { return 7; });
  body.switch_to();
  void *received = &body;
  CHECK(gl_kill(body.get(), &received) == GL_OK && received == nullptr);
  CHECK(happened("swallowed"));
}

TEST(a_kill_that_was_swallowed_is_thrown_again_by_the_next_switch) {
  gl::greenlet other([] { event("other ran"); });
  gl::greenlet body = swallower([&] {
    counted local("local");
    other.switch_to();
    event("not reached");
  });
  body.switch_to();
  CHECK(body.kill());
  CHECK(happened("swallowed ~local"));
  CHECK(other.state() == GL_UNSTARTED);
}

TEST(every_call_that_switches_throws_a_swallowed_kill_again) {
  gl::greenlet victim([] { waits(); });
  victim.switch_to();
  gl::greenlet body = swallower([&] {
    CHECK(thrown_by([&] { victim.throw_in(std::runtime_error("x")); }) == "killed");
    CHECK(thrown_by([&] { victim.kill(); }) == "killed");
    CHECK(thrown_by([&] { gl::killed::check(); }) == "killed");
    gl::generator<int> one([](auto yield) { yield(1); });
    CHECK(thrown_by([&] { one.begin(); }) == "killed");
  });
  body.switch_to();
  CHECK(body.kill());
  CHECK(happened("swallowed"));
  CHECK(victim.state() == GL_SUSPENDED);
}

TEST(a_loop_that_swallows_everything_cannot_hang_its_killer) {
  int swallowed = 0;
  bool stop = false;
  gl::greenlet body([&] {
    while (!stop) {
      try {
        waits();
      } catch (...) { swallowed++; }
    }
  });
  body.switch_to();
  CHECK(!body.kill());
  CHECK(swallowed == 11);
  CHECK(!body.kill()); // a new kill is told anew
  CHECK(swallowed == 22);
  CHECK(body.state() == GL_SUSPENDED);
  stop = true;
  body.switch_to();
  CHECK(nothing_left());
}

TEST(a_swallowed_kill_does_not_disturb_others) {
  gl::greenlet zombie([] {
    for (int i = 0; i < 11; i++) {
      try {
        waits();
      } catch (...) {}
    }
    to_parent_as();
  });
  zombie.switch_to();
  CHECK(!zombie.kill());
  gl::greenlet worker([](int v) { return to_parent_as<int>(v + 1) + 1; });
  CHECK(worker.switch_to<int>(1) == 2);
  CHECK(worker.switch_to<int>(5) == 6);
  zombie.switch_to();
  CHECK(zombie.state() == GL_DEAD);
  CHECK(nothing_left());
}

TEST(a_kill_that_somebody_holds_is_not_taken_for_swallowed_until_it_goes) {
  std::exception_ptr held;
  gl::greenlet body([&] {
    try {
      waits();
    } catch (...) { held = std::current_exception(); }
    event("back %d", to_parent_as<int>());
    held = nullptr;
    waits();
  });
  body.switch_to();
  CHECK(!body.kill());
  body.switch_to(3);
  CHECK(happened("back 3"));
  CHECK(body.state() == GL_DEAD);
  CHECK(nothing_left());
}

TEST(a_kill_outlives_its_greenlet_in_an_exception_ptr) {
  std::exception_ptr held;
  gl::greenlet body([&] {
    try {
      waits();
    } catch (...) {
      held = std::current_exception();
      throw;
    }
  });
  body.switch_to();
  CHECK(body.kill());
  body.reset();
  CHECK(thrown_by([&] { std::rethrow_exception(held); }) == "killed");
  // In another greenlet it ends that one, silently.
  gl::greenlet other([&] { std::rethrow_exception(held); });
  other.switch_to();
  CHECK(other.state() == GL_DEAD);
  held = nullptr;
  CHECK(nothing_left());
}

struct waiting_buffer : std::streambuf {
  int_type overflow(int_type c) override {
    waits();
    return c;
  }
};

TEST(a_kill_that_a_stream_swallowed_is_thrown_again) {
  gl::greenlet body([] {
    waiting_buffer buffer;
    std::ostream out(&buffer);
    out << 'x';
    event(out.bad() ? "bad" : "good");
    waits();
    event("not reached");
  });
  body.switch_to();
  CHECK(body.kill());
  CHECK(happened("bad"));
}

// rule 4
TEST(another_exception_may_end_one_that_is_being_killed) {
  gl::greenlet body([] {
    try {
      waits();
    } catch (...) { throw std::runtime_error("while dying"); }
  });
  body.switch_to();
  CHECK(thrown_by([&] { body.kill(); }) == "while dying");
  CHECK(body.state() == GL_DEAD);
  CHECK(nothing_left());
}

// rule 13
TEST(a_destructor_that_switches_while_being_killed_hands_control_to_the_killer) {
  gl::greenlet body([] {
    counted outer("outer");
    at_exit flush{[] { event("flushed %d", to_parent_as<int>()); }};
    waits();
  });
  body.switch_to();
  CHECK(!body.kill());
  CHECK(happened(""));
  body.switch_to(5); // the unwinding goes on
  CHECK(happened("flushed 5 ~outer"));
  CHECK(body.state() == GL_DEAD);
}

// rule 13
TEST(a_second_kill_inside_such_a_destructor_can_be_caught_there) {
  gl::greenlet body([] {
    counted outer("outer");
    at_exit flush{[] {
      try {
        waits();
      } catch (const gl::killed &) { event("not flushed"); }
    }};
    waits();
  });
  body.switch_to();
  CHECK(!body.kill());
  CHECK(body.kill());
  CHECK(happened("not flushed ~outer"));
  CHECK(nothing_left());
}

// Not by _exit(): valgrind would look for leaks.
static void leave() {
  raise(SIGKILL);
  abort();
}
static void killed_in_a_destructor() {
  gl::greenlet body([] {
    at_exit flush{waits};
    waits();
  });
  body.switch_to();
  std::set_terminate(leave);
  body.kill();
  body.kill();
}
static void killed_in_a_noexcept_function() {
  gl::greenlet body([] { []() noexcept { waits(); }(); });
  body.switch_to();
  std::set_terminate(leave);
  body.kill();
}

TEST(a_kill_that_meets_noexcept_terminates_as_any_exception_does) {
  CHECK(died_by(in_child(killed_in_a_destructor), SIGKILL));
  CHECK(died_by(in_child(killed_in_a_noexcept_function), SIGKILL));
}

// rule 13
TEST(kills_nest) {
  gl::greenlet victim, helper;
  helper = gl::greenlet([&] {
    event("second kill");
    CHECK(victim.kill());
    event("helper killed it");
  });
  victim = gl::greenlet([&] {
    counted local("local");
    try {
      waits();
    } catch (const gl::killed &) {
      try {
        helper.switch_to();
      } catch (const gl::killed &) { event("again"); }
      throw;
    }
  });
  victim.switch_to();
  CHECK(victim.kill());
  CHECK(happened("second kill again ~local helper killed it"));
  CHECK(nothing_left());
}

// rule 13
TEST(one_that_kills_may_be_killed_meanwhile) {
  gl::greenlet a, b;
  b = gl::greenlet([&] {
    at_exit cross{[&] { gl::main_greenlet().switch_to(); }};
    waits();
  });
  b.switch_to();
  a = gl::greenlet([&] {
    counted local("a");
    b.kill();
    event("not reached");
  });
  a.switch_to();
  CHECK(a.kill());
  CHECK(happened("~a"));
  b.switch_to();
  CHECK(b.state() == GL_DEAD);
}

// rule 13
TEST(errors_of_a_kill_are_told) {
  CHECK(thrown_by([] { gl::current().kill(); }) == "GL_EINVAL");
  CHECK(thrown_by([] { gl::ref().kill(); }) == "GL_EINVAL");
  gl::greenlet parent([] {
    gl::greenlet child([] { CHECK(thrown_by([] { gl::current().parent().kill(); }) == "GL_ECYCLE"); });
    child.switch_to();
  });
  parent.switch_to();
  CHECK(parent.kill()); // dead already
}

// rules 13 and 23
TEST(a_kill_inside_a_handler_leaves_the_killers_exception_alone) {
  gl::greenlet body([] {
    try {
      throw std::runtime_error("inner");
    } catch (...) { waits(); }
  });
  body.switch_to();
  try {
    throw std::runtime_error("outer");
  } catch (...) {
    CHECK(body.kill());
    CHECK(thrown_by([] { throw; }) == "outer");
  }
}

// rule 21
TEST(a_greenlet_may_be_dropped_while_an_exception_unwinds) {
  CHECK(thrown_by([] {
          gl::greenlet body([] {
            counted local("local");
            waits();
          });
          body.switch_to();
          throw std::runtime_error("on the way");
        }) == "on the way");
  CHECK(happened("~local"));
}

// rule 22
TEST(one_that_lost_its_last_handle_is_unwound_when_it_switches_away) {
  auto body = new gl::greenlet;
  *body = gl::greenlet([&body] {
    counted local("local");
    delete std::exchange(body, nullptr);
    event("goes on");
    to_parent_as(counted("value"));
  });
  auto value = body->switch_to<counted>();
  CHECK(happened("goes on ~local"));
  CHECK(std::string(std::exchange(value.name, nullptr)) == "value" && counted::alive == 1);
}

// rule 14
TEST(a_kill_that_comes_while_a_handle_is_dropped_is_thrown_by_the_next_switch) {
  gl::ref crossing;
  gl::greenlet body([&] {
    counted local("local");
    {
      gl::greenlet other([] {
        at_exit cross{[] { gl::main_greenlet().switch_to(); }};
        waits();
      });
      crossing = other;
      other.switch_to();
    }
    event("goes on");
    waits();
    event("not reached");
  });
  body.switch_to(); // comes back out of the release
  CHECK(body.kill());
  CHECK(happened("goes on ~local"));
  crossing.switch_to(); // leaked, as it did not end; now it does
  CHECK(nothing_left());
}

BODY(c_waits) { return to_parent(NULL, NULL); }

TEST(C_bodies_are_killed_too) {
  gl::greenlet c = gl::greenlet::adopt(gl_new(c_waits, nullptr));
  c.switch_to();
  CHECK(c.kill());
}

// A body in C that calls C++ code.
BODY(c_calls_cpp) {
  try {
    waits();
  } catch (...) { event("swallowed"); }
  try {
    waits();
  } catch (const gl::killed &) { return GL_KILLED; }
  return GL_OK;
}

TEST(a_swallowed_kill_is_noticed_under_a_body_in_C) {
  gl::greenlet c = gl::greenlet::adopt(gl_new(c_calls_cpp, nullptr));
  c.switch_to();
  CHECK(c.kill());
  CHECK(happened("swallowed"));
  CHECK(nothing_left());
}

TEST(code_on_the_C_functions_can_raise_a_kill) {
  gl::greenlet body([] {
    counted local("local");
    if (gl_switch(gl_parent(gl_current()), nullptr, nullptr) == GL_KILLED) gl::killed::raise();
  });
  body.switch_to();
  CHECK(body.kill());
  CHECK(happened("~local"));
}
