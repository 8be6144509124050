// SPDX-License-Identifier: MIT
// Callables as bodies: which, and where they are destroyed.
#include "cpp_support.h"

#include <functional>
#include <memory>

static int twice(int v) { return 2 * v; }
struct multiplier {
  int factor;
  int operator()(int v) const { return factor * v; }
  int method(int v) { return factor + v; }
};

// rule 3
TEST(any_callable_is_a_body) {
  CHECK(gl::greenlet(twice).switch_to<int>(4) == 8);
  CHECK(gl::greenlet(&twice).switch_to<int>(5) == 10);
  CHECK(gl::greenlet(multiplier{3}).switch_to<int>(5) == 15);
  CHECK(gl::greenlet(std::function<int(int)>(twice)).switch_to<int>(6) == 12);
  CHECK(gl::greenlet([n = 1](int v) mutable noexcept { return n += v; }).switch_to<int>(6) == 7);
  CHECK(gl::greenlet([](auto pointer) { return pointer; }).switch_to<void *>(V(3)) == V(3));
  multiplier m{30};
  CHECK(gl::greenlet([&m](int v) { return m.method(v); }).switch_to<int>(6) == 36);
  CHECK(gl::greenlet([](const std::string &s) { return s.size(); }).switch_to<std::size_t>(std::string("four")) == 4);
  CHECK(gl::greenlet([](std::string &&s) -> const std::string & { return s += "!", s; }).switch_to<std::string>(std::string("a")) == "a!");
}

TEST(an_empty_function_throws_when_it_runs) {
  gl::greenlet body{std::function<void()>()};
  CHECK(thrown_by([&] { body.switch_to(); }) == std::bad_function_call().what());
}

// rule 4
TEST(the_callable_is_destroyed_inside_its_greenlet_right_after_it_has_ended) {
  gl::ref self;
  gl::greenlet body([&self, note = at_exit{[&self] { event("callable gone in %s", gl::current() == self ? "body" : "caller"); }}] {
    at_exit inner{[] { event("body ended"); }};
    self = gl::current();
    to_parent_as();
  });
  events[0] = 0; // moving it in destroyed others
  body.switch_to();
  CHECK(happened(""));
  body.switch_to();
  event("back");
  CHECK(happened("body ended callable gone in body back"));
}

// rule 4
TEST(a_callable_that_never_ran_is_destroyed_by_whoever_drops_it) {
  gl::greenlet body([token = std::make_unique<counted>("callable")] { CHECK(token); });
  body.reset();
  CHECK(happened("~callable"));
  body = gl::greenlet([token = std::make_unique<counted>("callable")] { CHECK(token); });
  body.kill();
  CHECK(body.state() == GL_DEAD && happened("~callable"));
  body = gl::greenlet([token = std::make_unique<counted>("callable")] { CHECK(token); });
  CHECK(thrown_by([&] { body.throw_in(std::runtime_error("instead")); }) == "instead");
  CHECK(happened("~callable"));
  CHECK(nothing_left());
}

TEST(a_move_only_callable_is_a_body) {
  auto number = std::make_unique<int>(5);
  gl::greenlet body([number = std::move(number)](int v) { return *number + v; });
  CHECK(body.switch_to<int>(6) == 11);
}

TEST(a_destructor_in_the_callable_may_switch) {
  gl::greenlet logger([] {
    for (;;) {
      event("logged");
      to_parent_as();
    }
  });
  gl::greenlet body([note = std::unique_ptr<int, std::function<void(int *)>>(new int, [&logger](int *p) {
                       logger.set_parent(gl::current());
                       logger.switch_to();
                       delete p;
                     })] { event("body"); });
  body.switch_to();
  CHECK(body.state() == GL_DEAD);
  CHECK(happened("body logged"));
  logger.set_parent(gl::current());
}

TEST(a_callable_that_cannot_be_copied_in_leaves_nothing) {
  struct thrower {
    thrower() = default;
    thrower(const thrower &) { throw std::runtime_error("no copy"); }
    void operator()() {}
  } body;
  uint64_t before = stats().created;
  CHECK(thrown_by([&] { gl::greenlet g(body); }) == "no copy");
  CHECK(stats().created == before);
}

// rule 31
TEST(options_are_passed_on) {
  gl::greenlet parent([] {});
  gl::options options;
  options.name = "worker";
  options.parent = parent;
  options.stack_size = 1 << 20;
  gl::greenlet body(options, [token = counted("callable")] {
    void *low, *high;
    CHECK(gl_stack_bounds(gl_current(), &low, &high) == GL_OK);
    CHECK(static_cast<char *>(high) - static_cast<char *>(low) > 1 << 19);
  });
  CHECK(std::string(body.name()) == "worker");
  CHECK(body.parent() == parent);
  body.switch_to();
  CHECK(happened("~callable"));
  options.flags = 1u << 30;
  CHECK(thrown_by([&] { gl::greenlet refused(options, [token = counted("callable")] {}); }) == "GL_EINVAL");
  CHECK(happened("~callable"));
}

// rule 21
TEST(a_discarded_greenlet_destroys_only_its_callable) {
  gl::options options;
  options.flags = GL_DISCARD;
  gl::greenlet body(options, [token = counted("callable")] {
    at_exit local{[] { event("unwound"); }};
    to_parent_as();
  });
  events[0] = 0; // moving it in destroyed another
  body.switch_to();
  body.reset();
  CHECK(happened("~callable"));
  CHECK(nothing_left());
}

// rule 14
TEST(a_body_that_never_ends_is_leaked_and_counted) {
  uint64_t before = stats().leaked;
  gl::greenlet body([] {
    for (int tries = 0; tries < 12; tries++) {
      try {
        to_parent_as();
      } catch (const gl::killed &) {}
    }
  });
  gl::ref self = body;
  body.switch_to();
  body.reset();
  CHECK(stats().leaked == before + 1 && self.state() == GL_SUSPENDED);
  self.switch_to();
  CHECK(nothing_left());
}
