/* SPDX-License-Identifier: MIT */
/* Rule 20: what a child process has of the trees of its parent. Checks in the child end it with a number of their own. */
#include "child.h"
#include "partner.h"

#define SKIP_UNDER_TSAN() \
  if (UNDER_TSAN) SKIP("after a fork it no longer sees what orders fibers")
#define MUST(condition) ((condition) ? (void)0 : (fprintf(stderr, "%s:%d: %s", __FILE__, __LINE__, #condition), _exit(1)))
static void succeeds(void (*body)(void)) {
  struct child child = in_child(body);
  CHECK(exited(child, 0));
  if (child.err[0]) printf("%s\n", child.err);
}

static struct partner other;
static struct family own, foreign;
static void both_have_families(void) {
  partner_start(&other);
  make_family(&own), partner_do(&other, make_family, &foreign);
}
static void both_end(void) {
  release_family(&own), partner_do(&other, release_family, &foreign), partner_end(&other);
  CHECK(all_gone());
}

static void own_tree_works(void) {
  void *received = NULL;
  MUST(gl_current() == own.main && gl_main() == own.main);
  MUST(gl_switch(own.suspended, V(3), &received) == GL_OK && received == V(3));
  MUST(gl_throw(own.unstarted, V(4), &received) == GL_THROWN && received == V(4));
  MUST(gl_kill(own.suspended, NULL) == GL_OK && gl_state(own.suspended) == GL_DEAD);
  release_family(&own);
  gl_greenlet *g = gl_new(identity, NULL);
  MUST(gl_switch(g, V(5), &received) == GL_OK && received == V(5));
  gl_release(g);
}
// rule 20: the forking thread's tree goes on in the child, and the parent's is not touched by that
TEST(child_keeps_the_forking_threads_tree) {
  SKIP_UNDER_TSAN();
  both_have_families();
  succeeds(own_tree_works);
  CHECK(gl_state(own.suspended) == GL_SUSPENDED && gl_state(own.unstarted) == GL_UNSTARTED);
  both_end();
}

static gl_greenlet *forker;
static void goes_on_inside(void) {
  void *received = NULL;
  gl_greenlet *child = gl_new(identity, NULL);
  MUST(gl_current() == forker && gl_parent(child) == forker && gl_state(gl_main()) == GL_SUSPENDED);
  MUST(gl_switch(child, V(3), &received) == GL_OK && received == V(3));
  gl_release(child);
  gl_switch(gl_main(), V(4), NULL); /* ends the child in main, below */
  _exit(1);
}
BODY(forks_inside) {
  *result = V(5);
  succeeds(goes_on_inside);
  return GL_OK;
}
// rule 20: a fork inside a greenlet: it is the current one in both processes
TEST(fork_inside_a_greenlet) {
  SKIP_UNDER_TSAN();
  void *received = NULL;
  forker = gl_new(forks_inside, NULL);
  CHECK(gl_switch(forker, NULL, &received) == GL_OK);
  if (received == V(4)) _exit(0); /* the child */
  CHECK(received == V(5));
  gl_release(forker);
  CHECK(all_gone());
}

static void others_are_expired(void) {
  void *received = V(77);
  gl_greenlet *all[] = {foreign.main, foreign.unstarted, foreign.suspended, foreign.dead};
  for (int i = 0; i < 4; i++) {
    MUST(gl_switch(all[i], NULL, &received) == GL_EEXPIRED && gl_throw(all[i], NULL, &received) == GL_EEXPIRED);
    MUST(gl_kill(all[i], &received) == GL_EEXPIRED && received == V(77));
    MUST(gl_set_parent(own.unstarted, all[i]) == GL_EEXPIRED);
    MUST(gl_state(all[i]) == GL_DEAD);
  }
  MUST(stats().alive == 2); /* the own ones */
  gl_options options = {.size = sizeof options, .run = never, .parent = foreign.suspended};
  gl_greenlet *g = NULL;
  MUST(gl_new_with(&options, &g) == GL_EEXPIRED && !g);
}
// rules 17, 20: the trees of the other threads are expired there, and live on in the parent
TEST(child_finds_other_trees_expired) {
  SKIP_UNDER_TSAN();
  both_have_families();
  succeeds(others_are_expired);
  void *received = NULL;
  CHECK(partner_switch(&other, foreign.suspended, V(6), &received) == GL_OK && received == V(6));
  both_end();
}

