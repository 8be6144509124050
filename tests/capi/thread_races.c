/* SPDX-License-Identifier: MIT */
/* Rules 15, 17 and 18 when threads really meet. Each test is a race that ThreadSanitizer can see, with a result that must hold whoever wins. */
#include "partner.h"
#include <stdatomic.h>

enum { THREADS = 3, ROUNDS = UNDER_TSAN ? 300 : 2000 };

/* Makes two threads go on at the same moment. */
struct meeting {
  atomic_int arrived;
  int needed;
};
static void meet(struct meeting *m, int round) {
  atomic_fetch_add(&m->arrived, 1);
  while (atomic_load(&m->arrived) < m->needed * (round + 1)) sched_yield();
}

static atomic_int ended_by_kill;
BODY(counts_its_kill) {
  gl_status status = to_parent(NULL, NULL);
  if (status == GL_KILLED) atomic_fetch_add(&ended_by_kill, 1);
  return status;
}

/* A box through which handles go from their owner to those who release them. */
enum { BOX = 64 };
struct box {
  _Atomic(gl_greenlet *) slots[BOX];
  atomic_bool closed;
};
static void *releases_what_comes(void *arg) {
  struct box *box = arg;
  bool last_look = false;
  for (;;) {
    bool found = false;
    for (int i = 0; i < BOX; i++) {
      gl_greenlet *g = atomic_exchange(&box->slots[i], NULL);
      if (g) found = true, gl_state(g), gl_retain(g), gl_release(g), gl_release(g);
    }
    if (last_look && !found) return NULL;
    if (!found) sched_yield();
    last_look = atomic_load(&box->closed);
  }
}
// rule 18: many threads release at once while the owner switches, makes and ends; each suspended one is killed exactly once
TEST(many_threads_release_while_the_owner_switches) {
  static struct box box;
  pthread_t threads[THREADS];
  gl_greenlet *busy = gl_new(echo, NULL);
  int given = 0;
  atomic_store(&ended_by_kill, 0), atomic_store(&box.closed, false);
  for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, releases_what_comes, &box);
  while (given < ROUNDS) {
    gl_switch(busy, NULL, NULL);
    _Atomic(gl_greenlet *) *slot = &box.slots[given % BOX];
    if (atomic_load(slot)) {
      sched_yield();
      continue;
    }
    gl_greenlet *g = gl_new(counts_its_kill, NULL);
    gl_switch(g, NULL, NULL);
    atomic_store(slot, g);
    given++;
  }
  atomic_store(&box.closed, true);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  gl_switch(gl_current(), NULL, NULL);
  CHECK(atomic_load(&ended_by_kill) == given);
  gl_release(busy);
  CHECK(all_gone());
}

static gl_greenlet *shared;
static struct meeting start;
static void *holds_and_lets_go(UNUSED void *arg) {
  meet(&start, 0);
  for (int i = 0; i < ROUNDS; i++) {
    gl_retain(shared);
    CHECK(gl_state(shared) != GL_UNSTARTED && !strcmp(gl_name(shared), "shared"));
    gl_release(shared);
  }
  gl_release(shared);
  return NULL;
}
// rule 18: handles come and go on many threads, states are read, and the last one kills it once
TEST(handles_come_and_go_on_many_threads) {
  pthread_t threads[THREADS];
  shared = NEW(.run = counts_its_kill, .name = "shared");
  gl_switch(shared, NULL, NULL);
  atomic_store(&ended_by_kill, 0);
  start = (struct meeting){0, THREADS};
  for (int i = 0; i < THREADS; i++) gl_retain(shared);
  gl_release(shared);
  for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, holds_and_lets_go, NULL);
  for (int i = 0; i < 100; i++) gl_switch(gl_current(), NULL, NULL);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  gl_switch(gl_current(), NULL, NULL);
  CHECK(atomic_load(&ended_by_kill) == 1);
  CHECK(all_gone());
}

static gl_greenlet *mine, *theirs, *their_main;
static gl_status their_answer;
static struct meeting both;
static void note_main(UNUSED void *arg) { their_main = gl_main(); }
struct crossing {
  pthread_t thread;
  void (*each)(int round);
  int rounds;
};
static void *their_side(void *arg) {
  struct crossing *c = arg;
  note_main(NULL);
  meet(&both, 0);
  for (int i = 0; i < c->rounds; i++) {
    meet(&both, 2 * i + 1);
    c->each(i);
    meet(&both, 2 * i + 2);
  }
  meet(&both, 2 * c->rounds + 1); /* our greenlets live until here */
  return NULL;
}
/* In each round both sides act at once, and `check` looks when both are done. */
static void cross(int rounds, void (*prepare)(void), void (*here)(int), void (*there)(int), void (*check)(void)) {
  struct crossing c = {.each = there, .rounds = rounds};
  both = (struct meeting){0, 2};
  pthread_create(&c.thread, NULL, their_side, &c);
  meet(&both, 0);
  for (int i = 0; i < rounds; i++) {
    prepare();
    meet(&both, 2 * i + 1);
    here(i);
    meet(&both, 2 * i + 2);
    check();
  }
  meet(&both, 2 * rounds + 1);
  pthread_join(c.thread, NULL);
  gl_switch(gl_current(), NULL, NULL);
  CHECK(all_gone());
}

