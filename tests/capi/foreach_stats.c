/* SPDX-License-Identifier: MIT */
/* Rule 29: who is visited, what is counted. */
#include "partner.h"
#include <stddef.h>

enum { MANY = 500 };
struct visits {
  gl_greenlet *seen[MANY + 2];
  int count, stop_at, answer;
};
static int visit(void *user, gl_greenlet *g) {
  struct visits *v = user;
  if (v->count < MANY + 2) v->seen[v->count] = g;
  return ++v->count == v->stop_at ? v->answer : 0;
}
static int times_seen(const struct visits *v, const gl_greenlet *g) {
  int n = 0;
  for (int i = 0; i < v->count; i++) n += v->seen[i] == g;
  return n;
}

// rule 29: main and what has started and is not dead, once each; 0 when nobody stops
TEST(foreach_visits_main_and_the_started) {
  struct visits v = {.count = 0};
  struct family own;
  make_family(&own);
  CHECK(gl_foreach(visit, &v) == 0);
  CHECK(v.count == 2 && times_seen(&v, own.main) == 1 && times_seen(&v, own.suspended) == 1);
  release_family(&own);
  CHECK(all_gone());
}

BODY(visits_all) {
  CHECK(gl_foreach(visit, data) == 0);
  return GL_OK;
}
// rule 29: the current one is visited from inside, and main while it waits
TEST(foreach_visits_the_current_one) {
  struct visits v = {.count = 0};
  gl_greenlet *g = gl_new(visits_all, &v);
  gl_switch(g, NULL, NULL);
  CHECK(v.count == 2 && times_seen(&v, gl_main()) == 1 && times_seen(&v, g) == 1);
  gl_release(g);
  CHECK(all_gone());
}

// rule 29: the visitor stops by any number but 0, which is then the answer
TEST(foreach_returns_what_the_visitor_returned_last) {
  gl_greenlet *g[3];
  for (int i = 0; i < 3; i++) g[i] = gl_new(echo, NULL), gl_switch(g[i], NULL, NULL);
  const int answers[] = {7, -3, 1 << 30};
  for (int i = 0; i < 3; i++)
    for (int stop = 1; stop <= 4; stop++) {
      struct visits v = {.stop_at = stop, .answer = answers[i]};
      CHECK(gl_foreach(visit, &v) == answers[i] && v.count == stop);
    }
  for (int i = 0; i < 3; i++) gl_release(g[i]);
  CHECK(all_gone());
}

// rule 30
TEST(foreach_refuses_NULL) { CHECK(gl_foreach(NULL, NULL) == GL_EINVAL); }

// rule 29: many, in any order of making and ending
TEST(foreach_visits_many_once) {
  static gl_greenlet *g[MANY];
  static struct visits v;
  for (int i = 0; i < MANY; i++) g[i] = gl_new(echo, NULL), gl_switch(g[i], NULL, NULL);
  for (int i = 0; i < MANY; i += 3) CHECK(gl_kill(g[i], NULL) == GL_OK);
  v.count = 0;
  CHECK(gl_foreach(visit, &v) == 0);
  int expected = 1;
  for (int i = 0; i < MANY; i++) {
    expected += i % 3 != 0;
    CHECK(times_seen(&v, g[i]) == (i % 3 != 0));
  }
  CHECK(v.count == expected);
  for (int i = 0; i < MANY; i++) gl_release(g[i]);
  CHECK(all_gone());
}

static void count_elsewhere(void *arg) { CHECK(gl_foreach(visit, arg) == 0); }
// rule 29: those of the calling thread alone, and none of a realm
TEST(foreach_visits_the_calling_thread) {
  struct visits v = {.count = 0}, here = {.count = 0};
  struct partner other;
  gl_greenlet *g = gl_new(echo, NULL);
  gl_realm *realm = gl_realm_new();
  partner_start(&other);
  gl_switch(g, NULL, NULL);
  partner_do(&other, count_elsewhere, &v);
  CHECK(v.count == 1 && v.seen[0] != gl_main());
  CHECK(gl_foreach(visit, &here) == 0 && here.count == 2 && times_seen(&here, gl_realm_main(realm)) == 0);
  gl_realm_release(realm);
  gl_release(g), partner_end(&other);
  CHECK(all_gone());
}

