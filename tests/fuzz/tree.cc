// SPDX-License-Identifier: MIT
// The tree alone: who runs next, who inherits, who dies. A host realm has no stacks, so this runs some hundred thousand programs a minute.
#include "player.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  play_hosted(decode(bytes, size));
  return 0;
}