static gl_status our_answer;
static void make_two(void) { mine = gl_new(never, NULL), theirs = given_to(their_main, never, NULL); }
static void mine_under_theirs(UNUSED int round) { our_answer = gl_set_parent(mine, theirs); }
static void theirs_under_mine(UNUSED int round) { their_answer = gl_set_parent(theirs, mine); }
static void no_cycle(void) {
  CHECK((our_answer == GL_OK) != (their_answer == GL_OK));
  CHECK(our_answer == GL_OK || our_answer == GL_ECYCLE);
  CHECK(their_answer == GL_OK || their_answer == GL_ECYCLE);
  gl_release(mine), gl_release(theirs);
}
// rule 15: two threads put their greenlets under each other at the same moment: one of them is refused
TEST(no_cycle_by_two_threads_at_once) { cross(ROUNDS, make_two, mine_under_theirs, theirs_under_mine, no_cycle); }

BODY(notes_that_it_ran) {
  atomic_fetch_add((atomic_int *)data, 1);
  return GL_OK;
}
static atomic_int runs;
static void make_one(void) { mine = new_private(notes_that_it_ran, &runs), atomic_store(&runs, 0); }
static void start_mine(UNUSED int round) { our_answer = gl_switch(mine, NULL, NULL); }
static void fetch_and_start_mine(UNUSED int round) {
  their_answer = gl_set_parent(mine, gl_main());
  if (their_answer == GL_OK) CHECK(gl_switch(mine, NULL, NULL) == GL_OK);
}
static void ran_once(void) {
  CHECK(atomic_load(&runs) == 1);
  CHECK(our_answer == (their_answer == GL_OK ? GL_ETHREAD : GL_OK));
  CHECK(their_answer == GL_OK || their_answer == GL_ETHREAD);
  gl_release(mine);
}
// rules 15, 17: its owner starts it while another thread fetches it: it runs once, on one of them
TEST(start_or_move_not_both) { cross(ROUNDS, make_one, start_mine, fetch_and_start_mine, ran_once); }

static void throw_into_mine(UNUSED int round) { our_answer = gl_throw(mine, NULL, NULL); }
static void kill_mine(UNUSED int round) { our_answer = gl_kill(mine, NULL); }
static void ran_or_died(gl_status died) {
  CHECK(atomic_load(&runs) == (their_answer == GL_OK));
  CHECK(our_answer == (their_answer == GL_OK ? GL_ETHREAD : died));
  CHECK(their_answer == GL_OK || their_answer == GL_ETHREAD);
  gl_release(mine);
}
static void ran_or_was_thrown_into(void) { ran_or_died(GL_THROWN); }
static void ran_or_was_killed(void) { ran_or_died(GL_OK); }
// rules 11, 15, 17: its owner throws into it meanwhile: it dies unrun here, or runs there
TEST(throw_or_move_not_both) { cross(ROUNDS, make_one, throw_into_mine, fetch_and_start_mine, ran_or_was_thrown_into); }

// rules 13, 15, 17: its owner kills it meanwhile
TEST(kill_or_move_not_both) { cross(ROUNDS, make_one, kill_mine, fetch_and_start_mine, ran_or_was_killed); }

static gl_greenlet *below[8];
static void make_below_theirs(void) {
  theirs = gl_new(never, NULL);
  for (int i = 0; i < 8; i++) below[i] = child_of(theirs, identity, NULL);
  CHECK(gl_set_parent(theirs, their_main) == GL_OK);
}
static void end_below(UNUSED int round) {
  for (int i = 0; i < 8; i++) {
    void *received = NULL;
    CHECK(gl_switch(below[i], V(i + 1), &received) == GL_OK && received == V(i + 1));
  }
}
static void move_theirs_about(UNUSED int round) {
  for (int i = 0; i < 4; i++) {
    gl_greenlet *above = gl_new(never, NULL);
    CHECK(gl_set_parent(theirs, above) == GL_OK);
    gl_release(above); /* theirs has the last handle, and the next round frees it */
  }
  CHECK(gl_set_parent(theirs, gl_main()) == GL_OK);
}
static void release_below(void) {
  for (int i = 0; i < 8; i++) gl_release(below[i]);
  gl_release(theirs);
}
// rule 17: outcomes skip foreign ancestors while their owner reparents and frees those
TEST(outcomes_skip_ancestors_that_are_moving) { cross(ROUNDS / 4, make_below_theirs, end_below, move_theirs_about, release_below); }

