// SPDX-License-Identifier: MIT
// Greenlets that live as long as the program.
#include "child.h"
#include "cpp_support.h"

static gl::greenlet made_before_main([](std::string first) {
  counted local("local");
  to_parent_as(first + "!");
});

TEST(a_greenlet_made_before_main_works) {
  CHECK(made_before_main.state() == GL_UNSTARTED);
  CHECK(made_before_main.switch_to<std::string>(std::string("boxed")) == "boxed!");
  CHECK(made_before_main.kill());
  CHECK(happened("~local"));
}

// rule 21
TEST(static_destructors_release_and_unwind) {
  struct child child = in_child([] {
    static gl::greenlet waiting([] {
      at_exit note{[] { fputs("unwound", stderr); }};
      to_parent_as();
    });
    waiting.switch_to();
    exit(0);
  });
  CHECK(exited(child, 0));
  CHECK(strstr(child.err, "unwound"));
}

// rule 19
TEST(exit_unwinds_nothing) {
  struct child child = in_child([] {
    gl::greenlet waiting([] {
      at_exit note{[] { fputs("unwound", stderr); }};
      to_parent_as();
    });
    waiting.switch_to();
    exit(0);
  });
  CHECK(exited(child, 0));
  CHECK(!strstr(child.err, "unwound"));
}
