// SPDX-License-Identifier: MIT
// All that the library asks of an operating system. Sizes are in bytes; `bytes` and `guard` are multiples of the page size.
#pragma once

#include <cstddef>
#include <cstdint>

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

// Zeroed memory for a stack; touching the `guard` bytes below the returned address faults. NULL: no memory. Leaves errno alone.
char *map_stack(size_t bytes, size_t guard);
void unmap_stack(char *low, size_t bytes, size_t guard);

void *allocate_aligned(size_t alignment, size_t bytes); // for free()

// Calls thread_ended(realm), of realm.cc, when the calling thread ends, not at exit(). False: no memory.
bool at_thread_end(void *realm);
void thread_ended(void *realm);

// Of the calling thread's own stack. False: unknown.
bool thread_stack(void **low, void **high);

// Calls these around each fork, from now on. False: no memory.
bool at_fork(void (*before)(), void (*after_in_parent)(), void (*after_in_child)());

// Changes whenever the process loads a library.
uint64_t libraries_loaded();

// The `__cxa_get_globals` of the C++ runtime that is loaded, if one can be found.
void *(*find_cxx_runtime())();

void print_error(const char *text);

} // namespace gl::os
