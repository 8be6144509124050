/* SPDX-License-Identifier: MIT */
/* x86-64, Windows. README.md has the contract; x86_64_windows.h mirrors this frame, which is all that lies on a suspended stack:

    280  return address      into whoever called gl_switch() and its like
    272  rbp
    264  rbx
    256  rdi
    248  rsi
    240  r12
    232  r13
    224  r14
    216  r15
    208  FiberData            \
    200  DeallocationStack     |
    192  StackLimit            |  of the thread environment block
    184  StackBase             |
    176  ExceptionList        /
     16  xmm6 to xmm15
     12  LastErrorValue        |  of the thread environment block
      8  GuaranteedStackBytes  |
      0  received             <- saved stack pointer, aligned to 16

   The floating-point control words are exchanged in C++ before the jump; nothing else is callee-saved. All entries have unwind data, by which exceptions
   and stack walks go on to whoever called gl_switch(). */

#define TEB_EXCEPTION_LIST %gs:0
#define TEB_STACK_BASE %gs:8
#define TEB_STACK_LIMIT %gs:0x10
#define TEB_FIBER_DATA %gs:0x20
#define TEB_LAST_ERROR %gs:0x68
#define TEB_DEALLOCATION_STACK %gs:0x1478
#define TEB_GUARANTEED_STACK_BYTES %gs:0x1748

#define REGISTERS 216 /* where those lie that are pushed */

.macro KEEP register
        push    \register
        .seh_pushreg \register
.endm

.macro EXCHANGE_XMM move
        \move   6, 16
        \move   7, 32
        \move   8, 48
        \move   9, 64
        \move   10, 80
        \move   11, 96
        \move   12, 112
        \move   13, 128
        \move   14, 144
        \move   15, 160
.endm
.macro SAVE_XMM n, offset
        movaps  %xmm\n, \offset(%rsp)
        .seh_savexmm %xmm\n, \offset
.endm
.macro LOAD_XMM n, offset
        movaps  \offset(%rsp), %xmm\n
.endm
.macro DESCRIBE_XMM n, offset
        .seh_savexmm %xmm\n, \offset
.endm

.macro SAVE_TEB field, offset
        mov     \field, %rax
        mov     %rax, \offset(%rsp)
.endm
.macro LOAD_TEB field, offset
        mov     \offset(%rsp), %rax
        mov     %rax, \field
.endm
.macro EXCHANGE_TEB move
        \move   TEB_EXCEPTION_LIST, 176
        \move   TEB_STACK_BASE, 184
        \move   TEB_STACK_LIMIT, 192
        \move   TEB_DEALLOCATION_STACK, 200
        \move   TEB_FIBER_DATA, 208
.endm

/* Entry: rcx save, rdx load, r8 value, r9d status, 40(%rsp) received. */
.macro SAVE
        mov     40(%rsp), %r11
        KEEP    %rbp
        KEEP    %rbx
        KEEP    %rdi
        KEEP    %rsi
        KEEP    %r12
        KEEP    %r13
        KEEP    %r14
        KEEP    %r15
        sub     $REGISTERS, %rsp
        .seh_stackalloc REGISTERS
.endm
.macro STORE
        EXCHANGE_TEB SAVE_TEB
        mov     TEB_GUARANTEED_STACK_BYTES, %eax
        mov     %eax, 8(%rsp)
        mov     TEB_LAST_ERROR, %eax
        mov     %eax, 12(%rsp)
        mov     %r11, (%rsp)
        mov     %rsp, (%rcx)
.endm

/* Right behind the stack pointer itself: from now on the system takes this for the stack. */
.macro ARRIVE
        EXCHANGE_TEB LOAD_TEB
        mov     8(%rsp), %eax
        mov     %eax, TEB_GUARANTEED_STACK_BYTES
.endm

.macro LOAD
        mov     12(%rsp), %eax
        mov     %eax, TEB_LAST_ERROR
        EXCHANGE_XMM LOAD_XMM
        mov     (%rsp), %rax
        mov     %r8, (%rax)
        mov     %r9d, %eax
.endm
.macro TAKE_BACK
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rsi
        pop     %rdi
        pop     %rbx
        pop     %rbp
.endm

/* `ret` is predicted only where the call came from. Who left by the same call instruction that is now returned to (a loop around gl_switch())
   gets `ret`, which keeps the return stack balanced; all others a jump, which has a predictor of its own. */
