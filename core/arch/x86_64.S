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

/* With pointers of 4 bytes (x32) all is the same but for what is not on the stack. */
#ifdef __ILP32__
#define POINTER_RSP %esp
#define POINTER_RDX %edx
#define POINTER_RAX %eax
#define DETOUR_FIRST 4
#else
#define POINTER_RSP %rsp
#define POINTER_RDX %rdx
#define POINTER_RAX %rax
#define DETOUR_FIRST 8
#endif

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
        mov     POINTER_RSP, (%rdi)
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
        mov     POINTER_RDX, (%r8)
        mov     %ecx, %eax
.endm

/* `ret` is predicted only where the call came from. Who left by the same call instruction that is now returned to (a loop around gl_switch())
   gets `ret`, which keeps the return stack balanced; all others a jump, which has a predictor of its own. */
FUNCTION gl_arch_swap
        mov     (%rsp), %r9
        SAVE
        mov     %rsi, %rsp              /* the same frame, of another stack: the CFI still holds */
        LOAD
        cmp     %r9, (%rsp)
        jne     1f
        ret
1:      pop     %r9
        .cfi_adjust_cfa_offset -8
        .cfi_register %rip, %r9
        notrack jmp *%r9                /* a return address has no landing pad */
END gl_arch_swap

/* rsi load, rdx value, ecx status */
FUNCTION gl_arch_leave
        endbr64
        mov     %rsi, %rsp
        .cfi_adjust_cfa_offset 56
        .cfi_rel_offset %rbp, 48
        .cfi_rel_offset %rbx, 40
        .cfi_rel_offset %r12, 32
        .cfi_rel_offset %r13, 24
        .cfi_rel_offset %r14, 16
        .cfi_rel_offset %r15, 8
        LOAD
        pop     %r9
        .cfi_adjust_cfa_offset -8
        .cfi_register %rip, %r9
        notrack jmp *%r9
END gl_arch_leave

/* rsi lowest, r9 detour. In between nobody can be unwound to: one frame is about to be moved, the other has not arrived. */
FUNCTION gl_arch_swap_via
        mov     (%rsp), %r10
        SAVE
        mov     %r10, %r12
        mov     %r9, %r13
        mov     %rdx, %r14
        mov     %ecx, %r15d
        mov     %r9, %rdi
        cmp     %rsi, %rsp
        .cfi_remember_state
        .cfi_undefined %rip
        cmova   %rsi, %rsp
        and     $-16, %rsp
        call    gl_arrange              /* the stack pointer of whoever resumes */
        mov     %rax, %rsp
        .cfi_restore_state
        mov     DETOUR_FIRST(%r13), POINTER_RAX
        test    %rax, %rax
        jne     3f
1:      mov     %r12, %r9
        mov     %r14, %rdx
        mov     %r15d, %ecx
        .cfi_remember_state
        LOAD
        cmp     %r9, (%rsp)
        jne     2f
        ret
2:      pop     %r9
        .cfi_adjust_cfa_offset -8
        .cfi_register %rip, %r9
        notrack jmp *%r9
        .cfi_restore_state
3:      call    *%rax
        jmp     1b
END gl_arch_swap_via

/* rdi frame, rsi function, rdx argument. Calls function(argument) in a way that whoever waits with that frame seems to be the caller: unwinders go on
   there. */
FUNCTION gl_arch_call_from
        endbr64
        push    %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbx, 0
        mov     %rdi, %rbx
        mov     %rdx, %rdi
        .cfi_remember_state
        .cfi_def_cfa %rbx, 64
        .cfi_offset %rip, -8
        .cfi_offset %rbp, -16
        .cfi_offset %rbx, -24
        .cfi_offset %r12, -32
        .cfi_offset %r13, -40
        .cfi_offset %r14, -48
        .cfi_offset %r15, -56
        call    *%rsi
        .cfi_restore_state
        pop     %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbx
        ret
END gl_arch_call_from

/* The outermost frame of a greenlet: calls run(data, value, &result), then gl_end(greenlet, outcome, result). Unwinders end here: the return
   address is undefined. (They look it up one byte before a return address, so that this begins before the entry.) A C++ exception that gets this
   far meets the personality routine, which ends the program and names the greenlet; forced unwinding passes. */
        JUMP_SECTION
.Lbefore_enter:                         /* in Mach-O a symbol, which call frame information must begin at */
        .cfi_startproc
        .cfi_undefined %rip
        .cfi_personality POINTER_TO_PERSONALITY, gl_arch_personality
        nop
LABEL gl_arch_enter
        endbr64
        push    $0
        .cfi_adjust_cfa_offset 8
        push    $0                      /* result */
        .cfi_adjust_cfa_offset 8
        mov     %r13, %rdi              /* data */
        mov     %rdx, %rsi              /* value */
        mov     %rsp, %rdx
        call    *%r12                   /* run */
        mov     %rbx, %rdi              /* greenlet */
        mov     %eax, %esi
        pop     %rdx
        .cfi_adjust_cfa_offset -8
        lea     1f(%rip), %rax
        mov     %rax, (%rsp)
        jmp     gl_end                  /* not a call: the greenlet leaves by a jump, and an unmatched call spoils the return predictor */
1:      ud2                             /* gl_end() never returns */
END gl_arch_enter
