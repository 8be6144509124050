//go:build cgo && !libgreenlet_system

// SPDX-License-Identifier: MIT
#include "os.h"

#ifdef _WIN32

#include "choose.h"

#include <atomic>
#include <malloc.h>
#include <string.h>

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>

// Windows is asked without errno; GetLastError() is kept.
namespace gl::os {

template <class Call> static auto quietly(Call call) {
  DWORD kept = GetLastError();
  auto result = call();
  SetLastError(kept);
  return result;
}

void yield() {
  if (!SwitchToThread()) Sleep(0);
}

size_t page_size() { return 4096; }

// --- Memory -----------------------------------------------------------------------------------------------------------------------------

static char *allocate(void *where, size_t bytes, DWORD how, DWORD protection = PAGE_READWRITE) {
  return quietly([=] { return static_cast<char *>(VirtualAlloc(where, bytes, how, protection)); });
}

char *map_stacks(size_t bytes) { return allocate(nullptr, bytes, MEM_RESERVE); }

void *map_aligned(size_t bytes) {
  for (int attempt = 0; attempt < 100; attempt++) { // another thread may take the place meanwhile
    char *memory = allocate(nullptr, 2 * bytes, MEM_RESERVE);
    if (!memory) return nullptr;
    unmap(memory, 2 * bytes);
    size_t before = -reinterpret_cast<uintptr_t>(memory) & (bytes - 1);
    if (char *aligned = allocate(memory + before, bytes, MEM_RESERVE | MEM_COMMIT)) return aligned;
  }
  return nullptr;
}

void unmap(void *memory, size_t) {
  quietly([=] { return VirtualFree(memory, 0, MEM_RELEASE); });
}

void release_pages(void *memory, size_t bytes) {
  quietly([=] { return VirtualFree(memory, bytes, MEM_DECOMMIT); });
}

void offer_pages(void *memory, size_t bytes) { release_pages(memory, bytes); }

// What is reserved faults when it is touched.
bool install_guard(void *, size_t) { return true; }
void forget_guards(unsigned) {}

// As the system has it on a thread's stack:
//
//     ~ memory              ~
//     +---------------------+ <- StackLimit; moves down
//     | PAGE_GUARD          |    the trap: whoever touches it moves it one page down, and goes on
//     +---------------------+
//     ~ reserved            ~
//     +---------------------+ <- low: below, touching the trap is STATUS_STACK_OVERFLOW
//     | the last two pages  |    for whoever handles that
//     | never any memory    |
//     +---------------------+ <- DeallocationStack
size_t guard_size() { return 3 * page_size(); }

constexpr size_t pages_at_first = 4;

// All from `low` on, with the trap below.
static bool commit(char *low, char *high) {
  size_t page = page_size();
  DWORD old;
  return allocate(low - page, static_cast<size_t>(high - low) + page, MEM_COMMIT) &&
         quietly([=, &old] { return VirtualProtect(low, static_cast<size_t>(high - low), PAGE_READWRITE, &old); }) &&
         quietly([=, &old] { return VirtualProtect(low - page, page, PAGE_READWRITE | PAGE_GUARD, &old); });
}

bool commit_stack(char *, char *high) { return commit(high - pages_at_first * page_size(), high); }
bool commit_all(char *low, char *high) { return commit(low, high); }

static MEMORY_BASIC_INFORMATION query(char *memory) {
  MEMORY_BASIC_INFORMATION info{};
  quietly([&] { return VirtualQuery(memory, &info, sizeof info); });
  return info;
}

char *committed_from(char *low) {
  char *at = low - guard_size();
  MEMORY_BASIC_INFORMATION info = query(at);
  for (; info.State != MEM_COMMIT && info.RegionSize; info = query(at)) at += info.RegionSize;
  if (info.Protect & PAGE_GUARD) return at + info.RegionSize;
  commit(low, low + page_size()); // it overflowed, and has no trap any more
  return low;
}

void *allocate_aligned(size_t alignment, size_t bytes) { return _aligned_malloc(bytes, alignment); }
void free_aligned(void *memory) { _aligned_free(memory); }

// --- Threads ----------------------------------------------------------------------------------------------------------------------------

// Of the thread environment block.
static char *&deallocation_stack() {
  char *block = thread_field<0x30, 0x18>();
  return *reinterpret_cast<char **>(block + (sizeof(void *) == 8 ? 0x1478 : 0xe0c));
}

struct ThreadEnd {
  void *realm;
  char *deallocation_stack; // of the thread
};
static constinit GL_THREAD_LOCAL ThreadEnd thread_end = {};

// Threads that were here call back when they end, perhaps after the library was freed: so it stays.
static bool stay_loaded() {
  static std::atomic<bool> stays{false};
  HMODULE self;
  constexpr DWORD how = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
  if (!stays.load(std::memory_order_relaxed))
    stays = quietly([&] { return GetModuleHandleExA(how, reinterpret_cast<const char *>(&stay_loaded), &self); });
  return stays;
}

bool at_thread_end(void *realm) {
  own(thread_end) = {realm, deallocation_stack()};
  return stay_loaded();
}

// The thread may end on a greenlet's stack. The system frees what it takes for the thread's.
static void NTAPI on_thread_end(void *, DWORD reason, void *) {
  if (reason != DLL_THREAD_DETACH) return;
  ThreadEnd end = own(thread_end);
  if (!end.realm) return;
  own(thread_end) = {};
  thread_ended(end.realm);
  deallocation_stack() = end.deallocation_stack;
}
// The section's entries are called as threads come and go.
extern "C" __attribute__((section(".CRT$XLY"), used)) constinit const PIMAGE_TLS_CALLBACK gl_thread_callback = on_thread_end;

bool thread_stack(void **low, void **high) {
  *low = deallocation_stack() + guard_size();
  *high = thread_field<8, 4>(); // StackBase
  return true;
}

bool at_fork(void (*)(), void (*)(), void (*)()) { return true; } // there is none

// --- Libraries --------------------------------------------------------------------------------------------------------------------------

static std::atomic<uintptr_t> loaded{0};

// LdrRegisterDllNotification() has no header.
static bool count_libraries() {
  using Notify = void CALLBACK(ULONG reason, const void *data, void *context);
  using Register = LONG NTAPI(ULONG flags, Notify * notify, void *context, void **cookie);
  HMODULE ntdll = GetModuleHandleA("ntdll.dll");
  auto watch = reinterpret_cast<Register *>(reinterpret_cast<void *>(GetProcAddress(ntdll, "LdrRegisterDllNotification")));
  static void *cookie;
  auto count = [](ULONG, const void *, void *) { loaded++; };
  return watch && watch(0, count, nullptr, &cookie) == 0;
}

uintptr_t libraries_loaded() {
  static std::atomic<int> counted{-1};
  if (int unknown = -1; counted.compare_exchange_strong(unknown, 0)) counted = quietly(count_libraries);
  return counted == 1 ? loaded + 1 : ++loaded;
}

void *(*find_cxx_runtime())() {
  static const char *const libraries[] = {"libstdc++-6.dll", "libc++.dll", "libc++abi.dll"};
  return quietly([]() -> void *(*)() {
    HMODULE library;
    for (const char *name : libraries)
      if (GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_PIN, name, &library)) // it must not go while its state is kept
        if (FARPROC found = GetProcAddress(library, "__cxa_get_globals"))
          return reinterpret_cast<void *(*)()>(reinterpret_cast<void *>(found));
    return nullptr;
  });
}

