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

/* At the end of all assembly. No executable stack. On x86-64 also: indirect branch tracking works with this code (bit 0). Shadow stacks do not (bit 1
   stays clear, so that the system turns them off for the process): a switch would need a shadow stack a greenlet. */
.macro NOTES
        .section .note.GNU-stack, "", %progbits
#if defined(__x86_64__)
        .section .note.gnu.property, "a", %note
        .p2align 3
        .long   4, 16, 5
        .asciz  "GNU"
        .long   0xc0000002, 4, 1, 0
#endif
.endm
