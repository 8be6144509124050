/* SPDX-License-Identifier: MIT */
/* No memory is asked for while sleepers take turns (rule 6): this program's malloc() and mmap() are counted. */
#define _GNU_SOURCE
#include "stacks.h"
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static long calls;

#if defined(__GLIBC__) && !UNDER_ASAN && !UNDER_TSAN
#define COUNTED 1
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);
void *malloc(size_t size) { return calls++, __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return calls++, __libc_calloc(count, size); }
void *realloc(void *old, size_t size) { return calls++, __libc_realloc(old, size); }
void *aligned_alloc(size_t alignment, size_t size) { return calls++, __libc_memalign(alignment, size); }
int posix_memalign(void **out, size_t alignment, size_t size) { return calls++, (*out = __libc_memalign(alignment, size)) ? 0 : 12; }
void free(void *memory) { calls++, __libc_free(memory); }
void *mmap(void *at, size_t size, int protection, int flags, int file, off_t offset) {
  return calls++, mmap64(at, size, protection, flags, file, offset); /* SYS_mmap takes other arguments on some CPUs */
}
int munmap(void *at, size_t size) { return calls++, (int)syscall(SYS_munmap, at, size); }
int madvise(void *at, size_t size, int advice) { return calls++, (int)syscall(SYS_madvise, at, size, advice); }
int mprotect(void *at, size_t size, int protection) { return calls++, (int)syscall(SYS_mprotect, at, size, protection); }
#else
#define COUNTED 0
#endif

enum { SLEEPERS = 100 };
static gl_greenlet *all[SLEEPERS];

/* `depth_of` tells where each waits. */
static size_t (*depth_of)(int turn);
static size_t alike(int turn) { return (size_t)(1000 + turn % 7 * 100); }
static size_t different(int turn) { return turn % 7 ? (size_t)(turn % 7 * 300) : 20000; }
BODY(sleeps) {
  gl_status status = GL_OK;
  for (int turn = number(data); status == GL_OK; turn++) status = dive(depth_of(turn), 1, to_main, NULL, NULL);
  return status;
}
static void visit_all(int rounds) {
  for (int i = 0; i < rounds * SLEEPERS; i++) gl_switch(all[i % SLEEPERS], NULL, NULL);
}
static void visits_ask_for_no_memory(void) {
  if (!COUNTED || UNDER_VALGRIND) SKIP("the tool's own malloc() is in use");
  for (int i = 0; i < SLEEPERS; i++) all[i] = make(i, sleeps, V(i));
  visit_all(70);
  const long before = calls;
  visit_all(70);
  CHECK(calls == before);
  void *volatile memory = malloc(1); /* volatile: or clang leaves both calls out */
  free(memory);
  CHECK(calls == before + 2); /* they are counted */
  for (int i = 0; i < SLEEPERS; i++) gl_release(all[i]);
}
// rule 6: after a warm-up none of a hundred sleepers costs a call
TEST_ON_STACKS(sleepers_of_one_depth_ask_for_no_memory) {
  depth_of = alike;
  visits_ask_for_no_memory();
}
// rule 6: ... also when each sleeps now here, now many frames deeper
TEST_ON_STACKS(sleepers_of_changing_depth_ask_for_no_memory) {
  depth_of = different;
  visits_ask_for_no_memory();
}

BODY(ends_at_once) { return dive(1000, 1, to_main, NULL, NULL); }
static void live_and_end(int rounds) {
  for (int i = 0; i < rounds; i++) {
    gl_greenlet *g = make(i, ends_at_once, NULL);
    gl_switch(g, NULL, NULL), gl_switch(all[0], NULL, NULL), gl_switch(g, NULL, NULL);
    gl_release(g);
  }
}
// rules 3, 4: neither do births and deaths
TEST_ON_STACKS(births_and_deaths_ask_for_no_memory) {
  if (!COUNTED || UNDER_VALGRIND) SKIP("the tool's own malloc() is in use");
  depth_of = alike;
  all[0] = make(0, sleeps, V(0));
  live_and_end(100);
  const long before = calls;
  live_and_end(100);
  CHECK(calls == before);
  gl_release(all[0]);
}
