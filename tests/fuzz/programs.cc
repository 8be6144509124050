// SPDX-License-Identifier: MIT
// Whole programs, on real stacks.
#include "player.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  play_on_stacks(decode(bytes, size));
  return 0;
}
