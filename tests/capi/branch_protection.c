/* SPDX-License-Identifier: MIT */
/* BTI on arm64, where every indirect branch must meet a landing pad. Systems turn it on for a library when all that is linked into it is marked, which
   startup files often are not; so this test turns it on by hand, once the library has been loaded. */
#define _GNU_SOURCE
#include "support.h"

#ifdef __aarch64__
#include <link.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef PROT_BTI
#define PROT_BTI 0x10
#endif
#ifndef HWCAP2_BTI
#define HWCAP2_BTI (1 << 17)
#endif

struct protection {
  int flag;
  bool done;
};
static int set_if_ours(struct dl_phdr_info *info, size_t size, void *user) {
  struct protection *protection = user;
  (void)size;
  if (!strstr(info->dlpi_name, "libgreenlet")) return 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X)) continue;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), low = (info->dlpi_addr + segment->p_vaddr) & -page;
    uintptr_t high = info->dlpi_addr + segment->p_vaddr + segment->p_memsz;
    protection->done = mprotect((void *)low, high - low, PROT_READ | PROT_EXEC | protection->flag) == 0;
  }
  return 1;
}

static void leave_hook(void *user, gl_greenlet *from, gl_greenlet *to) { (void)user, (void)from, (void)to; }
BODY(releases_a_sleeper) {
  gl_greenlet *g = gl_new(echo, NULL);
  gl_switch(g, NULL, NULL);
  gl_release(g);
  return gl_switch(gl_main(), NULL, NULL);
}

// rule 1: every way into and out of a greenlet has landing pads
TEST(landing_pads_are_where_branches_go) {
  struct protection on = {PROT_BTI, false}, off = {0, false};
  dl_iterate_phdr(set_if_ours, &on);
  if (!on.done || !(getauxval(AT_HWCAP2) & HWCAP2_BTI)) SKIP("no BTI here, or the library is not shared");
  gl_stack *stack = gl_stack_new(0);
  gl_greenlet *ends = gl_new(identity, NULL), *is_killed = gl_new(releases_a_sleeper, NULL);
  gl_greenlet *shares = NEW(.run = echo, .stack = stack), *other = NEW(.run = echo, .stack = stack);
  void *pcs[8], *received = NULL;
  CHECK(gl_hook_add(leave_hook, NULL) == GL_OK);
  CHECK(gl_switch(ends, V(1), &received) == GL_OK && received == V(1));
  CHECK(gl_switch(is_killed, NULL, NULL) == GL_OK);
  for (int i = 0; i < 3; i++) {
    CHECK(gl_switch(shares, V(2), &received) == GL_OK && received == V(2));
    CHECK(gl_switch(other, V(3), &received) == GL_OK && received == V(3));
  }
  CHECK(gl_backtrace(is_killed, pcs, 8) > 0);
  CHECK(gl_kill(is_killed, NULL) == GL_KILLED || gl_state(is_killed) == GL_DEAD);
  CHECK(gl_hook_remove(leave_hook, NULL) == GL_OK);
  gl_release(ends), gl_release(is_killed), gl_release(shares), gl_release(other);
  gl_stack_release(stack);
  CHECK(all_gone());
  dl_iterate_phdr(set_if_ours, &off); /* the C library is going to call startup files */
}
#else
// rule 1: nothing to see on other CPUs
TEST(landing_pads_are_where_branches_go) { SKIP("BTI is arm64's"); }
#endif
