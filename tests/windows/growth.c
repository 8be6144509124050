/* SPDX-License-Identifier: MIT */
/* Rules 23 and 25: stacks get their memory as a thread's does, by a trap that the system moves down, and overflow as a thread's does. */
#include "child.h"
#include <limits.h>

/* Of the thread environment block. */
#define BLOCK_WORD(offset)                                      \
  __extension__({                                               \
    char *word;                                                 \
    __asm__ volatile("movq %%gs:" #offset ", %0" : "=r"(word)); \
    word;                                                       \
  })
static char *stack_base(void) { return BLOCK_WORD(0x8); }
static char *stack_limit(void) { return BLOCK_WORD(0x10); }
static char *deallocation_stack(void) { return BLOCK_WORD(0x1478); }

static __attribute__((noinline)) int recurse(int depth) {
  volatile char frame[200];
  frame[0] = (char)depth;
  return depth == 0 ? 0 : recurse(depth - 1) + frame[0];
}
/* Larger than a page: compilers touch each page of it, by __chkstk(). */
static __attribute__((noinline)) int large_frames(int depth) {
  volatile char frame[20000];
  frame[0] = 1, frame[19999] = (char)depth;
  return depth == 0 ? frame[0] : large_frames(depth - 1) + frame[0];
}
static size_t committed(void) { return (size_t)(stack_base() - stack_limit()); }

static size_t before_growth, after_growth;
BODY(grows) {
  before_growth = committed();
  recurse(500);
  CHECK(large_frames(8) == 9);
  after_growth = committed();
  CHECK(to_parent(NULL, NULL) == GL_OK);
  CHECK(committed() == after_growth);
  return GL_OK;
}
// rules 23, 25
TEST(a_stack_grows_as_it_is_used) {
  gl_trim();
  gl_greenlet *g = NEW(.run = grows, .stack_size = 512 * 1024);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK);
  CHECK(before_growth < 32 * 1024 && after_growth > 9 * 20000);
  CHECK(gl_switch(g, NULL, NULL) == GL_OK && gl_state(g) == GL_DEAD);
  gl_release(g);
  CHECK(all_gone());
}

BODY(knows_how_far_it_has_grown) {
  CHECK(committed() == after_growth);
  return to_parent(NULL, NULL);
}
// rules 4, 23: the next one on that stack is told what is there already; so is one that follows a greenlet that never ended
TEST(a_stack_that_is_used_again_has_grown) {
  gl_trim();
  for (int i = 0; i < 2; i++) {
    gl_greenlet *g = NEW(.run = grows, .stack_size = 512 * 1024, .flags = GL_DISCARD);
    CHECK(gl_switch(g, NULL, NULL) == GL_OK);
    if (i == 0) gl_switch(g, NULL, NULL);
    gl_release(g);
    g = NEW(.run = knows_how_far_it_has_grown, .stack_size = 512 * 1024, .flags = GL_DISCARD);
    gl_switch(g, NULL, NULL);
    gl_release(g);
    gl_trim();
  }
  CHECK(all_gone());
}

struct block {
  char *limit, *base, *deallocation;
};
static struct block block(void) { return (struct block){stack_limit(), stack_base(), deallocation_stack()}; }
static bool same(struct block a, struct block b) { return a.limit == b.limit && a.base == b.base && a.deallocation == b.deallocation; }
BODY(has_a_block_of_its_own) {
  struct block own = block();
  void *low = NULL, *high = NULL;
  CHECK(frame_within(own.limit, own.base));
  CHECK(gl_stack_bounds(gl_current(), &low, &high) == GL_OK);
  CHECK(own.base == (char *)high && own.deallocation < (char *)low && own.limit >= (char *)low);
  SetLastError(5);
  to_parent(NULL, NULL);
  CHECK(same(own, block()) && GetLastError() == 5);
  return to_parent(NULL, NULL);
}
// rule 23: what the system knows of the stack, and its last error, change with the greenlet
TEST(each_greenlet_has_its_bounds_and_last_error) {
  struct block own = block();
  gl_greenlet *a = gl_new(has_a_block_of_its_own, NULL), *b = gl_new(has_a_block_of_its_own, NULL);
  SetLastError(7);
  for (int i = 0; i < 2; i++) {
    gl_switch(a, NULL, NULL), gl_switch(b, NULL, NULL);
    CHECK(same(own, block()) && GetLastError() == 7);
  }
  gl_release(a), gl_release(b);
  CHECK(all_gone());
}

BODY(last_error_at_first) {
  *result = V(GetLastError());
  return GL_OK;
}
// rule 23: it starts at 0
TEST(last_error_starts_at_0) {
  SetLastError(9);
  void *first = V(1);
  gl_greenlet *g = gl_new(last_error_at_first, NULL);
  gl_switch(g, NULL, &first);
  CHECK(first == NULL && GetLastError() == 9);
  gl_release(g);
}

/* Tells by the exit code whether what overflowed is caught as such, in place. */
static char *low, *faulted;
static LONG CALLBACK on_overflow(EXCEPTION_POINTERS *exception) {
  EXCEPTION_RECORD *record = exception->ExceptionRecord;
  if (record->ExceptionCode != EXCEPTION_STACK_OVERFLOW) return EXCEPTION_CONTINUE_SEARCH;
  faulted = (char *)record->ExceptionInformation[1];
  _exit(low - 0x1000 <= faulted && faulted < low ? 10 : 11);
}
BODY(overflows) {
  void *bottom = NULL, *top = NULL;
  CHECK(gl_stack_bounds(gl_current(), &bottom, &top) == GL_OK);
  low = bottom;
  *result = V(recurse(INT_MAX));
  return GL_OK;
}
static void overflow_a_private_stack(void) {
  AddVectoredExceptionHandler(1, on_overflow);
  gl_switch(NEW(.run = overflows, .stack_size = 64 * 1024), NULL, NULL);
}
static void overflow_a_shared_stack(void) {
  AddVectoredExceptionHandler(1, on_overflow);
  gl_switch(NEW(.run = overflows, .stack = gl_stack_new(64 * 1024)), NULL, NULL);
}
// rule 25
TEST(an_overflow_is_one_to_the_system) {
  CHECK(exited(in_child(overflow_a_private_stack), 10));
  CHECK(exited(in_child(overflow_a_shared_stack), 10));
}

static LONG CALLBACK filter(EXCEPTION_POINTERS *exception) {
  DWORD code = exception->ExceptionRecord->ExceptionCode;
  _exit(code == EXCEPTION_STACK_OVERFLOW ? 12 : code == EXCEPTION_ACCESS_VIOLATION ? 13 : 14);
}
static void overflow_with_a_filter(void) {
  SetUnhandledExceptionFilter(filter);
  gl_switch(NEW(.run = overflows, .stack_size = 64 * 1024), NULL, NULL);
}
BODY(faults) {
  *(volatile int *)value = 1;
  return GL_OK;
}
static void fault_with_a_filter(void) {
  SetUnhandledExceptionFilter(filter);
  gl_switch(gl_new(faults, NULL), NULL, NULL);
}
// rule 24: a program's own filter hears of what nobody handles on a greenlet's stack
TEST(filters_for_unhandled_exceptions_are_asked) {
  CHECK(exited(in_child(overflow_with_a_filter), 12));
  CHECK(exited(in_child(fault_with_a_filter), 13));
}
