/* SPDX-License-Identifier: MIT */
/* Rules 1, 17 and 18: whose a greenlet is, and what another thread may do with it. */
#include "partner.h"

enum { CALLS = 3 };
static gl_status by_switch(gl_greenlet *g, void **received) { return gl_switch(g, V(1), received); }
static gl_status by_throw(gl_greenlet *g, void **received) { return gl_throw(g, V(1), received); }
static gl_status by_kill(gl_greenlet *g, void **received) { return gl_kill(g, received); }
static gl_status (*const transfers[CALLS])(gl_greenlet *, void **) = {by_switch, by_throw, by_kill};

static int transfers_seen;
static void count_transfer(UNUSED void *user, UNUSED int what, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) { transfers_seen++; }
static void count_exchange(UNUSED void *user, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) { transfers_seen++; }

/* Every transfer to every member is refused with `status`, and nobody notices. */
static void refused(const struct family *f, gl_status status) {
  gl_greenlet *all[] = {f->main, f->unstarted, f->suspended, f->dead};
  transfers_seen = 0;
  gl_trace_add(count_transfer, NULL), gl_hook_add(count_exchange, NULL);
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < CALLS; j++) {
      int before = gl_state(all[i]);
      void *received = V(77);
      CHECK(transfers[j](all[i], &received) == status);
      CHECK(received == V(77) && gl_current() == gl_main() && gl_state(all[i]) == before);
    }
  gl_trace_remove(count_transfer, NULL), gl_hook_remove(count_exchange, NULL);
  CHECK(transfers_seen == 0);
}

// rules 9, 17: of another thread that lives, dead and main included
TEST(transfers_to_another_thread_are_ETHREAD) {
  struct partner other;
  struct family foreign;
  partner_start(&other), partner_do(&other, make_family, &foreign);
  refused(&foreign, GL_ETHREAD);
  CHECK(gl_state(foreign.main) == GL_RUNNING && gl_state(foreign.suspended) == GL_SUSPENDED);
  partner_do(&other, release_family, &foreign), partner_end(&other);
  CHECK(all_gone());
}

// rules 9, 17, 19: of a thread that has ended; all are dead to the world
TEST(transfers_to_an_ended_thread_are_EEXPIRED) {
  struct family expired;
  on_a_thread(make_family, &expired);
  refused(&expired, GL_EEXPIRED);
  CHECK(gl_state(expired.unstarted) == GL_DEAD && gl_state(expired.suspended) == GL_DEAD && gl_state(expired.dead) == GL_DEAD);
  release_family(&expired);
  CHECK(all_gone());
}

struct refusal {
  gl_greenlet *target;
  gl_status status;
};
BODY(tries_from_a_greenlet) {
  struct refusal *r = data;
  for (int j = 0; j < CALLS; j++) {
    void *received = V(77);
    CHECK(transfers[j](r->target, &received) == r->status && received == V(77) && gl_state(gl_current()) == GL_RUNNING);
  }
  return GL_OK;
}
// rule 17: the same from inside a greenlet, whose own family is not affected
TEST(transfers_to_another_thread_fail_inside_a_greenlet) {
  struct partner other;
  struct family foreign;
  partner_start(&other), partner_do(&other, make_family, &foreign);
  struct refusal r = {foreign.suspended, GL_ETHREAD};
  gl_greenlet *g = gl_new(tries_from_a_greenlet, &r);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK && gl_state(g) == GL_DEAD);
  gl_release(g);
  partner_end(&other);
  r.status = GL_EEXPIRED;
  g = gl_new(tries_from_a_greenlet, &r);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK && gl_state(g) == GL_DEAD);
  gl_release(g), release_family(&foreign);
  CHECK(all_gone());
}

static void note_mains(void *arg) {
  gl_greenlet **mains = arg;
  mains[0] = gl_current(), mains[1] = gl_main();
}
// rule 1: every thread has a main of its own
TEST(each_thread_has_its_own_main) {
  struct partner other;
  gl_greenlet *mains[2];
  partner_start(&other), partner_do(&other, note_mains, mains);
  CHECK(mains[0] && mains[0] == mains[1] && mains[0] != gl_main());
  CHECK(gl_state(mains[0]) == GL_RUNNING);
  partner_end(&other);
  CHECK(all_gone());
}

