// SPDX-License-Identifier: MIT
// gl::ref and gl::greenlet as handles, and errors.
#include "cpp_support.h"

#include <type_traits>

static_assert(sizeof(gl::greenlet) == sizeof(void *) && sizeof(gl::ref) == sizeof(void *));
static_assert(std::is_trivially_copyable_v<gl::ref>);
static_assert(std::is_nothrow_move_constructible_v<gl::greenlet> && std::is_nothrow_copy_constructible_v<gl::greenlet>);
static_assert(!std::is_convertible_v<gl::ref, gl::greenlet>, "a borrowed greenlet becomes an owned one by name only");

static void note_data(void *) { event("gone"); }
static gl_greenlet *noted() {
  gl_options options{};
  options.size = sizeof options;
  options.run = identity;
  options.drop = note_data;
  gl_greenlet *g = nullptr;
  CHECK(gl_new_with(&options, &g) == GL_OK);
  return g;
}

TEST(copies_own_one_handle_each) {
  gl::greenlet a = gl::greenlet::adopt(noted()), b = a, c;
  c = b;
  a.reset(), b.reset();
  CHECK(!a && happened(""));
  const gl::greenlet &same = c;
  c = same;
  CHECK(happened(""));
  c.reset();
  CHECK(happened("gone"));
}

TEST(moves_hand_the_handle_over) {
  gl::greenlet a = gl::greenlet::adopt(noted()), b = std::move(a), c;
  CHECK(!a && b);
  c = std::move(b);
  CHECK(!b && c && happened(""));
  c = gl::greenlet();
  CHECK(happened("gone"));
}

TEST(a_handle_can_come_from_C_and_go_there) {
  gl_greenlet *raw = noted();
  {
    gl::greenlet more{gl::ref(raw)};
    CHECK(more == gl::ref(raw));
  }
  CHECK(happened(""));
  gl::greenlet owner = gl::greenlet::adopt(raw);
  CHECK(owner.detach() == raw && !owner);
  gl_release(raw);
  CHECK(happened("gone"));
}

// rules 1 and 2
TEST(a_greenlet_knows_its_family) {
  CHECK(gl::current() == gl::main_greenlet() && gl::current() != gl::ref());
  CHECK(!gl::current().parent());
  gl::greenlet body([] {
    CHECK(gl::current().parent() == gl::main_greenlet());
    CHECK(gl::current().state() == GL_RUNNING);
  });
  CHECK(body.parent() == gl::current() && body.state() == GL_UNSTARTED);
  gl::greenlet other([] {});
  body.set_parent(other);
  CHECK(body.parent() == other);
  body.set_parent(gl::current());
  body.switch_to();
  CHECK(body.state() == GL_DEAD && std::string(body.name()).empty());
}

// rule 30
TEST(an_empty_handle_answers_and_refuses) {
  gl::greenlet none;
  CHECK(!none && !none.get() && none.state() == GL_DEAD && std::string(none.name()).empty() && !none.parent());
  CHECK(thrown_by([&] { none.switch_to(); }) == "GL_EINVAL");
  CHECK(thrown_by([&] { none.set_parent(gl::current()); }) == "GL_EINVAL");
  none.reset();
}

// rule 15
TEST(errors_are_system_errors_with_the_numbers_of_the_core) {
  gl::greenlet a([] {}), b([] {});
  b.set_parent(a);
  try {
    a.set_parent(b);
  } catch (const std::system_error &e) {
    CHECK(e.code() == GL_ECYCLE && e.code() != GL_EINVAL);
    CHECK(e.code().value() == GL_ECYCLE && &e.code().category() == &gl::category());
    CHECK(std::string(e.what()) == std::string("gl_set_parent: ") + gl_strerror(GL_ECYCLE));
    event("refused");
  }
  CHECK(happened("refused"));
  CHECK(a.parent() == gl::current());
}

TEST(errors_compare_with_what_they_mean) {
  std::error_code code = GL_ENOMEM;
  CHECK(code == std::errc::not_enough_memory);
  CHECK((code = GL_EINVAL) == std::errc::invalid_argument);
  CHECK((code = GL_EBUSY) == std::errc::device_or_resource_busy);
  CHECK((code = GL_ENOTSUP) == std::errc::not_supported);
  CHECK((code = GL_ECYCLE) != std::errc::invalid_argument);
  CHECK(code.default_error_condition() == std::error_condition(GL_ECYCLE, gl::category()));
  CHECK(std::string(gl::category().name()) == "greenlet" && code.message() == gl_strerror(GL_ECYCLE));
}

// rule 26
TEST(a_switch_inside_a_callback_is_refused) {
  std::string refused;
  auto visit = [](void *user, gl_greenlet *g) {
    *static_cast<std::string *>(user) = thrown_by([g] { gl::ref(g).switch_to(); });
    return 1;
  };
  CHECK(gl_foreach(visit, &refused) == 1);
  CHECK(refused == "GL_EBUSY");
}

// rule 16
TEST(a_cycle_of_handles_keeps_its_greenlets_until_it_is_broken) {
  auto body = std::make_shared<gl::greenlet>();
  *body = gl::greenlet([body] { // its callable owns the handle
    counted local("local");
    to_parent_as();
  });
  gl::ref self = *body;
  body->switch_to();
  body.reset();
  CHECK(happened("") && self.state() == GL_SUSPENDED);
  self.kill();
  CHECK(happened("~local"));
  CHECK(nothing_left());
}

// rule 16
TEST(a_handle_on_itself_goes_with_the_callable) {
  auto body = std::make_shared<gl::greenlet>();
  *body = gl::greenlet([body] { return 1; });
  CHECK(std::exchange(body, nullptr)->switch_to<int>() == 1);
  CHECK(nothing_left());
}

TEST(a_parent_is_kept_by_its_child) {
  gl::greenlet child;
  {
    gl::greenlet parent([&] {
      child = gl::greenlet([] { return 3; });
      to_parent_as();
      return 0;
    });
    parent.switch_to();
  }
  CHECK(child.parent().state() == GL_SUSPENDED);
  child.reset();
  CHECK(nothing_left());
}
