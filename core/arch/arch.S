/* SPDX-License-Identifier: MIT */
/* All the assembly there is for the CPU that this is compiled for. */
#include "asm.h"

#ifdef GL_ARCH_ASSEMBLY
#include GL_ARCH_ASSEMBLY
#endif

        NOTES
