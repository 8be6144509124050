/* SPDX-License-Identifier: MIT */
/* Rules 4 and 28: values that each greenlet has of its own, and their drops. */
#include "child.h"
#include "partner.h"

static gl_key new_key(void (*drop)(void *)) {
  gl_key key = 0;
  CHECK(gl_key_new(&key, drop) == GL_OK);
  return key;
}

// rule 28: a new key reads NULL everywhere
TEST(locals_start_as_NULL) {
  gl_key key = new_key(NULL);
  gl_greenlet *g = gl_new(never, NULL);
  CHECK(gl_local(gl_main(), key) == NULL && gl_local(g, key) == NULL);
  gl_release(g);
  CHECK(all_gone());
}

// rule 28: each greenlet has its own values, in every state
TEST(locals_are_each_ones_own) {
  gl_key first = new_key(NULL), second = new_key(NULL);
  gl_greenlet *unstarted = gl_new(never, NULL), *suspended = gl_new(echo, NULL);
  CHECK(first != second);
  gl_switch(suspended, NULL, NULL);
  gl_greenlet *all[] = {gl_main(), unstarted, suspended};
  for (int i = 0; i < 3; i++) CHECK(gl_set_local(all[i], first, V(10 + i)) == GL_OK && gl_set_local(all[i], second, V(20 + i)) == GL_OK);
  for (int i = 0; i < 3; i++) CHECK(gl_local(all[i], first) == V(10 + i) && gl_local(all[i], second) == V(20 + i));
  gl_set_local(gl_main(), first, NULL), gl_set_local(gl_main(), second, NULL);
  CHECK(gl_local(gl_main(), first) == NULL && gl_local(suspended, first) == V(12));
  gl_release(unstarted), gl_release(suspended);
  CHECK(all_gone());
}

BODY(sets_and_keeps_a_local) {
  gl_key key = *(gl_key *)data;
  CHECK(gl_local(gl_current(), key) == NULL);
  CHECK(gl_set_local(gl_current(), key, value) == GL_OK);
  to_parent(NULL, NULL);
  CHECK(gl_local(gl_current(), key) == value);
  *result = gl_local(gl_current(), key);
  return GL_OK;
}
// rule 23: they are kept over switches, and a child inherits none
TEST(locals_are_kept_over_switches) {
  gl_key key = new_key(NULL);
  gl_greenlet *a = gl_new(sets_and_keeps_a_local, &key), *b = gl_new(sets_and_keeps_a_local, &key);
  void *received = NULL;
  gl_set_local(gl_main(), key, V(3));
  gl_switch(a, V(1), NULL), gl_switch(b, V(2), NULL);
  CHECK(gl_local(gl_main(), key) == V(3));
  CHECK(gl_switch(a, NULL, &received) == GL_OK && received == V(1));
  CHECK(gl_switch(b, NULL, &received) == GL_OK && received == V(2));
  gl_set_local(gl_main(), key, NULL);
  gl_release(a), gl_release(b);
  CHECK(all_gone());
}

// rules 28, 30: unknown keys and NULL
TEST(locals_refuse_unknown_keys_and_NULL) {
  gl_key key = new_key(NULL), unknown[] = {key + 1, key + 1000, UINT32_MAX, UINT32_MAX - 1, 1u << 31};
  CHECK(gl_key_new(NULL, NULL) == GL_EINVAL);
  CHECK(gl_local(NULL, key) == NULL && gl_set_local(NULL, key, V(1)) == GL_EINVAL);
  for (int i = 0; i < 5; i++) {
    CHECK(gl_local(gl_main(), unknown[i]) == NULL);
    CHECK(gl_set_local(gl_main(), unknown[i], V(1)) == GL_EINVAL);
    CHECK(gl_set_local(gl_main(), unknown[i], NULL) == GL_EINVAL);
    CHECK(gl_local(gl_main(), unknown[i]) == NULL);
  }
}

// rule 28: many keys, few of them used, from the highest down
TEST(locals_are_sparse) {
  enum { KEYS = 200 };
  gl_key keys[KEYS];
  gl_greenlet *g = gl_new(never, NULL);
  for (int i = 0; i < KEYS; i++) keys[i] = new_key(NULL);
  for (int i = KEYS - 1; i >= 0; i -= 3) CHECK(gl_set_local(g, keys[i], V(i + 1)) == GL_OK);
  for (int i = 0; i < KEYS; i++) CHECK(gl_local(g, keys[i]) == ((KEYS - 1 - i) % 3 ? NULL : V(i + 1)));
  gl_release(g);
  CHECK(all_gone());
}

