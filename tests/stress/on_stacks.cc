// SPDX-License-Identifier: MIT
#include "on_stacks.h"
#include <thread>

void play_on_stacks(const Program &program) {
  OnStacks player(program, true);
  std::thread([&] { player.play(); }).join();
  player.finish();
}
