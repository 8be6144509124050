/* SPDX-License-Identifier: MIT */
/* x86-64, System V ABI. README.md has the contract; x86_64.h mirrors this frame, which is all that lies on a suspended stack:

     56  return address      into whoever called gl_switch() and its like
     48  rbp
     40  rbx
     32  r12
     24  r13
     16  r14
      8  r15
      0  received            <- saved stack pointer

   The floating-point control words are exchanged in C++ before the jump; nothing else is callee-saved. */
#include "asm.h"

#if defined(__x86_64__) && !defined(__ILP32__) && !defined(GREENLET_HOST_ONLY)

/* Entry: rdi save, rsi load, rdx value, ecx status, r8 received. */
.macro SAVE
        endbr64
        push    %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbp, 0
        push    %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbx, 0
        push    %r12
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r12, 0
        push    %r13
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r13, 0
        push    %r14
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r14, 0
        push    %r15
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r15, 0
        push    %r8
        .cfi_adjust_cfa_offset 8
        mov     %rsp, (%rdi)
        mov     %rsi, %rsp              /* the same frame, of another stack: the CFI still holds */
.endm

.macro LOAD
        pop     %r8
        .cfi_adjust_cfa_offset -8
        pop     %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r15
        pop     %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r14
        pop     %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r13
        pop     %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r12
        pop     %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbx
        pop     %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbp
        mov     %rdx, (%r8)
        mov     %ecx, %eax
.endm

/* `ret` is predicted only where the call came from. Who left by the same call instruction that is now returned to (a loop around gl_switch())
   gets `ret`, which keeps the return stack balanced; all others a jump, which has a predictor of its own. */
FUNCTION(gl_arch_swap)
        mov     (%rsp), %r9
        SAVE
        LOAD
        cmp     %r9, (%rsp)
        jne     1f
        ret
1:      pop     %r9
        .cfi_adjust_cfa_offset -8
        .cfi_register %rip, %r9
        notrack jmp *%r9                /* a return address has no landing pad */
END(gl_arch_swap)

/* rsi load, rdx value, ecx status */
FUNCTION(gl_arch_leave)
        endbr64
        .cfi_adjust_cfa_offset 56
        .cfi_rel_offset %rbp, 48
        .cfi_rel_offset %rbx, 40
        .cfi_rel_offset %r12, 32
        .cfi_rel_offset %r13, 24
        .cfi_rel_offset %r14, 16
        .cfi_rel_offset %r15, 8
        mov     %rsi, %rsp
        LOAD
        pop     %r9
        .cfi_adjust_cfa_offset -8
        .cfi_register %rip, %r9
        notrack jmp *%r9
END(gl_arch_leave)

/* r9 first */
FUNCTION(gl_arch_swap_call)
        SAVE
        push    %rdx
        .cfi_adjust_cfa_offset 8
        push    %rcx
        .cfi_adjust_cfa_offset 8
        call    *%r9
        pop     %rcx
        .cfi_adjust_cfa_offset -8
        pop     %rdx
        .cfi_adjust_cfa_offset -8
        LOAD
        pop     %r9
        .cfi_adjust_cfa_offset -8
        .cfi_register %rip, %r9
        notrack jmp *%r9
END(gl_arch_swap_call)

/* The outermost frame of a greenlet. Unwinders end here: the return address is undefined. A C++ exception that gets this far meets the
   personality routine, which ends the program and names the greenlet; forced unwinding passes. */
FUNCTION(gl_arch_enter)
        .cfi_undefined %rip
        .cfi_personality 0x1b, gl_arch_personality
        endbr64
        mov     %rbx, %rdi              /* greenlet */
        mov     %rdx, %rsi              /* value */
        mov     %r12, %rdx              /* run */
        lea     1f(%rip), %rax
        push    %rax
        .cfi_adjust_cfa_offset 8
        jmp     gl_enter                /* not a call: the greenlet leaves by a jump, and an unmatched call spoils the return predictor */
        .cfi_adjust_cfa_offset -8
1:      ud2                             /* gl_enter() never returns */
END(gl_arch_enter)

#endif

        NOTES
