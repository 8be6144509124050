/* SPDX-License-Identifier: MIT */
/* arm64, AAPCS64. README.md has the contract; arm64.h mirrors this frame, which is all that lies on a suspended stack:

    112  d8 .. d15            the low halves of the vector registers: no more is callee-saved
     96  x29, return address
     16  x19 .. x28
      8  unused
      0  received             <- saved stack pointer

   The floating-point control word is exchanged in C++ before the jump. Return addresses in this frame are not signed: pointer authentication works for
   the functions around it, whose stack pointers are the same again when they return. */

.macro SAVED_CFI
        .cfi_offset x30, -72
        .cfi_offset x29, -80
        .cfi_offset x28, -88
        .cfi_offset x27, -96
        .cfi_offset x26, -104
        .cfi_offset x25, -112
        .cfi_offset x24, -120
        .cfi_offset x23, -128
        .cfi_offset x22, -136
        .cfi_offset x21, -144
        .cfi_offset x20, -152
        .cfi_offset x19, -160
        .cfi_offset d8, -64
        .cfi_offset d9, -56
        .cfi_offset d10, -48
        .cfi_offset d11, -40
        .cfi_offset d12, -32
        .cfi_offset d13, -24
        .cfi_offset d14, -16
        .cfi_offset d15, -8
.endm

/* Entry: x0 save, x1 load, x2 value, w3 status, x4 received. */
.macro SAVE
        hint    #34                     /* bti c */
        sub     sp, sp, #176
        .cfi_def_cfa_offset 176
        stp     x29, x30, [sp, #96]
        stp     x19, x20, [sp, #16]
        stp     x21, x22, [sp, #32]
        stp     x23, x24, [sp, #48]
        stp     x25, x26, [sp, #64]
        stp     x27, x28, [sp, #80]
        stp     d8, d9, [sp, #112]
        stp     d10, d11, [sp, #128]
        stp     d12, d13, [sp, #144]
        stp     d14, d15, [sp, #160]
        str     x4, [sp]
        SAVED_CFI
        mov     x9, sp
        str     x9, [x0]
.endm

/* Returns to whoever left this frame. */
.macro LOAD
        ldr     x4, [sp]
        ldp     x29, x30, [sp, #96]
        ldp     x19, x20, [sp, #16]
        ldp     x21, x22, [sp, #32]
        ldp     x23, x24, [sp, #48]
        ldp     x25, x26, [sp, #64]
        ldp     x27, x28, [sp, #80]
        ldp     d8, d9, [sp, #112]
        ldp     d10, d11, [sp, #128]
        ldp     d12, d13, [sp, #144]
        ldp     d14, d15, [sp, #160]
        str     x2, [x4]
        mov     w0, w3
        add     sp, sp, #176
        .cfi_def_cfa_offset 0
        .cfi_restore x29
        .cfi_restore x30
        .cfi_restore x19
        .cfi_restore x20
        .cfi_restore x21
        .cfi_restore x22
        .cfi_restore x23
        .cfi_restore x24
        .cfi_restore x25
        .cfi_restore x26
        .cfi_restore x27
        .cfi_restore x28
        .cfi_restore d8
        .cfi_restore d9
        .cfi_restore d10
        .cfi_restore d11
        .cfi_restore d12
        .cfi_restore d13
        .cfi_restore d14
        .cfi_restore d15
        ret
.endm

FUNCTION gl_arch_swap
        SAVE
        mov     sp, x1                  /* the same frame, of another stack: the CFI still holds */
        LOAD
END gl_arch_swap

/* x1 load, x2 value, w3 status */
FUNCTION gl_arch_leave
        hint    #34
        mov     sp, x1
        .cfi_def_cfa_offset 176
        SAVED_CFI
        LOAD
END gl_arch_leave

/* x1 lowest, x5 detour. In between nobody can be unwound to: one frame is about to be moved, the other has not arrived. */
FUNCTION gl_arch_swap_via
        SAVE
        mov     x19, x5
        mov     x20, x2
        mov     w21, w3
        cmp     x9, x1                  /* the stack pointer still */
        csel    x9, x1, x9, hi
        mov     x0, x5
        .cfi_remember_state
        .cfi_undefined x30
        and     sp, x9, #-16
        bl      gl_arrange              /* the stack pointer of whoever resumes */
        mov     sp, x0
        .cfi_restore_state
        ldr     x8, [x19, #8]           /* Detour::first */
        cbz     x8, 1f
        blr     x8
1:      mov     x2, x20
        mov     w3, w21
        LOAD
END gl_arch_swap_via

/* x0 frame, x1 function, x2 argument. Calls function(argument) in a way that whoever waits with that frame seems to be the caller: unwinders go on
   there. */
FUNCTION gl_arch_call_from
        hint    #34
        stp     x19, x30, [sp, #-16]!
        .cfi_def_cfa_offset 16
        .cfi_offset x19, -16
        .cfi_offset x30, -8
        mov     x19, x0
        mov     x0, x2
        .cfi_remember_state
        .cfi_def_cfa x19, 176
        SAVED_CFI
        blr     x1
        .cfi_restore_state
        ldp     x19, x30, [sp], #16
        .cfi_def_cfa_offset 0
        .cfi_restore x19
        .cfi_restore x30
        ret
END gl_arch_call_from

/* The outermost frame of a greenlet: calls run(data, value, &result), then gl_end(greenlet, outcome, result). Unwinders end here: the return
   address is undefined. (They look it up one byte before a return address, so that this begins before the entry.) A C++ exception that gets this
   far meets the personality routine, which ends the program and names the greenlet; forced unwinding passes. */
        JUMP_SECTION
.Lbefore_enter:                         /* in Mach-O a symbol, which call frame information must begin at */
        .cfi_startproc
        .cfi_undefined x30
        .cfi_personality POINTER_TO_PERSONALITY, gl_arch_personality
        nop
LABEL gl_arch_enter
        hint    #34
        str     xzr, [sp, #-16]!        /* result */
        .cfi_def_cfa_offset 16
        mov     x0, x21                 /* data */
        mov     x1, x2                  /* value */
        mov     x2, sp
        blr     x20                     /* run */
        mov     w1, w0
        mov     x0, x19                 /* greenlet */
        ldr     x2, [sp], #16
        .cfi_def_cfa_offset 0
        adr     x30, 1f
        b       gl_end                  /* not a call: the greenlet leaves by a jump, and an unmatched call spoils the return predictor */
1:      brk     #0                      /* gl_end() never returns */
END gl_arch_enter
