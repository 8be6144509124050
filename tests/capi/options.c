/* SPDX-License-Identifier: MIT */
/* Rule 31: what gl_new_with() takes. */
#include "partner.h"
#include <stddef.h>

static int dropped;
static void count_drop(UNUSED void *data) { dropped++; }
/* Refused: nothing is made, `*out` stays, nothing is dropped. */
static bool refused(const gl_options *options, gl_status status) {
  gl_greenlet *out = V(77);
  uint64_t created = stats().created;
  gl_status got = gl_new_with(options, &out);
  return got == status && out == V(77) && stats().created == created && dropped == 0;
}
static gl_options good(void) {
  gl_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options, options.run = never, options.drop = count_drop;
  return options;
}

// rules 30, 31: NULL and no body
TEST(options_refuse_NULL) {
  gl_options options = good();
  CHECK(refused(NULL, GL_EINVAL));
  CHECK(gl_new_with(&options, NULL) == GL_EINVAL && gl_new_with(NULL, NULL) == GL_EINVAL && dropped == 0);
  options.run = NULL;
  CHECK(refused(&options, GL_EINVAL));
  CHECK(gl_new(NULL, V(1)) == NULL);
  CHECK(all_gone());
}

/* A copy that ends where `size` says, so that tools see any read beyond. */
static gl_status new_cut_off(const gl_options *options, size_t size, gl_greenlet **out) {
  void *copy = malloc(size);
  memcpy(copy, options, size);
  memcpy(copy, &size, sizeof size);
  gl_status status = gl_new_with(copy, out);
  free(copy);
  return status;
}
// rule 31: an older caller's options are shorter; what is missing is zero
TEST(options_of_an_older_caller) {
  gl_options options = good();
  options.data = V(5), options.name = "name", options.drop = NULL;
  const size_t cuts[] = {offsetof(gl_options, data), offsetof(gl_options, drop),  offsetof(gl_options, parent),
                         offsetof(gl_options, name), offsetof(gl_options, flags), offsetof(gl_options, flags) + sizeof options.flags};
  for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
    gl_greenlet *g = NULL;
    CHECK(new_cut_off(&options, cuts[i], &g) == GL_OK);
    CHECK(gl_data(g) == (cuts[i] > offsetof(gl_options, data) ? V(5) : NULL));
    CHECK(!strcmp(gl_name(g), cuts[i] > offsetof(gl_options, name) ? "name" : ""));
    CHECK(gl_parent(g) == gl_main());
    gl_release(g);
  }
  CHECK(all_gone());
}

// rule 31: too short for a body is no body
TEST(options_without_room_for_a_body) {
  gl_options options = good();
  const size_t sizes[] = {0, sizeof(size_t), offsetof(gl_options, run)};
  for (int i = 0; i < 3; i++) {
    options.size = sizes[i];
    CHECK(refused(&options, GL_EINVAL));
  }
}

struct newer {
  gl_options known;
  unsigned char unknown[96];
};
// rule 31: a newer caller's options are longer; all that is not known must be zero, to the last byte
TEST(options_of_a_newer_caller) {
  struct newer newer = {good(), {0}};
  newer.known.size = sizeof newer, newer.known.drop = NULL;
  gl_greenlet *g = NULL;
  CHECK(gl_new_with(&newer.known, &g) == GL_OK && g);
  gl_release(g);
  for (size_t i = 0; i < sizeof newer.unknown; i++) {
    newer.unknown[i] = 1;
    CHECK(refused(&newer.known, GL_EINVAL));
    newer.unknown[i] = 0;
  }
  CHECK(all_gone());
}

// rule 31: what lies behind `size` is not looked at
TEST(options_end_at_their_size) {
  struct newer newer = {good(), {0}};
  newer.known.drop = NULL;
  memset(newer.unknown, 0xff, sizeof newer.unknown);
  gl_greenlet *g = NULL;
  CHECK(gl_new_with(&newer.known, &g) == GL_OK && g);
  gl_release(g);
  CHECK(all_gone());
}

// rule 31: flags that nobody knows yet
TEST(options_refuse_unknown_flags) {
  gl_options options = good();
  for (int bit = 3; bit < 32; bit++) {
    options.flags = 1u << bit;
    CHECK(refused(&options, GL_EINVAL));
    options.flags |= GL_DISCARD | GL_SHARE_FP;
    CHECK(refused(&options, GL_EINVAL));
  }
}

// rule 31: a stack is either given or made
TEST(options_refuse_a_stack_and_a_size) {
  static char not_a_stack[64];
  gl_options options = good();
  options.stack = (gl_stack *)not_a_stack, options.stack_size = 65536;
  CHECK(refused(&options, GL_EINVAL));
}