static struct family foreign;
static void *ends_with_a_family(UNUSED void *arg) {
  make_family(&foreign);
  meet(&both, 0);
  return NULL;
}
// rules 17, 19: calls on the greenlets of a thread that is just ending are refused, one way or the other
TEST(transfers_to_a_thread_that_is_ending) {
  for (int i = 0; i < ROUNDS / 4; i++) {
    pthread_t thread;
    both = (struct meeting){0, 2};
    pthread_create(&thread, NULL, ends_with_a_family, NULL);
    gl_greenlet *own = gl_new(never, NULL);
    meet(&both, 0);
    gl_status seen[4] = {gl_switch(foreign.suspended, NULL, NULL), gl_throw(foreign.unstarted, NULL, NULL),
                         gl_kill(foreign.suspended, NULL), gl_switch(foreign.dead, NULL, NULL)};
    gl_status moved = gl_set_parent(own, foreign.suspended);
    gl_state(foreign.suspended), gl_retain(foreign.unstarted), gl_release(foreign.unstarted);
    gl_release(foreign.suspended);
    pthread_join(thread, NULL);
    for (int j = 0; j < 4; j++) CHECK(seen[j] == GL_ETHREAD || seen[j] == GL_EEXPIRED);
    CHECK(moved == GL_OK || moved == GL_EEXPIRED);
    CHECK(gl_state(own) == (moved == GL_OK ? GL_DEAD : GL_UNSTARTED));
    gl_release(foreign.unstarted), gl_release(foreign.dead), gl_release(own);
  }
  gl_switch(gl_current(), NULL, NULL);
  CHECK(all_gone());
}

static atomic_int drops;
static void count_drop(UNUSED void *data) { atomic_fetch_add(&drops, 1); }
static gl_greenlet *left[2];
static void *leaves_two(UNUSED void *arg) {
  left[0] = NEW(.run = never, .drop = count_drop), left[1] = NEW(.run = counts_its_kill, .drop = count_drop);
  gl_switch(left[1], NULL, NULL);
  meet(&both, 0);
  return NULL;
}
// rules 18, 19: last handles that go while the owner's thread ends: each drop is called once, and the suspended one is killed or leaked
TEST(last_handles_go_while_the_thread_ends) {
  for (int i = 0; i < ROUNDS / 4; i++) {
    pthread_t thread;
    uint64_t leaked = stats().leaked;
    both = (struct meeting){0, 2};
    atomic_store(&drops, 0), atomic_store(&ended_by_kill, 0);
    pthread_create(&thread, NULL, leaves_two, NULL);
    meet(&both, 0);
    gl_release(left[0]), gl_release(left[1]);
    pthread_join(thread, NULL);
    CHECK(atomic_load(&drops) == 2);
    CHECK((uint64_t)atomic_load(&ended_by_kill) + stats().leaked - leaked == 1);
  }
  CHECK(all_gone());
}

static void *ends_soon(UNUSED void *arg) {
  their_main = gl_retain(gl_main());
  meet(&both, 0);
  return NULL;
}
// rules 19, 31: children are made for a thread that is just ending: refused, or dropped with it
TEST(children_are_made_for_a_thread_that_is_ending) {
  for (int i = 0; i < ROUNDS / 4; i++) {
    pthread_t thread;
    gl_greenlet *made[4] = {NULL};
    int count = 0;
    both = (struct meeting){0, 2};
    atomic_store(&drops, 0);
    pthread_create(&thread, NULL, ends_soon, NULL);
    meet(&both, 0);
    for (int j = 0; j < 4; j++) {
      gl_options options = {.size = sizeof options, .run = never, .drop = count_drop, .parent = their_main, .stack_size = private_stack()};
      gl_status status = gl_new_with(&options, &made[j]);
      CHECK(status == GL_OK || (status == GL_EEXPIRED && !made[j]));
      count += status == GL_OK;
    }
    pthread_join(thread, NULL);
    CHECK(atomic_load(&drops) == count);
    for (int j = 0; j < 4; j++) {
      CHECK(gl_state(made[j]) == GL_DEAD);
      gl_release(made[j]);
    }
    gl_release(their_main);
  }
  CHECK(all_gone());
}

