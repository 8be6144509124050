// SPDX-License-Identifier: MIT
// The entries of the assembly. README.md draws the saved frame and states their contract.
#pragma once

#include "annotate.h"
#include "choose.h"

#include GL_ARCH_HEADER

#ifndef GL_STACK_BIAS /* by how much stack pointers lie below what they mean */
#define GL_STACK_BIAS 0
#endif

extern "C" {
// Saves the caller's registers below its stack pointer, stores that in *save, takes up the frame at `load`, puts `value` where that frame
// wants it and returns `status` to its caller.
__attribute__((visibility("hidden"))) int gl_arch_swap(void **save, void *load, void *value, int status, void **received);
// The same with a detour (internal.h) in between: lowers the stack pointer to `lowest`, if it is above, before it calls gl_arrange(), which says what to
// take up.
__attribute__((visibility("hidden"))) int gl_arch_swap_via(void **save, void *lowest, void *value, int status, void **received,
                                                           const void *detour);
// The same for the last switch of an ended greenlet: nothing is saved.
__attribute__((visibility("hidden"))) int gl_arch_leave(void *unused, void *load, void *value, int status);
// Calls function(argument) on the stack that runs, in a way that unwinders go on from there to whoever waits with `frame`.
__attribute__((visibility("hidden"))) void gl_arch_call_from(const void *frame, void (*function)(void *), void *argument);
// Where a first frame begins: calls the body, then gl_end().
__attribute__((visibility("hidden"))) void gl_arch_enter(void);
}