static gl_greenlet *with_drops[2];
static void make_with_drops(UNUSED void *arg) {
  with_drops[0] = NEW(.run = never, .data = V(1), .drop = note_drop);
  with_drops[1] = NEW(.run = echo, .data = V(2), .drop = note_drop);
  gl_switch(with_drops[1], NULL, NULL);
}
static void release_with_drops(UNUSED void *arg) { gl_release(with_drops[0]), gl_release(with_drops[1]); }
static void drops_come_with_the_last_handle(void) {
  MUST(happened(""));
  gl_retain(with_drops[0]);
  gl_release(with_drops[0]);
  MUST(happened(""));
  gl_release(with_drops[0]);
  MUST(happened("drop 1"));
  gl_release(with_drops[1]);
  MUST(happened("drop 2") && stats().alive == 0);
}
// rule 20: expired ones are freed without running, and their drops are called then
TEST(child_drops_expired_ones_with_their_last_handle) {
  SKIP_UNDER_TSAN();
  partner_start(&other), partner_do(&other, make_with_drops, NULL);
  succeeds(drops_come_with_the_last_handle);
  CHECK(happened(""));
  partner_do(&other, release_with_drops, NULL), partner_end(&other);
  CHECK(happened("drop 1 drop 2"));
  CHECK(all_gone());
}

static gl_greenlet *below; /* of this thread, under a greenlet of the other */
static void outcome_goes_to_own_main(void) {
  void *received = NULL;
  MUST(gl_switch(below, V(8), &received) == GL_OK && received == V(8));
  gl_release(below);
}
// rules 17, 20: an outcome skips expired ancestors in the child
TEST(child_skips_expired_ancestors) {
  SKIP_UNDER_TSAN();
  both_have_families();
  gl_greenlet *moved = gl_new(never, NULL);
  below = child_of(moved, identity, NULL);
  CHECK(gl_set_parent(moved, foreign.suspended) == GL_OK);
  succeeds(outcome_goes_to_own_main);
  gl_release(below), partner_release(&other, moved);
  both_end();
}

static void queue_is_drained(void) {
  gl_switch(gl_current(), NULL, NULL);
  MUST(happened("GL_KILLED"));
}
BODY(notes_its_kill) {
  gl_status status = to_parent(NULL, NULL);
  event("%s", gl_status_name(status));
  return status;
}
// rules 18, 20: what waited in the forking thread's queue waits in both processes
TEST(child_drains_its_own_queue) {
  SKIP_UNDER_TSAN();
  gl_greenlet *g = gl_new(notes_its_kill, NULL);
  gl_switch(g, NULL, NULL);
  on_a_thread(call_release, g);
  succeeds(queue_is_drained);
  CHECK(happened(""));
  gl_switch(gl_current(), NULL, NULL);
  CHECK(happened("GL_KILLED"));
  CHECK(all_gone());
}

static gl_realm *realm;
static gl_greenlet *hosted;
static void realm_works(void) {
  gl_delivery out = {0};
  MUST(gl_host_switch(realm, hosted, V(1), &out) == GL_OK && out.next == hosted && out.start && out.value == V(1));
  MUST(gl_host_end(realm, GL_OK, V(2), &out) == GL_OK && out.next == gl_realm_main(realm) && out.value == V(2));
  gl_release(hosted);
  gl_realm_release(realm);
}
// rule 37: realms survive
TEST(child_keeps_realms) {
  realm = gl_realm_new();
  hosted = NEW(.parent = gl_realm_main(realm), .flags = GL_HOSTED);
  succeeds(realm_works);
  realm_works();
  CHECK(all_gone());
}

