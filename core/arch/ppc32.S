/* SPDX-License-Identifier: MIT */
/* powerpc, System V ABI. README.md has the contract; ppc32.h mirrors this frame, which is all that lies on a suspended stack:

    240  v20 .. v31            unless the CPU has no vector registers
     96  f14 .. f31
     24  r14 .. r31
     16  vrsave                likewise
     12  condition register    fields 2, 3 and 4
      8  return address
      4  received
      0  address above         <- saved stack pointer

   Functions save the return address in the second word above the stack pointer that they are called with, so every call from here is made from 16 bytes
   below. r2 and r13 belong to the thread and the program. Rounding, masks and modes are exchanged in C++ before the jump. */

        .machine push
        .machine altivec
        .hidden gl_arch_has_vectors
        .globl  gl_arch_has_vectors
        .type   gl_arch_has_vectors, %object
        .size   gl_arch_has_vectors, 1
        .bss
gl_arch_has_vectors:
        .byte   0

.macro SKIP_WITHOUT_VECTORS label
        bcl     20, 31, 7f              /* to the next instruction: no call for the return predictor */
7:      mflr    %r12
        addis   %r12, %r12, gl_arch_has_vectors - 7b@ha
        lbz     %r12, gl_arch_has_vectors - 7b@l(%r12)
        cmpwi   %r12, 0
        beq     \label
.endm

/* One name stands for all fields of the condition register. */
.macro SAVED_CFI
        .cfi_offset lr, -424
        .cfi_offset %cr2, -420
.irp n, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        .cfi_offset %r\n, (\n - 14) * 4 - 408
        .cfi_offset %f\n, (\n - 14) * 8 - 336
.endr
.irp n, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        .cfi_offset %v\n, (\n - 20) * 16 - 192
.endr
.endm

/* Entry: r3 save, r4 load, r5 value, r6 status, r7 received. */
.macro SAVE
        mflr    %r0
        mfcr    %r11
        stwu    %r1, -432(%r1)
        .cfi_def_cfa_offset 432
        stw     %r7, 4(%r1)
        stw     %r0, 8(%r1)
        .cfi_offset lr, -424            /* SKIP_WITHOUT_VECTORS changes it */
        stw     %r11, 12(%r1)
.irp n, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        stw     %r\n, 24 + (\n - 14) * 4(%r1)
        stfd    %f\n, 96 + (\n - 14) * 8(%r1)
.endr
        SKIP_WITHOUT_VECTORS 8f
        mfspr   %r12, 256
        stw     %r12, 16(%r1)
.irp n, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        li      %r12, 240 + (\n - 20) * 16
        stvx    %v\n, %r12, %r1
.endr
8:      SAVED_CFI
        stw     %r1, 0(%r3)
.endm

/* Returns to whoever left this frame. */
.macro LOAD
        lwz     %r7, 4(%r1)
        lwz     %r0, 8(%r1)
        lwz     %r11, 12(%r1)
.irp n, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        lwz     %r\n, 24 + (\n - 14) * 4(%r1)
        lfd     %f\n, 96 + (\n - 14) * 8(%r1)
.endr
        SKIP_WITHOUT_VECTORS 9f
        lwz     %r12, 16(%r1)
        mtspr   256, %r12
.irp n, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        li      %r12, 240 + (\n - 20) * 16
        lvx     %v\n, %r12, %r1
.endr
9:      stw     %r5, 0(%r7)
        mr      %r3, %r6
        mtlr    %r0
        mtcrf   0x38, %r11
        addi    %r1, %r1, 432
        .cfi_def_cfa_offset 0
        .cfi_restore lr
        .cfi_restore %cr2
.irp n, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        .cfi_restore %r\n
        .cfi_restore %f\n
.endr
.irp n, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        .cfi_restore %v\n
.endr
        blr
.endm

FUNCTION gl_arch_swap
        SAVE
        mr      %r1, %r4                /* the same frame, of another stack: the CFI still holds */
        LOAD
END gl_arch_swap

/* r4 load, r5 value, r6 status */
FUNCTION gl_arch_leave
        mr      %r1, %r4
        .cfi_def_cfa_offset 432
        SAVED_CFI
        LOAD
END gl_arch_leave

/* r4 lowest, r8 detour. In between nobody can be unwound to: one frame is about to be moved, the other has not arrived. */
FUNCTION gl_arch_swap_via
        SAVE
        mr      %r14, %r8
        mr      %r15, %r5
        mr      %r16, %r6
        mr      %r3, %r8
        li      %r0, 0
        cmplw   %r1, %r4
        .cfi_remember_state
        .cfi_undefined lr
        ble     1f
        clrrwi  %r1, %r4, 4
1:      stwu    %r0, -16(%r1)
        bl      gl_arrange              /* the stack pointer of whoever resumes */
        mr      %r1, %r3
        .cfi_restore_state
        lwz     %r9, 4(%r14)            /* Detour::first */
        cmpwi   %r9, 0
        beq     2f
        stwu    %r1, -16(%r1)
        .cfi_adjust_cfa_offset 16
        mtctr   %r9
        bctrl
        addi    %r1, %r1, 16
        .cfi_adjust_cfa_offset -16
2:      mr      %r5, %r15
        mr      %r6, %r16
        LOAD
END gl_arch_swap_via

/* r3 frame, r4 function, r5 argument. Calls function(argument) in a way that whoever waits with that frame seems to be the caller: unwinders go on
   there. */
FUNCTION gl_arch_call_from
        mflr    %r0
        stwu    %r1, -32(%r1)
        .cfi_def_cfa_offset 32
        stw     %r31, 16(%r1)
        stw     %r0, 20(%r1)
        .cfi_offset %r31, -16
        .cfi_offset lr, -12
        mr      %r31, %r3
        mr      %r3, %r5
        .cfi_remember_state
        .cfi_def_cfa %r31, 432
        SAVED_CFI
        mtctr   %r4
        bctrl
        .cfi_restore_state
        lwz     %r0, 20(%r1)
        lwz     %r31, 16(%r1)
        mtlr    %r0
        addi    %r1, %r1, 32
        .cfi_def_cfa_offset 0
        .cfi_restore %r31
        .cfi_restore lr
        blr
END gl_arch_call_from

/* The outermost frame of a greenlet: calls run(data, value, &result), then gl_end(greenlet, outcome, result). Unwinders end here: the return
   address is undefined. (They look it up one byte before a return address, so that this begins before the entry.) A C++ exception that gets this
   far meets the personality routine, which ends the program and names the greenlet; forced unwinding passes. */
        JUMP_SECTION
        .cfi_startproc
        .cfi_undefined lr
        .cfi_personality 0x1b, gl_arch_personality
        nop
LABEL gl_arch_enter
        li      %r0, 0
        stwu    %r0, -32(%r1)
        .cfi_def_cfa_offset 32
        stw     %r0, 16(%r1)            /* result */
        mr      %r3, %r16               /* data */
        mr      %r4, %r5                /* value */
        addi    %r5, %r1, 16
        mtctr   %r15
        bctrl                           /* run */
        mr      %r4, %r3
        mr      %r3, %r14               /* greenlet */
        lwz     %r5, 16(%r1)
        bcl     20, 31, 1f              /* to the next instruction: no call for the return predictor */
1:      mflr    %r9
        addi    %r9, %r9, 2f - 1b
        mtlr    %r9
        b       gl_end                  /* not a call: the greenlet leaves by a jump, and an unmatched call spoils the return predictor */
2:      trap                            /* gl_end() never returns */
END gl_arch_enter

        .machine pop
