// SPDX-License-Identifier: MIT
// gl::local: values that each greenlet has of its own.
#include "cpp_support.h"

static gl::local<int> depth;
static gl::local<counted> object;

// rule 28
TEST(each_greenlet_has_its_own) {
  CHECK(!depth.get());
  *depth = 1;
  gl::greenlet body([] {
    CHECK(!depth.get() && *depth == 0);
    *depth = 2;
    to_parent_as();
    CHECK(*depth == 2);
  });
  body.switch_to();
  CHECK(*depth == 1 && *depth.get(body) == 2 && !depth.get(gl::ref()));
  body.switch_to();
  depth.reset();
  CHECK(!depth.get());
  depth.reset();
}

// rule 4
TEST(a_value_is_destroyed_when_its_greenlet_ends_on_its_stack) {
  struct local_note {
    gl::ref owner = gl::current();
    ~local_note() { event(gl::current() == owner ? "inside" : "outside"); }
  };
  static gl::local<local_note> note;
  gl::greenlet body([] {
    *note;
    at_exit end{[] { event("end"); }};
    to_parent_as();
  });
  body.switch_to();
  body.kill();
  CHECK(happened("end inside"));
}

TEST(a_new_value_replaces_the_old_one) {
  object.emplace("one");
  object.emplace("two");
  CHECK(happened("~one") && std::string(object->name) == "two");
  object.reset();
  CHECK(happened("~two") && counted::alive == 0);
}

TEST(a_value_that_cannot_be_made_leaves_the_old_one) {
  struct picky {
    int number;
    explicit picky(int n) : number(n) {
      if (n < 0) throw std::runtime_error("negative");
    }
  };
  static gl::local<picky> value;
  value.emplace(1);
  CHECK(thrown_by([] { value.emplace(-1); }) == "negative");
  CHECK(value.get()->number == 1);
  value.reset();
}
