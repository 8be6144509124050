// SPDX-License-Identifier: MIT
// What check.sh looks at: switches as a program writes them.
#include "greenlet.hpp"

int hop_number(gl::ref g, int value) { return g.switch_to<int>(value); }
void *hop_pointer(gl::ref g, void *value) { return g.switch_to<void *>(value); }
void hop_nothing(gl::ref g) { g.switch_to(); }