static int change_the_tree(void *user, gl_greenlet *g) {
  gl_greenlet **all = user;
  for (int i = 0; i < 3; i++) {
    if (all[i] && g != all[i]) gl_set_parent(all[i], gl_main()), gl_release(all[i]), all[i] = NULL;
    gl_release(gl_new(never, NULL));
  }
  return 0;
}
// rules 26, 29: the visitor releases the last handles of those that come next
TEST(foreach_survives_releases_by_its_visitor) {
  gl_greenlet *all[3];
  for (int i = 0; i < 3; i++) all[i] = gl_new(echo, NULL), gl_switch(all[i], NULL, NULL);
  CHECK(gl_foreach(change_the_tree, all) == 0);
  gl_switch(gl_current(), NULL, NULL);
  for (int i = 0; i < 3; i++) gl_release(all[i]);
  CHECK(all_gone());
}

struct move_on_visit {
  gl_greenlet *visited, *moved, *parent;
  int visits;
};
static int move_the_next(void *user, gl_greenlet *g) {
  struct move_on_visit *v = user;
  v->visits++;
  if (g == v->visited) CHECK(gl_set_parent(v->moved, v->parent) == GL_OK);
  return 0;
}
static void tell_main(void *main) { *(gl_greenlet **)main = gl_main(); }
// rules 15, 29: one that leaves for another thread, where the visit is about to be
TEST(foreach_goes_on_behind_one_that_its_visitor_moves) {
  struct partner other;
  gl_greenlet *first = gl_new(echo, NULL), *unstarted = new_private(never, NULL), *last = gl_new(echo, NULL);
  struct move_on_visit v = {.visited = first, .moved = unstarted};
  partner_start(&other);
  partner_do(&other, tell_main, &v.parent);
  gl_switch(first, NULL, NULL), gl_switch(last, NULL, NULL);
  CHECK(gl_foreach(move_the_next, &v) == 0 && v.visits == 3);
  gl_release(unstarted), gl_release(first), gl_release(last);
  partner_end(&other);
  CHECK(all_gone());
}

static int visit_within(void *user, UNUSED gl_greenlet *g) {
  struct visits inner = {.count = 0};
  CHECK(gl_foreach(visit, &inner) == 0);
  *(int *)user += inner.count;
  return 0;
}
// rules 26, 29: visits nest
TEST(foreach_nests) {
  int sum = 0;
  gl_greenlet *a = gl_new(echo, NULL), *b = gl_new(echo, NULL);
  gl_switch(a, NULL, NULL), gl_switch(b, NULL, NULL);
  CHECK(gl_foreach(visit_within, &sum) == 0 && sum == 9);
  gl_release(a), gl_release(b);
  CHECK(all_gone());
}

// rule 29: created and alive; a main is neither
TEST(stats_count_greenlets) {
  gl_stats before = stats();
  CHECK(gl_main() && stats().created == before.created && stats().alive == before.alive);
  gl_greenlet *a = gl_new(echo, NULL), *b = gl_new(identity, NULL), *c = gl_new(never, NULL);
  CHECK(stats().created == before.created + 3 && stats().alive == before.alive + 3);
  gl_switch(a, NULL, NULL), gl_switch(b, NULL, NULL);
  CHECK(stats().alive == before.alive + 2);
  gl_throw(c, NULL, NULL);
  CHECK(stats().alive == before.alive + 1);
  gl_release(a), gl_release(b), gl_release(c);
  CHECK(stats().created == before.created + 3 && stats().alive == before.alive && stats().leaked == before.leaked);
}

// rule 29: hosted ones count, the main of their realm does not
TEST(stats_count_hosted_greenlets) {
  gl_stats before = stats();
  gl_realm *realm = gl_realm_new();
  CHECK(stats().alive == before.alive);
  gl_greenlet *g = NEW(.parent = gl_realm_main(realm), .flags = GL_HOSTED);
  CHECK(stats().created == before.created + 1 && stats().alive == before.alive + 1);
  gl_release(g), gl_realm_release(realm);
  CHECK(stats().alive == before.alive);
}

