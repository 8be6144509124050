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

#elif defined(__APPLE__) /* Mach-O: names have an underscore in front */

#define gl_arch_swap _gl_arch_swap
#define gl_arch_leave _gl_arch_leave
#define gl_arch_swap_via _gl_arch_swap_via
#define gl_arch_call_from _gl_arch_call_from
#define gl_arch_enter _gl_arch_enter
#define gl_arch_personality _gl_arch_personality
#define gl_arrange _gl_arrange
#define gl_end _gl_end
#define JUMP_SECTION .section __TEXT,__text,regular,pure_instructions
#define POINTER_TO_PERSONALITY 0x9b /* relative, to a slot with the address */

.macro HIDDEN name
        .p2align 6
        .globl  \name
        .private_extern \name
.endm

.macro LABEL name /* inside of what another one begins */
        HIDDEN  \name
        .alt_entry \name
\name:
.endm

.macro FUNCTION name
        JUMP_SECTION
        HIDDEN  \name
\name:
        .cfi_startproc
.endm

.macro END name
        .cfi_endproc
.endm

.macro NOTES
.endm

#else /* ELF */

#define JUMP_SECTION .section GL_JUMP_SECTION, "ax", %progbits
#define POINTER_TO_PERSONALITY 0x1b /* relative */

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
        JUMP_SECTION
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
#if defined(__x86_64__) && defined(__ILP32__)
        .section .note.gnu.property, "a", %note
        .p2align 2
        .long   4, 12, 5
        .asciz  "GNU"
        .long   0xc0000002, 4, 1
#elif defined(__x86_64__)
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
