// SPDX-License-Identifier: MIT
// A C++ program: its runtime is there from the beginning.
#include "interleave.h"

int main() { return interleave(); }
