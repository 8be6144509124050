/* SPDX-License-Identifier: MIT */
/* When there is no memory: GL_ENOMEM changes nothing, and things work again when there is (rule 9). */
#include "child.h"

enum { most = 1 << 20 }; /* malloc may have set aside a lot already */
static gl_greenlet *all[most];
static int made;

/* In a child, where CHECK is not heard. */
static void must(bool condition, int exit_code) {
  if (!condition) _exit(exit_code);
}
static void limit_memory(void) {
  struct rlimit limit;
  FILE *file = fopen("/proc/self/statm", "r");
  unsigned long pages = 0;
  must(file && fscanf(file, "%lu", &pages) == 1, 2);
  fclose(file);
  limit.rlim_cur = limit.rlim_max = pages * (rlim_t)sysconf(_SC_PAGESIZE) + (8 << 20);
  must(setrlimit(RLIMIT_AS, &limit) == 0, 2);
}
static void release_all(void) {
  while (made > 0) gl_release(all[--made]);
}
static void start_until_there_is_no_stack(void) {
  gl_main();
  limit_memory();
  gl_status status = GL_OK;
  void *received = V(9);
  while (status == GL_OK && made < most) {
    all[made] = new_private(echo, NULL);
    must(all[made] != NULL, 3);
    received = V(9);
    status = gl_switch(all[made], V(made), &received);
    made++;
  }
  must(status == GL_ENOMEM && received == V(9), 4);
  must(made > 10, 5);
  must(gl_state(all[made - 1]) == GL_UNSTARTED, 6);
  for (int i = 0; i < made - 1; i++) must(gl_switch(all[i], V(i), &received) == GL_OK && received == V(i), 7);
  gl_release(all[0]), all[0] = NULL; /* its stack is for the next one */
  must(gl_switch(all[made - 1], V(5), &received) == GL_OK && received == V(5), 8);
  release_all();
  must(stats().alive == 0, 9);
}
static void make_until_there_is_no_memory(void) {
  gl_main();
  limit_memory();
  gl_options options = {.size = sizeof options, .run = echo, .name = "one of many, with a name that takes some memory of its own"};
  gl_status status = GL_OK;
  gl_greenlet *g = V(9);
  while (status == GL_OK && made < most) {
    g = V(9);
    status = gl_new_with(&options, &g);
    if (status == GL_OK) all[made++] = g;
  }
  must(status == GL_ENOMEM && g == V(9), 4);
  must(made > 1000, 5);
  while (made < most && (g = gl_new(echo, NULL)) != NULL) all[made++] = g;
  must(g == NULL, 6);
  must(stats().alive == (uint64_t)made, 7);
  release_all();
  must(stats().alive == 0, 8);
  g = gl_new(never, NULL); /* not a stack for it: malloc may keep what it has */
  must(g && gl_kill(g, NULL) == GL_OK, 9);
}

#define only_native "what it allocates for itself does not fit under the limit"

// rules 5, 9
TEST(no_memory_for_a_stack_is_ENOMEM_until_there_is_some) {
  if (UNDER_ASAN || UNDER_TSAN || UNDER_VALGRIND) SKIP(only_native);
  CHECK(exited(in_child(start_until_there_is_no_stack), 0));
}

// rule 9
TEST(no_memory_for_a_greenlet_is_ENOMEM_until_there_is_some) {
  if (UNDER_ASAN || UNDER_TSAN || UNDER_VALGRIND) SKIP(only_native);
  CHECK(exited(in_child(make_until_there_is_no_memory), 0));
}
