/* SPDX-License-Identifier: MIT */
/* A process without a thread-specific key left, before the library has taken one for the end of threads: GL_ENOMEM. */
#include "child.h"
#include <limits.h>
#include <pthread.h>

static void without_a_key(void) {
  pthread_key_t key;
  for (int i = 0; i < PTHREAD_KEYS_MAX; i++) pthread_key_create(&key, NULL);
  const gl_options options = {.size = sizeof options, .run = never};
  gl_greenlet *g = V(9);
  if (gl_current() || gl_main() || gl_new(never, NULL)) _exit(1);
  if (gl_new_with(&options, &g) != GL_ENOMEM || g != V(9)) _exit(2);
  if (gl_switch(NULL, NULL, NULL) != GL_EINVAL) _exit(3);
}

// rules 1, 9
TEST(no_key_for_the_end_of_threads_is_no_memory) { CHECK(exited(in_child(without_a_key), 0)); }
