/* SPDX-License-Identifier: MIT */
/* Preloaded, its allocator is in place of malloc()'s: it fails when told to, and counts the blocks that are there. test_memory.py builds it. */
#include <errno.h>
#include <stddef.h>

void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
void __libc_free(void *);

static _Atomic long blocks;
static long left = -1; /* allocations until one fails; negative: none does */

static int fails(void) {
  if (left < 0 || left-- > 0) return 0;
  errno = ENOMEM;
  return 1;
}

void fail_after(long allocations) { left = allocations; }
long blocks_in_use(void) { return blocks; }

static void *counted(void *block) {
  if (block) blocks++;
  return block;
}
void *malloc(size_t n) { return fails() ? NULL : counted(__libc_malloc(n)); }
void *calloc(size_t n, size_t each) { return fails() ? NULL : counted(__libc_calloc(n, each)); }
void *realloc(void *old, size_t n) {
  if (fails()) return NULL;
  void *block = __libc_realloc(old, n);
  if (!old) return counted(block);
  if (!n && !block) blocks--;
  return block;
}
void free(void *block) {
  if (block) blocks--;
  __libc_free(block);
}
