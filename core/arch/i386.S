/* SPDX-License-Identifier: MIT */
/* i386, System V ABI. README.md has the contract; i386.h mirrors this frame, which is all that lies on a suspended stack:

     20  return address      into gl_switch() and its like, or whoever called it
     16  ebp
     12  ebx
      8  esi
      4  edi
      0  received            <- saved stack pointer, 8 below a multiple of 16

   The floating-point control words are exchanged in C++ before the jump; nothing else is callee-saved. */

.macro SAVED_CFI
        .cfi_offset %eip, -4
        .cfi_offset %ebp, -8
        .cfi_offset %ebx, -12
        .cfi_offset %esi, -16
        .cfi_offset %edi, -20
.endm

/* Entry: 4(%esp) save, 8 load, 12 value, 16 status, 20 received; 20 bytes further up afterwards. */
.macro SAVE
        endbr32
        push    %ebp
        .cfi_adjust_cfa_offset 4
        .cfi_rel_offset %ebp, 0
        push    %ebx
        .cfi_adjust_cfa_offset 4
        .cfi_rel_offset %ebx, 0
        push    %esi
        .cfi_adjust_cfa_offset 4
        .cfi_rel_offset %esi, 0
        push    %edi
        .cfi_adjust_cfa_offset 4
        .cfi_rel_offset %edi, 0
        push    36(%esp)                /* received */
        .cfi_adjust_cfa_offset 4
        mov     24(%esp), %ecx
        mov     %esp, (%ecx)
.endm

/* edx value, eax status. Returns to whoever left this frame. */
.macro LOAD
        pop     %ecx
        .cfi_adjust_cfa_offset -4
        pop     %edi
        .cfi_adjust_cfa_offset -4
        .cfi_restore %edi
        pop     %esi
        .cfi_adjust_cfa_offset -4
        .cfi_restore %esi
        pop     %ebx
        .cfi_adjust_cfa_offset -4
        .cfi_restore %ebx
        pop     %ebp
        .cfi_adjust_cfa_offset -4
        .cfi_restore %ebp
        mov     %edx, (%ecx)
        ret
.endm

FUNCTION gl_arch_swap
        SAVE
        mov     32(%esp), %edx
        mov     36(%esp), %eax
        mov     28(%esp), %esp          /* the same frame, of another stack: the CFI still holds */
        LOAD
END gl_arch_swap

/* 8(%esp) load, 12 value, 16 status */
FUNCTION gl_arch_leave
        endbr32
        mov     12(%esp), %edx
        mov     16(%esp), %eax
        mov     8(%esp), %esp
        .cfi_def_cfa_offset 24
        SAVED_CFI
        LOAD
END gl_arch_leave

/* 8(%esp) lowest, 24 detour. In between nobody can be unwound to: one frame is about to be moved, the other has not arrived. */
FUNCTION gl_arch_swap_via
        SAVE
        mov     32(%esp), %ebx          /* value */
        mov     36(%esp), %esi          /* status */
        mov     44(%esp), %edi          /* detour */
        mov     28(%esp), %eax
        cmp     %eax, %esp
        .cfi_remember_state
        .cfi_undefined %eip
        jbe     1f
        mov     %eax, %esp
1:      and     $-16, %esp
        sub     $12, %esp
        push    %edi
        call    gl_arrange              /* the stack pointer of whoever resumes */
        mov     %eax, %esp
        .cfi_restore_state
        mov     4(%edi), %eax           /* Detour::first */
        test    %eax, %eax
        je      2f
        sub     $8, %esp                /* aligned */
        .cfi_adjust_cfa_offset 8
        call    *%eax
        add     $8, %esp
        .cfi_adjust_cfa_offset -8
2:      mov     %ebx, %edx
        mov     %esi, %eax
        LOAD
END gl_arch_swap_via

/* 4(%esp) frame, 8 function, 12 argument. Calls function(argument) in a way that whoever waits with that frame seems to be the caller: unwinders go on
   there. */
FUNCTION gl_arch_call_from
        endbr32
        push    %ebx
        .cfi_adjust_cfa_offset 4
        .cfi_rel_offset %ebx, 0
        mov     8(%esp), %ebx
        mov     12(%esp), %eax
        mov     16(%esp), %ecx
        sub     $4, %esp                /* aligned, with the argument */
        .cfi_adjust_cfa_offset 4
        push    %ecx
        .cfi_adjust_cfa_offset 4
        .cfi_remember_state
        .cfi_def_cfa %ebx, 24
        SAVED_CFI
        call    *%eax
        .cfi_restore_state
        add     $8, %esp
        .cfi_adjust_cfa_offset -8
        pop     %ebx
        .cfi_adjust_cfa_offset -4
        .cfi_restore %ebx
        ret
END gl_arch_call_from

/* The outermost frame of a greenlet: calls run(data, value, &result), then gl_end(greenlet, outcome, result). Unwinders end here: the return
   address is undefined. (They look it up one byte before a return address, so that this begins before the entry.) A C++ exception that gets this
   far meets the personality routine, which ends the program and names the greenlet; forced unwinding passes. */
        JUMP_SECTION
        .cfi_startproc
        .cfi_def_cfa_offset 0
        .cfi_undefined %eip
        .cfi_personality 0x1b, gl_arch_personality
        nop
LABEL gl_arch_enter
        endbr32
        push    $0                      /* result */
        .cfi_adjust_cfa_offset 4
        mov     %esp, %eax
        push    %eax
        .cfi_adjust_cfa_offset 4
        push    %edx                    /* value */
        .cfi_adjust_cfa_offset 4
        push    %edi                    /* data */
        .cfi_adjust_cfa_offset 4
        call    *%esi                   /* run */
        mov     12(%esp), %ecx
        mov     %ecx, 8(%esp)
        mov     %eax, 4(%esp)
        mov     %ebx, (%esp)            /* greenlet */
        call    gl_end
        ud2                             /* gl_end() never returns */
END gl_arch_enter