// rule 29: stacks are mapped at the first start, cached at the end, given back by gl_trim()
TEST(stats_count_stacks) {
  gl_trim();
  gl_stats before = stats();
  CHECK(before.stacks_cached == 0);
  gl_greenlet *g = NEW(.run = echo, .stack_size = 256 * 1024);
  CHECK(stats().stacks_mapped == before.stacks_mapped);
  gl_switch(g, NULL, NULL);
  gl_stats running = stats();
  CHECK(running.stacks_mapped == before.stacks_mapped + 1 && running.stacks_cached == 0);
  CHECK(running.stack_bytes > before.stack_bytes + 256 * 1024); /* with its guard */
  gl_release(g);
  CHECK(stats().stacks_mapped == before.stacks_mapped + 1 && stats().stacks_cached == 1);
  CHECK(gl_trim() > 0 && gl_trim() == 0);
  CHECK(stats().stacks_mapped == before.stacks_mapped && stats().stacks_cached == 0 && stats().stack_bytes == before.stack_bytes);
  CHECK(all_gone());
}

BODY(comes_back_when_killed) {
  to_parent(NULL, NULL);
  to_parent(NULL, NULL);
  return GL_OK;
}
// rules 21, 29: one that outlives its last handle is a leak
TEST(stats_count_leaks) {
  gl_stats before = stats();
  gl_greenlet *g = gl_new(comes_back_when_killed, NULL), *same = g;
  gl_switch(g, NULL, NULL);
  gl_release(g);
  CHECK(stats().leaked == before.leaked + 1 && stats().alive == before.alive + 1);
  CHECK(gl_switch(same, NULL, NULL) == GL_OK); /* it ends later, and is freed then */
  CHECK(stats().alive == before.alive);
  CHECK(all_gone());
}

// rule 31: no field beyond `size` is written
TEST(stats_write_only_their_size) {
  for (size_t size = offsetof(gl_stats, created) + 8; size <= sizeof(gl_stats); size += 8) {
    gl_stats s;
    memset(&s, 0x5a, sizeof s);
    s.size = size;
    CHECK(gl_get_stats(&s) == GL_OK && s.size == size);
    for (size_t i = size; i < sizeof s; i++) CHECK(((unsigned char *)&s)[i] == 0x5a);
  }
}

// rule 31: a caller that knows more gets what there is
TEST(stats_of_a_newer_caller) {
  struct {
    gl_stats known;
    uint64_t unknown[4];
    unsigned char after[16];
  } s;
  memset(&s, 0x5a, sizeof s);
  s.known.size = sizeof s.known + sizeof s.unknown;
  gl_greenlet *g = gl_new(never, NULL);
  CHECK(gl_get_stats(&s.known) == GL_OK && s.known.alive == stats().alive && s.known.created == stats().created);
  for (int i = 0; i < 16; i++) CHECK(s.after[i] == 0x5a);
  gl_release(g);
}

// rules 30, 31: NULL and size 0
TEST(stats_refuse_NULL_and_size_0) {
  gl_stats s;
  memset(&s, 0x5a, sizeof s);
  s.size = 0;
  CHECK(gl_get_stats(NULL) == GL_EINVAL && gl_get_stats(&s) == GL_EINVAL);
  CHECK(s.alive == UINT64_C(0x5a5a5a5a5a5a5a5a));
}

static void count_one(void *arg) {
  gl_stats *seen = arg;
  gl_greenlet *g = gl_new(never, NULL);
  *seen = stats();
  gl_release(g);
}
// rule 29: the sum of all threads, asked from any
TEST(stats_are_of_the_process) {
  gl_stats before = stats(), seen;
  gl_greenlet *g = gl_new(never, NULL);
  on_a_thread(count_one, &seen);
  CHECK(seen.created == before.created + 2 && seen.alive == before.alive + 2);
  CHECK(stats().created == before.created + 2 && stats().alive == before.alive + 1);
  gl_release(g);
  CHECK(all_gone());
}