static void note_local(void *value) { event("local %d", (int)(intptr_t)value); }

// rule 28: a value that is replaced is not dropped, and NULL never is
TEST(only_the_last_value_is_dropped) {
  gl_key key = new_key(note_local), emptied = new_key(note_local), never_set = new_key(note_local);
  gl_greenlet *g = gl_new(identity, NULL);
  gl_set_local(g, key, V(1)), gl_set_local(g, key, V(2)), gl_set_local(g, key, V(3));
  gl_set_local(g, emptied, V(4)), gl_set_local(g, emptied, NULL);
  CHECK(gl_local(g, never_set) == NULL && happened(""));
  gl_switch(g, NULL, NULL);
  CHECK(happened("local 3"));
  gl_release(g);
  CHECK(happened(""));
  CHECK(all_gone());
}

static gl_greenlet *ending;
static void *low, *high;
static void note_place(UNUSED void *value) {
  event("%s", gl_current() == ending && gl_state(ending) == GL_RUNNING ? "self" : gl_current() == gl_main() ? "main" : "?");
  if (low) event("%s", frame_within(low, high) ? "inside" : "outside");
}
BODY(notes_its_bounds) {
  CHECK(gl_stack_bounds(gl_current(), &low, &high) == GL_OK);
  return GL_OK;
}
// rule 4: the drops of one that ends run as it and on its stack: first its data's, then its locals'
TEST(drops_of_one_that_ends_run_on_its_stack) {
  gl_key key = new_key(note_place);
  ending = NEW(.run = notes_its_bounds, .data = V(1), .drop = note_place);
  gl_set_local(ending, key, V(1));
  gl_switch(ending, NULL, NULL);
  CHECK(happened("self inside self inside"));
  gl_release(ending);
  low = high = ending = NULL;
  CHECK(all_gone());
}

// rule 4: those of one that dies unrun run as the caller
TEST(drops_of_one_that_dies_unrun_run_as_the_caller) {
  gl_key key = new_key(note_place);
  ending = NEW(.run = never, .drop = note_place);
  gl_set_local(ending, key, V(1));
  gl_release(ending);
  CHECK(happened("main main"));
  ending = NULL;
  CHECK(all_gone());
}

// rule 4: data first
TEST(data_is_dropped_before_locals) {
  gl_key key = new_key(note_local);
  gl_greenlet *ended = NEW(.run = identity, .data = V(1), .drop = note_drop), *unrun = NEW(.run = never, .data = V(2), .drop = note_drop);
  gl_set_local(ended, key, V(3)), gl_set_local(unrun, key, V(4));
  gl_switch(ended, NULL, NULL);
  CHECK(happened("drop 1 local 3"));
  gl_throw(unrun, NULL, NULL);
  CHECK(happened("drop 2 local 4"));
  gl_release(ended), gl_release(unrun);
  CHECK(all_gone());
}

static gl_key set_by_drop;
static void set_in_data_drop(void *value) { CHECK(gl_set_local(gl_current(), set_by_drop, value) == GL_OK); }
// rules 4, 28: a value that the data's drop sets is there when the locals are dropped
TEST(value_set_by_the_data_drop_is_dropped) {
  set_by_drop = new_key(note_local);
  gl_greenlet *g = NEW(.run = identity, .data = V(7), .drop = set_in_data_drop);
  gl_switch(g, NULL, NULL);
  CHECK(happened("local 7"));
  gl_release(g);
  CHECK(all_gone());
}

static void set_once_more(void *value) {
  note_local(value);
  if (value == V(1)) CHECK(gl_set_local(gl_current(), set_by_drop, V(2)) == GL_OK);
}
// rule 28: so is one that a local's drop sets, under the same key or a lower one
TEST(value_set_by_a_drop_is_dropped) {
  set_by_drop = new_key(set_once_more);
  gl_key later = new_key(set_once_more);
  gl_greenlet *same = gl_new(identity, NULL), *lower = gl_new(identity, NULL);
  gl_set_local(same, set_by_drop, V(1)), gl_set_local(lower, later, V(1));
  gl_switch(same, NULL, NULL);
  CHECK(happened("local 1 local 2"));
  gl_switch(lower, NULL, NULL);
  CHECK(happened("local 1 local 2"));
  gl_release(same), gl_release(lower);
  CHECK(all_gone());
}

