/* SPDX-License-Identifier: MIT */
/* Guards where the kernel has no MADV_GUARD_INSTALL, or only seems to (rules 9 and 25). All that uses the library happens in children: it asks the
   kernel once, and must find it changed then. */
#include "faults.h"
#include "process.h"
#include "stacks.h"
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { no_filters = 77, any_advice = -1, guard_install = 102 };

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOW_HALF 0
#else
#define LOW_HALF 4
#endif
/* From now on madvise() with that advice does nothing and answers `error`; 0 is success. */
static void replace_madvise(int advice, unsigned error) {
  struct sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, advice == any_advice ? 1 : 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2]) + LOW_HALF),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)advice, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  if (advice == any_advice) {
    program[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 1);
    program[2] = program[4], program[3] = program[5];
  }
  const struct sock_fprog filter = {.len = advice == any_advice ? 4 : 6, .filter = program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter)) _exit(no_filters);
  void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const int answer = madvise(memory, 4096, advice == any_advice ? 0x7fffff : advice);
  if (error ? answer != -1 || errno != (int)error : answer) _exit(no_filters);
  munmap(memory, 4096);
}
/* Where filters do not work there is nothing to see. */
static void succeeds(void (*body)(void)) {
  if (UNDER_VALGRIND) SKIP("the filter would be valgrind's own");
  if (UNDER_TSAN) SKIP("after a fork it no longer sees what orders fibers");
  struct child child = in_child(body);
  if (exited(child, no_filters)) SKIP("no system call filters here");
  CHECK(exited(child, 0));
  if (child.err[0]) printf("%s", child.err);
}

static long number_in(const char *path) {
  char text[32] = "0";
  FILE *file = fopen(path, "r");
  if (file && !fgets(text, sizeof text, file)) text[0] = 0;
  if (file) fclose(file);
  return strtol(text, NULL, 10);
}

enum { MOST = 200000 };
static gl_greenlet *all[MOST];
static int made;
static void start(int n) {
  gl_status status = GL_OK;
  for (made = 0; made < n && status == GL_OK; made++) {
    const gl_options options = {.size = sizeof options, .run = wait_then_overflow, .stack_size = 16 << 10};
    MUST(gl_new_with(&options, &all[made]) == GL_OK);
    status = gl_switch(all[made], NULL, NULL);
    MUST(status == GL_OK || status == GL_ENOMEM);
  }
}
static int sample;
static void overflow_the_sample(void) {
  catch_faults();
  gl_switch(all[sample], NULL, NULL);
  _exit(3);
}
static void samples_have_guards(int n) {
  const int samples[] = {0, 1, n / 2, n - 2, n - 1};
  for (int i = 0; i < 5; i++) {
    sample = samples[i];
    MUST(exited(in_child(overflow_the_sample), 0));
  }
}

static void a_kernel_that_refuses(void) {
  replace_madvise(guard_install, EINVAL);
  start(100);
  samples_have_guards(100);
  for (int i = 0; i < 100; i++) gl_kill(all[i], NULL), gl_release(all[i]);
  start(100); /* on those stacks */
  samples_have_guards(100);
}
// rule 25: by mprotect() then
TEST(guards_of_a_kernel_that_refuses_the_advice) { succeeds(a_kernel_that_refuses); }

static void an_emulator(void) {
  replace_madvise(any_advice, 0);
  start(100);
  samples_have_guards(100);
  for (int i = 0; i < 100; i++) gl_kill(all[i], NULL), gl_release(all[i]);
  MUST(gl_trim() > 0);
  start(100);
  samples_have_guards(100);
}
// rule 25: one that says yes to everything, as user-mode emulators do
TEST(guards_of_a_kernel_that_takes_any_advice) { succeeds(an_emulator); }

static void half_of_the_mappings(void) {
  const long limit = number_in("/proc/sys/vm/max_map_count");
  replace_madvise(guard_install, EINVAL);
  start(MOST);
  MUST(made < MOST && gl_state(all[made - 1]) == GL_UNSTARTED);
  const long mappings = own_mappings();
  if (mappings < limit * 2 / 5 || mappings > limit * 11 / 20) dprintf(STDERR_FILENO, "%ld mappings of %ld\n", mappings, limit), _exit(1);

  for (int i = 0; i < 1000; i++) { /* malloc() has its own */
    volatile char *memory = malloc(1 << 20);
    MUST(memory);
    memory[0] = memory[(1 << 20) - 1] = 1;
  }
  samples_have_guards(made - 1);

  MUST(gl_kill(all[0], NULL) == GL_OK); /* its stack is for the next one */
  MUST(gl_switch(all[made - 1], NULL, NULL) == GL_OK && gl_state(all[made - 1]) == GL_SUSPENDED);
  for (int i = 0; i < made; i++) gl_kill(all[i], NULL), gl_release(all[i]);
  gl_trim();
  MUST(own_mappings() < mappings / 2 && stats().alive == 0);
  start(1000);
  samples_have_guards(1000);
}
// rules 9, 25: the library takes half of the mappings that a process may have, then says GL_ENOMEM
TEST(guards_leave_mappings_for_malloc) {
  if (UNDER_ASAN) SKIP("it would take minutes");
  if (number_in("/proc/sys/vm/max_map_count") > 3 * MOST / 2) SKIP("the limit is too far");
  succeeds(half_of_the_mappings);
}
