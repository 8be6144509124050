// SPDX-License-Identifier: MIT
// Who is told of transfers: the one function of settrace(), and any number of subscribers. After the jump, in the greenlet that is switched to.
#include "internal.h"

static void update_watched(Thread *t) { t->watched = t->tracer || t->subscribers; }

static PyObject *call(PyObject *tracer, const char *event, PyGreenlet *origin, PyGreenlet *target) {
  Untraced guard;
  return PyObject_CallFunction(tracer, "s(OO)", event, origin, target);
}

// A subscriber that fails is reported, and stays.
static void tell_subscribers(Thread *t, const char *event, PyGreenlet *origin, PyGreenlet *target) {
  PyObject *all = new_ref(t->subscribers);
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(all); i++) {
    PyObject *subscriber = PyTuple_GET_ITEM(all, i), *result = call(subscriber, event, origin, target);
    if (!result) PyErr_WriteUnraisable(subscriber);
    Py_XDECREF(result);
  }
  Py_DECREF(all);
}

// A tracer that fails is removed, and its error takes the place of what was on its way.
bool tell(Thread *t, bool thrown, PyGreenlet *origin, PyGreenlet *target) {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  const char *event = thrown ? "throw" : "switch";
  Py_INCREF(target);
  PyObject *tracer = new_ref(t->tracer), *result = tracer ? call(tracer, event, origin, target) : new_ref(Py_None);
  bool told = result;
  Py_XDECREF(result);
  Py_XDECREF(tracer);
  if (told) {
    PyErr_Restore(type, value, traceback);
  } else {
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    Py_CLEAR(t->tracer);
  }
  if (t->subscribers) {
    SavedError error;
    tell_subscribers(t, event, origin, target);
  }
  update_watched(t);
  Py_DECREF(target);
  return told;
}

PyObject *settrace(PyObject *, PyObject *tracer) {
  Thread *t = here();
  if (!t) return nullptr;
  drain(t);
  PyObject *old = t->tracer;
  t->tracer = tracer == Py_None ? nullptr : new_ref(tracer);
  update_watched(t);
  return old ? old : new_ref(Py_None);
}

PyObject *gettrace(PyObject *, PyObject *) {
  Thread *t = here();
  return t ? new_ref(t->tracer ? t->tracer : Py_None) : nullptr;
}

PyObject *subscribe(PyObject *, PyObject *subscriber) {
  Thread *t = here();
  if (!t) return nullptr;
  if (!PyCallable_Check(subscriber)) return PyErr_Format(PyExc_TypeError, "a subscriber is called: %R cannot be", subscriber);
  PyObject *old = t->subscribers;
  Py_ssize_t n = old ? PyTuple_GET_SIZE(old) : 0;
  PyObject *all = PyTuple_New(n + 1);
  if (!all) return nullptr;
  for (Py_ssize_t i = 0; i < n; i++) PyTuple_SET_ITEM(all, i, new_ref(PyTuple_GET_ITEM(old, i)));
  PyTuple_SET_ITEM(all, n, new_ref(subscriber));
  t->subscribers = all;
  update_watched(t);
  Py_XDECREF(old);
  Py_RETURN_NONE;
}

PyObject *unsubscribe(PyObject *, PyObject *subscriber) {
  Thread *t = here();
  if (!t) return nullptr;
  PyObject *old = t->subscribers;
  Py_ssize_t n = old ? PyTuple_GET_SIZE(old) : 0, at = 0;
  while (at < n) {
    int same = PyObject_RichCompareBool(PyTuple_GET_ITEM(old, at), subscriber, Py_EQ);
    if (same < 0) return nullptr;
    if (same) break;
    at++;
  }
  if (at == n || t->subscribers != old) return PyErr_Format(PyExc_ValueError, "%R is not subscribed", subscriber);
  PyObject *rest = nullptr;
  if (n > 1) {
    rest = PyTuple_New(n - 1);
    if (!rest) return nullptr;
    for (Py_ssize_t i = 0, to = 0; i < n; i++)
      if (i != at) PyTuple_SET_ITEM(rest, to++, new_ref(PyTuple_GET_ITEM(old, i)));
  }
  t->subscribers = rest;
  update_watched(t);
  Py_DECREF(old);
  Py_RETURN_NONE;
}