// rule 31: known flags go together
TEST(options_take_known_flags_together) {
  gl_greenlet *g = NEW(.run = identity, .flags = GL_SHARE_FP | GL_DISCARD, .stack_size = 1 << 20);
  void *received = NULL;
  CHECK(gl_switch(g, V(3), &received) == GL_OK && received == V(3));
  gl_release(g);
  CHECK(all_gone());
}

// rule 31: the name is copied, however long
TEST(options_name_is_copied) {
  enum { LENGTH = 10000 };
  char *name = malloc(LENGTH + 1);
  memset(name, 'x', LENGTH), name[LENGTH] = 0;
  gl_greenlet *g = NEW(.run = never, .name = name);
  CHECK(gl_name(g) != name);
  memset(name, 'y', LENGTH);
  CHECK(strlen(gl_name(g)) == LENGTH && gl_name(g)[0] == 'x' && gl_name(g)[LENGTH - 1] == 'x');
  free(name), gl_release(g);
  g = NEW(.run = never, .name = "");
  CHECK(!strcmp(gl_name(g), ""));
  gl_release(g);
  CHECK(all_gone());
}

// rule 2: the parent that the options name, in any state
TEST(options_name_the_parent) {
  struct family own;
  make_family(&own);
  gl_greenlet *parents[] = {own.main, own.unstarted, own.suspended, own.dead};
  for (int i = 0; i < 4; i++) {
    gl_greenlet *g = child_of(parents[i], never, NULL);
    CHECK(gl_parent(g) == parents[i]);
    gl_release(g);
  }
  release_family(&own);
  CHECK(all_gone());
}

// rule 31: a parent whose thread has ended, whatever it was
TEST(options_parent_of_an_ended_thread_is_EEXPIRED) {
  struct family expired;
  on_a_thread(make_family, &expired);
  gl_greenlet *parents[] = {expired.unstarted, expired.suspended, expired.dead, expired.main};
  for (int i = 0; i < 4; i++) {
    gl_options options = good();
    options.parent = parents[i];
    CHECK(refused(&options, GL_EEXPIRED));
  }
  release_family(&expired);
  CHECK(all_gone());
}

BODY(tells_its_main) {
  *result = gl_main();
  return GL_OK;
}
// rules 17, 31: a parent of another live thread: the child belongs there
TEST(options_parent_of_another_thread_gives_the_child_away) {
  struct partner other;
  struct family foreign;
  partner_start(&other), partner_do(&other, make_family, &foreign);
  gl_greenlet *parents[] = {foreign.main, foreign.unstarted, foreign.suspended, foreign.dead};
  for (int i = 0; i < 4; i++) {
    gl_greenlet *g = given_to(parents[i], tells_its_main, NULL);
    CHECK(gl_parent(g) == parents[i] && gl_state(g) == GL_UNSTARTED);
    CHECK(gl_switch(g, NULL, NULL) == GL_ETHREAD);
    gl_release(g);
  }
  gl_greenlet *g = given_to(foreign.main, tells_its_main, NULL);
  void *received = NULL;
  CHECK(partner_switch(&other, g, NULL, &received) == GL_OK && received == foreign.main);
  gl_release(g);
  partner_do(&other, release_family, &foreign), partner_end(&other);
  CHECK(all_gone());
}

// rule 34: hosted ones live in realms, others do not
TEST(options_refuse_hosted_and_ordinary_in_one_family) {
  gl_realm *realm = gl_realm_new();
  gl_options options = good();
  options.flags = GL_HOSTED;
  CHECK(refused(&options, GL_EINVAL)); /* no parent */
  options.parent = gl_main();
  CHECK(refused(&options, GL_EINVAL));
  options.parent = gl_realm_main(realm), options.flags = 0;
  CHECK(refused(&options, GL_EINVAL));
  options.flags = GL_HOSTED, options.stack_size = 65536;
  CHECK(refused(&options, GL_EINVAL));
  static char not_a_stack[64];
  options.stack_size = 0, options.stack = (gl_stack *)not_a_stack;
  CHECK(refused(&options, GL_EINVAL));
  gl_realm_release(realm);
  CHECK(all_gone());
}

// rules 4, 31: no memory for such a stack, now or when it starts; then it is as before
TEST(options_stack_size_beyond_all_memory) {
  const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 4096, SIZE_MAX / 8 * 7 + 1, NO_SUCH_STACK};
  for (int i = 0; i < 4; i++) {
    gl_options options = good();
    options.drop = NULL, options.stack_size = sizes[i];
    gl_greenlet *g = NULL;
    gl_status status = gl_new_with(&options, &g);
    CHECK(status == GL_ENOMEM || (status == GL_OK && gl_switch(g, NULL, NULL) == GL_ENOMEM && gl_state(g) == GL_UNSTARTED));
    CHECK((status == GL_OK) == (g != NULL));
    gl_release(g);
  }
  CHECK(all_gone());
}
