/* SPDX-License-Identifier: MIT */
/* gl_dump() and gl_realm_dump(): the family tree, a line for each greenlet. */
#include "../stacks/stacks.h"
#include "hosted.h"
#include <pthread.h>

static char text[1 << 16];
static size_t lines;
static void write_text(void *user, const char *line, size_t size) {
  CHECK(user == text && strlen(line) == size && line[size - 1] == '\n' && strchr(line, '\n') == line + size - 1);
  if (strlen(text) + size < sizeof text) memcpy(text + strlen(text), line, size + 1);
  lines++;
}
static void dump(void) {
  text[0] = 0, lines = 0;
  CHECK(gl_dump(write_text, text) == GL_OK);
}
static void dump_realm(void) {
  text[0] = 0, lines = 0;
  CHECK(gl_realm_dump(realm, write_text, text) == GL_OK);
}
/* The line about `g`, which begins with its address and may be indented; "" when there is none. */
static const char *line_of(const gl_greenlet *g, int *indentation) {
  static char line[500], address[40];
  snprintf(address, sizeof address, "%p ", (const void *)g);
  for (const char *at = text; *at; at = strchr(at, '\n') + 1) {
    *indentation = (int)strspn(at, " ");
    if (strncmp(at + *indentation, address, strlen(address))) continue;
    snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n") - *indentation, at + *indentation);
    return line;
  }
  *indentation = -1;
  return "";
}
static bool says(const gl_greenlet *g, int indentation, const char *what) {
  int found;
  const char *line = line_of(g, &found);
  const bool does = found == indentation && strstr(line, what);
  if (!does) printf("%p: not \"%s\" at %d in\n%s", (const void *)g, what, indentation, text);
  return does;
}
static bool comes_before(const gl_greenlet *a, const gl_greenlet *b) {
  char first[40], second[40];
  snprintf(first, sizeof first, "%p ", (const void *)a), snprintf(second, sizeof second, "%p ", (const void *)b);
  const char *at_a = strstr(text, first), *at_b = strstr(text, second);
  return at_a && at_b && at_a < at_b;
}
static gl_greenlet *named(const char *name, gl_greenlet *parent, gl_run run, gl_stack *stack) {
  return NEW(.run = run, .name = name, .parent = parent, .stack = stack);
}

TEST(children_are_indented_below_their_parents) {
  gl_greenlet *a = named("a", NULL, echo, NULL), *b = named("b", NULL, echo, NULL);
  gl_greenlet *a1 = named("a1", a, echo, NULL), *b1 = named("b1", b, echo, NULL), *a2 = named("a2", a, echo, NULL),
              *b2 = named("b2", b1, echo, NULL);
  dump();
  CHECK(lines == 7 && says(gl_main(), 0, "main running"));
  CHECK(says(a, 2, "'a' unstarted") && says(a1, 4, "'a1'") && says(a2, 4, "'a2'"));
  CHECK(says(b, 2, "'b'") && says(b1, 4, "'b1'") && says(b2, 6, "'b2'"));
  CHECK(comes_before(a, a1) && comes_before(a1, a2) && comes_before(a2, b) && comes_before(b, b1) && comes_before(b1, b2));
  CHECK(gl_set_parent(a, b2) == GL_OK);
  dump();
  CHECK(lines == 7 && says(a, 8, "'a'") && says(a2, 10, "'a2'"));
  gl_release(a1), gl_release(a2), gl_release(a), gl_release(b2), gl_release(b1), gl_release(b);
  CHECK(all_gone());
}

BODY(dumps_itself) {
  dump();
  return GL_OK;
}
TEST(states_and_stacks_are_told) {
  char shared[60];
  gl_stack *stack = new_stack();
  gl_greenlet *own = NEW(.run = echo, .stack_size = 64 << 10), *first = named("1", NULL, echo, stack),
              *second = named("2", NULL, echo, stack);
  gl_greenlet *threads = named("t", NULL, echo, thread_stack());
  gl_greenlet *all[] = {own, first, second, threads};
  for (int i = 0; i < 4; i++) CHECK(gl_switch(all[i], V(1), NULL) == GL_OK);
  dump();
  snprintf(shared, sizeof shared, "suspended, shared stack %p: ", (void *)stack);
  CHECK(says(own, 2, "suspended, private stack: ") && says(own, 2, " of 65536 bytes") && !strstr(text, "private stack: 0"));
  CHECK(says(first, 2, shared) && says(first, 2, " bytes, ") && says(first, 2, " moved out"));
  CHECK(says(second, 2, shared) && !strstr(line_of(second, &(int){0}), "moved"));
  CHECK(says(threads, 2, "suspended, thread's stack: "));
  gl_greenlet *self = named("self", NULL, dumps_itself, NULL);
  CHECK(gl_switch(self, NULL, NULL) == GL_OK);
  CHECK(says(self, 2, "'self' running, private stack: ") && says(gl_main(), 0, "main suspended"));
  gl_release(self);
  for (int i = 0; i < 4; i++) gl_release(all[i]);
  gl_stack_release(stack);
  CHECK(nothing_left());
}

