// SPDX-License-Identifier: MIT
#include "throws.h"
#include <cstdint>

gl_status throws_again(void *number, void *, void **result) {
  try {
    try {
      throw reinterpret_cast<intptr_t>(number);
    } catch (intptr_t) {
      if (gl_switch(gl_parent(gl_current()), nullptr, nullptr) != GL_OK) return GL_KILLED;
      throw;
    }
  } catch (intptr_t caught) { *result = reinterpret_cast<void *>(caught); }
  return GL_OK;
}

void calls(void (*function)()) { function(); }

void throws(const char *text) { throw library_error(text); }
