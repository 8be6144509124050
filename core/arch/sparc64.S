/* SPDX-License-Identifier: MIT */
/* 64-bit SPARC, V9. README.md has the contract; sparc64.h mirrors this frame:

     16  the caller's window: l0 .. l7, i0 .. i7, which belong to its own frame
      8  return address, less 8
      0  received            <- saved stack pointer

   Each entry has a window of its own, and writes all others to the stacks that they belong to. Then whose window comes next is a matter of the frame
   pointer: `restore` fills it from there. The CFI goes by the frame pointer alone, so that one instruction changes stacks. The stack pointer stays 176 bytes
   below the frame: the kernel may write the window there, and functions the arguments that they are called with.
   Rounding and traps are exchanged in C++ before the jump; no other floating-point register is callee-saved. */

#define BIAS 2047
#define BELOW 176                       /* a window and six arguments */
#define FRAME 16

.macro WINDOW
        save    %sp, -(FRAME + BELOW), %sp
        .cfi_def_cfa_register %fp
        .cfi_window_save
        .cfi_register %o7, %i7
.endm

/* Entry: o0 save, o1 load, o2 value, o3 status, o4 received, which are called i0 to i4 in the new window. */
.macro SAVE_FRAME              /* `SAVE` would be the instruction: names of macros have no case */
        WINDOW
        stx     %i4, [%fp + BIAS - FRAME]
        stx     %i7, [%fp + BIAS - FRAME + 8]
        .cfi_offset %o7, -8
        add     %fp, BIAS - FRAME, %l0
        stx     %l0, [%i0]
        flushw
.endm

/* The frame is at \at now. */
.macro ARRIVE at
        sub     \at, BIAS + BELOW, %sp
        sub     \at, BIAS - FRAME, %fp  /* the same frame, of another stack: the CFI still holds */
.endm

/* Returns to whoever left this frame. */
.macro LOAD
        ldx     [%fp + BIAS - FRAME], %l0
        ldx     [%fp + BIAS - FRAME + 8], %i7
        stx     %i2, [%l0]
        ret
        restore %g0, %i3, %o0
.endm

FUNCTION gl_arch_swap
        SAVE_FRAME
        ARRIVE  %i1
        LOAD
END gl_arch_swap

/* o1 load, o2 value, o3 status */
FUNCTION gl_arch_leave
        WINDOW
        flushw
        ARRIVE  %i1
        .cfi_offset %o7, -8
        LOAD
END gl_arch_leave

/* o1 lowest, o5 detour. In between nobody can be unwound to: one frame is about to be moved, the other has not arrived. */
FUNCTION gl_arch_swap_via
        SAVE_FRAME
        cmp     %l0, %i1
        .cfi_remember_state
        .cfi_undefined %o7
        movgu   %xcc, %i1, %l0
        and     %l0, -16, %l0
        sub     %l0, BIAS + BELOW, %sp
        call    gl_arrange              /* the stack pointer of whoever resumes */
        mov     %i5, %o0
        ARRIVE  %o0
        .cfi_restore_state
        ldx     [%i5 + 8], %l0          /* Detour::first */
        brz,pn  %l0, 1f
        nop
        call    %l0
        nop
1:      LOAD
END gl_arch_swap_via

/* o0 frame, o1 function, o2 argument. Calls function(argument) in a way that whoever waits with that frame seems to be the caller: unwinders go on
   there. */
FUNCTION gl_arch_call_from
        WINDOW
        mov     %i2, %o0
        .cfi_remember_state
        .cfi_def_cfa %i0, FRAME
        .cfi_offset %o7, -8
        call    %i1
        nop
        .cfi_restore_state
        ret
        restore
END gl_arch_call_from

/* The outermost frame of a greenlet: calls run(data, value, &result), then gl_end(greenlet, outcome, result). Unwinders end here: the return
   address is undefined. (They look it up one byte before a return address, so that this begins before the entry.) A C++ exception that gets this
   far meets the personality routine, which ends the program and names the greenlet; forced unwinding passes. */
        .section GL_JUMP_SECTION, "ax", %progbits
        .cfi_startproc
        .cfi_undefined %o7
        .cfi_personality 0x1b, gl_arch_personality
        nop
LABEL gl_arch_enter
        mov     %l2, %o0                /* data */
        mov     %o2, %o1                /* value */
        call    %l1                     /* run */
        add     %sp, BIAS + BELOW, %o2  /* result */
        mov     %o0, %o1
        mov     %l0, %o0                /* greenlet */
        call    gl_end
        ldx     [%sp + BIAS + BELOW], %o2
        illtrap 0                       /* gl_end() never returns */
END gl_arch_enter