static int visited;
static int count_visit(UNUSED void *user, gl_greenlet *g) {
  visited++;
  return gl_state(g) == GL_DEAD;
}
static void *gives_children(void *main) {
  for (int i = 0; i < ROUNDS; i++) {
    gl_greenlet *g = given_to(main, never, NULL), *moved = gl_new(never, NULL);
    CHECK(gl_set_parent(moved, main) == GL_OK && gl_set_parent(moved, gl_main()) == GL_OK);
    gl_release(g), gl_release(moved);
  }
  return NULL;
}
// rules 15, 29: another thread gives and takes children while this one visits its own
TEST(visits_while_children_come_and_go) {
  pthread_t threads[2];
  gl_greenlet *g[3];
  for (int i = 0; i < 3; i++) g[i] = gl_new(echo, NULL), gl_switch(g[i], NULL, NULL);
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, gives_children, gl_main());
  for (int i = 0; i < ROUNDS; i++) {
    visited = 0;
    CHECK(gl_foreach(count_visit, NULL) == 0 && visited == 4);
  }
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < 3; i++) gl_release(g[i]);
  CHECK(all_gone());
}

static atomic_bool asked_enough;
static void *asks_for_its_state(void *g) {
  while (!atomic_load(&asked_enough)) CHECK(gl_state(g) == GL_UNSTARTED);
  return NULL;
}
static void fetch_and_give_back(void *g) { CHECK(gl_set_parent(g, gl_main()) == GL_OK && gl_set_parent(g, their_main) == GL_OK); }
// rules 15, 18: its state is asked for while it moves through threads that end
TEST(state_is_asked_for_while_it_moves) {
  pthread_t asker;
  mine = gl_new(never, NULL), their_main = gl_main();
  atomic_store(&asked_enough, false);
  pthread_create(&asker, NULL, asks_for_its_state, mine);
  for (int i = 0; i < ROUNDS / 4; i++) on_a_thread(fetch_and_give_back, mine);
  atomic_store(&asked_enough, true);
  pthread_join(asker, NULL);
  gl_release(mine);
  CHECK(all_gone());
}

static void *asks_for_statistics(void *stop) {
  while (!atomic_load((atomic_bool *)stop)) CHECK(stats().alive < 1000);
  return NULL;
}
// rule 29: statistics are asked for while threads come and go
TEST(stats_while_threads_come_and_go) {
  atomic_bool stop = false;
  pthread_t asker;
  pthread_create(&asker, NULL, asks_for_statistics, &stop);
  for (int i = 0; i < ROUNDS / 10; i++) {
    struct family f;
    on_a_thread(make_family, &f);
    release_family(&f);
  }
  atomic_store(&stop, true);
  pthread_join(asker, NULL);
  CHECK(all_gone());
}

static void *asks_in_vain(void *g) {
  while (!atomic_load(&asked_enough)) CHECK(gl_switch(g, NULL, NULL) == GL_ETHREAD);
  return NULL;
}
// rules 9, 17: threads that ask for it in vain are never in its owner's way
TEST(owner_is_not_refused_while_others_ask_in_vain) {
  pthread_t askers[THREADS];
  int tries = 0;
  mine = NEW(.run = never, .stack_size = NO_SUCH_STACK); /* so that it can be asked for again and again */
  atomic_store(&asked_enough, false);
  for (int i = 0; i < THREADS; i++) pthread_create(&askers[i], NULL, asks_in_vain, mine);
  for (; tries < 20 * ROUNDS && gl_switch(mine, NULL, NULL) == GL_ENOMEM; tries++) gl_release(gl_retain(mine));
  CHECK(tries == 20 * ROUNDS);
  atomic_store(&asked_enough, true);
  for (int i = 0; i < THREADS; i++) pthread_join(askers[i], NULL);
  gl_release(mine);
  CHECK(all_gone());
}

static gl_greenlet *victim, *outer_killer, *inner_killer;
BODY(kills_the_victim) { return gl_kill(victim, NULL); }
BODY(has_itself_killed_again) {
  to_parent(NULL, NULL);
  gl_switch(inner_killer, NULL, NULL);
  return GL_KILLED;
}
static void make_a_dead_victim(void) {
  victim = gl_new(has_itself_killed_again, NULL);
  outer_killer = gl_new(kills_the_victim, NULL), inner_killer = gl_new(kills_the_victim, NULL);
  gl_switch(victim, NULL, NULL), gl_switch(outer_killer, NULL, NULL);
  CHECK(gl_state(victim) == GL_DEAD && gl_state(inner_killer) == GL_DEAD && gl_state(outer_killer) == GL_SUSPENDED);
}
static void resume_outer_killer(UNUSED int round) { our_answer = gl_switch(outer_killer, NULL, NULL); }
static void release_victim(UNUSED int round) { gl_release(victim); }
static void outer_killer_ended(void) {
  CHECK(our_answer == GL_OK && gl_state(outer_killer) == GL_DEAD);
  gl_release(outer_killer), gl_release(inner_killer);
}
// rules 13, 18: an outer killer is resumed while another thread releases the last handle of its victim, which died by an inner one
TEST(dead_victim_is_released_while_a_killer_resumes) {
  cross(ROUNDS, make_a_dead_victim, resume_outer_killer, release_victim, outer_killer_ended);
}
