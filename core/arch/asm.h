/* SPDX-License-Identifier: MIT */
/* Macros for the assembly files: hidden functions with call frame information, section notes. */
#pragma once

#include "choose.h"

/* clang-format off */
#ifdef _WIN32 /* COFF: nothing is visible outside of a library that it does not export */

.macro GLOBAL name
        .globl  \name
        .def    \name
        .scl    2
        .type   32
        .endef
\name:
.endm

.macro FUNCTION name
        .section GL_JUMP_SECTION, "xr"
        .p2align 6
        .seh_proc \name
        GLOBAL  \name
.endm

.macro END name
        .seh_endproc
.endm

.macro NOTES
.endm

#else

#ifdef __ARM_EABI__
#define BEGIN_UNWINDING .fnstart
#define END_UNWINDING .fnend
#else
#define BEGIN_UNWINDING .cfi_startproc
#define END_UNWINDING .cfi_endproc
#endif

#if defined(__powerpc64__) && _CALL_ELF != 2
#define GL_ARCH_DESCRIPTORS /* the name is that of a function's descriptor, and the code has another */
#endif

.macro LABEL name
        .p2align 6
        .globl  \name
        .hidden \name
        .type   \name, %function
#ifdef GL_ARCH_DESCRIPTORS
        .pushsection .opd, "aw", %progbits
        .p2align 3
\name:  .quad   .L\name, .TOC.@tocbase, 0
        .popsection
.L\name:
#else
\name:
#endif
.endm

.macro FUNCTION name
        .section GL_JUMP_SECTION, "ax", %progbits
        LABEL   \name
        BEGIN_UNWINDING
.endm

.macro END name
        END_UNWINDING
#ifdef GL_ARCH_DESCRIPTORS
        .size   \name, . - .L\name
#else
        .size   \name, . - \name
#endif
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

#endif
