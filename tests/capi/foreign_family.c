/* SPDX-License-Identifier: MIT */
/* Families over two threads, while the other thread reparents, releases or ends. */
#include "support.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#define ROUNDS (UNDER_TSAN || UNDER_VALGRIND ? 200 : 3000)

static _Atomic(gl_greenlet *) to_adopt, to_move;
static gl_greenlet *their_main, *between;
static atomic_int turn; /* 1 this thread's, 2 done with to_adopt, 3 done with to_move */
static atomic_bool over;

static void *reparents(void *unused) {
  their_main = gl_main();
  turn = 1;
  while (!over) {
    gl_greenlet *heir = atomic_exchange(&to_adopt, NULL), *moved = atomic_exchange(&to_move, NULL);
    if (heir) {
      CHECK(gl_set_parent(between, heir) == GL_OK);
      gl_release(heir);
      turn = 2;
    }
    if (moved) {
      CHECK(gl_set_parent(moved, their_main) == GL_OK);
      gl_release(moved);
      turn = 3;
    }
    if (!heir && !moved) sched_yield();
  }
  return unused;
}
static void wait_for(int done) {
  while (turn != done) sched_yield();
}

// rules 5, 17: g (here) -> between (there) -> heir (here, unstarted): its last handle goes there while the outcome starts it here
TEST(heir_beyond_a_foreign_one_is_freed_while_it_starts) {
  pthread_t thread;
  over = false;
  turn = 0;
  pthread_create(&thread, NULL, reparents, NULL);
  wait_for(1);
  for (int i = 0; i < ROUNDS; i++) {
    gl_greenlet *heir = gl_new(identity, NULL), *g;
    between = gl_new(identity, NULL), g = child_of(between, identity, NULL);
    CHECK(gl_set_parent(between, their_main) == GL_OK && gl_set_parent(heir, their_main) == GL_OK);
    turn = 1;
    to_adopt = gl_retain(heir);
    wait_for(2);
    CHECK(gl_set_parent(heir, gl_main()) == GL_OK);
    gl_release(heir);
    turn = 1;
    to_move = between;
    for (int wait = i % 131; wait; wait--) atomic_thread_fence(memory_order_seq_cst);
    gl_switch(g, NULL, NULL);
    gl_release(g);
    wait_for(3);
  }
  over = true;
  pthread_join(thread, NULL);
  gl_switch(gl_main(), NULL, NULL); /* what went there is killed now */
  CHECK(all_gone());
}

static atomic_int dropped;
static void count_drop(void *unused) {
  (void)unused;
  dropped++;
}
static _Atomic(gl_greenlet *) doomed_main;
static atomic_bool may_end;
static void *ends_soon(void *unused) {
  doomed_main = gl_retain(gl_main());
  while (!may_end) sched_yield();
  for (int wait = 20000; wait; wait--) atomic_thread_fence(memory_order_seq_cst);
  return unused;
}

// rules 15, 19, 31: each greenlet made for, or moved to, a thread that ends meanwhile ends with it, or is refused
static void give_until_it_has_ended(bool by_move) {
  enum { MOST = 50000 };
  static gl_greenlet *all[MOST];
  for (int round = 0; round < ROUNDS / 20; round++) {
    pthread_t thread;
    doomed_main = NULL;
    may_end = false;
    dropped = 0;
    pthread_create(&thread, NULL, ends_soon, NULL);
    while (!doomed_main) sched_yield();
    gl_options options = {.size = sizeof options, .run = never, .drop = count_drop};
    if (!by_move) options.parent = doomed_main, options.stack_size = private_stack();
    int given = 0;
    may_end = true;
    for (gl_status status = GL_OK; given < MOST;) {
      status = gl_new_with(&options, &all[given]);
      if (status == GL_OK && by_move && (status = gl_set_parent(all[given], doomed_main)) != GL_OK) {
        gl_release(all[given]);
        dropped--;
      }
      if (status != GL_OK) break;
      given++;
    }
    pthread_join(thread, NULL);
    CHECK(dropped == given);
    for (int i = 0; i < given; i++) {
      CHECK(gl_state(all[i]) == GL_DEAD);
      gl_release(all[i]);
    }
    gl_release(doomed_main);
  }
  CHECK(all_gone());
}
// rules 19, 31
TEST(births_for_a_thread_that_ends_are_refused_or_end_with_it) { give_until_it_has_ended(false); }
// rules 15, 19
TEST(moves_to_a_thread_that_ends_are_refused_or_end_with_it) { give_until_it_has_ended(true); }
