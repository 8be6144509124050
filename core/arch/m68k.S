/* SPDX-License-Identifier: MIT */
/* m68k with a floating-point unit, System V ABI. README.md has the contract; m68k.h mirrors this frame, which is all that lies on a suspended stack:

    120  return address      into whoever called gl_switch() and its like
     76  d2 .. d7, a2 .. a6
      4  fp2 .. fp7          12 bytes each
      0  received            <- saved stack pointer

   The floating-point control word is exchanged in C++ before the jump. */

.macro SAVED_INTEGERS_CFI
        .cfi_offset %d2, -48
        .cfi_offset %d3, -44
        .cfi_offset %d4, -40
        .cfi_offset %d5, -36
        .cfi_offset %d6, -32
        .cfi_offset %d7, -28
        .cfi_offset %a2, -24
        .cfi_offset %a3, -20
        .cfi_offset %a4, -16
        .cfi_offset %a5, -12
        .cfi_offset %a6, -8
.endm
.macro SAVED_REALS_CFI
        .cfi_offset %fp2, -120
        .cfi_offset %fp3, -108
        .cfi_offset %fp4, -96
        .cfi_offset %fp5, -84
        .cfi_offset %fp6, -72
        .cfi_offset %fp7, -60
.endm

/* Into a0, a1, d1 and d0: what lies above the return address. */
.macro ARGUMENTS
        movem.l 4(%sp), %a0-%a1         /* save, load */
        move.l  12(%sp), %d1            /* value */
        move.l  16(%sp), %d0            /* status */
.endm

.macro SAVE
        movem.l %d2-%d7/%a2-%a6, -(%sp)
        .cfi_adjust_cfa_offset 44
        SAVED_INTEGERS_CFI
        fmovem.x %fp2-%fp7, -(%sp)
        .cfi_adjust_cfa_offset 72
        SAVED_REALS_CFI
        move.l  136(%sp), -(%sp)        /* received */
        .cfi_adjust_cfa_offset 4
        move.l  %sp, (%a0)
.endm

.macro LOAD
        move.l  (%sp)+, %a0
        .cfi_adjust_cfa_offset -4
        fmovem.x (%sp)+, %fp2-%fp7
        .cfi_adjust_cfa_offset -72
        .cfi_restore %fp2
        .cfi_restore %fp3
        .cfi_restore %fp4
        .cfi_restore %fp5
        .cfi_restore %fp6
        .cfi_restore %fp7
        movem.l (%sp)+, %d2-%d7/%a2-%a6
        .cfi_adjust_cfa_offset -44
        .cfi_restore %d2
        .cfi_restore %d3
        .cfi_restore %d4
        .cfi_restore %d5
        .cfi_restore %d6
        .cfi_restore %d7
        .cfi_restore %a2
        .cfi_restore %a3
        .cfi_restore %a4
        .cfi_restore %a5
        .cfi_restore %a6
        move.l  %d1, (%a0)
        rts
.endm

FUNCTION gl_arch_swap
        ARGUMENTS
        SAVE
        move.l  %a1, %sp                /* the same frame, of another stack: the CFI still holds */
        LOAD
END gl_arch_swap

FUNCTION gl_arch_leave
        ARGUMENTS
        move.l  %a1, %sp
        .cfi_def_cfa_offset 124
        SAVED_INTEGERS_CFI
        SAVED_REALS_CFI
        LOAD
END gl_arch_leave

/* In a1 lowest; the detour is the last argument. In between nobody can be unwound to: one frame is about to be moved, the other has not arrived. */
FUNCTION gl_arch_swap_via
        ARGUMENTS
        SAVE
        move.l  144(%sp), %a2           /* detour */
        move.l  %d1, %d2
        move.l  %d0, %d3
        move.l  %sp, %d0
        cmp.l   %a1, %d0
        jls     1f
        move.l  %a1, %d0
1:      and.l   #-4, %d0
        .cfi_remember_state
        .cfi_undefined %pc
        move.l  %d0, %sp
        move.l  %a2, -(%sp)
        jbsr    gl_arrange              /* the stack pointer of whoever resumes */
        move.l  %a0, %sp
        .cfi_restore_state
        move.l  4(%a2), %d0             /* Detour::first */
        jeq     2f
        move.l  %d0, %a0
        jsr     (%a0)
2:      move.l  %d2, %d1
        move.l  %d3, %d0
        LOAD
END gl_arch_swap_via

/* Arguments: frame, function, argument. Calls function(argument) in a way that whoever waits with that frame seems to be the caller: unwinders go on
   there. */
FUNCTION gl_arch_call_from
        movem.l 4(%sp), %d0-%d1/%a0     /* in the order of memory: frame, function, argument */
        move.l  %a2, -(%sp)
        .cfi_adjust_cfa_offset 4
        .cfi_offset %a2, -8
        move.l  %a0, -(%sp)
        .cfi_adjust_cfa_offset 4
        move.l  %d0, %a2
        move.l  %d1, %a0
        .cfi_remember_state
        .cfi_def_cfa %a2, 124
        SAVED_INTEGERS_CFI
        SAVED_REALS_CFI
        jsr     (%a0)
        .cfi_restore_state
        addq.l  #4, %sp
        .cfi_adjust_cfa_offset -4
        move.l  (%sp)+, %a2
        .cfi_adjust_cfa_offset -4
        .cfi_restore %a2
        rts
END gl_arch_call_from

/* The outermost frame of a greenlet: calls run(data, value, &result), then gl_end(greenlet, outcome, result). Unwinders end here: the return
   address is undefined. (They look it up one byte before a return address, so that this begins before the entry.) A C++ exception that gets this
   far meets the personality routine, which ends the program and names the greenlet; forced unwinding passes. */
        .section GL_JUMP_SECTION, "ax", %progbits
        .cfi_startproc
        .cfi_undefined %pc
        .cfi_personality 0x1b, gl_arch_personality
        nop
LABEL gl_arch_enter
        clr.l   -(%sp)                  /* result */
        .cfi_adjust_cfa_offset 4
        move.l  %sp, %a0
        move.l  %a0, -(%sp)
        .cfi_adjust_cfa_offset 4
        move.l  %d1, -(%sp)             /* value */
        .cfi_adjust_cfa_offset 4
        move.l  %d3, -(%sp)             /* data */
        .cfi_adjust_cfa_offset 4
        jsr     (%a2)                   /* run */
        move.l  12(%sp), 8(%sp)         /* result */
        move.l  %d0, 4(%sp)
        move.l  %d2, (%sp)              /* greenlet */
        jbsr    gl_end
        illegal                         /* gl_end() never returns */
END gl_arch_enter
