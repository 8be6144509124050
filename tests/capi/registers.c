/* SPDX-License-Identifier: MIT */
/* Callee-saved registers over every way of leaving and coming back (rule 23). */
#include "victim.h"

typedef void (*any_function)(void);

#if defined(__x86_64__) && !defined(_WIN32)
/* Sets rbx, rbp and r12 to r15 to seed + 1 ... seed + 6, calls function(a, b, c), and tells what changed meanwhile: a bit each. */
unsigned changed_registers(any_function function, const void *a, void *b, void *c, uint64_t seed, gl_status *status);
// clang-format off
#define SET(register, n) "  lea " #n "(%r8), " register "\n"
#define COMPARE(register, n)                                                                                                   \
    "  lea " #n "(%r8), %rcx\n"                                                                                                  \
    "  cmp %rcx, " register "\n"                                                                                                 \
    "  setne %cl\n"                                                                                                              \
    "  movzbl %cl, %ecx\n"                                                                                                       \
    "  shl $" #n ", %ecx\n"                                                                                                      \
    "  or %ecx, %eax\n"
__asm__(".text\n"
        ".type changed_registers, @function\n"
        "changed_registers:\n"
        "  .cfi_startproc\n"
        "  endbr64\n"
        "  push %rbp\n  .cfi_adjust_cfa_offset 8\n"
        "  push %rbx\n  .cfi_adjust_cfa_offset 8\n"
        "  push %r12\n  .cfi_adjust_cfa_offset 8\n"
        "  push %r13\n  .cfi_adjust_cfa_offset 8\n"
        "  push %r14\n  .cfi_adjust_cfa_offset 8\n"
        "  push %r15\n  .cfi_adjust_cfa_offset 8\n"
        "  push %r9\n  .cfi_adjust_cfa_offset 8\n"
        "  push %r8\n  .cfi_adjust_cfa_offset 8\n"
        "  sub $8, %rsp\n  .cfi_adjust_cfa_offset 8\n"
        "  mov %rdi, %rax\n"
        "  mov %rsi, %rdi\n"
        "  mov %rdx, %rsi\n"
        "  mov %rcx, %rdx\n"
        SET("%rbx", 1) SET("%rbp", 2) SET("%r12", 3) SET("%r13", 4) SET("%r14", 5) SET("%r15", 6)
        "  call *%rax\n"
        "  mov 8(%rsp), %r8\n"
        "  mov 16(%rsp), %r9\n"
        "  mov %eax, (%r9)\n"
        "  pushf\n"
        "  pop %rax\n"
        "  shr $10, %eax\n" /* the direction flag is bit 0 now */
        "  and $1, %eax\n"
        COMPARE("%rbx", 1) COMPARE("%rbp", 2) COMPARE("%r12", 3) COMPARE("%r13", 4) COMPARE("%r14", 5) COMPARE("%r15", 6)
        "  add $24, %rsp\n  .cfi_adjust_cfa_offset -24\n"
        "  pop %r15\n  .cfi_adjust_cfa_offset -8\n"
        "  pop %r14\n  .cfi_adjust_cfa_offset -8\n"
        "  pop %r13\n  .cfi_adjust_cfa_offset -8\n"
        "  pop %r12\n  .cfi_adjust_cfa_offset -8\n"
        "  pop %rbx\n  .cfi_adjust_cfa_offset -8\n"
        "  pop %rbp\n  .cfi_adjust_cfa_offset -8\n"
        "  ret\n"
        "  .cfi_endproc\n"
        ".size changed_registers, . - changed_registers\n");
// clang-format on
#elif defined(__powerpc__) && defined(__linux__)
#include "registers_powerpc.h"
#else
/* Elsewhere the compiler keeps these in registers across the call, if it has them. It cannot know that `origin` stays. */
static unsigned changed_registers(any_function function, const void *a, void *b, void *c, uint64_t seed, gl_status *status) {
  volatile uint64_t origin = seed;
  volatile double real = (double)(seed >> 16);
  uint64_t n1 = origin + 1, n2 = origin + 2, n3 = origin + 3, n4 = origin + 4, n5 = origin + 5, n6 = origin + 6, n7 = origin + 7,
           n8 = origin + 8;
  double d1 = real * 2, d2 = real * 4, d3 = real * 8, d4 = real * 16;
  *status = ((gl_status(*)(const void *, void *, void *))function)(a, b, c);
  return n1 != origin + 1 || n2 != origin + 2 || n3 != origin + 3 || n4 != origin + 4 || n5 != origin + 5 || n6 != origin + 6 ||
         n7 != origin + 7 || n8 != origin + 8 || d1 != real * 2 || d2 != real * 4 || d3 != real * 8 || d4 != real * 16;
}
#endif

