// SPDX-License-Identifier: MIT
// Real greenlets. Frames that may be thrown away (GL_DISCARD, a thread's end) own nothing: what must be freed belongs to the player. Nor does anybody
// get a pointer into a frame: it may be somewhere else while its greenlet waits.
#pragma once
#include "frame.h"
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
  enum class Way { up, out }; // from a frame: to the next one, or of all of them
  struct Leap {};             // thrown past the frames

  gl_status interpret(void **result);
  Way interpret(const Frame *outer, size_t bytes, gl_status *outcome, void **result);
  gl_status transfer_with(const Call &, void **received);
  gl_status transfer(const Call &) override;
};
