// SPDX-License-Identifier: MIT
// The exceptions that are being handled: what sys.exc_info() tells. The one that is being raised belongs to the thread, and carries throws.
#pragma once

#include <Python.h>

struct Exceptions {
  _PyErr_StackItem *top; // of a generator, or NULL: `bottom`
  _PyErr_StackItem bottom;

  void save(const PyThreadState *ts) {
    top = ts->exc_info == &ts->exc_state ? nullptr : ts->exc_info;
    bottom = ts->exc_state;
  }

  void load(PyThreadState *ts) {
    ts->exc_info = top ? top : &ts->exc_state;
    ts->exc_state = bottom;
    bottom = {};
  }

  void begin() {
    top = nullptr;
    bottom = {};
  }

  int traverse(visitproc visit, void *arg) const {
    Py_VISIT(bottom.exc_value);
#if PY_VERSION_HEX < 0x030B0000
    Py_VISIT(bottom.exc_type);
    Py_VISIT(bottom.exc_traceback);
#endif
    return 0;
  }

  void clear() {
    Py_CLEAR(bottom.exc_value);
#if PY_VERSION_HEX < 0x030B0000
    Py_CLEAR(bottom.exc_type);
    Py_CLEAR(bottom.exc_traceback);
#endif
  }
};
