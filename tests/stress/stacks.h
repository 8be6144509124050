// SPDX-License-Identifier: MIT
// The stacks of a program's greenlets. Shared ones can be replaced by others, while greenlets still use them, and be used by another thread.
#pragma once
#include "program.h"

class StackSet {
public:
  StackSet();
  ~StackSet();
  StackSet(const StackSet &) = delete;
  StackSet &operator=(const StackSet &) = delete;

  void choose(Kind, int number, gl_options *) const; // shared ones are numbered in the order of making
  static size_t usable_bytes(Kind);                  // at least; 0: as the system has it
  void replace(int number, Kind);
  gl_status lend(int number); // what a thread gets that starts a greenlet there; -1: the caller's own
  uint64_t greenlets_of_others() const { return others; }

private:
  std::vector<gl_stack *> shared; // NULL: given back
  uint64_t others = 0;
};
