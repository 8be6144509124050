// SPDX-License-Identifier: MIT
// What extension modules find in the capsule `_C_API`: the layout of Python's greenlet.h.
#include "internal.h"

#include <cstring>

static bool check(PyGreenlet *g) {
  if (g && is_greenlet(object_of(g))) return true;
  PyErr_BadArgument();
  return false;
}

// Called by C: nothing is known of value stacks.
static void forget_pushed() {
  if (own_thread) own_thread->current->state->frames.pushed = nullptr;
}

static PyGreenlet *api_new(PyObject *run, PyGreenlet *parent) { return make_greenlet(run, reinterpret_cast<PyObject *>(parent)); }

static PyGreenlet *api_current() {
  if (is_finalizing()) return PyErr_SetString(PyExc_RuntimeError, "greenlet is being finalized"), nullptr;
  Thread *t = here();
  if (!t) return nullptr;
  drain(t);
  return reinterpret_cast<PyGreenlet *>(new_ref(object_of(t->current)));
}

static PyObject *api_throw(PyGreenlet *g, PyObject *type, PyObject *value, PyObject *traceback) {
  if (!check(g)) return nullptr;
  forget_pushed();
  return throw_into(g->state, type, value, traceback);
}

static PyObject *api_switch(PyGreenlet *g, PyObject *args, PyObject *kwargs) {
  if (!check(g)) return nullptr;
  forget_pushed();
  return switch_to(g->state, new_ref(args ? args : empty_tuple), kwargs && PyDict_Check(kwargs) ? new_ref(kwargs) : nullptr);
}

static int api_set_parent(PyGreenlet *g, PyGreenlet *parent) {
  return check(g) ? set_parent(object_of(g), object_of(parent), nullptr) : -1;
}

static int api_is_main(PyGreenlet *g) { return check(g) ? is_main(g->state) : -1; }
static int api_has_started(PyGreenlet *g) { return check(g) ? has_started(g->state) : -1; }
static int api_is_active(PyGreenlet *g) { return check(g) ? is_active(g->state) : -1; }

static PyGreenlet *api_parent(PyGreenlet *g) { // NULL, without an error, for a main one
  if (!check(g)) return nullptr;
  PyObject *parent = get_parent(object_of(g), nullptr);
  if (parent == Py_None) Py_CLEAR(parent);
  return reinterpret_cast<PyGreenlet *>(parent);
}

PyObject *new_capsule() {
  static void *api[12];
  void *filled[] = {
      &greenlet_type,
      greenlet_error,
      greenlet_exit,
      reinterpret_cast<void *>(api_new),
      reinterpret_cast<void *>(api_current),
      reinterpret_cast<void *>(api_throw),
      reinterpret_cast<void *>(api_switch),
      reinterpret_cast<void *>(api_set_parent),
      reinterpret_cast<void *>(api_is_main),
      reinterpret_cast<void *>(api_has_started),
      reinterpret_cast<void *>(api_is_active),
      reinterpret_cast<void *>(api_parent),
  };
  static_assert(sizeof filled == sizeof api);
  memcpy(api, filled, sizeof api);
  return PyCapsule_New(api, "greenlet._C_API", nullptr);
}
