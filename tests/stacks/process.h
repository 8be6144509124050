/* SPDX-License-Identifier: MIT */
/* Checks in child processes, and what the system tells of a process. */
#pragma once
#include "child.h"

/* In a child, where CHECK is not heard. */
#define MUST(condition) ((condition) ? (void)0 : (dprintf(STDERR_FILENO, "%s:%d: %s\n", __FILE__, __LINE__, #condition), _exit(1)))

UNUSED static void ends_well(void (*body)(void)) {
  struct child child = in_child(body);
  CHECK(exited(child, 0));
  if (child.err[0]) printf("%s", child.err);
}
UNUSED static long own_mappings(void) {
  long lines = 0;
  FILE *file = fopen("/proc/self/maps", "r");
  for (int c; file && (c = getc(file)) != EOF;) lines += c == '\n';
  if (file) fclose(file);
  return lines;
}
