/* SPDX-License-Identifier: MIT */
/* mips, o32 and n64, either byte order. README.md has the contract; mips.h mirrors this frame, which is all that lies on a suspended stack. In words of
   4 or 8 bytes:

     12  f20, f22 .. f30      o32: each of 64 bits, with the odd register of the pair where those are of 32
         f24 .. f31           n64
     11  return address
     10  s8
      9  gp                   callee-saved in n64 alone
      1  s0 .. s7
      0  received             <- saved stack pointer

   The floating-point control word is exchanged in C++ before the jump. In o32 a called function owns 16 bytes above its stack pointer, for its arguments.

   Position-independent functions find their own address in $25, so whoever resumes gets its return address there: it may be gl_arch_enter. */

        .set    noreorder

#if _MIPS_SIM == _ABI64
#define WORD 8
#define ARGUMENTS 0
#define ADDIU daddiu
#define WS sd
#define WL ld
#else
#define WORD 4
#define ARGUMENTS 16
#define ADDIU addiu
#define WS sw
#define WL lw
#endif

#if defined(__mips_soft_float)
#define FRAME_SIZE (12 * WORD)
#elif _MIPS_SIM == _ABI64
#define FRAME_SIZE (12 * WORD + 64)
#else
#define FRAME_SIZE (12 * WORD + 48)
#endif

/* Unwinders number floating-point registers from 32 on, and in o32 know two of 32 bits, whose low half is the even one. */
.macro PAIR_CFI even, offset
#ifdef _MIPSEL
        .cfi_offset 32 + \even, \offset
        .cfi_offset 33 + \even, 4 + \offset
#else
        .cfi_offset 33 + \even, \offset
        .cfi_offset 32 + \even, 4 + \offset
#endif
.endm

.macro SAVED_CFI
        .cfi_offset $31, 11 * WORD - FRAME_SIZE
        .cfi_offset $16, 1 * WORD - FRAME_SIZE
        .cfi_offset $17, 2 * WORD - FRAME_SIZE
        .cfi_offset $18, 3 * WORD - FRAME_SIZE
        .cfi_offset $19, 4 * WORD - FRAME_SIZE
        .cfi_offset $20, 5 * WORD - FRAME_SIZE
        .cfi_offset $21, 6 * WORD - FRAME_SIZE
        .cfi_offset $22, 7 * WORD - FRAME_SIZE
        .cfi_offset $23, 8 * WORD - FRAME_SIZE
        .cfi_offset $28, 9 * WORD - FRAME_SIZE
        .cfi_offset $30, 10 * WORD - FRAME_SIZE
#if defined(__mips_soft_float)
#elif _MIPS_SIM == _ABI64
        .cfi_offset 56, -64
        .cfi_offset 57, -56
        .cfi_offset 58, -48
        .cfi_offset 59, -40
        .cfi_offset 60, -32
        .cfi_offset 61, -24
        .cfi_offset 62, -16
        .cfi_offset 63, -8
#else
        PAIR_CFI 20, -48
        PAIR_CFI 22, -40
        PAIR_CFI 24, -32
        PAIR_CFI 26, -24
        PAIR_CFI 28, -16
        PAIR_CFI 30, -8
#endif
.endm

/* Entry: $4 save, $5 load, $6 value, $7 status, $8 received; in o32 the last one lies above its place among the arguments. */
.macro SAVE
#if _MIPS_SIM == _ABIO32
        lw      $8, 16($sp)
#endif
        ADDIU   $sp, $sp, -FRAME_SIZE
        .cfi_def_cfa_offset FRAME_SIZE
        WS      $31, 11 * WORD($sp)
        WS      $16, 1 * WORD($sp)
        WS      $17, 2 * WORD($sp)
        WS      $18, 3 * WORD($sp)
        WS      $19, 4 * WORD($sp)
        WS      $20, 5 * WORD($sp)
        WS      $21, 6 * WORD($sp)
        WS      $22, 7 * WORD($sp)
        WS      $23, 8 * WORD($sp)
        WS      $28, 9 * WORD($sp)
        WS      $30, 10 * WORD($sp)
