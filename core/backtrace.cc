// SPDX-License-Identifier: MIT
// Reads the frames of a greenlet that waits, without leaving the stack that runs. The unwinder of the process does it: it is called by way of
// gl_arch_call_from(), which it takes for a function that the greenlet called.
#include "internal.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace gl {

namespace {

struct Trace {
  uintptr_t first; // frames before this return address are the library's own
  void **pcs;
  int max, count;
};

bool step(uintptr_t pc, void *data) {
  auto *trace = static_cast<Trace *>(data);
  if (!pc || trace->count == trace->max) return false;
  if (trace->count > 0 || pc == trace->first) trace->pcs[trace->count++] = reinterpret_cast<void *>(pc);
  return true;
}

void walk(void *trace) { os::walk(step, trace); }

// `code` is a pointer or a number.
template <class Code> uintptr_t address_of(Code code) {
  auto address = reinterpret_cast<uintptr_t>(__builtin_extract_return_addr((void *)(code)));
#ifdef __arm__
  address &= ~uintptr_t{1}; // that bit says Thumb
#endif
  return address;
}

// Word by word: AddressSanitizer has traps in between.
[[gnu::no_sanitize_address, gnu::noinline]] void read_stack(uintptr_t *to, const volatile uintptr_t *from, size_t bytes) {
  for (size_t i = 0; i < bytes / sizeof *to; i++) to[i] = from[i];
}

// Is this a return address that pointer authentication has signed, together with the place of its frame?
bool is_signed([[maybe_unused]] uintptr_t word) {
#ifdef __aarch64__
  register uintptr_t plain asm("x30") = word;
  asm("hint #7" : "+r"(plain)); // xpaclri
  return plain != word && os::is_loaded(reinterpret_cast<void *>(plain));
#else
  return false;
#endif
}

// All that is on its stack, for free(), although others have their bytes in its place. What points there, as saved frame pointers do, points into the
// copy.
gl_status copy_stack(const Greenlet *g, StackUse use, char *&copy) {
  copy = static_cast<char *>(malloc(use.live));
  if (!copy) return GL_ENOMEM;
  auto *words = reinterpret_cast<uintptr_t *>(copy);
  auto *sp = static_cast<const char *>(g->sp);
  memcpy(copy, g->slice, use.moved);
  read_stack(words + use.moved / sizeof *words, reinterpret_cast<const uintptr_t *>(sp + use.moved), use.live - use.moved);
  annotate::examined(copy, use.live);
  auto low = reinterpret_cast<uintptr_t>(sp), shift = reinterpret_cast<uintptr_t>(copy) - low;
  for (size_t i = 0; i < use.live / sizeof *words; i++) {
    if (words[i] + GL_STACK_BIAS - low < use.live + GL_STACK_BIAS) words[i] += shift;
    else if (is_signed(words[i])) return GL_ENOTSUP; // signatures do not hold in another place
  }
  return GL_OK;
}

gl_status check_waiting(Realm *r, const Greenlet *g) {
  if (g->flags & GL_HOSTED) return GL_ENOTSUP;
  if (realm_of(g) != r) return not_ours(g);
  return r->leaving || r->hooks.calling() ? GL_EBUSY : GL_OK; // where was the one that leaves, and is still there?
}

int trace_waiting(Realm *r, const Greenlet *g, Trace &trace) {
  StackUse use = stack_use(g);
  char *copy = nullptr;
  if (use.moved) {
    if (is_main(g) && find_thread_stack(r)) use = stack_use(g);
    if (!use.live) return GL_ENOTSUP;
    gl_status status = copy_stack(g, use, copy);
    if (status < 0) return free(copy), status;
  }
  auto *frame = copy ? reinterpret_cast<const Frame *>(copy) : static_cast<const Frame *>(g->sp);
  trace.first = address_of(frame->return_address);
  gl_arch_call_from(frame, walk, &trace);
  free(copy);
  return trace.count;
}

} // namespace

} // namespace gl

using namespace gl;

[[gnu::noinline]] int gl_backtrace(const gl_greenlet *g, void **pcs, int max) {
  if (!g || !pcs || max < 0) return GL_EINVAL;
  Realm *r = here();
  gl_status status = check_waiting(r, g);
  if (status < 0) return status;
  int state = gl_state(g);
  if (state != GL_RUNNING && state != GL_SUSPENDED) return 0;
  int kept = errno;
  Trace trace{address_of(__builtin_return_address(0)), pcs, max, 0};
  int count = GL_ENOTSUP;
  if (os::can_walk()) {
    if (state == GL_SUSPENDED) count = trace_waiting(r, g, trace);
    else walk(&trace), count = trace.count;
  }
  errno = kept;
  return count;
}
