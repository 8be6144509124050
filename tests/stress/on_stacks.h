// SPDX-License-Identifier: MIT
// Real greenlets. Frames that may be thrown away (GL_DISCARD, a thread's end) own nothing: what must be freed belongs to the player.
#pragma once
#include "player.h"

class OnStacks : public Player {
public:
  OnStacks(const Program &plan, bool nobody_else) : Player(plan, nullptr, nobody_else) {
    run = [](void *data, void *value, void **result) {
      auto *body = static_cast<Body *>(data);
      auto *self = static_cast<OnStacks *>(body->player);
      self->heard({Note::started, 0, GL_OK, value_of(value), 0});
      return self->interpret(result);
    };
  }

  void play() {
    void *nothing;
    interpret(&nothing);
    thread_ends();
  }

private:
  // Both main and bodies. What a call brought is noted by the frame that made it, however long it took.
  gl_status interpret(void **result) {
    while (const Call *next = next_call()) {
      Call c = *next;
      if (c.verb == Verb::end) {
        *result = pointer_to(c.value);
        return c.outcome;
      }
      void *received = nullptr;
      gl_status status;
      if (transfers(c.verb)) status = transfer_with(c, &received);
      else perform(c, &status);
      heard({Note::returned, 0, status, value_of(received), 0});
    }
    return GL_OK;
  }

  gl_status transfer_with(const Call &c, void **received) {
    *received = pointer_to(Model::untouched);
    gl_greenlet *to = pointer(c.g);
    switch (c.verb) {
    case Verb::switch_to: return gl_switch(to, pointer_to(c.value), received);
    case Verb::throw_to: return gl_throw(to, pointer_to(c.value), received);
    default: return gl_kill(to, received);
    }
  }

  gl_status transfer(const Call &c) override {
    void *received;
    gl_status status = transfer_with(c, &received);
    require(value_of(received) == Model::untouched, "a failed call leaves *received alone (rule 9)");
    return status;
  }
};
