/* SPDX-License-Identifier: MIT */
/* As many suspended greenlets with private stacks as there is memory for: GREENLET_TEST_LONG in the environment makes it a million (rules 6, 25). */
#include "faults.h"
#include "process.h"
#include "stacks.h"
#include <sys/mman.h>

enum { MILLION = 1000000 };
static gl_greenlet *all[MILLION];
static int count;

/* A number from a line "NAME: 123 kB" of /proc/self/status, in bytes. */
static long own_status(const char *name) {
  char line[200];
  long kilobytes = -1;
  FILE *file = fopen("/proc/self/status", "r");
  while (file && kilobytes < 0 && fgets(line, sizeof line, file))
    if (!strncmp(line, name, strlen(name))) kilobytes = strtol(line + strlen(name) + 1, NULL, 10);
  if (file) fclose(file);
  return kilobytes * 1024;
}
static bool kernel_has_guards(void) {
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
  const size_t one = (size_t)sysconf(_SC_PAGESIZE);
  void *memory = mmap(NULL, one, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const bool has = madvise(memory, one, 0x7fffff) != 0 && madvise(memory, one, MADV_GUARD_INSTALL) == 0;
  munmap(memory, one);
  return has;
}

static int sample;
static void overflow_the_sample(void) {
  catch_faults();
  gl_switch(all[sample], NULL, NULL);
  _exit(3);
}
// rules 6, 25
TEST(sleepers_on_private_stacks) {
  if (!kernel_has_guards()) SKIP("guards take a mapping each here");
  const int most = sizeof(void *) > 4 ? 100000 : 5000;
  count = UNDER_TSAN || UNDER_VALGRIND ? 200 : UNDER_ASAN ? 2000 : getenv("GREENLET_TEST_LONG") ? MILLION : most;
  const long resident = own_status("VmRSS"), tables = own_status("VmPTE"), mappings = own_mappings();
  int refused = 0;
  for (int i = 0; i < count; i++) {
    all[i] = gl_new(wait_then_overflow, V(i));
    refused += gl_switch(all[i], NULL, NULL) != GL_OK;
  }
  CHECK(refused == 0 && stats().alive == (uint64_t)count && stats().stacks_mapped >= (uint64_t)count);
  printf("%d sleepers: %ld + %ld bytes each, %ld mappings\n", count, (own_status("VmRSS") - resident) / count,
         (own_status("VmPTE") - tables) / count, own_mappings() - mappings);
  if (!UNDER_TSAN && !UNDER_ASAN && !UNDER_VALGRIND) {
    CHECK(own_status("VmRSS") - resident <= count * 4400L);
    CHECK(own_status("VmPTE") - tables <= count * 600L);
    CHECK(own_mappings() - mappings <= 1000);
  }
  for (int i = 0; i < 4 && !UNDER_TSAN; i++) { /* which knows no fibers after a fork */
    sample = (int)(next_random() % (unsigned)count);
    CHECK(exited(in_child(overflow_the_sample), 0));
  }
  for (int i = 0; i < count; i++) gl_kill(all[i], NULL), gl_release(all[i]);
  CHECK(nothing_left());
}
