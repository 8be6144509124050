/* SPDX-License-Identifier: MIT */
/* Two greenlets that switch to each other, and what becomes of one that nobody resumes.
 *
 * func2 ends while func1 waits: its result goes to its parent, which is main, and not back to func1. So func1 never gets
 * past its switch; it is unwound when the last handle on it goes. */
#include <greenlet.h>

#include <stdio.h>
#include <stdlib.h>

static gl_greenlet *gr1, *gr2;

static gl_status func1(void *data, void *value, void **result) {
  (void)data, (void)result;
  char *page = malloc(4096); /* something to lose */
  puts(value);

  gl_status status = gl_switch(gr2, NULL, NULL);
  if (status == GL_OK) puts("func1 end");
  if (status == GL_KILLED) puts("func1 is unwound: it frees its page");

  free(page);
  return status; /* GL_KILLED goes up to the first frame, like an error */
}

static gl_status func2(void *data, void *value, void **result) {
  (void)data, (void)value, (void)result;
  puts("fun2 come");
  return GL_OK; /* *result is NULL unless set: what Python calls None */
}

int main(void) {
  gr1 = gl_new(func1, NULL); /* children of the current greenlet: main */
  gr2 = gl_new(func2, NULL);

  void *value;
  gl_status status = gl_switch(gr1, "fun1 come", &value);
  if (status != GL_OK) {
    fprintf(stderr, "%s: %s\n", gl_status_name(status), gl_strerror(status));
    return EXIT_FAILURE;
  }
  puts(value ? value : "None");

  gl_release(gr2); /* dead: only its memory goes */
  gl_release(gr1); /* suspended: its gl_switch() returns GL_KILLED before this call returns */
  puts("main end");
  return EXIT_SUCCESS;
}
