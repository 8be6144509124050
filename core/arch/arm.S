/* SPDX-License-Identifier: MIT */
/* arm, 32 bits, AAPCS, with and without floating-point registers. README.md has the contract; arm.h mirrors this frame, which is all that lies on a
   suspended stack:

         return address
         r4 .. r11
     12  d8 .. d15            not in a soft-float build: programs that use them there lose them at a switch
      4  unused
      0  received             <- saved stack pointer

   The floating-point control word is exchanged in C++ before the jump. Unwinding goes by the tables of ARM's exception ABI, which speak of whole
   functions, not of instructions. */

        .syntax unified
        .arm
#ifdef __ARM_FP
        .fpu    vfpv3-d16
#define FRAME 112
#else
#define FRAME 48
#endif

/* The frame, for unwinders. */
.macro SAVED
        .save   {r4-r11, lr}
#ifdef __ARM_FP
        .vsave  {d8-d15}
#endif
        .pad    #12
.endm

/* Entry: r0 save, r1 load, r2 value, r3 status, (sp) received, 4(sp) detour. */
.macro SAVE
        ldr     ip, [sp]
        push    {r4-r11, lr}
#ifdef __ARM_FP
        vpush   {d8-d15}
#endif
        str     ip, [sp, #-12]!
        SAVED
        str     sp, [r0]
.endm

/* Returns to whoever left this frame. */
.macro LOAD
        ldr     ip, [sp], #12
#ifdef __ARM_FP
        vpop    {d8-d15}
#endif
        str     r2, [ip]
        mov     r0, r3
        pop     {r4-r11, pc}
.endm

FUNCTION gl_arch_swap
        SAVE
        mov     sp, r1
        LOAD
END gl_arch_swap

/* r1 load, r2 value, r3 status */
FUNCTION gl_arch_leave
        SAVED
        mov     sp, r1
        LOAD
END gl_arch_leave

/* r1 lowest, 4(sp) detour. While bytes move nobody can be unwound to: one frame is about to be moved, the other has not arrived. */
FUNCTION gl_arch_swap_via
        SAVE
        ldr     r4, [sp, #FRAME + 4]    /* detour */
        mov     r5, r2
        mov     r6, r3
        cmp     sp, r1
        movhi   sp, r1
        bic     sp, sp, #7
        mov     r0, r4
        .fnend
        .fnstart
        .cantunwind
        bl      gl_arrange              /* the stack pointer of whoever resumes */
        mov     sp, r0
        .fnend
        .fnstart
        SAVED
        ldr     ip, [r4, #4]            /* Detour::first */
        cmp     ip, #0
        blxne   ip
        mov     r2, r5
        mov     r3, r6
        LOAD
END gl_arch_swap_via

/* r0 frame, r1 function, r2 argument. Calls function(argument) in a way that whoever waits with that frame seems to be the caller: unwinders go on
   there. */
FUNCTION gl_arch_call_from
        push    {r4, lr}
        SAVED
        .movsp  r4
        mov     r4, r0
        mov     r0, r2
        blx     r1
        pop     {r4, pc}
END gl_arch_call_from

/* The outermost frame of a greenlet: calls run(data, value, &result), then gl_end(greenlet, outcome, result). The personality
   routine ends unwinding here, and the program if a C++ exception gets this far, naming the greenlet; forced unwinding passes. (Unwinders look up what
   lies before a return address, so that this begins before the entry.) */
        JUMP_SECTION
        .fnstart
        .personality gl_arch_personality
        nop
LABEL gl_arch_enter
        mov     ip, #0
        str     ip, [sp, #-8]!          /* result */
        mov     r0, r6                  /* data */
        mov     r1, r2                  /* value */
        mov     r2, sp
        blx     r5                      /* run */
        mov     r1, r0
        mov     r0, r4                  /* greenlet */
        ldr     r2, [sp]
        bl      gl_end
        udf     #0                      /* gl_end() never returns */
END gl_arch_enter
