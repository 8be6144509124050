/* SPDX-License-Identifier: MIT */
/* Rule 23: callee-saved registers and errno. Control words are in own_fp.c, C++ exceptions in cxx_exceptions.cc. */
#include "partner.h"
#include <errno.h>

#if defined(__x86_64__) && defined(__ELF__)
/* Fills every callee-saved register with numbers made from `seed`, switches, and returns 0 when all are as before. */
uint64_t registers_changed(gl_greenlet *target, uint64_t seed);
__asm__(".text\n.p2align 4\n.type registers_changed,@function\nregisters_changed:\n"
        ".cfi_startproc\n endbr64\n"
        " push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n sub $24, %rsp\n .cfi_adjust_cfa_offset 72\n"
        " mov %rsi, 16(%rsp)\n"
        " lea 1(%rsi), %rbx\n lea 2(%rsi), %rbp\n lea 3(%rsi), %r12\n lea 4(%rsi), %r13\n lea 5(%rsi), %r14\n lea 6(%rsi), %r15\n"
        " xor %esi, %esi\n xor %edx, %edx\n call gl_switch@PLT\n"
        " mov 16(%rsp), %rcx\n"
        " sub %rcx, %rbx\n sub %rcx, %rbp\n sub %rcx, %r12\n sub %rcx, %r13\n sub %rcx, %r14\n sub %rcx, %r15\n"
        " xor $1, %rbx\n xor $2, %rbp\n xor $3, %r12\n xor $4, %r13\n xor $5, %r14\n xor $6, %r15\n"
        " or %rbx, %rbp\n or %r12, %rbp\n or %r13, %rbp\n or %r14, %rbp\n or %r15, %rbp\n mov %rbp, %rax\n"
        " add $24, %rsp\n .cfi_adjust_cfa_offset -24\n pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
        " .cfi_adjust_cfa_offset -48\n ret\n.cfi_endproc\n.size registers_changed, .-registers_changed\n");
#else
/* As many values that live across the switch as a compiler may put into registers. */
static uint64_t registers_changed(gl_greenlet *target, uint64_t seed) {
  volatile uint64_t source = seed;
  uint64_t v[16];
  for (int i = 0; i < 16; i++) v[i] = source + (uint64_t)i;
  uint64_t a = source + 1, b = source + 2, c = source + 3, d = source + 4, e = source + 5, f = source + 6, g = source + 7, h = source + 8;
  gl_switch(target, NULL, NULL);
  uint64_t changed = (a ^ (source + 1)) | (b ^ (source + 2)) | (c ^ (source + 3)) | (d ^ (source + 4)) | (e ^ (source + 5)) |
                     (f ^ (source + 6)) | (g ^ (source + 7)) | (h ^ (source + 8));
  for (int i = 0; i < 16; i++) changed |= v[i] ^ (source + (uint64_t)i);
  return changed;
}
#endif

BODY(holds_registers) {
  for (uint64_t i = 0; i < 10; i++) CHECK(registers_changed(gl_main(), (uint64_t)(uintptr_t)data * 0x0123456789abcdefu + i) == 0);
  return GL_OK;
}
// rule 23: callee-saved registers, over starts, switches and ends
TEST(callee_saved_registers_are_kept) {
  gl_greenlet *g[4];
  for (int i = 0; i < 4; i++) g[i] = gl_new(holds_registers, V(i + 1));
  for (int round = 0; round <= 10; round++)
    for (int i = 0; i < 4; i++) CHECK(registers_changed(g[i], 0xfedcba9876543210u + (uint64_t)round) == 0);
  for (int i = 0; i < 4; i++) {
    CHECK(gl_state(g[i]) == GL_DEAD);
    gl_release(g[i]);
  }
  CHECK(all_gone());
}

static void nothing_to_exchange(UNUSED void *user, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) {}
static void nothing_to_trace(UNUSED void *user, UNUSED int what, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) {}
static void keeps_registers(void) {
  gl_greenlet *g = gl_new(holds_registers, V(7));
  for (int round = 0; round <= 10; round++) CHECK(registers_changed(g, 0x1111222233334444u) == 0);
  gl_release(g);
}
// rule 23: also through hooks, through tracers and through both
TEST(callee_saved_registers_are_kept_by_slow_ways) {
  gl_hook_add(nothing_to_exchange, NULL), keeps_registers();
  gl_trace_add(nothing_to_trace, NULL), keeps_registers();
  gl_hook_remove(nothing_to_exchange, NULL), keeps_registers();
  gl_trace_remove(nothing_to_trace, NULL);
  CHECK(all_gone());
}

