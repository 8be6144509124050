/* SPDX-License-Identifier: MIT */
/* SH-4 with a floating-point unit. README.md has the contract; sh4.h mirrors this frame, which is all that lies on a suspended stack:

     36  fr12 .. fr15
     32  pr                  return address
      4  r8 .. r14
      0  received            <- saved stack pointer

   Rounding and traps are exchanged in C++ before the jump. Precision and transfer size are alike at every call. */

.macro SAVED_CFI
        .cfi_offset fr12, -16
        .cfi_offset fr13, -12
        .cfi_offset fr14, -8
        .cfi_offset fr15, -4
        .cfi_offset pr, -20
        .cfi_offset r14, -24
        .cfi_offset r13, -28
        .cfi_offset r12, -32
        .cfi_offset r11, -36
        .cfi_offset r10, -40
        .cfi_offset r9, -44
        .cfi_offset r8, -48
.endm

/* Entry: r4 save, r5 load, r6 value, r7 status; received is on the stack. */
.macro SAVE
        mov.l   @r15, r1
        add     #-52, r15
        .cfi_def_cfa_offset 52
        mov.l   r1, @r15
        mov.l   r8, @(4,r15)
        mov.l   r9, @(8,r15)
        mov.l   r10, @(12,r15)
        mov.l   r11, @(16,r15)
        mov.l   r12, @(20,r15)
        mov.l   r13, @(24,r15)
        mov.l   r14, @(28,r15)
        mov     r15, r0
        add     #52, r0
        fmov.s  fr15, @-r0
        fmov.s  fr14, @-r0
        fmov.s  fr13, @-r0
        fmov.s  fr12, @-r0
        sts.l   pr, @-r0
        SAVED_CFI
        mov.l   r15, @r4
.endm

/* Returns to whoever left this frame. */
.macro LOAD
        mov.l   @r15, r1
        mov.l   @(4,r15), r8
        mov.l   @(8,r15), r9
        mov.l   @(12,r15), r10
        mov.l   @(16,r15), r11
        mov.l   @(20,r15), r12
        mov.l   @(24,r15), r13
        mov.l   @(28,r15), r14
        mov     r15, r0
        add     #32, r0
        lds.l   @r0+, pr
        fmov.s  @r0+, fr12
        fmov.s  @r0+, fr13
        fmov.s  @r0+, fr14
        fmov.s  @r0+, fr15
        mov.l   r6, @r1
        add     #52, r15
        .cfi_def_cfa_offset 0
        .cfi_restore fr12
        .cfi_restore fr13
        .cfi_restore fr14
        .cfi_restore fr15
        .cfi_restore pr
        .cfi_restore r14
        .cfi_restore r13
        .cfi_restore r12
        .cfi_restore r11
        .cfi_restore r10
        .cfi_restore r9
        .cfi_restore r8
        rts
        mov     r7, r0
.endm

/* To a function of the library, by its distance. */
.macro CALL distance
        mov.l   \distance, r0
        bsrf    r0
.endm

FUNCTION gl_arch_swap
        SAVE
        mov     r5, r15                 /* the same frame, of another stack: the CFI still holds */
        LOAD
END gl_arch_swap

/* r5 load, r6 value, r7 status */
FUNCTION gl_arch_leave
        mov     r5, r15
        .cfi_def_cfa_offset 52
        SAVED_CFI
        LOAD
END gl_arch_leave

/* r5 lowest; behind received is the detour. In between nobody can be unwound to: one frame is about to be moved, the other has not arrived. */
FUNCTION gl_arch_swap_via
        mov.l   @(4,r15), r2
        SAVE
        mov     r2, r8
        mov     r6, r9
        mov     r7, r10
        mov     r15, r1
        cmp/hi  r5, r1
        bf      1f
        mov     r5, r1
1:      mov     #-8, r0
        and     r0, r1
        .cfi_remember_state
        .cfi_undefined pr
        mov     r1, r15
        CALL    4f                      /* gl_arrange: the stack pointer of whoever resumes */
2:      mov     r2, r4
        mov     r0, r15
        .cfi_restore_state
        mov.l   @(4,r8), r0             /* Detour::first */
        tst     r0, r0
        bt      3f
        jsr     @r0
        nop
3:      mov     r9, r6
        mov     r10, r7
        LOAD
        .p2align 2
4:      .long   gl_arrange - (2b + 2)
END gl_arch_swap_via

/* r4 frame, r5 function, r6 argument. Calls function(argument) in a way that whoever waits with that frame seems to be the caller: unwinders go on
   there. */
FUNCTION gl_arch_call_from
        mov.l   r8, @-r15
        .cfi_adjust_cfa_offset 4
        .cfi_offset r8, -4
        sts.l   pr, @-r15
        .cfi_adjust_cfa_offset 4
        .cfi_offset pr, -8
        mov     r4, r8
        mov     r6, r4
        .cfi_remember_state
        .cfi_def_cfa r8, 52
        SAVED_CFI
        jsr     @r5
        nop
        .cfi_restore_state
        lds.l   @r15+, pr
        .cfi_adjust_cfa_offset -4
        .cfi_restore pr
        mov.l   @r15+, r8
        .cfi_adjust_cfa_offset -4
        .cfi_restore r8
        rts
        nop
END gl_arch_call_from

/* The outermost frame of a greenlet: calls run(data, value, &result), then gl_end(greenlet, outcome, result). Unwinders end here: the return
   address is undefined. (They look it up one byte before a return address, so that this begins before the entry.) A C++ exception that gets this
   far meets the personality routine, which ends the program and names the greenlet; forced unwinding passes. */
        .section GL_JUMP_SECTION, "ax", %progbits
        .cfi_startproc
        .cfi_undefined pr
        .cfi_personality 0x1b, gl_arch_personality
        nop
LABEL gl_arch_enter
        mov     #0, r0
        add     #-8, r15
        .cfi_def_cfa_offset 8
        mov.l   r0, @r15                /* result */
        mov     r10, r4                 /* data */
        mov     r6, r5                  /* value */
        jsr     @r9                     /* run */
        mov     r15, r6
        mov     r0, r5
        mov     r8, r4                  /* greenlet */
        CALL    2f                      /* gl_end */
1:      mov.l   @r15, r6
        trapa   #0xc3                   /* gl_end() never returns */
        nop
        .p2align 2
2:      .long   gl_end - (1b + 2)
END gl_arch_enter
