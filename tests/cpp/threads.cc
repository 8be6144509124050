// SPDX-License-Identifier: MIT
// Greenlets in several threads, and threads that end.
#include "cpp_support.h"

#include <atomic>
#include <pthread.h>
#include <thread>
#include <vector>

template <class F> static void in_thread(F work) { std::thread(std::move(work)).join(); }

// rule 17
TEST(a_greenlet_of_another_thread_is_refused) {
  gl::greenlet body([] { to_parent_as(); });
  body.switch_to();
  in_thread([&] {
    CHECK(thrown_by([&] { body.switch_to(std::string("boxed")); }) == "GL_ETHREAD");
    CHECK(thrown_by([&] { body.throw_in(1); }) == "GL_ETHREAD");
    CHECK(thrown_by([&] { body.kill(); }) == "GL_ETHREAD");
    CHECK(body.state() == GL_SUSPENDED);
  });
  gl::greenlet expired;
  in_thread([&] { expired = gl::greenlet([] {}); });
  CHECK(thrown_by([&] { expired.switch_to(); }) == "GL_EEXPIRED");
}

// rule 18
TEST(a_handle_that_goes_elsewhere_unwinds_in_its_own_thread) {
  std::thread::id unwound;
  gl::greenlet body([&] {
    at_exit note{[&] { unwound = std::this_thread::get_id(); }};
    to_parent_as();
  });
  body.switch_to();
  in_thread([moved = std::move(body)]() mutable { moved.reset(); });
  CHECK(unwound == std::thread::id());
  gl::current().switch_to();
  CHECK(unwound == std::this_thread::get_id());
}

TEST(exceptions_and_boxes_of_many_threads_do_not_mix) {
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; t++)
    threads.emplace_back([t, &right] {
      for (int i = 0; i < 200; i++) {
        std::string text = std::to_string(t) + "/" + std::to_string(i);
        gl::greenlet body([&](std::string s) {
          if (to_parent_as<std::string>(s) != text) return;
          throw std::runtime_error(s);
        });
        if (body.switch_to<std::string>(text) != text) continue;
        if (thrown_by([&] { body.switch_to(text); }) == text) right++;
        gl::greenlet unwound([] { to_parent_as(); });
        unwound.switch_to();
        unwound.kill();
      }
    });
  for (auto &thread : threads) thread.join();
  CHECK(right == 800);
  CHECK(nothing_left());
}

// rule 4
TEST(what_nobody_took_is_freed_with_its_thread) {
  in_thread([] {
    gl::to_pointer(counted("value"));
    gl::to_payload(std::make_exception_ptr(1));
    CHECK(gl::detail::boxes_on_their_way == 2);
  });
  CHECK(happened("~value"));
  CHECK(nothing_left());
}

TEST(an_exception_can_be_handed_to_another_thread) {
  std::exception_ptr exception;
  in_thread([&] {
    gl::greenlet body([] { throw std::runtime_error("elsewhere"); });
    try {
      body.switch_to();
    } catch (...) { exception = std::current_exception(); }
  });
  CHECK(thrown_by([&] { std::rethrow_exception(exception); }) == "elsewhere");
}

TEST(a_kill_held_by_another_thread_is_let_go_there) {
  gl::greenlet body([] {
    std::thread holder;
    try {
      to_parent_as();
    } catch (...) {
      holder = std::thread([held = std::current_exception()] {});
    }
    holder.join();
    to_parent_as();
  });
  body.switch_to();
  CHECK(body.kill());
  CHECK(nothing_left());
}

// Runs `end` in a thread of its own, in a greenlet that `stranded` owns.
static gl::greenlet stranded;
static void (*end_thread)();
static void run_in_greenlet_of_new_thread(void (*end)()) {
  end_thread = end;
  pthread_t thread;
  auto start = [](void *) -> void * {
    stranded = gl::greenlet([callable = counted("callable")] {
      counted local("local");
      end_thread();
      event("went on");
    });
    events[0] = 0;
    stranded.switch_to();
    event("thread went on");
    return nullptr;
  };
  CHECK(pthread_create(&thread, nullptr, start, nullptr) == 0);
  CHECK(pthread_join(thread, nullptr) == 0);
}

// rules 19 and 24
TEST(pthread_exit_unwinds_the_current_greenlet) {
  if (UNDER_TSAN) SKIP("ThreadSanitizer allows pthread_exit() on the thread's own stack only");
  if (ON_WINDOWS) SKIP("pthread_exit() does not unwind there");
  run_in_greenlet_of_new_thread([] { pthread_exit(nullptr); });
  CHECK(happened("~local ~callable"));
  CHECK(stranded.state() == GL_DEAD);
}

// rules 19 and 24
TEST(a_cancellation_unwinds_the_current_greenlet) {
  if (ON_WINDOWS) SKIP("cancellation does not unwind there");
  run_in_greenlet_of_new_thread([] {
    pthread_cancel(pthread_self());
    pthread_testcancel();
  });
  CHECK(happened("~local ~callable"));
  CHECK(stranded.state() == GL_DEAD);
}
