// SPDX-License-Identifier: MIT
#include "interleave.h"
#include "greenlet.h"

// The beginning of what the Itanium C++ ABI keeps for a thread.
struct Globals {
  void *caught;
  unsigned uncaught;
};
extern "C" Globals *__cxa_get_globals();

namespace {

int failures;
void expect(bool holds) { failures += !holds; }
gl_status wait() { return gl_switch(gl_parent(gl_current()), nullptr, nullptr); }

struct WaitsWhenDestroyed {
  ~WaitsWhenDestroyed() {
    expect(__cxa_get_globals()->uncaught == 1);
    wait();
    expect(__cxa_get_globals()->uncaught == 1);
  }
};

// Waits while an exception flies, then inside the catch block, then throws the exception again.
gl_status body(void *data, void *, void **result) {
  const int *number = static_cast<int *>(data);
  try {
    try {
      WaitsWhenDestroyed local;
      throw *number;
    } catch (int) {
      wait();
      throw;
    }
  } catch (int caught) { expect(caught == *number); }
  expect(!__cxa_get_globals()->caught && !__cxa_get_globals()->uncaught);
  *result = data;
  return GL_OK;
}

// All advance by one step at a time, so that no catch block ends as the last one that began.
void advance(gl_greenlet **all, int count) {
  for (int i = 0; i < count; i++) expect(gl_switch(all[i], nullptr, nullptr) == GL_OK);
}

} // namespace

int interleave() {
  static int numbers[] = {1, 2, 3};
  gl_greenlet *all[3];
  failures = 0;
  for (int i = 0; i < 3; i++) all[i] = gl_new(body, &numbers[i]);
  advance(all, 3);
  try {
    throw 9;
  } catch (int) {
    advance(all, 3);
    try {
      throw;
    } catch (int caught) { expect(caught == 9); }
    advance(all, 3);
  }
  for (gl_greenlet *g : all) {
    expect(gl_state(g) == GL_DEAD);
    gl_release(g);
  }
  expect(!__cxa_get_globals()->caught && !__cxa_get_globals()->uncaught);
  return failures;
}