#if defined(__mips_soft_float)
#elif _MIPS_SIM == _ABI64
        sdc1    $f24, 96($sp)
        sdc1    $f25, 104($sp)
        sdc1    $f26, 112($sp)
        sdc1    $f27, 120($sp)
        sdc1    $f28, 128($sp)
        sdc1    $f29, 136($sp)
        sdc1    $f30, 144($sp)
        sdc1    $f31, 152($sp)
#else
        sdc1    $f20, 48($sp)
        sdc1    $f22, 56($sp)
        sdc1    $f24, 64($sp)
        sdc1    $f26, 72($sp)
        sdc1    $f28, 80($sp)
        sdc1    $f30, 88($sp)
#endif
        WS      $8, 0($sp)
        SAVED_CFI
        WS      $sp, 0($4)
.endm

/* Returns to whoever left this frame. */
.macro LOAD
        WL      $8, 0($sp)
        WL      $31, 11 * WORD($sp)
        WL      $16, 1 * WORD($sp)
        WL      $17, 2 * WORD($sp)
        WL      $18, 3 * WORD($sp)
        WL      $19, 4 * WORD($sp)
        WL      $20, 5 * WORD($sp)
        WL      $21, 6 * WORD($sp)
        WL      $22, 7 * WORD($sp)
        WL      $23, 8 * WORD($sp)
        WL      $28, 9 * WORD($sp)
        WL      $30, 10 * WORD($sp)
#if defined(__mips_soft_float)
#elif _MIPS_SIM == _ABI64
        ldc1    $f24, 96($sp)
        ldc1    $f25, 104($sp)
        ldc1    $f26, 112($sp)
        ldc1    $f27, 120($sp)
        ldc1    $f28, 128($sp)
        ldc1    $f29, 136($sp)
        ldc1    $f30, 144($sp)
        ldc1    $f31, 152($sp)
#else
        ldc1    $f20, 48($sp)
        ldc1    $f22, 56($sp)
        ldc1    $f24, 64($sp)
        ldc1    $f26, 72($sp)
        ldc1    $f28, 80($sp)
        ldc1    $f30, 88($sp)
#endif
        WS      $6, 0($8)
        move    $25, $31
        ADDIU   $sp, $sp, FRAME_SIZE
        .cfi_def_cfa_offset 0
        .cfi_restore $31
        .cfi_restore $16
        .cfi_restore $17
        .cfi_restore $18
        .cfi_restore $19
        .cfi_restore $20
        .cfi_restore $21
        .cfi_restore $22
        .cfi_restore $23
        .cfi_restore $28
        .cfi_restore $30
#if defined(__mips_soft_float)
#elif _MIPS_SIM == _ABI64
        .cfi_restore 56
        .cfi_restore 57
        .cfi_restore 58
        .cfi_restore 59
        .cfi_restore 60
        .cfi_restore 61
        .cfi_restore 62
        .cfi_restore 63
#else
        .cfi_restore 52
        .cfi_restore 53
        .cfi_restore 54
        .cfi_restore 55
        .cfi_restore 56
        .cfi_restore 57
        .cfi_restore 58
        .cfi_restore 59
        .cfi_restore 60
        .cfi_restore 61
        .cfi_restore 62
        .cfi_restore 63
#endif
        jr      $31
        move    $2, $7
.endm

/* The first instructions of `here`: the address of a function of ours. */
.macro FIND register, function, here
#if _MIPS_SIM == _ABI64
        move    $3, $28
        .cfi_register $28, $3
        .cpsetup $25, $3, \here
        dla     \register, \function
        move    $28, $3
        .cfi_restore $28
#else
        .cpload $25
        la      \register, \function
#endif
.endm

FUNCTION gl_arch_swap
        SAVE
        move    $sp, $5                 /* the same frame, of another stack: the CFI still holds */
        LOAD
END gl_arch_swap

