/* SPDX-License-Identifier: MIT */
/* Macros for the assembly files: hidden functions with call frame information, section notes. */
#pragma once

#include "choose.h"

/* clang-format off */
.macro LABEL name
        .p2align 6
        .globl  \name
        .hidden \name
        .type   \name, %function
\name:
.endm

.macro FUNCTION name
        .section GL_JUMP_SECTION, "ax", %progbits
        LABEL   \name
        .cfi_startproc
.endm

.macro END name
        .cfi_endproc
        .size   \name, . - \name
.endm

/* At the end of all assembly. No executable stack. Branches have landing pads: indirect branch tracking on x86-64, BTI on arm64 (bit 0 of each). Shadow
   stacks (bit 1 on x86-64, 2 on arm64) do not work: a switch would need one a greenlet. The bit stays clear, so that the system turns them off for the
   process. */
.macro NOTES
        .section .note.GNU-stack, "", %progbits
#if defined(__x86_64__)
        .section .note.gnu.property, "a", %note
        .p2align 3
        .long   4, 16, 5
        .asciz  "GNU"
        .long   0xc0000002, 4, 1, 0
#elif defined(__aarch64__)
        .section .note.gnu.property, "a", %note
        .p2align 3
        .long   4, 16, 5
        .asciz  "GNU"
        .long   0xc0000000, 4, 1, 0
#endif
.endm
