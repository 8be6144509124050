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

static void sets_and_makes_in_the_child(void) {
  gl_key key;
  alarm(5);
  gl_set_unhandled(NULL, NULL);
  gl_status status = gl_key_new(&key, NULL);
  if (status != GL_OK && status != GL_ENOMEM) _exit(1);
}
static void ignores_payload(UNUSED void *user, UNUSED gl_greenlet *g, UNUSED void *payload) {}
static void *sets_the_unhandled_function(UNUSED void *arg) {
  while (!atomic_load(&stop)) gl_set_unhandled(ignores_payload, NULL);
  return NULL;
}
static void *makes_keys(UNUSED void *arg) {
  gl_key key;
  while (!atomic_load(&stop)) gl_key_new(&key, NULL); /* the most there can be are soon made: that it asks is enough */
  return NULL;
}

static void storm(void *(*meanwhile)(void *), void (*body)(void)) {
  if (UNDER_TSAN || UNDER_ASAN) SKIP("the sanitizer's own allocator may be locked in the child");
  if (UNDER_VALGRIND) SKIP("what threads held that are gone in the child counts as lost");
  pthread_t threads[THREADS];
  gl_main(); /* a process that has not used the library has nothing to do when it forks */
  for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, meanwhile, &lent[i]);
  bool works = true;
  for (int i = 0; works && i < FORKS; i++) works = exited(in_child(body), 0);
  CHECK(works);
  atomic_store(&stop, true);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  atomic_store(&stop, false);
  CHECK(all_gone());
}

// rule 20: no lock of the library stays taken in the child
TEST(fork_while_other_threads_work) { storm(keeps_busy, works_in_the_child); }

// rule 20: nor by those who set the function for what nobody handled
TEST(fork_while_other_threads_set_the_unhandled_function) { storm(sets_the_unhandled_function, sets_and_makes_in_the_child); }

// rules 20, 28: nor by those who make keys
TEST(fork_while_other_threads_make_keys) { storm(makes_keys, sets_and_makes_in_the_child); }
