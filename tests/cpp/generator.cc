// SPDX-License-Identifier: MIT
// gl::generator as a range.
#include "cpp_support.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <vector>

static gl::generator<int> count_to(int last) {
  return gl::generator<int>([last](auto yield) {
    counted local;
    for (int i = 1; i <= last; i++) yield(i);
  });
}

TEST(a_generator_is_a_range) {
  std::vector<int> seen;
  for (int n : count_to(4)) seen.push_back(n);
  CHECK((seen == std::vector<int>{1, 2, 3, 4}));
  CHECK(counted::alive == 0);
  for (int n : count_to(0)) CHECK(n == -1);
  CHECK(nothing_left());
}

TEST(algorithms_of_one_pass_take_it) {
  auto numbers = count_to(10);
  CHECK(std::accumulate(numbers.begin(), numbers.end(), 0) == 55);
  auto more = count_to(10);
  CHECK(*std::find(more.begin(), more.end(), 7) == 7);
  CHECK(*more.begin() == 7); // it stands where it stood
}

TEST(a_generator_starts_when_it_is_asked) {
  gl::generator<int> lazy([](auto yield) {
    event("started");
    yield(1);
    event("asked again");
  });
  CHECK(happened(""));
  auto i = lazy.begin();
  CHECK(happened("started") && *i == 1);
  ++i;
  CHECK(happened("asked again") && i == lazy.end());
  ++i; // past the end nothing happens
  CHECK(i == lazy.end() && lazy.begin() == lazy.end());
}

TEST(one_that_was_never_asked_never_runs) {
  {
    gl::generator<int> unused([token = std::make_unique<counted>("callable")](auto) { event("ran"); });
  }
  CHECK(happened("~callable"));
}

// rule 21
TEST(leaving_the_loop_early_unwinds_the_body) {
  for (int n : count_to(1000000))
    if (n == 3) break;
  CHECK(nothing_left());
}

TEST(an_exception_passes_through_the_loop) {
  gl::generator<int> failing([](auto yield) {
    yield(1);
    throw std::runtime_error("no more");
  });
  auto i = failing.begin();
  CHECK(*i == 1);
  CHECK(thrown_by([&] { ++i; }) == "no more");
  CHECK(i == failing.end() && failing.begin() == failing.end());
  gl::generator<int> at_once([](auto) { throw std::runtime_error("at once"); });
  CHECK(thrown_by([&] { at_once.begin(); }) == "at once");
  CHECK(thrown_by([] {
          for (int n : count_to(5)) {
            if (n == 2) throw std::runtime_error("from the loop");
          }
        }) == "from the loop");
  CHECK(counted::alive == 0);
}

TEST(a_generator_moves) {
  gl::generator<int> a = count_to(3), b = std::move(a);
  CHECK(a.begin() == a.end());
  CHECK(*b.begin() == 1);
  gl::generator<int> c = count_to(9);
  CHECK(*c.begin() == 1);
  CHECK(counted::alive == 2);
  c = std::move(b);
  CHECK(counted::alive == 1);
  auto i = c.begin();
  CHECK(*i == 1 && *++i == 2);
  a = count_to(1);
  CHECK(*a.begin() == 1);
}

TEST(values_may_be_of_any_object_type) {
  gl::generator<std::unique_ptr<std::string>> words([](auto yield) {
    yield(std::make_unique<std::string>("one"));
    auto two = std::make_unique<std::string>("two");
    yield(std::move(two));
    CHECK(!two);
  });
  std::string all;
  for (auto &word : words) {
    auto mine = std::move(word);
    all += *mine;
  }
  CHECK(all == "onetwo");

  gl::generator<counted> objects([](auto yield) { yield(counted("element")); });
  auto i = objects.begin();
  CHECK(i->name);
  ++i;
  CHECK(happened("~element"));
}

struct tree {
  int key;
  const tree *left, *right;
};
static void walk(const tree *t, gl::yielder<int> yield) {
  if (!t) return;
  walk(t->left, yield);
  yield(t->key);
  walk(t->right, yield);
}

TEST(a_body_yields_from_any_depth) {
  tree one{1, nullptr, nullptr}, three{3, nullptr, nullptr}, two{2, &one, &three};
  gl::generator<int> keys([&](auto yield) { walk(&two, yield); });
  CHECK((std::vector<int>(keys.begin(), keys.end()) == std::vector<int>{1, 2, 3}));
}

TEST(generators_nest) {
  gl::generator<int> pairs([](auto yield) {
    for (int a : count_to(2))
      for (int b : count_to(2)) yield(10 * a + b);
  });
  CHECK((std::vector<int>(pairs.begin(), pairs.end()) == std::vector<int>{11, 12, 21, 22}));
  CHECK(nothing_left());
}

TEST(whoever_asks_gets_the_value) {
  gl::generator<int> shared([](auto yield) {
    for (int i = 1;; i++) yield(i);
  });
  CHECK(*shared.begin() == 1);
  gl::greenlet other([&] {
    CHECK(*++shared.begin() == 2);
    to_parent_as();
    CHECK(*++shared.begin() == 4);
  });
  other.switch_to();
  CHECK(*++shared.begin() == 3);
  other.switch_to();
  CHECK(other.state() == GL_DEAD);
}

TEST(a_body_may_wait_between_values) {
  gl::ref reader;
  gl::greenlet hub([&] {
    for (;;) {
      event("hub");
      reader.switch_to();
    }
  });
  gl::generator<int> slow([&](auto yield) {
    reader = gl::current();
    for (int i = 1; i < 3; i++) {
      hub.switch_to();
      yield(i);
    }
  });
  for (int n : slow) event("%d", n);
  CHECK(happened("hub 1 hub 2"));
}

TEST(a_stranger_that_switches_to_the_reader_is_told_from_a_value) {
  gl::greenlet rude([] { gl::main_greenlet().switch_to(99); });
  gl::generator<int> waiting([&](auto yield) {
    rude.switch_to();
    yield(1);
  });
  CHECK(thrown_by([&] { waiting.begin(); }) == gl::bad_value().what());
  CHECK(*waiting.begin() == 1); // it goes on when it is asked again
}

// rule 15
TEST(a_generator_cannot_ask_itself) {
  gl::generator<int> *self = nullptr;
  gl::generator<int> selfish([&](auto yield) {
    CHECK(thrown_by([&] { ++self->begin(); }) == "GL_ECYCLE");
    yield(1);
  });
  self = &selfish;
  CHECK(*selfish.begin() == 1);
}

TEST(options_reach_a_generator) {
  gl::options options;
  options.name = "numbers";
  gl::generator<std::string> named(options, [](auto yield) { yield(gl::current().name()); });
  CHECK(*named.begin() == "numbers");
}

// rule 14
TEST(an_exception_while_a_generator_is_dropped_is_nobodys) {
  gl_set_unhandled([](void *, gl_greenlet *, void *) { event("unhandled"); }, nullptr);
  {
    gl::generator<int> bad([](auto yield) {
      try {
        yield(1);
      } catch (...) { throw std::runtime_error("too late"); }
    });
    CHECK(*bad.begin() == 1);
  }
  gl_set_unhandled(nullptr, nullptr);
  CHECK(happened("unhandled"));
  CHECK(nothing_left());
}
