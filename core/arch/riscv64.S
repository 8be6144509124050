/* SPDX-License-Identifier: MIT */
/* riscv64, with floating-point registers of 64, 32 or no bits in the calling convention. README.md has the contract; riscv64.h mirrors this frame, which
   is all that lies on a suspended stack:

    112  fs0 .. fs11          where they are callee-saved
    104  return address
      8  s0 .. s11
      0  received             <- saved stack pointer

   The rounding mode is exchanged in C++ before the jump. No vector register is callee-saved. */

#if defined(__riscv_float_abi_double)
#define FS fsd
#define FL fld
#define FRAME_SIZE 208
#elif defined(__riscv_float_abi_single)
#define FS fsw
#define FL flw
#define FRAME_SIZE 208
#else
#define FRAME_SIZE 112
#endif

.macro SAVED_CFI
        .cfi_offset ra, 104 - FRAME_SIZE
        .cfi_offset s0, 8 - FRAME_SIZE
        .cfi_offset s1, 16 - FRAME_SIZE
        .cfi_offset s2, 24 - FRAME_SIZE
        .cfi_offset s3, 32 - FRAME_SIZE
        .cfi_offset s4, 40 - FRAME_SIZE
        .cfi_offset s5, 48 - FRAME_SIZE
        .cfi_offset s6, 56 - FRAME_SIZE
        .cfi_offset s7, 64 - FRAME_SIZE
        .cfi_offset s8, 72 - FRAME_SIZE
        .cfi_offset s9, 80 - FRAME_SIZE
        .cfi_offset s10, 88 - FRAME_SIZE
        .cfi_offset s11, 96 - FRAME_SIZE
#ifdef FS
        .cfi_offset fs0, 112 - FRAME_SIZE
        .cfi_offset fs1, 120 - FRAME_SIZE
        .cfi_offset fs2, 128 - FRAME_SIZE
        .cfi_offset fs3, 136 - FRAME_SIZE
        .cfi_offset fs4, 144 - FRAME_SIZE
        .cfi_offset fs5, 152 - FRAME_SIZE
        .cfi_offset fs6, 160 - FRAME_SIZE
        .cfi_offset fs7, 168 - FRAME_SIZE
        .cfi_offset fs8, 176 - FRAME_SIZE
        .cfi_offset fs9, 184 - FRAME_SIZE
        .cfi_offset fs10, 192 - FRAME_SIZE
        .cfi_offset fs11, 200 - FRAME_SIZE
#endif
.endm

/* Entry: a0 save, a1 load, a2 value, a3 status, a4 received. */
.macro SAVE
        addi    sp, sp, -FRAME_SIZE
        .cfi_def_cfa_offset FRAME_SIZE
        sd      ra, 104(sp)
        sd      s0, 8(sp)
        sd      s1, 16(sp)
        sd      s2, 24(sp)
        sd      s3, 32(sp)
        sd      s4, 40(sp)
        sd      s5, 48(sp)
        sd      s6, 56(sp)
        sd      s7, 64(sp)
        sd      s8, 72(sp)
        sd      s9, 80(sp)
        sd      s10, 88(sp)
        sd      s11, 96(sp)
#ifdef FS
        FS      fs0, 112(sp)
        FS      fs1, 120(sp)
        FS      fs2, 128(sp)
        FS      fs3, 136(sp)
        FS      fs4, 144(sp)
        FS      fs5, 152(sp)
        FS      fs6, 160(sp)
        FS      fs7, 168(sp)
        FS      fs8, 176(sp)
        FS      fs9, 184(sp)
        FS      fs10, 192(sp)
        FS      fs11, 200(sp)
#endif
        sd      a4, 0(sp)
        SAVED_CFI
        sd      sp, 0(a0)
.endm

/* Returns to whoever left this frame. */
.macro LOAD
        ld      a4, 0(sp)
        ld      ra, 104(sp)
        ld      s0, 8(sp)
        ld      s1, 16(sp)
        ld      s2, 24(sp)
        ld      s3, 32(sp)
        ld      s4, 40(sp)
        ld      s5, 48(sp)
        ld      s6, 56(sp)
        ld      s7, 64(sp)
        ld      s8, 72(sp)
        ld      s9, 80(sp)
        ld      s10, 88(sp)
        ld      s11, 96(sp)
