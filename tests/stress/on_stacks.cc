// SPDX-License-Identifier: MIT
#include "on_stacks.h"
#ifdef _WIN32
#include <malloc.h>
#else
#include <alloca.h>
#endif
#include <thread>

// Both main and bodies.
gl_status OnStacks::interpret(void **result) {
  gl_status outcome = GL_OK;
  try {
    interpret(nullptr, 0, &outcome, result);
  } catch (const Leap &) {}
  return outcome;
}

// One frame of `bytes` and more. What a call brought is noted by the frame that made it, however long it took.
[[gnu::noinline]] OnStacks::Way OnStacks::interpret(const Frame *outer, size_t bytes, gl_status *outcome, void **result) {
  auto *words = static_cast<uint64_t *>(alloca(bytes + sizeof(uint64_t)));
  Frame frame{outer, scramble(outer ? outer->seed : uint64_t(number(current()))), words, bytes / sizeof(uint64_t)};
  frame.fill();
  while (const Call *next = next_call()) {
    Call c = *next;
    void *received = nullptr;
    gl_status status = GL_OK;
    switch (c.verb) {
    case Verb::descend:
      heard({Note::returned, 0, GL_OK, 0, 0});
      if (interpret(&frame, size_t(c.value), outcome, result) == Way::out) return Way::out;
      break;
    case Verb::ascend: return Way::up;
    case Verb::end:
      *result = pointer_to(c.value);
      *outcome = c.outcome;
      if (c.value % 4 == 1) throw Leap{};
      return Way::out;
    case Verb::switch_to:
    case Verb::throw_to:
    case Verb::kill: {
      Kept kept(frame.seed + unsigned(c.value));
      status = transfer_with(c, &received);
      require(kept.is_intact(), "registers (rule 23)");
      break;
    }
    default: perform(c, &status);
    }
    require(frame.is_intact(), "the stack (rule 23)");
    heard({Note::returned, 0, status, value_of(received), 0});
  }
  return Way::out;
}

gl_status OnStacks::transfer_with(const Call &c, void **received) {
  *received = pointer_to(Model::untouched);
  gl_greenlet *to = pointer(c.g);
  if (c.value % 4 == 2) gl_prefetch(to);
  switch (c.verb) {
  case Verb::switch_to: return gl_switch(to, pointer_to(c.value), received);
  case Verb::throw_to: return gl_throw(to, pointer_to(c.value), received);
  default: return gl_kill(to, received);
  }
}

gl_status OnStacks::transfer(const Call &c) {
  void *received;
  gl_status status = transfer_with(c, &received);
  require(value_of(received) == Model::untouched, "a failed call leaves *received alone (rule 9)");
  return status;
}

void play_on_stacks(const Program &program) {
  OnStacks player(program, true);
  std::thread([&] { player.play(); }).join();
  player.finish();
}