static gl_greenlet *killer, *victim;
BODY(kills) {
  gl_kill(victim, NULL);
  return GL_OK;
}
BODY(dumps_when_killed) {
  CHECK(to_parent(NULL, NULL) == GL_KILLED);
  dump();
  return GL_KILLED;
}
TEST(kills_are_told) {
  char whom[60], who[60];
  victim = named("victim", NULL, dumps_when_killed, NULL), killer = named("killer", NULL, kills, NULL);
  CHECK(gl_switch(victim, NULL, NULL) == GL_OK && gl_switch(killer, NULL, NULL) == GL_OK);
  snprintf(whom, sizeof whom, "kills %p", (void *)victim),
      snprintf(who, sizeof who, "killed by %p, child of %p", (void *)killer, (void *)gl_main());
  CHECK(says(killer, 2, whom) && says(victim, 4, who));
  gl_release(victim), gl_release(killer);
}

TEST(dead_ones_are_shown_where_they_have_descendants) {
  gl_greenlet *dead = named("dead", NULL, identity, NULL), *child = named("child", dead, echo, NULL),
              *gone = named("gone", NULL, identity, NULL);
  CHECK(gl_switch(dead, NULL, NULL) == GL_OK && gl_switch(gone, NULL, NULL) == GL_OK);
  dump();
  CHECK(lines == 3 && says(dead, 2, "'dead' dead") && says(child, 4, "'child'"));
  gl_release(dead), gl_release(child), gl_release(gone);
}

TEST(names_take_one_line) {
  char longest[1000];
  memset(longest, 'n', sizeof longest), longest[sizeof longest - 1] = 0;
  gl_greenlet *a = named("two\nlines", NULL, echo, NULL), *b = named(longest, NULL, echo, NULL);
  dump();
  CHECK(says(a, 2, "'two?lines' unstarted") && says(b, 2, "nnn' unstarted"));
  gl_release(a), gl_release(b);
}

static gl_greenlet *released[6];
static void release_all(void *user, const char *line, size_t size) {
  CHECK(gl_switch(gl_main(), NULL, NULL) == GL_EBUSY); /* rule 26 */
  write_text(user, line, size);
  for (int i = 0; i < 6; i++) gl_release(released[i]), released[i] = NULL;
}
TEST(greenlets_may_go_while_they_are_written) {
  for (int when = 0; when < 2; when++) {
    for (int i = 0; i < 6; i++) released[i] = named(NULL, i % 2 ? released[i - 1] : NULL, echo, NULL);
    for (int i = 0; i < 6 && when; i++) CHECK(gl_switch(released[i], NULL, NULL) == GL_OK);
    text[0] = 0, lines = 0;
    CHECK(gl_dump(release_all, text) == GL_OK);
    CHECK(when ? lines == 7 && strstr(text, "its last handle went") : lines == 1); /* the suspended are killed at the next call */
    dump();
    gl_release(gl_new(echo, NULL));
    CHECK(all_gone());
  }
}

static gl_greenlet *from_there;
static void *make_children(void *parent) {
  gl_main();
  for (int i = 0; i < 200; i++) {
    from_there = child_of((gl_greenlet *)parent, echo, NULL);
    gl_release(from_there);
  }
  from_there = child_of((gl_greenlet *)parent, echo, NULL);
  return NULL;
}
TEST(other_threads_make_children_meanwhile) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, make_children, gl_main()) == 0);
  for (int i = 0; i < 100; i++) dump();
  CHECK(pthread_join(thread, NULL) == 0);
  dump();
  CHECK(lines == 2 && says(from_there, 2, "unstarted"));
  gl_release(from_there);
  CHECK(all_gone());
}

/* A child that started here keeps a parent that another thread took. */
static gl_greenlet *moved, *kept;
static void *take_parent(UNUSED void *data) {
  CHECK(gl_set_parent(moved, gl_main()) == GL_OK);
  dump();
  CHECK(lines == 2 && says(moved, 2, "unstarted"));
  return NULL;
}
TEST(a_parent_of_another_thread_is_told) {
  pthread_t thread;
  moved = gl_new(echo, NULL), kept = child_of(moved, echo, NULL);
  CHECK(pthread_create(&thread, NULL, take_parent, NULL) == 0 && pthread_join(thread, NULL) == 0);
  dump();
  CHECK(lines == 2 && says(kept, 0, "of another thread"));
  gl_release(kept), gl_release(moved);
  CHECK(all_gone());
}

TEST(a_realm_of_a_host) {
  realm_begins();
  gl_greenlet *g = waiting_in_realm(realm_main), *child = hosted(g);
  dump_realm();
  CHECK(lines == 3 && says(realm_main, 0, "main running, hosted") && says(g, 2, "suspended, hosted") && says(child, 4, "unstarted"));
  gl_release(child);
  gl_realm_release(realm);
  gl_release(g);
  CHECK(all_gone());
}

TEST(errors) {
  realm_begins();
  CHECK(gl_dump(NULL, NULL) == GL_EINVAL && gl_realm_dump(NULL, write_text, NULL) == GL_EINVAL &&
        gl_realm_dump(realm, NULL, NULL) == GL_EINVAL);
  realm_ends();
}
