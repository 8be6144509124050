// SPDX-License-Identifier: MIT
// What libFuzzer, or replay.cc in its place, calls. A difference from the model aborts.
#pragma once
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