FUNCTION gl_arch_swap
        SAVE
        EXCHANGE_XMM SAVE_XMM
        .seh_endprologue
        STORE
        mov     280(%rsp), %r10
        mov     %rdx, %rsp              /* the same frame, of another stack: the unwind data still holds */
        ARRIVE
        LOAD
        cmp     %r10, 280(%rsp)
        jne     1f
        add     $REGISTERS, %rsp
        TAKE_BACK
        ret
1:      add     $REGISTERS, %rsp
        TAKE_BACK
        pop     %r10
        jmp     *%r10
END gl_arch_swap

/* rdx load, r8 value, r9d status */
FUNCTION gl_arch_leave
        .seh_endprologue
        mov     %rdx, %rsp
        ARRIVE
        LOAD
        add     $REGISTERS, %rsp
        TAKE_BACK
        pop     %r10
        jmp     *%r10
END gl_arch_leave

/* rdx lowest, 48(%rsp) detour. rbp keeps the place of the frame, for unwinders also where the stack pointer is elsewhere. */
FUNCTION gl_arch_swap_via
        SAVE
        mov     %rsp, %rbp
        .seh_setframe %rbp, 0
        EXCHANGE_XMM SAVE_XMM
        .seh_endprologue
        STORE
        mov     280(%rbp), %r12
        mov     328(%rbp), %r13
        mov     %r8, %r14
        mov     %r9d, %r15d
        mov     %r13, %rcx
        cmp     %rdx, %rsp
        cmova   %rdx, %rsp
        and     $-16, %rsp
        sub     $32, %rsp
        call    gl_arrange              /* the stack pointer of whoever resumes */
        mov     %rax, %rsp
        mov     %rax, %rbp
        ARRIVE
        mov     8(%r13), %rax           /* Detour::first */
        test    %rax, %rax
        je      1f
        sub     $32, %rsp
        call    *%rax
        mov     %rbp, %rsp
1:      mov     %r12, %r10
        mov     %r14, %r8
        mov     %r15d, %r9d
        LOAD
        cmp     %r10, 280(%rsp)
        jne     2f
        lea     REGISTERS(%rbp), %rsp
        TAKE_BACK
        ret
2:      lea     REGISTERS(%rbp), %rsp
        TAKE_BACK
        pop     %r10
        jmp     *%r10
END gl_arch_swap_via

/* rcx frame, rdx function, r8 argument. Calls function(argument) in a way that whoever waits with that frame seems to be the caller: unwinders go on
   there. So the unwind data tells of that frame, not of this one. */
FUNCTION gl_arch_call_from
        push    %rbx
        .seh_pushreg %rbp
        .seh_pushreg %rbx
        .seh_pushreg %rdi
        .seh_pushreg %rsi
        .seh_pushreg %r12
        .seh_pushreg %r13
        .seh_pushreg %r14
        .seh_pushreg %r15
        .seh_stackalloc REGISTERS
        mov     %rcx, %rbx
        .seh_setframe %rbx, 0
        EXCHANGE_XMM DESCRIBE_XMM
        .seh_endprologue
        sub     $32, %rsp
        mov     %r8, %rcx
        call    *%rdx
        nop                             /* not an epilogue to unwinders yet */
        add     $32, %rsp
        pop     %rbx
        ret
END gl_arch_call_from

/* The outermost frame of a greenlet: calls run(data, value, &result), then gl_end(greenlet, outcome, result). Unwinders end here, at a return address
   of 0 (first_frame()). Exceptions that get this far meet the handler, which ends the program. What lies between the entry and that address is
   described as if a prologue had made room for it: so the function begins before the entry. */
FUNCTION gl_arch_outermost
        .seh_handler gl_arch_personality, @except
        nop
        .seh_stackalloc 8
        GLOBAL  gl_arch_enter
        sub     $48, %rsp
        .seh_stackalloc 48
        .seh_endprologue
        mov     %r13, %rcx              /* data */
        mov     %r8, %rdx               /* value */
        lea     32(%rsp), %r8
        movq    $0, (%r8)               /* result */
        call    *%r12                   /* run */
        mov     %rbx, %rcx              /* greenlet */
        mov     %eax, %edx
        mov     32(%rsp), %r8
        lea     1f(%rip), %rax
        push    %rax
        jmp     gl_end                  /* not a call: the greenlet leaves by a jump, and an unmatched call spoils the return predictor */
1:      ud2                             /* gl_end() never returns */
END gl_arch_outermost
