/* SPDX-License-Identifier: MIT */
/* Alpha. README.md has the contract; alpha.h mirrors this frame, which is all that lies on a suspended stack:

    136  unused
     72  f2 .. f9
     16  s0 .. s5, fp        $9 .. $15
      8  return address
      0  received            <- saved stack pointer

   The global pointer is not kept: whoever calls sets it again afterwards, unless the linker finds that it is the same, and that is so for all who call these.
   Rounding and traps are exchanged in C++ before the jump. */

.macro SAVED_CFI
        .cfi_offset $26, -136
        .cfi_offset $9, -128
        .cfi_offset $10, -120
        .cfi_offset $11, -112
        .cfi_offset $12, -104
        .cfi_offset $13, -96
        .cfi_offset $14, -88
        .cfi_offset $15, -80
        .cfi_offset $f2, -72
        .cfi_offset $f3, -64
        .cfi_offset $f4, -56
        .cfi_offset $f5, -48
        .cfi_offset $f6, -40
        .cfi_offset $f7, -32
        .cfi_offset $f8, -24
        .cfi_offset $f9, -16
.endm

/* Entry: $16 save, $17 load, $18 value, $19 status, $20 received. */
.macro SAVE
        lda     $30, -144($30)
        .cfi_def_cfa_offset 144
        stq     $26, 8($30)
        stq     $9, 16($30)
        stq     $10, 24($30)
        stq     $11, 32($30)
        stq     $12, 40($30)
        stq     $13, 48($30)
        stq     $14, 56($30)
        stq     $15, 64($30)
        stt     $f2, 72($30)
        stt     $f3, 80($30)
        stt     $f4, 88($30)
        stt     $f5, 96($30)
        stt     $f6, 104($30)
        stt     $f7, 112($30)
        stt     $f8, 120($30)
        stt     $f9, 128($30)
        stq     $20, 0($30)
        SAVED_CFI
        stq     $30, 0($16)
.endm

/* Returns to whoever left this frame. */
.macro LOAD
        ldq     $1, 0($30)
        ldq     $26, 8($30)
        ldq     $9, 16($30)
        ldq     $10, 24($30)
        ldq     $11, 32($30)
        ldq     $12, 40($30)
        ldq     $13, 48($30)
        ldq     $14, 56($30)
        ldq     $15, 64($30)
        ldt     $f2, 72($30)
        ldt     $f3, 80($30)
        ldt     $f4, 88($30)
        ldt     $f5, 96($30)
        ldt     $f6, 104($30)
        ldt     $f7, 112($30)
        ldt     $f8, 120($30)
        ldt     $f9, 128($30)
        stq     $18, 0($1)
        mov     $19, $0
        lda     $30, 144($30)
        .cfi_def_cfa_offset 0
        .cfi_restore $26
        .cfi_restore $9
        .cfi_restore $10
        .cfi_restore $11
        .cfi_restore $12
        .cfi_restore $13
        .cfi_restore $14
        .cfi_restore $15
        .cfi_restore $f2
        .cfi_restore $f3
        .cfi_restore $f4
        .cfi_restore $f5
        .cfi_restore $f6
        .cfi_restore $f7
        .cfi_restore $f8
        .cfi_restore $f9
        ret     $31, ($26), 1
.endm

FUNCTION gl_arch_swap
        .usepv  gl_arch_swap, no
        SAVE
        mov     $17, $30                /* the same frame, of another stack: the CFI still holds */
        LOAD
END gl_arch_swap

/* $17 load, $18 value, $19 status */
FUNCTION gl_arch_leave
        .usepv  gl_arch_leave, no
        mov     $17, $30
        .cfi_def_cfa_offset 144
        SAVED_CFI
        LOAD
END gl_arch_leave

/* $17 lowest, $21 detour. In between nobody can be unwound to: one frame is about to be moved, the other has not arrived. */
FUNCTION gl_arch_swap_via
        .usepv  gl_arch_swap_via, no
        SAVE
        mov     $21, $9
        mov     $18, $10
        mov     $19, $11
        mov     $21, $16
        cmpult  $17, $30, $1
        .cfi_remember_state
        .cfi_undefined $26
        cmovne  $1, $17, $30
        bic     $30, 15, $30
        br      $27, 1f
1:      ldgp    $29, 0($27)
        jsr     $26, gl_arrange         /* the stack pointer of whoever resumes */
        mov     $0, $30
        .cfi_restore_state
        ldq     $27, 8($9)              /* Detour::first */
        beq     $27, 2f
        jsr     $26, ($27)
2:      mov     $10, $18
        mov     $11, $19
        LOAD
END gl_arch_swap_via

/* $16 frame, $17 function, $18 argument. Calls function(argument) in a way that whoever waits with that frame seems to be the caller: unwinders go on
   there. */
FUNCTION gl_arch_call_from
        .usepv  gl_arch_call_from, no
        lda     $30, -16($30)
        .cfi_def_cfa_offset 16
        stq     $9, 0($30)
        .cfi_offset $9, -16
        stq     $26, 8($30)
        .cfi_offset $26, -8
        mov     $16, $9
        mov     $17, $27
        mov     $18, $16
        .cfi_remember_state
        .cfi_def_cfa $9, 144
        SAVED_CFI
        jsr     $26, ($27)
        .cfi_restore_state
        ldq     $9, 0($30)
        ldq     $26, 8($30)
        lda     $30, 16($30)
        .cfi_def_cfa_offset 0
        .cfi_restore $9
        .cfi_restore $26
        ret     $31, ($26), 1
END gl_arch_call_from

/* The outermost frame of a greenlet: calls run(data, value, &result), then gl_end(greenlet, outcome, result). Unwinders end here: the return
   address is undefined. (They look it up one byte before a return address, so that this begins before the entry.) A C++ exception that gets this
   far meets the personality routine, which ends the program and names the greenlet; forced unwinding passes. */
        .section GL_JUMP_SECTION, "ax", %progbits
        .cfi_startproc
        .cfi_undefined $26
        .cfi_personality 0x1b, gl_arch_personality
        nop
LABEL gl_arch_enter
        .usepv  gl_arch_enter, no
        lda     $30, -16($30)
        .cfi_def_cfa_offset 16
        stq     $31, 0($30)             /* result */
        mov     $11, $16                /* data */
        mov     $18, $17                /* value */
        mov     $30, $18
        mov     $10, $27                /* run */
        jsr     $26, ($27)
        ldgp    $29, 0($26)
        mov     $0, $17
        mov     $9, $16                 /* greenlet */
        ldq     $18, 0($30)
        jsr     $26, gl_end
        call_pal 0x81                   /* gl_end() never returns */
END gl_arch_enter