static void hold_and_ask(void *arg) {
  const struct family *f = arg;
  gl_greenlet *all[] = {f->main, f->unstarted, f->suspended, f->dead};
  int states[] = {GL_RUNNING, GL_UNSTARTED, GL_SUSPENDED, GL_DEAD};
  for (int i = 0; i < 4; i++) {
    CHECK(gl_retain(all[i]) == all[i] && gl_state(all[i]) == states[i]);
    CHECK(!strcmp(gl_name(all[i]), ""));
    gl_release(all[i]); /* not the last handle */
    CHECK(gl_state(all[i]) == states[i]);
  }
}
// rule 18: retain, release, state and name from another thread, for each state
TEST(handles_and_states_work_from_any_thread) {
  struct partner other;
  struct family own;
  partner_start(&other);
  make_family(&own), partner_do(&other, hold_and_ask, &own);
  CHECK(gl_switch(own.suspended, V(3), NULL) == GL_OK);
  release_family(&own), partner_end(&other);
  CHECK(all_gone());
}

static void ask_name(void *arg) { CHECK(!strcmp(gl_name(arg), "worker 7")); }
// rules 18, 19: the name is there for every thread, and after the end of its own
TEST(name_outlives_the_thread) {
  struct partner other;
  gl_greenlet *g = NEW(.run = never, .name = "worker 7");
  partner_start(&other), partner_do(&other, ask_name, g);
  gl_greenlet *moved = NEW(.run = never, .name = "worker 7");
  gl_greenlet *there = partner_new(&other, NULL, never, NULL);
  gl_set_parent(moved, there);
  partner_end(&other);
  CHECK(gl_state(moved) == GL_DEAD && !strcmp(gl_name(moved), "worker 7"));
  gl_release(there), gl_release(moved), gl_release(g);
  CHECK(all_gone());
}

static void retain_main(void *main) { *(gl_greenlet **)main = gl_retain(gl_main()); }
// rules 17, 19: a handle on the main of another thread outlives that thread
TEST(retained_main_outlives_its_thread) {
  gl_greenlet *main = NULL;
  on_a_thread(retain_main, &main);
  CHECK(gl_state(main) == GL_DEAD && gl_switch(main, NULL, NULL) == GL_EEXPIRED && !gl_parent(main));
  gl_release(main);
  CHECK(all_gone());
}

struct look {
  const gl_greenlet *at;
  int state;
};
static void look(void *arg) {
  struct look *l = arg;
  l->state = gl_state(l->at);
}
BODY(is_looked_at) {
  struct look at_self = {gl_current(), -1}, at_main = {gl_main(), -1};
  partner_do(data, look, &at_self), partner_do(data, look, &at_main);
  CHECK(at_self.state == GL_RUNNING && at_main.state == GL_SUSPENDED);
  return GL_OK;
}
// rule 18: gl_state() from another thread sees who runs
TEST(state_is_seen_from_another_thread) {
  struct partner other;
  partner_start(&other);
  gl_greenlet *g = gl_new(is_looked_at, &other);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  struct look at_dead = {g, -1};
  partner_do(&other, look, &at_dead);
  CHECK(at_dead.state == GL_DEAD);
  gl_release(g), partner_end(&other);
  CHECK(all_gone());
}

BODY(swaps_with_value) {
  for (int i = 0; i < 100; i++) CHECK(to_parent(V(i), NULL) == GL_OK);
  return GL_OK;
}
static void *runs_a_tree(UNUSED void *arg) {
  gl_greenlet *g = gl_new(swaps_with_value, NULL);
  for (int i = 0; i < 100; i++) {
    void *received = NULL;
    CHECK(gl_switch(g, NULL, &received) == GL_OK && received == V(i));
  }
  CHECK(gl_switch(g, NULL, NULL) == GL_OK && gl_state(g) == GL_DEAD);
  gl_release(g);
  return NULL;
}
// rule 1: trees of several threads run at the same time without touching each other
TEST(trees_of_several_threads_run_at_once) {
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, runs_a_tree, NULL);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  CHECK(all_gone());
}
