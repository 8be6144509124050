//go:build cgo && !libgreenlet_system

// SPDX-License-Identifier: MIT
#include "os.h"

#ifndef _WIN32

#include <atomic>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <unwind.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#else
#include <link.h>
#endif

#ifndef MAP_STACK
#define MAP_STACK 0
#endif
#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif
#ifndef MADV_FREE
#define MADV_FREE MADV_DONTNEED
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 // Linux 6.13
#endif
constexpr int no_advice = 0x7fffff;

#ifndef __APPLE__
// Of the program or any library in its scope; stays NULL when a C program loads C++ with RTLD_LOCAL.
extern "C" __attribute__((weak)) void *__cxa_get_globals();
#endif
#pragma weak _Unwind_Backtrace
#ifdef __ARM_EABI__
#define UNWIND_GET _Unwind_VRS_Get
#define UNWIND_GET_NAME "_Unwind_VRS_Get"
#pragma weak _Unwind_VRS_Get
#else
#define UNWIND_GET _Unwind_GetIP
#define UNWIND_GET_NAME "_Unwind_GetIP"
#pragma weak _Unwind_GetIP
#endif

namespace gl::os {

void yield() { sched_yield(); }

// Does what `call` does, and keeps errno.
template <class Call> static auto quietly(Call call) {
  int kept = errno;
  auto result = call();
  errno = kept;
  return result;
}

// Asks the system once; threads may do so at the same time.
template <long (*ask)()> static long known() {
  static std::atomic<long> answer{-1};
  long n = answer.load(std::memory_order_relaxed);
  if (n < 0) answer.store(n = quietly(ask), std::memory_order_relaxed);
  return n;
}

static long ask_page_size() { return sysconf(_SC_PAGESIZE); }

// Does the kernel make guards that need no mapping of their own? Emulators say yes to any advice, so one that does not exist is tried first.
static long ask_guard_advice() {
  size_t page = page_size();
  void *memory = mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 0;
  bool answer = madvise(memory, page, no_advice) != 0 && madvise(memory, page, MADV_GUARD_INSTALL) == 0;
  munmap(memory, page);
  return answer;
}

// A guard by mprotect() makes two mappings of one. Half of those that a process may have are left to malloc() and all others.
#ifdef __APPLE__
static long ask_most_split() { return LONG_MAX; } // there it may have any number
#else
static long ask_most_split() {
  char text[24] = "65530"; // Linux's default
  if (int file = open("/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC); file >= 0) {
    if (ssize_t n = read(file, text, sizeof text - 1); n > 0) text[n] = 0;
    close(file);
  }
  return strtol(text, nullptr, 10) / 4;
}
#endif

size_t page_size() { return static_cast<size_t>(known<ask_page_size>()); }

static void *map(size_t bytes, int flags) {
  void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
  return memory != MAP_FAILED ? memory : nullptr;
}

char *map_stacks(size_t bytes) {
  return quietly([=] {
    void *memory = map(bytes, MAP_STACK);
#ifdef MADV_NOHUGEPAGE
    if (memory) madvise(memory, bytes, MADV_NOHUGEPAGE);
#endif
    return static_cast<char *>(memory);
  });
}

void *map_aligned(size_t bytes) {
  return quietly([=]() -> void * {
    char *memory = static_cast<char *>(map(2 * bytes, 0));
    if (!memory) return nullptr;
    size_t before = -reinterpret_cast<uintptr_t>(memory) & (bytes - 1);
    if (before) munmap(memory, before);
    munmap(memory + before + bytes, bytes - before);
    return memory + before;
  });
}

void unmap(void *memory, size_t bytes) {
  quietly([=] { return munmap(memory, bytes); });
}

void release_pages(void *memory, size_t bytes) {
#ifdef __APPLE__ // where no advice takes pages away at once
  quietly([=] { return mmap(memory, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0); });
#else
  quietly([=] { return madvise(memory, bytes, MADV_DONTNEED); });
#endif
}

void offer_pages(void *memory, size_t bytes) {
  if (quietly([=] { return madvise(memory, bytes, MADV_FREE); }) != 0) release_pages(memory, bytes);
}

static std::atomic<long> split{0};

bool install_guard(void *memory, size_t bytes) {
  if (known<ask_guard_advice>()) return quietly([=] { return madvise(memory, bytes, MADV_GUARD_INSTALL); }) == 0;
  bool allowed = split.fetch_add(1, std::memory_order_relaxed) < known<ask_most_split>();
  if (allowed && quietly([=] { return mprotect(memory, bytes, PROT_NONE); }) == 0) return true;
  split.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

void forget_guards(unsigned n) {
  if (!known<ask_guard_advice>()) split.fetch_sub(n, std::memory_order_relaxed);
}

void *allocate_aligned(size_t alignment, size_t bytes) { return aligned_alloc(alignment, bytes); }
void free_aligned(void *memory) { free(memory); }

static pthread_key_t end_key;
static bool have_end_key;

bool at_thread_end(void *realm) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, [] { have_end_key = pthread_key_create(&end_key, thread_ended) == 0; });
  return have_end_key && pthread_setspecific(end_key, realm) == 0;
}

#ifdef __APPLE__
bool thread_stack(void **low, void **high) {
  *high = pthread_get_stackaddr_np(pthread_self());
  *low = static_cast<char *>(*high) - pthread_get_stacksize_np(pthread_self());
  return *low != *high;
}
#else
bool thread_stack(void **low, void **high) {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return false;
  size_t size = 0;
  bool known = pthread_attr_getstack(&attributes, low, &size) == 0;
  pthread_attr_destroy(&attributes);
  *high = static_cast<char *>(*low) + size;
  return known && size;
}
#endif

bool at_fork(void (*before)(), void (*after_in_parent)(), void (*after_in_child)()) {
  return pthread_atfork(before, after_in_parent, after_in_child) == 0;
}

#ifdef __APPLE__
uintptr_t libraries_loaded() { return _dyld_image_count(); }

void *(*find_cxx_runtime())() { return reinterpret_cast<void *(*)()>(dlsym(RTLD_DEFAULT, "__cxa_get_globals")); }
#else
uintptr_t libraries_loaded() {
  uintptr_t loaded = 0;
  auto first = [](dl_phdr_info *info, size_t, void *out) {
    *static_cast<uintptr_t *>(out) = static_cast<uintptr_t>(info->dlpi_adds);
    return 1; // one tells all
  };
  dl_iterate_phdr(first, &loaded);
  return loaded;
}

void *(*find_cxx_runtime())() {
  if (__cxa_get_globals) return __cxa_get_globals;
  static const char *const libraries[] = {"libstdc++.so.6", "libc++abi.so.1"};
  for (const char *name : libraries)
    if (void *library = dlopen(name, RTLD_LAZY | RTLD_NOLOAD)) // never closed: it must not go while its state is kept
      if (void *found = dlsym(library, "__cxa_get_globals")) return reinterpret_cast<void *(*)()>(found);
  return nullptr;
}
#endif

static struct {
  decltype(&_Unwind_Backtrace) backtrace;
  decltype(&UNWIND_GET) get;
} unwinder;

static void load_unwinder() {
  unwinder = {_Unwind_Backtrace, UNWIND_GET};
  if (unwinder.backtrace && unwinder.get) return;
#ifdef __m68k__
  void *library = dlopen("libgcc_s.so.2", RTLD_LAZY);
#else
  void *library = dlopen("libgcc_s.so.1", RTLD_LAZY);
#endif
  if (!library) return;
  unwinder.backtrace = reinterpret_cast<decltype(unwinder.backtrace)>(dlsym(library, "_Unwind_Backtrace"));
  unwinder.get = reinterpret_cast<decltype(unwinder.get)>(dlsym(library, UNWIND_GET_NAME));
}

bool can_walk() {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  quietly([] { return pthread_once(&once, load_unwinder); });
  return unwinder.backtrace && unwinder.get;
}

static uintptr_t get_pc(_Unwind_Context *frame) {
#ifdef __ARM_EABI__
  uintptr_t pc = 0;
  unwinder.get(frame, _UVRSC_CORE, 15, _UVRSD_UINT32, &pc);
  return pc & ~uintptr_t{1}; // that bit says Thumb
#else
  return unwinder.get(frame);
#endif
}

void walk(bool (*step)(uintptr_t pc, void *data), void *data) {
  struct Walk {
    bool (*step)(uintptr_t, void *);
    void *data;
  } walk{step, data};
  auto next = [](_Unwind_Context *frame, void *to) {
    auto *w = static_cast<Walk *>(to);
    return w->step(get_pc(frame), w->data) ? _URC_NO_REASON : _URC_END_OF_STACK;
  };
  unwinder.backtrace(next, &walk);
}

bool is_loaded(const void *address) {
  Dl_info info;
  return dladdr(address, &info) != 0;
}

void print_error(const char *text) {
  if (write(STDERR_FILENO, text, strlen(text)) < 0) return; // nobody is left to tell
}

} // namespace gl::os

#endif
