/* SPDX-License-Identifier: MIT */
/* s390x, Linux's ELF ABI. README.md has the contract; s390x.h mirrors this frame, which is all that lies on a suspended stack:

     80  f8 .. f15
     72  r14                 return address
      8  r6 .. r13
      0  received            <- saved stack pointer

   Functions save registers in the 160 bytes above the stack pointer that they are called with, so every call from here is made from as much below.
   CFAs are 160 above it, too, and unwinders have to be told of stack pointers. Masks and rounding are exchanged in C++ before the jump. */

.macro SAVED_CFI
        .cfi_offset %r6, -296
        .cfi_offset %r7, -288
        .cfi_offset %r8, -280
        .cfi_offset %r9, -272
        .cfi_offset %r10, -264
        .cfi_offset %r11, -256
        .cfi_offset %r12, -248
        .cfi_offset %r13, -240
        .cfi_offset %r14, -232
        .cfi_offset %f8, -224
        .cfi_offset %f9, -216
        .cfi_offset %f10, -208
        .cfi_offset %f11, -200
        .cfi_offset %f12, -192
        .cfi_offset %f13, -184
        .cfi_offset %f14, -176
        .cfi_offset %f15, -168
        .cfi_val_offset %r15, -160
.endm

/* Entry: r2 save, r3 load, r4 value, r5 status, r6 received. */
.macro SAVE
        aghi    %r15, -144
        .cfi_def_cfa_offset 304
        .cfi_val_offset %r15, -160
        stmg    %r6, %r14, 8(%r15)
        stg     %r6, 0(%r15)
        std     %f8, 80(%r15)
        std     %f9, 88(%r15)
        std     %f10, 96(%r15)
        std     %f11, 104(%r15)
        std     %f12, 112(%r15)
        std     %f13, 120(%r15)
        std     %f14, 128(%r15)
        std     %f15, 136(%r15)
        SAVED_CFI
        stg     %r15, 0(%r2)
.endm

/* Returns to whoever left this frame. */
.macro LOAD
        lg      %r1, 0(%r15)
        lmg     %r6, %r14, 8(%r15)
        ld      %f8, 80(%r15)
        ld      %f9, 88(%r15)
        ld      %f10, 96(%r15)
        ld      %f11, 104(%r15)
        ld      %f12, 112(%r15)
        ld      %f13, 120(%r15)
        ld      %f14, 128(%r15)
        ld      %f15, 136(%r15)
        stg     %r4, 0(%r1)
        lgr     %r2, %r5
        aghi    %r15, 144
        .cfi_def_cfa_offset 160
        .cfi_restore %r6
        .cfi_restore %r7
        .cfi_restore %r8
        .cfi_restore %r9
        .cfi_restore %r10
        .cfi_restore %r11
        .cfi_restore %r12
        .cfi_restore %r13
        .cfi_restore %r14
        .cfi_restore %f8
        .cfi_restore %f9
        .cfi_restore %f10
        .cfi_restore %f11
        .cfi_restore %f12
        .cfi_restore %f13
        .cfi_restore %f14
        .cfi_restore %f15
        .cfi_restore %r15
        br      %r14
.endm

FUNCTION gl_arch_swap
        SAVE
        lgr     %r15, %r3               /* the same frame, of another stack: the CFI still holds */
        LOAD
END gl_arch_swap

/* r3 load, r4 value, r5 status */
FUNCTION gl_arch_leave
        lgr     %r15, %r3
        .cfi_def_cfa_offset 304
        SAVED_CFI
        LOAD
END gl_arch_leave

/* r3 lowest; the detour is on the stack. In between nobody can be unwound to: one frame is about to be moved, the other has not arrived. */
FUNCTION gl_arch_swap_via
        lg      %r1, 160(%r15)
        SAVE
        lgr     %r6, %r1
        lgr     %r7, %r4
        lgr     %r8, %r5
        lgr     %r2, %r1
        .cfi_remember_state
        .cfi_undefined %r14
        clgr    %r15, %r3
        jle     1f
        lgr     %r15, %r3
        nill    %r15, 0xfff8
1:      aghi    %r15, -160
        brasl   %r14, gl_arrange        /* the stack pointer of whoever resumes */
        aghi    %r2, -160
        lgr     %r15, %r2
        .cfi_restore_state
        .cfi_def_cfa_offset 464
        lg      %r1, 8(%r6)             /* Detour::first */
        ltgr    %r1, %r1
        je      2f
        basr    %r14, %r1
2:      lgr     %r4, %r7
        lgr     %r5, %r8
        aghi    %r15, 160
        .cfi_def_cfa_offset 304
        LOAD
END gl_arch_swap_via

/* r2 frame, r3 function, r4 argument. Calls function(argument) in a way that whoever waits with that frame seems to be the caller: unwinders go on
   there. */
FUNCTION gl_arch_call_from
        stmg    %r13, %r14, 104(%r15)
        aghi    %r15, -160
        .cfi_def_cfa_offset 320
        .cfi_val_offset %r15, -160
        .cfi_offset %r13, -56
        .cfi_offset %r14, -48
        lgr     %r13, %r2
        lgr     %r2, %r4
        .cfi_remember_state
        .cfi_def_cfa %r13, 304
        SAVED_CFI
        basr    %r14, %r3
        .cfi_restore_state
        lmg     %r13, %r14, 264(%r15)
        aghi    %r15, 160
        .cfi_def_cfa_offset 160
        .cfi_restore %r13
        .cfi_restore %r14
        .cfi_restore %r15
        br      %r14
END gl_arch_call_from

/* The outermost frame of a greenlet: calls run(data, value, &result), then gl_end(greenlet, outcome, result). Unwinders end here: the return
   address is undefined. (They look it up one byte before a return address, so that this begins before the entry.) A C++ exception that gets this
   far meets the personality routine, which ends the program and names the greenlet; forced unwinding passes. */
        JUMP_SECTION
        .cfi_startproc
        .cfi_undefined %r14
        .cfi_personality 0x1b, gl_arch_personality
        nopr
LABEL gl_arch_enter
        aghi    %r15, -168
        .cfi_def_cfa_offset 328
        lgr     %r2, %r8                /* data */
        lgr     %r3, %r4                /* value */
        la      %r4, 160(%r15)
        xc      0(8, %r4), 0(%r4)       /* result */
        basr    %r14, %r7               /* run */
        lgr     %r3, %r2
        lgr     %r2, %r6                /* greenlet */
        lg      %r4, 160(%r15)
        brasl   %r14, gl_end
        j       .+2                     /* gl_end() never returns */
END gl_arch_enter