static void starts_a_thread(void) {
  own_tree_works();
  release_family(&foreign); /* expired */
  partner_start(&other), partner_do(&other, make_family, &foreign), partner_do(&other, release_family, &foreign), partner_end(&other);
}
// rule 20: threads of the child have trees as anywhere
TEST(child_may_start_threads) {
  SKIP_UNDER_TSAN();
  both_have_families();
  succeeds(starts_a_thread);
  both_end();
}

static void fork_and_work(void) {
  pid_t pid = fork();
  if (pid == 0) {
    own_tree_works();
    _exit(0);
  }
  int status = -1;
  waitpid(pid, &status, 0);
  MUST(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
// rule 20: a child of a child
TEST(grandchild_keeps_the_tree) {
  SKIP_UNDER_TSAN();
  both_have_families();
  succeeds(fork_and_work);
  both_end();
}

static int forks;
static void works_after_a_callback(void) {
  gl_release(gl_new(never, NULL));
  MUST(gl_switch(own.suspended, NULL, NULL) == GL_EBUSY && gl_foreach(NULL, NULL) == GL_EINVAL);
}
static void fork_here(void) { forks++, succeeds(works_after_a_callback); }
static void fork_in_drop(UNUSED void *data) { fork_here(); }
static int fork_in_visit(UNUSED void *user, UNUSED gl_greenlet *g) { return fork_here(), 1; }
static void fork_in_exchange(UNUSED void *user, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) { fork_here(); }
static void fork_in_trace(UNUSED void *user, UNUSED int what, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) { fork_here(); }
// rules 20, 26: a fork inside callbacks finds no lock taken, and the child is inside the same callback
TEST(fork_inside_callbacks) {
  SKIP_UNDER_TSAN();
  make_family(&own);
  gl_release(NEW(.run = never, .drop = fork_in_drop));
  CHECK(gl_foreach(fork_in_visit, NULL) == 1);
  gl_hook_add(fork_in_exchange, NULL), gl_switch(own.suspended, NULL, NULL), gl_hook_remove(fork_in_exchange, NULL);
  gl_trace_add(fork_in_trace, NULL), gl_kill(own.suspended, NULL), gl_trace_remove(fork_in_trace, NULL);
  CHECK(forks == 1 + 1 + 2 + 3);
  release_family(&own);
  CHECK(all_gone());
}

/* The other thread is inside a greenlet that kills another one while this thread forks. */
static gl_greenlet *victim, *killer;
BODY(forks_when_killed) {
  CHECK(to_parent(NULL, NULL) == GL_KILLED);
  pthread_barrier_wait(data), pthread_barrier_wait(data);
  return GL_KILLED;
}
BODY(kills_victim) { return gl_kill(victim, NULL); }
static void *kills_meanwhile(void *barrier) {
  victim = NEW(.run = forks_when_killed, .data = barrier, .drop = note_drop), killer = gl_new(kills_victim, NULL);
  gl_switch(victim, NULL, NULL), gl_switch(killer, NULL, NULL);
  return NULL;
}
static void frees_a_kill_under_way(void) {
  MUST(gl_state(victim) == GL_DEAD && gl_state(killer) == GL_DEAD && gl_kill(victim, NULL) == GL_EEXPIRED);
  gl_release(victim), gl_release(killer);
  MUST(strstr(events, "drop"));
}
// rule 20: what ran on another thread is freed without running, in the middle of a kill too
TEST(child_frees_a_kill_under_way) {
  SKIP_UNDER_TSAN();
  pthread_barrier_t barrier;
  pthread_t thread;
  pthread_barrier_init(&barrier, NULL, 2);
  pthread_create(&thread, NULL, kills_meanwhile, &barrier);
  pthread_barrier_wait(&barrier);
  succeeds(frees_a_kill_under_way);
  CHECK(events[0] == 0);
  pthread_barrier_wait(&barrier);
  pthread_join(thread, NULL);
  events[0] = 0;
  gl_release(victim), gl_release(killer);
  pthread_barrier_destroy(&barrier);
  CHECK(all_gone());
}