static void set_for_ever(void *value) {
  gl_set_local(gl_current(), set_by_drop, value);
  event("x");
}
// rule 28: a drop that always sets a value again does not go on for ever
TEST(drop_that_always_sets_again_ends) {
  set_by_drop = new_key(set_for_ever);
  gl_greenlet *g = gl_new(identity, NULL);
  gl_set_local(g, set_by_drop, V(1));
  CHECK(gl_switch(g, NULL, NULL) == GL_OK && gl_state(g) == GL_DEAD);
  events[0] = 0;
  gl_release(g);
  CHECK(all_gone());
}

// rules 13, 21, 28: locals are dropped whatever the end: thrown, killed, released, discarded
TEST(locals_are_dropped_at_every_kind_of_end) {
  gl_key key = new_key(note_local);
  gl_greenlet *g[5];
  for (int i = 0; i < 5; i++) {
    g[i] = NEW(.run = echo, .flags = i == 4 ? GL_DISCARD : 0);
    gl_set_local(g[i], key, V(i + 1));
    if (i) gl_switch(g[i], NULL, NULL);
  }
  gl_kill(g[0], NULL), gl_throw(g[1], NULL, NULL), gl_kill(g[2], NULL);
  CHECK(happened("local 1 local 2 local 3"));
  gl_release(g[3]), gl_release(g[4]);
  CHECK(happened("local 4 local 5"));
  gl_release(g[0]), gl_release(g[1]), gl_release(g[2]);
  CHECK(all_gone());
}

static void use_key(void *key) {
  gl_key k = *(gl_key *)key;
  CHECK(gl_local(gl_main(), k) == NULL && gl_set_local(gl_main(), k, V(8)) == GL_OK && gl_local(gl_main(), k) == V(8));
  gl_greenlet *g = gl_new(sets_and_keeps_a_local, key);
  gl_switch(g, V(9), NULL), gl_switch(g, NULL, NULL);
  CHECK(happened("local 9"));
  gl_release(g);
}
// rules 19, 28: a key serves every thread, and main's values are dropped at its thread's end
TEST(keys_are_per_process) {
  gl_key key = new_key(note_local);
  gl_set_local(gl_main(), key, V(1));
  on_a_thread(use_key, &key);
  CHECK(happened("local 8") && gl_local(gl_main(), key) == V(1));
  gl_set_local(gl_main(), key, NULL);
  CHECK(all_gone());
}

enum { MAKERS = 4, EACH = 50 };
static void *make_keys(void *keys) {
  for (int i = 0; i < EACH; i++) ((gl_key *)keys)[i] = new_key(NULL);
  return NULL;
}
// rule 28: keys that several threads make at once are all different
TEST(keys_are_made_from_any_thread) {
  gl_key keys[MAKERS][EACH], *all = &keys[0][0];
  pthread_t threads[MAKERS];
  for (int i = 0; i < MAKERS; i++) pthread_create(&threads[i], NULL, make_keys, keys[i]);
  for (int i = 0; i < MAKERS; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < MAKERS * EACH; i++)
    for (int j = 0; j < i; j++) CHECK(all[i] != all[j]);
}

static void uses_up_all_keys(void) {
  gl_key key = 0, last = 0;
  int made = 0;
  while (made < 5000 && gl_key_new(&key, NULL) == GL_OK) made++, last = key;
  if (made == 0 || made > 4096) _exit(1);
  key = 12345;
  if (gl_key_new(&key, NULL) != GL_ENOMEM || key != 12345) _exit(2);
  if (gl_set_local(gl_main(), last, V(1)) != GL_OK || gl_local(gl_main(), last) != V(1)) _exit(3);
}
// rule 28: there are 4096 keys; the next one is GL_ENOMEM and leaves `*out` alone
TEST(keys_run_out) { CHECK(exited(in_child(uses_up_all_keys), 0)); }