#ifdef FS
        FL      fs0, 112(sp)
        FL      fs1, 120(sp)
        FL      fs2, 128(sp)
        FL      fs3, 136(sp)
        FL      fs4, 144(sp)
        FL      fs5, 152(sp)
        FL      fs6, 160(sp)
        FL      fs7, 168(sp)
        FL      fs8, 176(sp)
        FL      fs9, 184(sp)
        FL      fs10, 192(sp)
        FL      fs11, 200(sp)
#endif
        sd      a2, 0(a4)
        mv      a0, a3
        addi    sp, sp, FRAME_SIZE
        .cfi_def_cfa_offset 0
        .cfi_restore ra
        .cfi_restore s0
        .cfi_restore s1
        .cfi_restore s2
        .cfi_restore s3
        .cfi_restore s4
        .cfi_restore s5
        .cfi_restore s6
        .cfi_restore s7
        .cfi_restore s8
        .cfi_restore s9
        .cfi_restore s10
        .cfi_restore s11
#ifdef FS
        .cfi_restore fs0
        .cfi_restore fs1
        .cfi_restore fs2
        .cfi_restore fs3
        .cfi_restore fs4
        .cfi_restore fs5
        .cfi_restore fs6
        .cfi_restore fs7
        .cfi_restore fs8
        .cfi_restore fs9
        .cfi_restore fs10
        .cfi_restore fs11
#endif
        ret
.endm

FUNCTION gl_arch_swap
        SAVE
        mv      sp, a1                  /* the same frame, of another stack: the CFI still holds */
        LOAD
END gl_arch_swap

/* a1 load, a2 value, a3 status */
FUNCTION gl_arch_leave
        mv      sp, a1
        .cfi_def_cfa_offset FRAME_SIZE
        SAVED_CFI
        LOAD
END gl_arch_leave

/* a1 lowest, a5 detour. In between nobody can be unwound to: one frame is about to be moved, the other has not arrived. */
FUNCTION gl_arch_swap_via
        SAVE
        mv      s0, a5
        mv      s1, a2
        mv      s2, a3
        mv      a0, a5
        andi    a1, a1, -16
        .cfi_remember_state
        .cfi_undefined ra
        bleu    sp, a1, 1f
        mv      sp, a1
1:      call    gl_arrange              /* the stack pointer of whoever resumes */
        mv      sp, a0
        .cfi_restore_state
        ld      t0, 8(s0)               /* Detour::first */
        beqz    t0, 2f
        jalr    t0
2:      mv      a2, s1
        mv      a3, s2
        LOAD
END gl_arch_swap_via

/* a0 frame, a1 function, a2 argument. Calls function(argument) in a way that whoever waits with that frame seems to be the caller: unwinders go on
   there. */
FUNCTION gl_arch_call_from
        addi    sp, sp, -16
        .cfi_def_cfa_offset 16
        sd      ra, 8(sp)
        .cfi_offset ra, -8
        sd      s0, 0(sp)
        .cfi_offset s0, -16
        mv      s0, a0
        mv      a0, a2
        .cfi_remember_state
        .cfi_def_cfa s0, FRAME_SIZE
        SAVED_CFI
        jalr    a1
        .cfi_restore_state
        ld      s0, 0(sp)
        .cfi_restore s0
        ld      ra, 8(sp)
        .cfi_restore ra
        addi    sp, sp, 16
        .cfi_def_cfa_offset 0
        ret
END gl_arch_call_from

/* The outermost frame of a greenlet: calls run(data, value, &result), then gl_end(greenlet, outcome, result). Unwinders end here: the return
   address is undefined. (They look it up one byte before a return address, so that this begins before the entry.) A C++ exception that gets this
   far meets the personality routine, which ends the program and names the greenlet; forced unwinding passes. */
        JUMP_SECTION
        .cfi_startproc
        .cfi_undefined ra
        .cfi_personality 0x1b, gl_arch_personality
        nop
LABEL gl_arch_enter
        addi    sp, sp, -16
        .cfi_def_cfa_offset 16
        sd      zero, 0(sp)             /* result */
        mv      a0, s3                  /* data */
        mv      a1, a2                  /* value */
        mv      a2, sp
        jalr    s2                      /* run */
        mv      a1, a0
        mv      a0, s1                  /* greenlet */
        ld      a2, 0(sp)
        addi    sp, sp, 16
        .cfi_def_cfa_offset 0
        lla     ra, 1f
        tail    gl_end                  /* not a call: the greenlet leaves by a jump, and an unmatched call spoils the return predictor */
1:      ebreak                          /* gl_end() never returns */
END gl_arch_enter