/* At each visit tells its parent its errno and takes over what it was sent. */
BODY(keeps_errno) {
  gl_status status = GL_OK;
  while (status == GL_OK) {
    const int found = errno;
    errno = (int)(intptr_t)value;
    status = to_parent(V(found), &value);
  }
  event("%s %d", gl_status_name(status), errno);
  errno = 99;
  return status;
}
/* No CHECK in here: reporting may change errno. */
static int visit(gl_greenlet *g, int number) {
  void *found = V(-1);
  return gl_switch(g, V(number), &found) == GL_OK ? (int)(intptr_t)found : -2;
}
#define WITH_ERRNO_5(expression) (errno = 5, (expression) && errno == 5)

// rule 23: errno starts at 0, whatever it was elsewhere
TEST(errno_starts_at_zero) {
  gl_greenlet *a = gl_new(keeps_errno, NULL), *b = gl_new(keeps_errno, NULL);
  CHECK(WITH_ERRNO_5(visit(a, 6) == 0));
  CHECK(WITH_ERRNO_5(visit(b, 7) == 0));
  gl_release(a), gl_release(b);
  CHECK(happened("GL_KILLED 6 GL_KILLED 7"));
  CHECK(all_gone());
}

// rule 23: each keeps its own
TEST(errno_is_kept) {
  gl_greenlet *a = gl_new(keeps_errno, NULL), *b = gl_new(keeps_errno, NULL);
  visit(a, 1), visit(b, 2);
  CHECK(WITH_ERRNO_5(visit(a, 4) == 1));
  CHECK(WITH_ERRNO_5(visit(b, 5) == 2));
  CHECK(WITH_ERRNO_5(visit(a, 0) == 4 && visit(b, 0) == 5));
  gl_release(a), gl_release(b);
  CHECK(happened("GL_KILLED 0 GL_KILLED 0"));
  CHECK(all_gone());
}

BODY(ends_with_errno) {
  errno = 99;
  *result = data;
  return data ? GL_THROWN : GL_OK;
}
// rule 23: over ends, by a value and by a throw
TEST(errno_is_kept_over_ends) {
  gl_greenlet *a = gl_new(ends_with_errno, NULL), *b = gl_new(ends_with_errno, V(1));
  CHECK(WITH_ERRNO_5(gl_switch(a, NULL, NULL) == GL_OK));
  CHECK(WITH_ERRNO_5(gl_switch(b, NULL, NULL) == GL_THROWN));
  gl_release(a), gl_release(b);
  CHECK(all_gone());
}

static void spoil(UNUSED void *user) { errno = 98; }
// rules 4, 23: what the drops of one that ends do to errno is its own
TEST(errno_is_kept_over_drops_of_the_ended) {
  gl_greenlet *g = NEW(.run = identity, .drop = spoil, .data = V(1));
  CHECK(WITH_ERRNO_5(gl_switch(g, NULL, NULL) == GL_OK));
  gl_release(g);
  CHECK(all_gone());
}

// rule 23: over throws, kills and last handles
TEST(errno_is_kept_over_throws_and_kills) {
  gl_greenlet *thrown = gl_new(keeps_errno, NULL), *killed = gl_new(keeps_errno, NULL), *released = gl_new(keeps_errno, NULL);
  visit(thrown, 1), visit(killed, 2), visit(released, 3);
  CHECK(WITH_ERRNO_5(gl_throw(thrown, NULL, NULL) == GL_THROWN));
  CHECK(WITH_ERRNO_5(gl_kill(killed, NULL) == GL_OK));
  CHECK(WITH_ERRNO_5((gl_release(released), true)));
  CHECK(happened("GL_THROWN 1 GL_KILLED 2 GL_KILLED 3"));
  gl_release(thrown), gl_release(killed);
  CHECK(all_gone());
}

// rules 18, 23: over the queue, although the call itself goes nowhere
TEST(errno_is_kept_while_the_queue_is_drained) {
  gl_greenlet *g = gl_new(keeps_errno, NULL);
  visit(g, 4);
  on_a_thread(call_release, g);
  CHECK(WITH_ERRNO_5(gl_switch(gl_current(), NULL, NULL) == GL_OK));
  CHECK(happened("GL_KILLED 4"));
  CHECK(all_gone());
}

BODY(loses_itself) {
  gl_release(gl_current());
  errno = 6;
  gl_status status = to_parent(NULL, NULL);
  event("%s %d", gl_status_name(status), errno);
  errno = 99;
  return status;
}
// rules 22, 23: over the kill of one that lost itself, which the one resumed does not see
TEST(errno_is_kept_over_a_kill_on_arrival) {
  CHECK(WITH_ERRNO_5(gl_switch(gl_new(loses_itself, NULL), NULL, NULL) == GL_OK));
  CHECK(happened("GL_KILLED 6"));
  CHECK(all_gone());
}

