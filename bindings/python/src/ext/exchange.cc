// SPDX-License-Identifier: MIT
// CPython's state for a thread, exchanged right before each jump. state/ has a file for each concern.
#include "internal.h"

// Whose bytes are about to leave the place that `next` takes hides what its frames have there.
static void take_place([[maybe_unused]] Thread *t, [[maybe_unused]] State *leaves, [[maybe_unused]] State *next) {
#if HAS_ENTRIES
  if (leaves->on_thread) leaves->frames.hide();
  if (!next->on_shared) return;
  State *&occupant = t->occupants[next->shared_at];
  if (occupant == next) return;
  if (occupant) occupant->frames.hide();
  occupant = next;
#endif
}

// Called by the core, on the stack that is left; nothing of Python may run here.
void exchange(void *thread, gl_greenlet *from, gl_greenlet *to) {
  auto *t = static_cast<Thread *>(thread);
  PyThreadState *ts = PyThreadState_GET();
  auto *leaves = static_cast<State *>(gl_data(from)), *next = static_cast<State *>(gl_data(to));

  leaves->depth.save(ts);
  leaves->exceptions.save(ts);
  leaves->context.save(ts);
  leaves->frames.save(ts);
  leaves->stack_pointer = static_cast<const char *>(__builtin_frame_address(0));
  if (leaves->core) t->tracing.leave(ts); // else end() has

  take_place(t, leaves, next);
  next->depth.load(ts);
  next->exceptions.load(ts);
  next->context.load(ts);
  next->frames.load(ts);
}
