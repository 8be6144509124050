/* SPDX-License-Identifier: MIT */
/* gl_set_cxx_runtime(): the state of a runtime that the program plays itself is exchanged, and only from the next gl_new() on. */
#include "greenlet.h"
#include <stdio.h>

static _Thread_local struct {
  void *caught;
  unsigned uncaught;
  int beyond; /* not the library's */
} globals;
static void *get_globals(void) { return &globals; }

static int failures;
static void expect(int holds, int line) {
  if (!holds) fprintf(stderr, "line %d\n", line), failures++;
}
#define EXPECT(condition) expect(condition, __LINE__)

static char mark[3];
static gl_status body(void *data, void *value, void **result) {
  (void)value, (void)result;
  EXPECT(!globals.caught && !globals.uncaught);
  globals.caught = data, globals.uncaught = 2;
  gl_switch(gl_main(), NULL, NULL);
  EXPECT(globals.caught == data && globals.uncaught == 2);
  return GL_OK;
}

int main(void) {
  gl_current();
  gl_set_cxx_runtime(get_globals);
  gl_greenlet *a = gl_new(body, &mark[0]), *b = gl_new(body, &mark[1]);
  globals.caught = &mark[2], globals.uncaught = 7, globals.beyond = 5;
  gl_switch(a, NULL, NULL);
  EXPECT(globals.caught == &mark[2] && globals.uncaught == 7);
  gl_switch(b, NULL, NULL);
  globals.beyond = 6;
  gl_switch(a, NULL, NULL);
  EXPECT(globals.caught == &mark[2] && globals.uncaught == 7 && globals.beyond == 6);
  gl_switch(b, NULL, NULL);
  EXPECT(globals.caught == &mark[2] && globals.uncaught == 7);
  EXPECT(gl_state(a) == GL_DEAD && gl_state(b) == GL_DEAD);
  gl_release(a), gl_release(b);
  globals.caught = NULL, globals.uncaught = 0;
  gl_set_cxx_runtime(NULL); /* looks again; there is none, and nobody touches ours any more */
  gl_release(gl_new(body, NULL));
  return failures != 0;
}
