// SPDX-License-Identifier: MIT
// Runs many seeds in a child process, so that one that aborts, crashes or hangs costs one test.
#pragma once
#include "program.h"
#include <functional>

// The value of "--name" in "--name value" pairs; NULL: not there.
const char *option(int argc, char **argv, const char *name);
uint64_t number_option(int argc, char **argv, const char *name, uint64_t otherwise);
Stacks stacks_option(int argc, char **argv); // exits if there is no such kind

bool succeeds_in_child(const std::function<void()> &work, bool quiet);
void limit_seconds(unsigned seconds); // for what comes; 0: none

// play() does not return when a seed fails; report() is told of it, in the parent. quiet: what play() prints is not shown. Prints "N passed, N failed"; what main() returns.
int run_seeds(uint64_t first, uint64_t count, bool quiet, const std::function<void(uint64_t)> &play,
              const std::function<void(uint64_t)> &report);
