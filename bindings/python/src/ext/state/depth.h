// SPDX-License-Identifier: MIT
// How deep a greenlet is: Python's and C's recursion, and deallocation's. A new one is as deep as whoever starts it.
#pragma once

#include <Python.h>

struct Depth {
  int python;
#if PY_VERSION_HEX >= 0x030C0000
  int c_remaining;
#endif
#if PY_VERSION_HEX >= 0x030D0000
  PyObject *delete_later; // without references: each waits with a count of 0
#else
  int trash_nesting;
#endif

  // As depths, so that sys.setrecursionlimit() holds for those that wait.
  void save(const PyThreadState *ts) {
    inherit(ts);
#if PY_VERSION_HEX >= 0x030D0000
    delete_later = ts->delete_later;
#elif PY_VERSION_HEX >= 0x030C0000
    trash_nesting = ts->trash.delete_nesting;
#else
    trash_nesting = ts->trash_delete_nesting;
#endif
  }

  void load(PyThreadState *ts) const {
#if PY_VERSION_HEX >= 0x030C0000
    ts->py_recursion_remaining = ts->py_recursion_limit - python;
    ts->c_recursion_remaining = c_remaining;
#elif PY_VERSION_HEX >= 0x030B0000
    ts->recursion_remaining = ts->recursion_limit - python;
#else
    ts->recursion_depth = python;
#endif
#if PY_VERSION_HEX >= 0x030D0000
    ts->delete_later = delete_later;
#elif PY_VERSION_HEX >= 0x030C0000
    ts->trash.delete_nesting = trash_nesting;
#else
    ts->trash_delete_nesting = trash_nesting;
#endif
  }

  void begin(const PyThreadState *ts) {
    inherit(ts);
#if PY_VERSION_HEX >= 0x030D0000
    delete_later = nullptr;
#else
    trash_nesting = 0;
#endif
  }

  // Nothing is left behind by one that ends.
  static void end([[maybe_unused]] PyThreadState *ts) {
#if PY_VERSION_HEX >= 0x030D0000
    if (ts->delete_later) _PyTrash_thread_destroy_chain(ts);
#endif
  }

private:
  void inherit(const PyThreadState *ts) {
#if PY_VERSION_HEX >= 0x030C0000
    python = ts->py_recursion_limit - ts->py_recursion_remaining;
    c_remaining = ts->c_recursion_remaining;
#elif PY_VERSION_HEX >= 0x030B0000
    python = ts->recursion_limit - ts->recursion_remaining;
#else
    python = ts->recursion_depth;
#endif
  }
};
