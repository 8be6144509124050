/* SPDX-License-Identifier: MIT */
/* Where the jump lies, for assembly and C++. Linkers keep together what is in .text.hot.* */
#define GL_JUMP_SECTION ".text.hot.greenlet"
