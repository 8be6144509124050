// SPDX-License-Identifier: MIT
// Context variables: each greenlet has a context of its own, which is empty at first.
#pragma once

#include <Python.h>

struct Context {
  PyObject *held; // counted; NULL: empty

  void save(const PyThreadState *ts) { held = ts->context; }

  void load(PyThreadState *ts) {
    set(ts, held);
    held = nullptr;
  }

  static void set(PyThreadState *ts, PyObject *context) {
    ts->context = context;
    ts->context_ver++; // variables cache their values
  }
};
