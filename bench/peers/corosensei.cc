// SPDX-License-Identifier: MIT
// corosensei: its loops are in Rust, where both sides of a transfer are compiled into them; no PLT, no library.
#include "loops.h"

extern "C" const bench_peer bench_corosensei;

namespace {

[[maybe_unused]] const bool added = (bench::peers().push_back(&bench_corosensei), true);

} // namespace
