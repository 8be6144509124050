/* SPDX-License-Identifier: MIT */
/* Sets all registers that the calling conventions of powerpc call callee-saved, and looks at them after a call. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/auxv.h>

struct call {
  void (*function)(void);
  const void *a;
  void *b, *c;
  uintptr_t seed;
};
/* Sets r14 to r31, f14 to f31, the condition register and, if asked to, v20 to v31 and vrsave to numbers made from the seed, and calls
   function(a, b, c), whose answer goes to call->seed. Returns the bits that differ then. */
unsigned changed_over(struct call *call, bool vectors);

// clang-format off
#ifdef __powerpc64__
#define LOAD "  ld "
#define STORE "  std "
#define PUSH "  stdu 1, -640(1)\n"
#define WORD "8"
#define FOLD "  srdi 0, 4, 32\n  or 4, 4, 0\n"
#else
#define LOAD "  lwz "
#define STORE "  stw "
#define PUSH "  stwu 1, -640(1)\n"
#define WORD "4"
#define FOLD
#endif
#if _CALL_ELF == 2
#define BEGIN "changed_over:\n"
#define CALL "  std 2, 24(1)\n  mtctr 12\n  bctrl\n  ld 2, 24(1)\n"
#elif _CALL_ELF == 1
#define BEGIN ".pushsection .opd, \"aw\"\n.p2align 3\nchanged_over: .quad .Lchanged_over, .TOC.@tocbase, 0\n.popsection\n.Lchanged_over:\n"
#define CALL "  std 2, 40(1)\n  ld 0, 0(12)\n  ld 2, 8(12)\n  ld 11, 16(12)\n  mtctr 0\n  bctrl\n  ld 2, 40(1)\n"
#else
#define BEGIN "changed_over:\n"
#define CALL "  mtctr 12\n  bctrl\n"
#endif
#if _CALL_ELF == 2 /* vrsave is not the program's */
#define SET_VRSAVE
#define COMPARE_VRSAVE
#else
#define SET_VRSAVE "  mtspr 256, 5\n"
#define COMPARE_VRSAVE "  mfspr 0, 256\n  xor 0, 0, 5\n  clrlwi 0, 0, 0\n  or 4, 4, 0\n"
#endif
#define FOR_14_TO_31(text) ".irp n, 14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n" text ".endr\n"
#define FOR_20_TO_31(text) ".irp n, 20,21,22,23,24,25,26,27,28,29,30,31\n" text ".endr\n"
#define COMPARE_WORD "  lwz 0, 0(7)\n  xor 0, 0, 6\n  clrlwi 0, 0, 0\n  or 4, 4, 0\n"
/* The frame: 112 r14 .. r31, 256 f14 .. f31, 400 v20 .. v31, 592 one number, 608 call, vectors, return address, condition register */
__asm__(".text\n.type changed_over, @function\n.p2align 4\n" BEGIN
        ".machine push\n.machine altivec\n.cfi_startproc\n"
        "  mflr 0\n"
        PUSH
        "  .cfi_def_cfa_offset 640\n"
        STORE "0, 608 + 2 * " WORD "(1)\n"
        "  .cfi_offset lr, 2 * " WORD " - 32\n"
        "  mfcr 0\n"
        STORE "0, 608 + 3 * " WORD "(1)\n"
        STORE "3, 608(1)\n"
        STORE "4, 608 + " WORD "(1)\n"
        LOAD "5, 4 * " WORD "(3)\n"
        "  addi 7, 1, 592\n"
        FOR_14_TO_31(STORE "\\n, 112 + (\\n - 14) * 8(1)\n  stfd \\n, 256 + (\\n - 14) * 8(1)\n")
        FOR_14_TO_31("  addi \\n, 5, \\n\n  stw \\n, 0(7)\n  stw \\n, 4(7)\n  lfd \\n, 0(7)\n")
        "  mtcrf 0x38, 5\n"
        "  cmpwi 4, 0\n"
        "  beq 1f\n"
        SET_VRSAVE
        FOR_20_TO_31("  li 6, 400 + (\\n - 20) * 16\n  stvx \\n, 6, 1\n  addi 6, 5, \\n\n"
                     "  stw 6, 0(7)\n  stw 6, 4(7)\n  stw 6, 8(7)\n  stw 6, 12(7)\n  lvx \\n, 0, 7\n")
        "1:" LOAD "12, 0(3)\n"
        LOAD "4, 2 * " WORD "(3)\n"
        LOAD "5, 3 * " WORD "(3)\n"
        LOAD "3, " WORD "(3)\n"
        CALL
        LOAD "8, 608(1)\n"
        LOAD "5, 4 * " WORD "(8)\n"
        STORE "3, 4 * " WORD "(8)\n"
        "  addi 7, 1, 592\n"
        "  mfcr 4\n"
        "  xor 4, 4, 5\n"
        "  rlwinm 4, 4, 0, 8, 19\n" /* fields 2 to 4 */
        FOR_14_TO_31("  addi 6, 5, \\n\n  xor 0, \\n, 6\n  or 4, 4, 0\n  stfd \\n, 0(7)\n" COMPARE_WORD)
        LOAD "6, 608 + " WORD "(1)\n"
        "  cmpwi 6, 0\n"
        "  beq 2f\n"
        COMPARE_VRSAVE
        FOR_20_TO_31("  stvx \\n, 0, 7\n  addi 6, 5, \\n\n" COMPARE_WORD "  li 6, 400 + (\\n - 20) * 16\n  lvx \\n, 6, 1\n")
        "2:\n" FOLD
        FOR_14_TO_31(LOAD "\\n, 112 + (\\n - 14) * 8(1)\n  lfd \\n, 256 + (\\n - 14) * 8(1)\n")
        LOAD "0, 608 + 3 * " WORD "(1)\n"
        "  mtcrf 0x38, 0\n"
        LOAD "0, 608 + 2 * " WORD "(1)\n"
        "  mtlr 0\n"
        "  mr 3, 4\n"
        "  addi 1, 1, 640\n"
        "  blr\n"
        ".cfi_endproc\n.machine pop\n");
// clang-format on

static unsigned changed_registers(void (*function)(void), const void *a, void *b, void *c, uint64_t seed, gl_status *status) {
  struct call call = {function, a, b, c, (uintptr_t)(seed | 1)};
  unsigned changed = changed_over(&call, getauxval(AT_HWCAP) & 0x10000000 /* PPC_FEATURE_HAS_ALTIVEC */);
  *status = (gl_status)call.seed;
  return changed;
}