/* A call whose caller's registers must come back as they were; each caller has numbers of its own. */
static gl_status checked(any_function function, const void *a, void *b, void *c) {
  static uint64_t seed = UINT64_C(0x1234567890abcdef);
  gl_status status = 99;
  seed += UINT64_C(0x0101010101010101);
  CHECK(changed_registers(function, a, b, c, seed, &status) == 0);
  return status;
}
static gl_status checked_switch(gl_greenlet *g, void *value, void **received) {
  return checked((any_function)gl_switch, g, value, received);
}
static gl_status checked_throw(gl_greenlet *g, void *value, void **received) { return checked((any_function)gl_throw, g, value, received); }
static gl_status checked_kill(gl_greenlet *g, void **received) { return checked((any_function)gl_kill, g, received, NULL); }
static void checked_release(gl_greenlet *g) { checked((any_function)gl_release, g, NULL, NULL); }

/* echo, with a look at the registers at each return. */
BODY(checked_echo) {
  gl_status status = GL_OK;
  while (status == GL_OK || (status == GL_THROWN && data)) status = checked_switch(gl_parent(gl_current()), value, &value);
  *result = value;
  return status;
}

// rule 23: start, back and forth, end
TEST(registers_survive_a_switch) {
  gl_greenlet *g = gl_new(checked_echo, NULL);
  void *received = NULL;
  for (int i = 0; i < 100; i++) {
    CHECK(checked_switch(g, V(i), &received) == GL_OK);
    CHECK(received == V(i));
  }
  CHECK(checked_throw(g, V(5), &received) == GL_THROWN);
  CHECK(received == V(5));
  gl_release(g);
  CHECK(all_gone());
}

// rule 23: one that starts and ends without a switch
TEST(registers_survive_a_whole_life) {
  gl_greenlet *g = gl_new(identity, NULL);
  void *received = NULL;
  CHECK(checked_switch(g, V(3), &received) == GL_OK);
  CHECK(received == V(3));
  gl_release(g);
  CHECK(all_gone());
}

// rule 23
TEST(registers_survive_a_throw_that_is_caught) {
  gl_greenlet *g = gl_new(checked_echo, V(1));
  void *received = NULL;
  CHECK(checked_switch(g, NULL, NULL) == GL_OK);
  for (int i = 0; i < 10; i++) {
    CHECK(checked_throw(g, V(i), &received) == GL_OK);
    CHECK(received == V(i));
  }
  gl_release(g);
  CHECK(all_gone());
}

// rule 23: three in turn
TEST(registers_survive_among_many) {
  gl_greenlet *all[3];
  for (int i = 0; i < 3; i++) all[i] = gl_new(checked_echo, NULL);
  for (int i = 0; i < 30; i++) CHECK(checked_switch(all[i * i % 3], NULL, NULL) == GL_OK);
  for (int i = 0; i < 3; i++) gl_release(all[i]);
  CHECK(all_gone());
}

// rules 7, 8, 9, 23: calls that go nowhere
TEST(registers_survive_calls_that_stay) {
  gl_greenlet *dead = gl_new(identity, NULL), *unstarted = gl_new(never, NULL);
  CHECK(gl_switch(dead, NULL, NULL) == GL_OK);
  CHECK(checked_switch(gl_current(), NULL, NULL) == GL_OK);
  CHECK(checked_throw(gl_current(), NULL, NULL) == GL_THROWN);
  CHECK(checked_switch(dead, NULL, NULL) == GL_OK);
  CHECK(checked_throw(unstarted, NULL, NULL) == GL_THROWN);
  CHECK(checked_kill(dead, NULL) == GL_OK);
  CHECK(checked_switch(NULL, NULL, NULL) == GL_EINVAL);
  CHECK(checked_kill(gl_main(), NULL) == GL_EINVAL);
  gl_release(dead), gl_release(unstarted);
  CHECK(all_gone());
}

static void checked_give(void) {
  gl_status status = checked_switch(gl_parent(gl_current()), V(7), NULL);
  event(gl_status_name(status));
}

