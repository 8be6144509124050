/* SPDX-License-Identifier: MIT */
/* loongarch64, with floating-point registers of 64 or no bits in the calling convention. README.md has the contract; loongarch64.h mirrors this frame,
   which is all that lies on a suspended stack:

     96  fs0 .. fs7           where they are callee-saved
     88  return address
     80  fp
      8  s0 .. s8
      0  received             <- saved stack pointer

   The floating-point control word is exchanged in C++ before the jump. Of vector registers, only the halves above are callee-saved. Unwinders number
   the registers: 1 is the return address, 3 the stack pointer, 22 fp, 23 to 31 s0 .. s8, 56 to 63 fs0 .. fs7. */

#ifdef __loongarch_double_float
#define FRAME_SIZE 160
#else
#define FRAME_SIZE 96
#endif

.macro SAVED_CFI
        .cfi_offset 1, 88 - FRAME_SIZE
        .cfi_offset 23, 8 - FRAME_SIZE
        .cfi_offset 24, 16 - FRAME_SIZE
        .cfi_offset 25, 24 - FRAME_SIZE
        .cfi_offset 26, 32 - FRAME_SIZE
        .cfi_offset 27, 40 - FRAME_SIZE
        .cfi_offset 28, 48 - FRAME_SIZE
        .cfi_offset 29, 56 - FRAME_SIZE
        .cfi_offset 30, 64 - FRAME_SIZE
        .cfi_offset 31, 72 - FRAME_SIZE
        .cfi_offset 22, 80 - FRAME_SIZE
#ifdef __loongarch_double_float
        .cfi_offset 56, 96 - FRAME_SIZE
        .cfi_offset 57, 104 - FRAME_SIZE
        .cfi_offset 58, 112 - FRAME_SIZE
        .cfi_offset 59, 120 - FRAME_SIZE
        .cfi_offset 60, 128 - FRAME_SIZE
        .cfi_offset 61, 136 - FRAME_SIZE
        .cfi_offset 62, 144 - FRAME_SIZE
        .cfi_offset 63, 152 - FRAME_SIZE
#endif
.endm

/* Entry: a0 save, a1 load, a2 value, a3 status, a4 received. */
.macro SAVE
        addi.d  $sp, $sp, -FRAME_SIZE
        .cfi_def_cfa_offset FRAME_SIZE
        st.d    $ra, $sp, 88
        st.d    $s0, $sp, 8
        st.d    $s1, $sp, 16
        st.d    $s2, $sp, 24
        st.d    $s3, $sp, 32
        st.d    $s4, $sp, 40
        st.d    $s5, $sp, 48
        st.d    $s6, $sp, 56
        st.d    $s7, $sp, 64
        st.d    $s8, $sp, 72
        st.d    $fp, $sp, 80
#ifdef __loongarch_double_float
        fst.d   $fs0, $sp, 96
        fst.d   $fs1, $sp, 104
        fst.d   $fs2, $sp, 112
        fst.d   $fs3, $sp, 120
        fst.d   $fs4, $sp, 128
        fst.d   $fs5, $sp, 136
        fst.d   $fs6, $sp, 144
        fst.d   $fs7, $sp, 152
#endif
        st.d    $a4, $sp, 0
        SAVED_CFI
        st.d    $sp, $a0, 0
.endm

/* Returns to whoever left this frame. */
.macro LOAD
        ld.d    $a4, $sp, 0
        ld.d    $ra, $sp, 88
        ld.d    $s0, $sp, 8
        ld.d    $s1, $sp, 16
        ld.d    $s2, $sp, 24
        ld.d    $s3, $sp, 32
        ld.d    $s4, $sp, 40
        ld.d    $s5, $sp, 48
        ld.d    $s6, $sp, 56
        ld.d    $s7, $sp, 64
        ld.d    $s8, $sp, 72
        ld.d    $fp, $sp, 80
#ifdef __loongarch_double_float
        fld.d   $fs0, $sp, 96
        fld.d   $fs1, $sp, 104
        fld.d   $fs2, $sp, 112
        fld.d   $fs3, $sp, 120
        fld.d   $fs4, $sp, 128
        fld.d   $fs5, $sp, 136
        fld.d   $fs6, $sp, 144
        fld.d   $fs7, $sp, 152
