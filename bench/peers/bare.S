/* SPDX-License-Identifier: MIT */
/* The floor: what a shared library cannot do without. Swaps the registers that calls preserve, and jumps.
   void *bench_bare(void **save rdi, void *load rsi, void *value rdx)

   saved, from the stack pointer up: r15 r14 r13 r12 rbx rbp, return address */
	.text
	.globl bench_bare
	.type bench_bare, @function
	.p2align 5
bench_bare:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, (%rdi)
	mov %rsi, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	mov %rdx, %rax
	pop %rcx
	jmp *%rcx
	.size bench_bare, .-bench_bare

/* Where a new context begins: body(context rdi, value rsi), which never returns. Made with r12 = body, rbx = context. */
	.globl bench_bare_start
	.type bench_bare_start, @function
bench_bare_start:
	mov %rbx, %rdi
	mov %rax, %rsi
	call *%r12
	ud2
	.size bench_bare_start, .-bench_bare_start

/* void *bench_empty(void) */
	.globl bench_empty
	.type bench_empty, @function
	.p2align 5
bench_empty:
	ret
	.size bench_empty, .-bench_empty

	.section .note.GNU-stack, "", @progbits
