// SPDX-License-Identifier: MIT
// All that the library asks of an operating system. Sizes are in bytes, of memory in whole pages.
#pragma once

#include <cstddef>
#include <cstdint>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#define GL_HAS_SINGLE_THREADED 1
#endif

#ifdef _WIN32
// GCC's thread_local is a call into a library of its own there. This is what other compilers make of it: each thread has a copy of section .tls.
#define GL_THREAD_LOCAL __attribute__((section(".tls$")))
#define GL_TLS_MODEL
extern "C" __attribute__((visibility("hidden"))) unsigned long _tls_index; // of this module; from the C runtime, as the next
extern "C" __attribute__((visibility("hidden"))) char *_tls_start;
#else
#define GL_THREAD_LOCAL thread_local
#ifdef __GLIBC__
// Initial-exec: one load finds the thread's realm. The library asks for 8 bytes of the static TLS block, which dlopen can still give.
#define GL_TLS_MODEL __attribute__((tls_model("initial-exec")))
#else
#define GL_TLS_MODEL // others have nothing to spare there: musl refuses to load such a library
#endif
#endif

namespace gl::os {

#ifdef _WIN32
// A word of the thread environment block, by its offset on systems of 64 and of 32 bits.
template <unsigned wide, unsigned narrow> [[gnu::always_inline]] inline char *thread_field() {
  char *word;
#if defined(__x86_64__)
  asm volatile("mov %%gs:%c1, %0" : "=r"(word) : "i"(wide));
#elif defined(__aarch64__)
  asm volatile("ldr %0, [x18, %1]" : "=r"(word) : "i"(wide));
#else
  asm volatile("mov %%fs:%c1, %0" : "=r"(word) : "i"(narrow));
#endif
  return word;
}
#endif

// The calling thread's instance of a GL_THREAD_LOCAL variable.
template <class T> [[gnu::always_inline]] inline T &own(T &variable) {
#ifdef _WIN32
  auto *blocks = reinterpret_cast<char **>(thread_field<0x58, 0x2c>()); // ThreadLocalStoragePointer, which changes as libraries are loaded
  return *reinterpret_cast<T *>(blocks[_tls_index] + (reinterpret_cast<char *>(&variable) - reinterpret_cast<char *>(&_tls_start)));
#else
  return variable;
#endif
}

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

#ifdef _WIN32
constexpr bool unmaps_in_parts = false; // only what was mapped at once
size_t guard_size();                    // below the low end of each stack
// Stacks need memory before it is touched. So that they grow all the same, the system moves a trap down ahead of them.
bool commit_stack(char *low, char *high); // a little at its high end, and the trap below; false: no memory
bool commit_all(char *low, char *high);   // all of it; the trap lies below
char *committed_from(char *low);          // how far the stack has grown
#else
constexpr bool unmaps_in_parts = true;
inline size_t guard_size() { return page_size(); }
inline bool commit_stack(char *, char *) { return true; }
inline bool commit_all(char *, char *) { return true; }
#endif

void *allocate_aligned(size_t alignment, size_t bytes);
void free_aligned(void *memory);

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

// Loads what the process unwinds with, if a C program has nothing. False: it cannot.
bool can_walk();
// Calls step(pc, data) with the address at which each frame goes on, from this call outward, until that answers false.
void walk(bool (*step)(uintptr_t pc, void *data), void *data);

// Ends the program, with the name of the greenlet (switch.cc).
[[noreturn]] void exception_escaped();

// Of the program, or a library.
bool is_loaded(const void *address);

void print_error(const char *text);

} // namespace gl::os