// --- Unwinding --------------------------------------------------------------------------------------------------------------------------

bool can_walk() { return true; }

void walk(bool (*step)(uintptr_t pc, void *data), void *data) {
  CONTEXT context;
  RtlCaptureContext(&context);
  do {
    DWORD64 image, establisher;
    void *handler_data;
    RUNTIME_FUNCTION *function = RtlLookupFunctionEntry(context.Rip, &image, nullptr);
    if (!function) return;
    RtlVirtualUnwind(UNW_FLAG_NHANDLER, image, context.Rip, function, &context, &handler_data, &establisher, nullptr);
  } while (context.Rip && step(context.Rip, data));
}

#ifdef GL_HAS_SWITCH
// Of the outermost frame of a greenlet. Below the first frame of a thread somebody asks the filters that the program has for what nobody handles, then
// ends the process; here it is this.
extern "C" [[gnu::visibility("hidden"), gnu::used]] EXCEPTION_DISPOSITION gl_arch_personality(EXCEPTION_RECORD *exception, void *,
                                                                                              CONTEXT *context, void *) {
  constexpr DWORD of_gcc = 0x20474343, of_msvc = 0xE06D7363;
  if (exception->ExceptionFlags & (EXCEPTION_UNWINDING | EXCEPTION_EXIT_UNWIND)) return ExceptionContinueSearch;
  if (exception->ExceptionCode == of_gcc || exception->ExceptionCode == of_msvc) exception_escaped();
  EXCEPTION_POINTERS pointers{exception, context};
  LONG answer = UnhandledExceptionFilter(&pointers);
  if (answer == EXCEPTION_CONTINUE_EXECUTION) return ExceptionContinueExecution;
  if (answer == EXCEPTION_EXECUTE_HANDLER) TerminateProcess(GetCurrentProcess(), exception->ExceptionCode);
  return ExceptionContinueSearch;
}
#endif

void print_error(const char *text) {
  DWORD written;
  WriteFile(GetStdHandle(STD_ERROR_HANDLE), text, static_cast<DWORD>(strlen(text)), &written, nullptr);
}

} // namespace gl::os

#endif
