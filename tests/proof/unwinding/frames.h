/* SPDX-License-Identifier: MIT */
/* Backtraces by each unwinder there is, and where they may end. Programs are linked with the archive, whose hidden names are needed; and each a second
   time with libunwind, which brings functions of the same names as libgcc and the C library do. */
#pragma once
#include "support.h"
#if __has_include(<execinfo.h>)
#include <execinfo.h>
#define HAS_BACKTRACE
#endif
#ifdef WITH_LIBUNWIND
#define UNW_LOCAL_ONLY
#include <libunwind.h>
#else
#include <unwind.h>
#endif

void gl_arch_enter(void), gl_arch_swap_via(void);

enum { MOST_FRAMES = 200 };
typedef struct {
  uintptr_t pcs[MOST_FRAMES];
  int count;
} frames;

static inline bool lies_in(uintptr_t pc, void (*function)(void), size_t bytes) {
#if defined(__powerpc64__) && _CALL_ELF != 2
  return pc - *(uintptr_t *)(uintptr_t)function < bytes; /* the pointer is to a descriptor, which begins with the address */
#else
  return pc - (uintptr_t)function < bytes;
#endif
}
/* The functions of the assembly are shorter than that, and begin where a line of the cache does. */
#if defined(__x86_64__) || defined(__i386__)
enum { LINE = 64 };
#else
enum { LINE = 256 };
#endif
static inline bool in_enter(uintptr_t pc) { return lies_in(pc, gl_arch_enter, LINE); }
static inline bool in_swap_via(uintptr_t pc) { return lies_in(pc, gl_arch_swap_via, 2 * LINE); }

#ifdef WITH_LIBUNWIND
static void by_libunwind(frames *f) {
  unw_context_t context;
  unw_cursor_t cursor;
  unw_word_t pc;
  f->count = 0;
  unw_getcontext(&context);
  if (unw_init_local(&cursor, &context) < 0) return;
  do {
    if (f->count == MOST_FRAMES || unw_get_reg(&cursor, UNW_REG_IP, &pc) < 0 || !pc) return;
    f->pcs[f->count++] = pc;
  } while (unw_step(&cursor) > 0);
}
static void (*const unwinders[])(frames *) = {by_libunwind};
#else
static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *data) {
  frames *f = (frames *)data;
  const uintptr_t pc = _Unwind_GetIP(context);
  if (f->count == MOST_FRAMES) return _URC_END_OF_STACK;
  if (pc) f->pcs[f->count++] = pc;
  return _URC_NO_REASON;
}
static void by_libgcc(frames *f) {
  f->count = 0;
  _Unwind_Backtrace(add_frame, f);
}
#ifdef HAS_BACKTRACE
static void by_libc(frames *f) {
  void *pcs[MOST_FRAMES];
  f->count = backtrace(pcs, MOST_FRAMES);
  for (int i = 0; i < f->count; i++) f->pcs[i] = (uintptr_t)pcs[i];
}
static void (*const unwinders[])(frames *) = {by_libgcc, by_libc};
#else
static void (*const unwinders[])(frames *) = {by_libgcc};
#endif
#endif
enum { UNWINDERS = sizeof unwinders / sizeof *unwinders };

static inline void print_frames(const frames *f) {
  void *pcs[MOST_FRAMES];
  for (int i = 0; i < f->count; i++) pcs[i] = (void *)f->pcs[i];
#ifdef HAS_BACKTRACE
  backtrace_symbols_fd(pcs, f->count, 1);
#endif
}
