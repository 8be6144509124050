/* SPDX-License-Identifier: MIT */
/* powerpc64, ELFv2 (ppc64el) and ELFv1 (ppc64). README.md has the contract; ppc64.h mirrors this frame, which is all that lies on a suspended stack:

    320  v20 .. v31            unless the CPU has none: only some of big endian do without
    176  f14 .. f31
     32  r14 .. r31
     28  vrsave                where it has a meaning: ELFv1, with vector registers
     24  condition register    fields 2, 3 and 4
     16  return address
      8  received
      0  address above         <- saved stack pointer

   Functions save the return address and more in the first CALL_AREA bytes above the stack pointer that they are called with, so every call from here is
   made from as much below. The table of contents (r2) is the library's before and after each jump. Rounding, masks and modes are exchanged in C++
   before it. */

#if _CALL_ELF == 2
        .abiversion 2
#define TOC_SLOT 24
#define CALL_AREA 32
#else
#define TOC_SLOT 40
#define CALL_AREA 112
#endif

#ifdef __BIG_ENDIAN__
        .machine push
        .machine altivec
        .hidden gl_arch_has_vectors
        .globl  gl_arch_has_vectors
        .type   gl_arch_has_vectors, %object
        .size   gl_arch_has_vectors, 1
        .bss
gl_arch_has_vectors:
        .byte   0
#endif

/* Calls what a pointer points to. */
.macro CALL pointer
        std     %r2, TOC_SLOT(%r1)
#if _CALL_ELF == 2
        mr      %r12, \pointer
        mtctr   %r12
#else
        ld      %r0, 0(\pointer)
        ld      %r11, 16(\pointer)
        ld      %r2, 8(\pointer)
        mtctr   %r0
#endif
        bctrl
        ld      %r2, TOC_SLOT(%r1)
.endm

.macro SKIP_WITHOUT_VECTORS label
#ifdef __BIG_ENDIAN__
        addis   %r12, %r2, gl_arch_has_vectors@toc@ha
        lbz     %r12, gl_arch_has_vectors@toc@l(%r12)
        cmpwi   %r12, 0
        beq     \label
#endif
.endm

/* ELFv1 has one name for all fields of the condition register. */
.macro SAVED_CFI
        .cfi_offset lr, -496
        .cfi_offset %cr2, -488
#if _CALL_ELF == 2
        .cfi_offset %cr3, -488
        .cfi_offset %cr4, -488
#endif
.irp n, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        .cfi_offset %r\n, (\n - 14) * 8 - 480
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
        stdu    %r1, -512(%r1)
        .cfi_def_cfa_offset 512
        std     %r7, 8(%r1)
        std     %r0, 16(%r1)
        stw     %r11, 24(%r1)
.irp n, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        std     %r\n, 32 + (\n - 14) * 8(%r1)
        stfd    %f\n, 176 + (\n - 14) * 8(%r1)
.endr
        SKIP_WITHOUT_VECTORS 8f
#if _CALL_ELF != 2
        mfspr   %r12, 256
        stw     %r12, 28(%r1)
#endif
.irp n, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        li      %r12, 320 + (\n - 20) * 16
        stvx    %v\n, %r12, %r1
.endr
8:      SAVED_CFI
        std     %r1, 0(%r3)
.endm

/* Returns to whoever left this frame. */
.macro LOAD
        ld      %r7, 8(%r1)
        ld      %r0, 16(%r1)
        lwz     %r11, 24(%r1)
.irp n, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        ld      %r\n, 32 + (\n - 14) * 8(%r1)
        lfd     %f\n, 176 + (\n - 14) * 8(%r1)
.endr
        SKIP_WITHOUT_VECTORS 9f
#if _CALL_ELF != 2
        lwz     %r12, 28(%r1)
        mtspr   256, %r12
#endif
.irp n, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        li      %r12, 320 + (\n - 20) * 16
        lvx     %v\n, %r12, %r1
.endr
9:      std     %r5, 0(%r7)
        mr      %r3, %r6
        mtlr    %r0
        mtcrf   0x38, %r11
        addi    %r1, %r1, 512
        .cfi_def_cfa_offset 0
        .cfi_restore lr
        .cfi_restore %cr2
#if _CALL_ELF == 2
        .cfi_restore %cr3
        .cfi_restore %cr4
#endif
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
        .cfi_def_cfa_offset 512
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
        cmpld   %r1, %r4
        .cfi_remember_state
        .cfi_undefined lr
        ble     1f
        clrrdi  %r1, %r4, 4
1:      stdu    %r0, -CALL_AREA(%r1)
        bl      gl_arrange              /* the stack pointer of whoever resumes */
        nop
        mr      %r1, %r3
        .cfi_restore_state
        ld      %r9, 8(%r14)            /* Detour::first */
        cmpdi   %r9, 0
        beq     2f
        stdu    %r1, -CALL_AREA(%r1)
        .cfi_adjust_cfa_offset CALL_AREA
        CALL    %r9
        addi    %r1, %r1, CALL_AREA
        .cfi_adjust_cfa_offset -CALL_AREA
2:      mr      %r5, %r15
        mr      %r6, %r16
        LOAD
END gl_arch_swap_via

/* r3 frame, r4 function, r5 argument. Calls function(argument) in a way that whoever waits with that frame seems to be the caller: unwinders go on
   there. */
FUNCTION gl_arch_call_from
        mflr    %r0
        stdu    %r1, -(CALL_AREA + 16)(%r1)
        .cfi_def_cfa_offset CALL_AREA + 16
        std     %r31, CALL_AREA(%r1)
        std     %r0, CALL_AREA + 8(%r1)
        .cfi_offset %r31, -16
        .cfi_offset lr, -8
        mr      %r31, %r3
        mr      %r3, %r5
        .cfi_remember_state
        .cfi_def_cfa %r31, 512
        SAVED_CFI
        CALL    %r4
        .cfi_restore_state
        ld      %r0, CALL_AREA + 8(%r1)
        ld      %r31, CALL_AREA(%r1)
        mtlr    %r0
        addi    %r1, %r1, CALL_AREA + 16
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
        stdu    %r0, -(CALL_AREA + 16)(%r1)
        .cfi_def_cfa_offset CALL_AREA + 16
        std     %r0, CALL_AREA(%r1)     /* result */
        mr      %r3, %r16               /* data */
        mr      %r4, %r5                /* value */
        addi    %r5, %r1, CALL_AREA
        CALL    %r15                    /* run */
        mr      %r4, %r3
        mr      %r3, %r14               /* greenlet */
        ld      %r5, CALL_AREA(%r1)
        bcl     20, 31, 1f              /* to the next instruction: no call for the return predictor */
1:      mflr    %r9
        addi    %r9, %r9, 2f - 1b
        mtlr    %r9
        b       gl_end                  /* not a call: the greenlet leaves by a jump, and an unmatched call spoils the return predictor */
2:      trap                            /* gl_end() never returns */
END gl_arch_enter

#ifdef __BIG_ENDIAN__
        .machine pop
#endif
