// SPDX-License-Identifier: MIT
// What sanitizers and valgrind must be told of stacks. Their runtimes are found as weak symbols, so one build of the library serves programs
// with and without them: where a runtime is present, every switch takes the slow, annotated path.
#pragma once

#include <atomic>
#include <cstddef>

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#endif

extern "C" {
// On these systems no function may be missing. Go's race detector has functions of these names, but they are not for C.
#if defined(_WIN32) || defined(__APPLE__) || defined(GREENLET_NO_SANITIZERS)
#define GL_WEAK(type, name, ...) static constexpr type (*name)(__VA_ARGS__) = nullptr
#else
#define GL_WEAK(type, name, ...) __attribute__((weak)) type name(__VA_ARGS__)
#endif
GL_WEAK(void, __sanitizer_start_switch_fiber, void **fake_stack, const void *low, size_t size);
GL_WEAK(void, __sanitizer_finish_switch_fiber, void *fake_stack, const void **old_low, size_t *old_size);
GL_WEAK(void, __asan_unpoison_memory_region, const volatile void *low, size_t size);
GL_WEAK(void, __lsan_ignore_object, const void *object);
GL_WEAK(void, __lsan_register_root_region, const void *low, size_t size);
GL_WEAK(void, __lsan_unregister_root_region, const void *low, size_t size);
GL_WEAK(void *, __tsan_get_current_fiber);
GL_WEAK(void *, __tsan_create_fiber, unsigned flags);
GL_WEAK(void, __tsan_destroy_fiber, void *fiber);
GL_WEAK(void, __tsan_switch_to_fiber, void *fiber, unsigned flags);
GL_WEAK(void, __tsan_acquire, void *);
GL_WEAK(void, __tsan_release, void *);
#undef GL_WEAK
}

namespace gl {

// A stack as sanitizers see it.
struct Fiber {
  void *fake_stack; // of AddressSanitizer, while suspended
  const void *low;
  size_t size;
  void *tsan;
};

namespace annotate {

inline bool needed() { return __sanitizer_start_switch_fiber || __tsan_switch_to_fiber; }

inline bool on_valgrind() {
#ifdef RUNNING_ON_VALGRIND
  static std::atomic<int> known{-1};
  int answer = known.load(std::memory_order_relaxed);
  if (answer < 0) known.store(answer = static_cast<int>(RUNNING_ON_VALGRIND), std::memory_order_relaxed);
  return answer;
#else
  return false;
#endif
}

// Somebody wants to see each object come and go.
inline bool objects_watched() { return needed() || on_valgrind(); }

// What one thread does before it gives an object away comes before what another one does with it, by atomics and locks of ours: ThreadSanitizer sees
// those only in a library that was compiled for it.
inline void give_away(void *object) {
  if (__tsan_release) __tsan_release(object);
}
inline void take_over(void *object) {
  if (__tsan_acquire) __tsan_acquire(object);
}

// A thread's own stack; AddressSanitizer tells its bounds when it is left for the first time.
inline void thread(Fiber &fiber) {
  if (__tsan_get_current_fiber) fiber.tsan = __tsan_get_current_fiber();
}

// What frames left on a stack is forgotten.
inline void cleared(void *low, size_t size) {
  if (__asan_unpoison_memory_region) __asan_unpoison_memory_region(low, size);
}

inline unsigned mapped(char *low, size_t size) {
  cleared(low, size); // another stack may have been there
#ifdef VALGRIND_STACK_REGISTER
  return VALGRIND_STACK_REGISTER(low, low + size);
#else
  return 0;
#endif
}

inline void destroyed(Fiber &fiber) {
  if (fiber.tsan) __tsan_destroy_fiber(fiber.tsan);
  fiber.tsan = nullptr;
}

inline void unmapped(Fiber &fiber, [[maybe_unused]] unsigned valgrind_id) {
  destroyed(fiber);
#ifdef VALGRIND_STACK_DEREGISTER
  VALGRIND_STACK_DEREGISTER(valgrind_id);
#endif
}

// Leaks are looked for: what only a suspended greenlet points to is none, and what only an ended one left there is one.
inline void in_use(void *low, size_t size) {
  if (__lsan_register_root_region) __lsan_register_root_region(low, size);
}
inline void idle(void *low, size_t size) {
  if (__lsan_unregister_root_region) __lsan_unregister_root_region(low, size);
}

// Memory of ours that only mapped pages point to.
inline void not_leaked(void *object) {
  if (__lsan_ignore_object) __lsan_ignore_object(object);
}

// Bytes come back to a stack. The traps for stray pointers that lay between the variables of a frame do not come along.
inline void refilled(void *low, size_t size) {
  cleared(low, size);
#ifdef VALGRIND_MAKE_MEM_UNDEFINED
  if (!on_valgrind()) return;
  [[maybe_unused]] constexpr size_t red_zone =
      128; // which valgrind takes for accessible as long as the stack pointer has not been elsewhere
  (void)VALGRIND_MAKE_MEM_DEFINED(static_cast<char *>(low) - red_zone, red_zone);
  (void)VALGRIND_MAKE_MEM_UNDEFINED(low, size);
#endif
}

// These bytes are looked through, whatever a program left in them.
inline void examined([[maybe_unused]] void *low, [[maybe_unused]] size_t size) {
#ifdef VALGRIND_MAKE_MEM_DEFINED
  (void)VALGRIND_MAKE_MEM_DEFINED(low, size);
#endif
}

// A stack gets a new greenlet.
inline void renewed(Fiber &fiber, void *low, size_t size) {
  destroyed(fiber);
  if (__tsan_create_fiber) fiber.tsan = __tsan_create_fiber(0);
  fiber.fake_stack = nullptr;
  fiber.low = low;
  fiber.size = size;
}

// Right before the jump, and first thing after it on the other side.
inline void leave(Fiber &from, const Fiber &to, bool for_ever) {
  if (__sanitizer_start_switch_fiber) __sanitizer_start_switch_fiber(for_ever ? nullptr : &from.fake_stack, to.low, to.size);
  if (__tsan_switch_to_fiber) __tsan_switch_to_fiber(to.tsan, 0);
}
inline void arrive(Fiber &self, Fiber &from) {
  if (!__sanitizer_finish_switch_fiber) return;
  const void *low;
  size_t size;
  __sanitizer_finish_switch_fiber(self.fake_stack, &low, &size);
  if (!from.low) from.low = low, from.size = size;
}

// The thread unwound out of a greenlet (pthread_exit) and is back on its own stack, without a jump and without returns from the frames there.
inline void unwound(Fiber &from, Fiber &self) {
  leave(from, self, true);
  arrive(self, from);
  cleared(const_cast<void *>(self.low), self.size);
}

} // namespace annotate
} // namespace gl
