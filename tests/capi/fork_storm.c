/* SPDX-License-Identifier: MIT */
/* Rule 20 under load: a fork while other threads are in the middle of every call must leave the child able to work. */
#include "child.h"
#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 3, FORKS = 40 };
static atomic_bool stop;
static gl_greenlet *lent[THREADS];

static void *keeps_busy(void *arg) {
  gl_greenlet **slot = arg;
  *slot = gl_new(echo, NULL);
  gl_switch(*slot, NULL, NULL);
  while (!atomic_load(&stop)) {
    gl_greenlet *some[8];
    for (int i = 0; i < 8; i++) some[i] = gl_new(i % 2 ? echo : identity, NULL), gl_switch(some[i], NULL, NULL);
    for (int i = 0; i < 8; i++) gl_set_parent(some[i], *slot), gl_release(some[i]);
    stats(), gl_trim();
  }
  gl_release(*slot);
  return NULL;
}

static void works_in_the_child(void) {
  alarm(20); /* a lock that was taken for ever ends here */
  for (int i = 0; i < 50; i++) {
    gl_greenlet *g = gl_new(echo, NULL), *child = child_of(g, identity, NULL);
    if (gl_switch(g, NULL, NULL) != GL_OK || gl_set_parent(child, gl_main()) != GL_OK) _exit(1);
    gl_release(child), gl_release(g);
    stats(), gl_trim();
  }
}

// rule 20: no lock of the library stays taken in the child
TEST(fork_while_other_threads_work) {
  if (UNDER_TSAN || UNDER_ASAN) SKIP("the sanitizer's own allocator may be locked in the child");
  if (UNDER_VALGRIND) SKIP("what threads held that are gone in the child counts as lost");
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, keeps_busy, &lent[i]);
  for (int i = 0; i < FORKS; i++) {
    struct child child = in_child(works_in_the_child);
    CHECK(exited(child, 0));
  }
  atomic_store(&stop, true);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  CHECK(all_gone());
}
