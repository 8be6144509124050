// SPDX-License-Identifier: MIT
// All that the library asks of an operating system. Sizes are in bytes, of memory in whole pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unwind.h>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#define GL_HAS_SINGLE_THREADED 1
#endif

// Initial-exec: one load finds the thread's realm. The library asks for 8 bytes of the static TLS block, which dlopen can still give.
#define GL_TLS_MODEL __attribute__((tls_model("initial-exec")))

namespace gl::os {

// True only while no second thread has ever been started.
inline bool single_threaded() {
#ifdef GL_HAS_SINGLE_THREADED
  return __libc_single_threaded;
#else
  return false;
#endif
}

void yield();
size_t page_size();

// Zeroed memory from the system, taken page by page as it is touched. NULL: there is none. All of these leave errno alone.
char *map_stacks(size_t bytes);  // never in huge pages
void *map_aligned(size_t bytes); // aligned to its size, a power of two
void unmap(void *memory, size_t bytes);
void release_pages(void *memory, size_t bytes); // zeroed again
void offer_pages(void *memory, size_t bytes);   // to be taken when the system needs them, and zeroed then

// From now on touching these bytes faults, until they are unmapped. False: the system cannot have more guards.
bool install_guard(void *memory, size_t bytes);
void forget_guards(unsigned n); // unmapped

void *allocate_aligned(size_t alignment, size_t bytes); // for free()

// Calls thread_ended(realm), of realm.cc, when the calling thread ends, not at exit(). False: no memory.
bool at_thread_end(void *realm);
void thread_ended(void *realm);

// Of the calling thread's own stack. False: unknown.
bool thread_stack(void **low, void **high);

// Calls these around each fork, from now on. False: no memory.
bool at_fork(void (*before)(), void (*after_in_parent)(), void (*after_in_child)());

// Changes whenever the process loads a library.
uintptr_t libraries_loaded();

// The `__cxa_get_globals` of the C++ runtime that is loaded, if one can be found.
void *(*find_cxx_runtime())();

// What the process unwinds with; a C program may have to load it first. NULL: there is nothing.
struct Unwinder {
  decltype(&_Unwind_Backtrace) backtrace;
  decltype(&_Unwind_GetIP) get_ip;
};
const Unwinder *find_unwinder();

void print_error(const char *text);

} // namespace gl::os
