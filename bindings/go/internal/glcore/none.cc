//go:build cgo && !libgreenlet_system

// SPDX-License-Identifier: MIT
// In place of switch.cc and stack.cc, on a CPU without a switch and in packages that bring their own stacks: threads still have a tree, whose
// greenlets cannot start; host realms have all they need.
#include "internal.h"

namespace gl {

gl_status prepare(Greenlet *) { return GL_ENOTSUP; }
void unprepare(Greenlet *) {}
void discard_stack(Greenlet *, bool) {}
gl_status check_stack(const Stack *, const Realm *) { return GL_ENOTSUP; }
void retain_stack(Stack *) {}
void release_stack(Stack *) {}
void forget_groups(Group *, size_t) {}
void reap_orphans(Realm *, bool) {}
size_t free_cached(Realm *) { return 0; }
bool round_stack_size(size_t &) { return true; }
StackUse stack_use(const Greenlet *) { return {}; }

void end_thread(Realm *r) {
  return_to_main(r);
  end_realm(r);
}

} // namespace gl

gl_status gl_switch(gl_greenlet *target, void *, void **) { return target ? GL_ENOTSUP : GL_EINVAL; }
gl_status gl_throw(gl_greenlet *target, void *, void **) { return target ? GL_ENOTSUP : GL_EINVAL; }
gl_status gl_kill(gl_greenlet *target, void **) { return target ? GL_ENOTSUP : GL_EINVAL; }

int gl_backtrace(const gl_greenlet *g, void **pcs, int max) { return g && pcs && max >= 0 ? GL_ENOTSUP : GL_EINVAL; }

gl_stack *gl_stack_new(size_t) { return nullptr; }
gl_stack *gl_stack_thread() { return nullptr; }
gl_stack *gl_stack_retain(gl_stack *stack) { return stack; }
void gl_stack_release(gl_stack *) {}
gl_status gl_stack_bounds(const gl_greenlet *g, void **low, void **high) { return g && low && high ? GL_ENOTSUP : GL_EINVAL; }
void gl_prefetch(const gl_greenlet *) {}
size_t gl_trim() { return 0; }