// rules 5, 23: one that an outcome starts begins at 0, whatever the one that ended left
TEST(errno_of_an_ancestor_that_an_outcome_starts) {
  gl_greenlet *above = gl_new(keeps_errno, NULL), *below = child_of(above, ends_with_errno, NULL);
  CHECK(WITH_ERRNO_5(visit(below, 0) == 0));
  gl_release(below), gl_release(above);
  CHECK(happened("GL_KILLED 0"));
  CHECK(all_gone());
}

static void spoil_and_note(UNUSED void *data) { event("spoilt"), errno = 95; }
BODY(ends_without_handle) {
  gl_release(gl_current());
  return GL_OK;
}
// rules 4, 16, 23: one that ends takes its dead parent with it, whose drops run when the next one's errno is in force
TEST(errno_is_kept_over_drops_of_a_freed_parent) {
  gl_key key;
  CHECK(gl_key_new(&key, spoil_and_note) == GL_OK);
  gl_greenlet *parent = gl_new(identity, NULL);
  gl_switch(parent, NULL, NULL);
  gl_greenlet *g = child_of(parent, ends_without_handle, NULL);
  CHECK(gl_set_local(parent, key, V(1)) == GL_OK);
  gl_release(parent);
  CHECK(WITH_ERRNO_5(gl_switch(g, NULL, NULL) == GL_OK));
  CHECK(happened("spoilt"));
  CHECK(all_gone());
}

BODY(leaves_without_handle) {
  gl_release(gl_current());
  gl_switch(data ? data : gl_main(), NULL, NULL);
  return GL_KILLED;
}
// rules 22, 23: nor does the one resumed see what the drops of a discarded one did on its arrival
TEST(errno_is_kept_over_drops_on_arrival) {
  gl_greenlet *g = NEW(.run = leaves_without_handle, .flags = GL_DISCARD, .drop = spoil_and_note);
  CHECK(WITH_ERRNO_5(gl_switch(g, NULL, NULL) == GL_OK));
  CHECK(happened("spoilt"));
  CHECK(all_gone());
}

// rules 22, 23: nor does one that starts
TEST(errno_starts_at_zero_after_drops_on_arrival) {
  gl_greenlet *next = gl_new(keeps_errno, NULL);
  void *found = V(-1);
  gl_switch(NEW(.run = leaves_without_handle, .data = next, .flags = GL_DISCARD, .drop = spoil_and_note), NULL, &found);
  CHECK(found == V(0));
  gl_release(next);
  CHECK(happened("spoilt GL_KILLED 0"));
  CHECK(all_gone());
}

static void spoil_exchange(UNUSED void *user, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) { errno = 97; }
static void spoil_trace(UNUSED void *user, UNUSED int what, UNUSED gl_greenlet *from, UNUSED gl_greenlet *to) { errno = 96; }
static void errno_is_not_spoilt(void) {
  gl_greenlet *a = gl_new(keeps_errno, NULL), *b = gl_new(ends_with_errno, NULL);
  CHECK(WITH_ERRNO_5(visit(a, 1) == 0));
  CHECK(WITH_ERRNO_5(visit(a, 2) == 1));
  CHECK(WITH_ERRNO_5(gl_switch(b, NULL, NULL) == GL_OK));
  CHECK(WITH_ERRNO_5(gl_kill(a, NULL) == GL_OK));
  CHECK(happened("GL_KILLED 2"));
  gl_release(a), gl_release(b);
}
// rule 23: a hook or tracer that changes errno changes nobody's
TEST(errno_is_kept_over_hooks_and_tracers) {
  gl_hook_add(spoil_exchange, NULL), errno_is_not_spoilt();
  gl_trace_add(spoil_trace, NULL), errno_is_not_spoilt();
  gl_hook_remove(spoil_exchange, NULL), errno_is_not_spoilt();
  gl_trace_remove(spoil_trace, NULL);
  CHECK(all_gone());
}

// rules 22, 23: nor do tracers that see a kill on arrival
TEST(errno_is_kept_over_tracers_of_a_kill_on_arrival) {
  gl_trace_add(spoil_trace, NULL);
  CHECK(WITH_ERRNO_5(gl_switch(gl_new(leaves_without_handle, NULL), NULL, NULL) == GL_OK));
  gl_trace_remove(spoil_trace, NULL);
  CHECK(all_gone());
}