#endif
        st.d    $a2, $a4, 0
        move    $a0, $a3
        addi.d  $sp, $sp, FRAME_SIZE
        .cfi_def_cfa_offset 0
        .cfi_restore 1
        .cfi_restore 23
        .cfi_restore 24
        .cfi_restore 25
        .cfi_restore 26
        .cfi_restore 27
        .cfi_restore 28
        .cfi_restore 29
        .cfi_restore 30
        .cfi_restore 31
        .cfi_restore 22
#ifdef __loongarch_double_float
        .cfi_restore 56
        .cfi_restore 57
        .cfi_restore 58
        .cfi_restore 59
        .cfi_restore 60
        .cfi_restore 61
        .cfi_restore 62
        .cfi_restore 63
#endif
        ret
.endm

FUNCTION gl_arch_swap
        SAVE
        move    $sp, $a1                /* the same frame, of another stack: the CFI still holds */
        LOAD
END gl_arch_swap

/* a1 load, a2 value, a3 status */
FUNCTION gl_arch_leave
        move    $sp, $a1
        .cfi_def_cfa_offset FRAME_SIZE
        SAVED_CFI
        LOAD
END gl_arch_leave

/* a1 lowest, a5 detour. In between nobody can be unwound to: one frame is about to be moved, the other has not arrived. */
FUNCTION gl_arch_swap_via
        SAVE
        move    $s0, $a5
        move    $s1, $a2
        move    $s2, $a3
        move    $a0, $a5
        bstrins.d $a1, $zero, 3, 0
        .cfi_remember_state
        .cfi_undefined 1
        bgeu    $a1, $sp, 1f
        move    $sp, $a1
1:      bl      gl_arrange              /* the stack pointer of whoever resumes */
        move    $sp, $a0
        .cfi_restore_state
        ld.d    $t0, $s0, 8             /* Detour::first */
        beqz    $t0, 2f
        jirl    $ra, $t0, 0
2:      move    $a2, $s1
        move    $a3, $s2
        LOAD
END gl_arch_swap_via

/* a0 frame, a1 function, a2 argument. Calls function(argument) in a way that whoever waits with that frame seems to be the caller: unwinders go on
   there. */
FUNCTION gl_arch_call_from
        addi.d  $sp, $sp, -16
        .cfi_def_cfa_offset 16
        st.d    $ra, $sp, 8
        .cfi_offset 1, -8
        st.d    $s0, $sp, 0
        .cfi_offset 23, -16
        move    $s0, $a0
        move    $a0, $a2
        .cfi_remember_state
        .cfi_def_cfa 23, FRAME_SIZE
        SAVED_CFI
        jirl    $ra, $a1, 0
        .cfi_restore_state
        ld.d    $s0, $sp, 0
        .cfi_restore 23
        ld.d    $ra, $sp, 8
        .cfi_restore 1
        addi.d  $sp, $sp, 16
        .cfi_def_cfa_offset 0
        ret
END gl_arch_call_from

/* The outermost frame of a greenlet: calls run(data, value, &result), then gl_end(greenlet, outcome, result). Unwinders end here: the return
   address is undefined. (They look it up one byte before a return address, so that this begins before the entry.) A C++ exception that gets this
   far meets the personality routine, which ends the program and names the greenlet; forced unwinding passes. */
        JUMP_SECTION
        .cfi_startproc
        .cfi_undefined 1
        .cfi_personality 0x1b, gl_arch_personality
        nop
LABEL gl_arch_enter
        addi.d  $sp, $sp, -16
        .cfi_def_cfa_offset 16
        st.d    $zero, $sp, 0           /* result */
        move    $a0, $s2                /* data */
        move    $a1, $a2                /* value */
        move    $a2, $sp
        jirl    $ra, $s1, 0             /* run */
        move    $a1, $a0
        move    $a0, $s0                /* greenlet */
        ld.d    $a2, $sp, 0
        addi.d  $sp, $sp, 16
        .cfi_def_cfa_offset 0
        la.local $ra, 1f
        b       gl_end                  /* not a call: the greenlet leaves by a jump, and an unmatched call spoils the return predictor */
1:      break   0                       /* gl_end() never returns */
END gl_arch_enter
