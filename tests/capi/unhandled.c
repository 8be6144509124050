/* SPDX-License-Identifier: MIT */
/* What the library says of a payload that nobody waits for, when nobody has set a function for it (rule 14). */
#include "child.h"

BODY(throw_when_killed) {
  to_parent(NULL, NULL);
  *result = V(5);
  return GL_THROWN;
}
static void lose(const char *name) {
  gl_greenlet *g = NEW(.run = throw_when_killed, .name = name);
  gl_switch(g, NULL, NULL);
  gl_release(g);
}
static void lose_a_named_one(void) { lose("forgotten"); }
static void lose_an_unnamed_one(void) { lose(NULL); }
static void lose_one_with_a_long_name(void) {
  static char name[10000];
  memset(name, 'n', sizeof name - 1);
  lose(name);
}
static void note_nothing(void *user, gl_greenlet *g, void *payload) { (void)user, (void)g, (void)payload; }
static void lose_one_in_silence(void) {
  gl_set_unhandled(note_nothing, NULL);
  lose("forgotten");
}
static void lose_one_after_silence(void) {
  lose_one_in_silence();
  gl_set_unhandled(NULL, NULL);
  lose("forgotten");
}
static bool is_one_line(const char *text) {
  size_t length = strlen(text);
  return length > 1 && strchr(text, '\n') == text + length - 1;
}

// rule 14: one line on stderr, and the program goes on
TEST(unhandled_payload_is_told_in_one_line) {
  void (*bodies[])(void) = {lose_a_named_one, lose_an_unnamed_one, lose_one_with_a_long_name, lose_one_after_silence};
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
    struct child c = in_child(bodies[i]);
    CHECK(exited(c, 0));
    CHECK(is_one_line(c.err));
  }
  CHECK(strstr(in_child(lose_a_named_one).err, "forgotten"));
}

// rule 14
TEST(function_for_the_unhandled_replaces_the_line) {
  struct child c = in_child(lose_one_in_silence);
  CHECK(exited(c, 0));
  CHECK(!strcmp(c.err, ""));
}