/* $5 load, $6 value, $7 status */
FUNCTION gl_arch_leave
        move    $sp, $5
        .cfi_def_cfa_offset FRAME_SIZE
        SAVED_CFI
        LOAD
END gl_arch_leave

/* $5 lowest, $9 detour. In between nobody can be unwound to: one frame is about to be moved, the other has not arrived. */
FUNCTION gl_arch_swap_via
        FIND    $25, gl_arrange, gl_arch_swap_via
#if _MIPS_SIM == _ABIO32
        lw      $9, 20($sp)
#endif
        SAVE
        move    $16, $9
        move    $17, $6
        move    $18, $7
        move    $4, $9
        li      $2, -16
        and     $5, $5, $2
        sltu    $2, $5, $sp
        .cfi_remember_state
        .cfi_undefined $31
        beqz    $2, 1f
        nop
        move    $sp, $5
1:      ADDIU   $sp, $sp, -ARGUMENTS
        jalr    $25                     /* gl_arrange: the stack pointer of whoever resumes */
        nop
        move    $sp, $2
        .cfi_restore_state
        WL      $25, WORD($16)          /* Detour::first */
        beqz    $25, 2f
        nop
        ADDIU   $sp, $sp, -ARGUMENTS
        .cfi_adjust_cfa_offset ARGUMENTS
        jalr    $25
        nop
        ADDIU   $sp, $sp, ARGUMENTS
        .cfi_adjust_cfa_offset -ARGUMENTS
2:      move    $6, $17
        move    $7, $18
        LOAD
END gl_arch_swap_via

/* $4 frame, $5 function, $6 argument. Calls function(argument) in a way that whoever waits with that frame seems to be the caller: unwinders go on
   there. */
FUNCTION gl_arch_call_from
        ADDIU   $sp, $sp, -(ARGUMENTS + 2 * WORD)
        .cfi_def_cfa_offset ARGUMENTS + 2 * WORD
        WS      $31, ARGUMENTS + WORD($sp)
        .cfi_offset $31, -WORD
        WS      $16, ARGUMENTS($sp)
        .cfi_offset $16, -2 * WORD
        move    $16, $4
        move    $25, $5
        move    $4, $6
        .cfi_remember_state
        .cfi_def_cfa $16, FRAME_SIZE
        SAVED_CFI
        jalr    $25
        nop
        .cfi_restore_state
        WL      $16, ARGUMENTS($sp)
        .cfi_restore $16
        WL      $31, ARGUMENTS + WORD($sp)
        .cfi_restore $31
        ADDIU   $sp, $sp, ARGUMENTS + 2 * WORD
        .cfi_def_cfa_offset 0
        jr      $31
        nop
END gl_arch_call_from

/* The outermost frame of a greenlet: calls run(data, value, &result), then gl_end(greenlet, outcome, result). Unwinders end here: the return
   address is undefined. (They look it up one byte before a return address, so that this begins before the entry.) A C++ exception that gets this
   far meets the personality routine, which ends the program and names the greenlet; forced unwinding passes. */
        .section GL_JUMP_SECTION, "ax", %progbits
        .cfi_startproc
        .cfi_undefined $31
        .cfi_personality 0x1b, gl_arch_personality
        nop
LABEL gl_arch_enter
        FIND    $19, gl_end, gl_arch_enter
        ADDIU   $20, $25, 1f - gl_arch_enter
        ADDIU   $sp, $sp, -(ARGUMENTS + 16)
        .cfi_def_cfa_offset ARGUMENTS + 16
        WS      $0, ARGUMENTS($sp)      /* result */
        move    $4, $18                 /* data */
        move    $5, $6                  /* value */
        move    $25, $17                /* run */
        jalr    $25
        ADDIU   $6, $sp, ARGUMENTS
        move    $4, $16                 /* greenlet */
        move    $5, $2
        WL      $6, ARGUMENTS($sp)
        move    $25, $19
        jr      $25                     /* gl_end. Not a call: the greenlet leaves by a jump, and an unmatched call spoils the return predictor */
        move    $31, $20
1:      break                           /* gl_end() never returns */
END gl_arch_enter
