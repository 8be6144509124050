/* SPDX-License-Identifier: MIT */
/* Chooses the CPU and its calling convention, for assembly and C++. Another one is chosen here and nowhere else. */
#pragma once

#if defined(GREENLET_HOST_ONLY)
#define GL_ARCH_HEADER "none.h"
#elif defined(__x86_64__) && !defined(_WIN32)
#define GL_ARCH_HEADER "x86_64.h"
#define GL_ARCH_ASSEMBLY "x86_64.S"
#elif defined(__x86_64__) && defined(_WIN32)
#define GL_ARCH_HEADER "x86_64_windows.h"
#define GL_ARCH_ASSEMBLY "x86_64_windows.S"
#elif defined(__i386__) && !defined(_WIN32)
#define GL_ARCH_HEADER "i386.h"
#define GL_ARCH_ASSEMBLY "i386.S"
#elif defined(__arm__) && defined(__ARM_EABI__)
#define GL_ARCH_HEADER "arm.h"
#define GL_ARCH_ASSEMBLY "arm.S"
#elif defined(__aarch64__) && !defined(_WIN32)
#define GL_ARCH_HEADER "arm64.h"
#define GL_ARCH_ASSEMBLY "arm64.S"
#elif defined(__s390x__)
#define GL_ARCH_HEADER "s390x.h"
#define GL_ARCH_ASSEMBLY "s390x.S"
#elif defined(__riscv) && __riscv_xlen == 64 && !defined(__riscv_float_abi_quad) && !defined(__riscv_abi_rve)
#define GL_ARCH_HEADER "riscv64.h"
#define GL_ARCH_ASSEMBLY "riscv64.S"
#elif defined(__powerpc64__) && defined(__ELF__)
#define GL_ARCH_HEADER "ppc64.h"
#define GL_ARCH_ASSEMBLY "ppc64.S"
#elif defined(__powerpc__) && defined(__ELF__) && !defined(_SOFT_FLOAT) && !defined(__NO_FPRS__)
#define GL_ARCH_HEADER "ppc32.h"
#define GL_ARCH_ASSEMBLY "ppc32.S"
#elif defined(__mips__) && (_MIPS_SIM == _ABIO32 || _MIPS_SIM == _ABI64) && !defined(__mips16) && !defined(__mips_single_float)
#define GL_ARCH_HEADER "mips.h"
#define GL_ARCH_ASSEMBLY "mips.S"
#elif defined(__sparc__) && defined(__arch64__)
#define GL_ARCH_HEADER "sparc64.h"
#define GL_ARCH_ASSEMBLY "sparc64.S"
#elif defined(__alpha__)
#define GL_ARCH_HEADER "alpha.h"
#define GL_ARCH_ASSEMBLY "alpha.S"
#elif defined(__m68k__) && !defined(__mcoldfire__)
#define GL_ARCH_HEADER "m68k.h"
#define GL_ARCH_ASSEMBLY "m68k.S"
#elif defined(__SH4__)
#define GL_ARCH_HEADER "sh4.h"
#define GL_ARCH_ASSEMBLY "sh4.S"
#elif defined(__loongarch64) && !defined(__loongarch_single_float)
#define GL_ARCH_HEADER "loongarch64.h"
#define GL_ARCH_ASSEMBLY "loongarch64.S"
#else
#define GL_ARCH_HEADER "none.h" /* the tree and host realms still work; gl_switch() answers GL_ENOTSUP */
#endif

#ifdef GL_ARCH_ASSEMBLY
#define GL_HAS_SWITCH 1
#endif

/* Where the jump lies, and what must lie beside it. Linkers keep together what is in .text.hot.* */
#ifdef __APPLE__
#define GL_JUMP_SECTION "__TEXT,__text"
#else
#define GL_JUMP_SECTION ".text.hot.greenlet"
#endif
