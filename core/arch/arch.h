// SPDX-License-Identifier: MIT
// Chooses the CPU. README.md draws the saved frame and states the contract of the entries.
#pragma once

#include "annotate.h"

#if defined(GREENLET_HOST_ONLY)
#include "none.h"
#elif defined(__x86_64__) && !defined(__ILP32__) && !defined(_WIN32)
#include "section.h"
#include "x86_64.h"
#define GL_HAS_SWITCH 1
#else
#include "none.h" // the tree and host realms still work; gl_switch() answers GL_ENOTSUP
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
