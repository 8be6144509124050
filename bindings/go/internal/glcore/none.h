// SPDX-License-Identifier: MIT
// A CPU without a switch.
#pragma once

namespace gl {

struct Frame {};
constexpr char frame_registers[] = "";

struct FpWords {
  unsigned unused[2];
};

inline char *stack_pointer() { return nullptr; }

} // namespace gl
