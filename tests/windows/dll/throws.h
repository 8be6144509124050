// SPDX-License-Identifier: MIT
// A C++ library of its own, beside the program.
#pragma once
#include "greenlet.h"
#include <stdexcept>

struct __declspec(dllexport) library_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

extern "C" {
// A body that waits inside a catch block, then throws again what it caught there; the library catches it, and its number is the result.
__declspec(dllexport) gl_status throws_again(void *number, void *value, void **result);
// Calls function(), which may throw.
__declspec(dllexport) void calls(void (*function)());
__declspec(dllexport) void throws(const char *text);
}