// rules 13, 23: on both sides of a kill, whether it is obeyed or not
TEST(registers_survive_a_kill) {
  gl_greenlet *g = gl_new(checked_echo, NULL);
  CHECK(checked_switch(g, NULL, NULL) == GL_OK);
  CHECK(checked_kill(g, NULL) == GL_OK);
  gl_release(g);
  g = waiting(victim, &(struct victim){checked_give, GL_KILLED, NULL});
  CHECK(checked_kill(g, NULL) == GL_ALIVE);
  CHECK(checked_kill(g, NULL) == GL_OK);
  CHECK(happened("GL_KILLED 0 GL_KILLED"));
  gl_release(g);
  CHECK(all_gone());
}

// rules 21, 23
TEST(registers_survive_the_release_of_a_last_handle) {
  gl_greenlet *g = gl_new(checked_echo, NULL);
  CHECK(checked_switch(g, NULL, NULL) == GL_OK);
  checked_release(g);
  CHECK(all_gone());
}

BODY(checked_orphan) {
  gl_release(gl_current());
  gl_status status = checked_switch(data ? data : gl_main(), V(4), &value);
  event(gl_status_name(status));
  checked_switch(gl_current(), NULL, NULL);
  return status;
}
BODY(checked_wait) {
  gl_status status = checked_switch(gl_main(), NULL, &value);
  event("%s %d", gl_status_name(status), (int)(intptr_t)value);
  *result = value;
  return status;
}

// rules 22, 23: the resumed side kills an orphan before its call returns
TEST(registers_survive_the_kill_of_an_orphan_on_arrival) {
  void *received = NULL;
  CHECK(checked_switch(gl_new(checked_orphan, NULL), NULL, &received) == GL_OK);
  CHECK(received == V(4));
  CHECK(happened("GL_KILLED"));
  gl_greenlet *next = gl_new(checked_wait, NULL);
  CHECK(checked_switch(next, NULL, NULL) == GL_OK);
  CHECK(checked_switch(gl_new(checked_orphan, next), NULL, &received) == GL_OK);
  CHECK(received == V(4));
  CHECK(happened("GL_KILLED GL_OK 4"));
  gl_release(next);
  CHECK(all_gone());
}

BODY(checked_start) {
  event("starts %d", (int)(intptr_t)value);
  CHECK(checked_switch(gl_main(), value, &value) == GL_KILLED);
  return GL_KILLED;
}

// rules 22, 23: and before its run starts
TEST(registers_survive_the_kill_of_an_orphan_at_a_start) {
  gl_greenlet *next = gl_new(checked_start, NULL);
  void *received = NULL;
  CHECK(checked_switch(gl_new(checked_orphan, next), NULL, &received) == GL_OK);
  CHECK(received == V(4));
  CHECK(happened("GL_KILLED starts 4"));
  gl_release(next);
  CHECK(all_gone());
}

static void use_many_registers(void *user, gl_greenlet *from, gl_greenlet *to) {
  volatile uint64_t sums[8];
  (void)user;
  for (uint64_t i = 0; i < 8; i++) sums[i] = (uint64_t)(uintptr_t)from * (i + 1) ^ (uint64_t)(uintptr_t)to;
  for (int i = 1; i < 8; i++) sums[0] += sums[i] * sums[i - 1];
}
static void use_many_registers_too(void *user, int event_code, gl_greenlet *from, gl_greenlet *to) {
  (void)event_code;
  use_many_registers(user, from, to);
}

// rule 23: with a hook, and with a tracer as well
TEST(registers_survive_hooks_and_tracers) {
  gl_greenlet *g = gl_new(checked_echo, NULL);
  CHECK(gl_hook_add(use_many_registers, NULL) == GL_OK);
  for (int i = 0; i < 10; i++) CHECK(checked_switch(g, V(i), NULL) == GL_OK);
  CHECK(gl_trace_add(use_many_registers_too, NULL) == GL_OK);
  for (int i = 0; i < 10; i++) CHECK(checked_switch(g, V(i), NULL) == GL_OK);
  CHECK(gl_hook_remove(use_many_registers, NULL) == GL_OK);
  for (int i = 0; i < 10; i++) CHECK(checked_switch(g, V(i), NULL) == GL_OK);
  CHECK(gl_trace_remove(use_many_registers_too, NULL) == GL_OK);
  checked_release(g);
  CHECK(all_gone());
}
