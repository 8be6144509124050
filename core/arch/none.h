// SPDX-License-Identifier: MIT
// A CPU without a switch.
#pragma once

namespace gl {

struct FpWords {
  unsigned unused[2];
};

} // namespace gl
