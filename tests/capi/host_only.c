/* SPDX-License-Identifier: MIT */
/* A build without stacks (GREENLET_HOST_ONLY): threads have a tree, whose greenlets cannot start (rule 34 says what hosted ones answer everywhere). */
#include "partner.h"

static bool can_switch(void) { return gl_switch(gl_main(), NULL, NULL) != GL_ENOTSUP; }

TEST(without_stacks_nothing_starts) {
  if (can_switch()) SKIP("this build has stacks");
  void *received = V(9);
  gl_greenlet *g = NULL;
  const gl_options options = {.size = sizeof options, .run = never, .drop = note_drop, .data = V(1), .stack_size = 1 << 20};
  CHECK(gl_new_with(&options, &g) == GL_OK && gl_state(g) == GL_UNSTARTED && gl_parent(g) == gl_main());
  CHECK(gl_switch(g, NULL, &received) == GL_ENOTSUP && gl_throw(g, NULL, &received) == GL_ENOTSUP && gl_kill(g, &received) == GL_ENOTSUP);
  CHECK(received == V(9) && gl_state(g) == GL_UNSTARTED && gl_current() == gl_main());
  gl_prefetch(g);
  gl_release(g);
  CHECK(happened("drop 1") && all_gone());
}

static void no_text(UNUSED void *user, UNUSED const char *text, UNUSED size_t size) {}
TEST(without_stacks_there_is_none_to_have) {
  if (can_switch()) SKIP("this build has stacks");
  void *low = V(9), *high = V(9), *pcs[1];
  CHECK(!gl_stack_new(0) && !gl_stack_thread() && !gl_stack_retain(NULL));
  gl_stack_release(NULL);
  CHECK(gl_stack_bounds(gl_main(), &low, &high) == GL_ENOTSUP && low == V(9) && high == V(9));
  CHECK(gl_backtrace(gl_main(), pcs, 1) == GL_ENOTSUP && gl_backtrace(gl_main(), NULL, 1) == GL_EINVAL);
  CHECK(gl_trim() == 0 && gl_dump(no_text, NULL) == GL_OK);
}

static void *leaves_one(void *arg) {
  gl_greenlet **left = arg;
  *left = NEW(.run = never, .drop = note_drop, .data = V(2));
  return NULL;
}
// rule 19
TEST(without_stacks_a_thread_ends_its_tree) {
  gl_greenlet *left = NULL;
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, leaves_one, &left) == 0 && pthread_join(thread, NULL) == 0);
  CHECK(happened("drop 2") && gl_state(left) == GL_DEAD);
  gl_release(left);
  CHECK(all_gone());
}
