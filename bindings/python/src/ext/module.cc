// SPDX-License-Identifier: MIT
// The module `libgreenlet._greenlet`.
#include "internal.h"

#include <ctime>

PyObject *greenlet_error, *greenlet_exit, *empty_tuple, *run_name;

static PyObject *getcurrent(PyObject *, PyObject *) {
  if (is_finalizing()) return PyErr_SetString(PyExc_RuntimeError, "greenlet is being finalized"), nullptr;
  Thread *t = here();
  if (!t) return nullptr;
  drain(t);
  return new_ref(object_of(t->current));
}

// --- For greenlet's own tests -----------------------------------------------------------------------------------------------------------

static PyObject *set_thread_local(PyObject *, PyObject *args) {
  PyObject *key, *value;
  if (!PyArg_UnpackTuple(args, "set_thread_local", 2, 2, &key, &value)) return nullptr;
  PyObject *dict = PyThreadState_GetDict();
  if (!dict || PyDict_SetItem(dict, key, value) < 0) return nullptr;
  Py_RETURN_NONE;
}

static PyObject *get_pending_cleanup_count(PyObject *, PyObject *) { return PyLong_FromSsize_t(pending_cleanups()); }
static PyObject *get_total_main_greenlets(PyObject *, PyObject *) { return PyLong_FromSsize_t(main_greenlets); }

// There is no such cleanup: who is dropped is unwound by its thread, at its end at the latest. So it takes no time.
static bool cleanup_enabled = true;
static PyObject *enable_optional_cleanup(PyObject *, PyObject *flag) {
  int truth = PyObject_IsTrue(flag);
  if (truth < 0) return nullptr;
  cleanup_enabled = truth;
  Py_RETURN_NONE;
}
static PyObject *get_clocks_used(PyObject *, PyObject *) {
  if (cleanup_enabled) return PyLong_FromLong(0);
  Py_RETURN_NONE;
}

#if PY_VERSION_HEX < 0x030D0000
static PyObject *get_trash_nesting(PyObject *, PyObject *) {
  Depth depth;
  depth.save(PyThreadState_GET());
  return PyLong_FromLong(depth.trash_nesting);
}
#endif

// ------------------------------------------------------------------------------------------------------------------------------------------

static PyMethodDef functions[] = {
    {"getcurrent", getcurrent, METH_NOARGS, "getcurrent() -> greenlet\n\nThe greenlet that runs, which is the one that calls this."},
    {"settrace", settrace, METH_O,
     "settrace(callback) -> object\n\nCalls callback(event, (origin, target)) after each switch of this thread, or nothing for None.\n"
     "Returns what was set before."},
    {"gettrace", gettrace, METH_NOARGS, "gettrace() -> object\n\nWhat settrace() has set in this thread, or None."},
    {"subscribe", subscribe, METH_O,
     "subscribe(callback)\n\nCalls callback(event, (origin, target)) after each switch of this thread, beside the one of settrace() and\n"
     "other subscribers. An exception of it goes to sys.unraisablehook."},
    {"unsubscribe", unsubscribe, METH_O, "unsubscribe(callback)\n\nEnds a subscription of this thread. ValueError if there is none."},
    {"set_stack", set_stack, METH_O,
     "set_stack(kind) -> str\n\nWhere greenlets run that start from now on, in all threads: 'shared', 'thread' or 'private'.\n"
     "Returns what held before."},
    {"inspect", inspect, METH_O, "inspect(greenlet) -> (state, thread's ident or None, what it calls or None)"},
    {"set_thread_local", set_thread_local, METH_VARARGS, "For tests."},
    {"get_pending_cleanup_count", get_pending_cleanup_count, METH_NOARGS, "How many threads have ended that were not cleaned up yet."},
    {"get_total_main_greenlets", get_total_main_greenlets, METH_NOARGS, "How many main greenlets exist."},
    {"get_clocks_used_doing_optional_cleanup", get_clocks_used, METH_NOARGS, "0, or None if the cleanup is disabled."},
    {"enable_optional_cleanup", enable_optional_cleanup, METH_O, "Of no effect: there is no such cleanup."},
#if PY_VERSION_HEX < 0x030D0000
    {"get_tstate_trash_delete_nesting", get_trash_nesting, METH_NOARGS, "For tests."},
#endif
    {},
};

static bool add(PyObject *module, const char *name, PyObject *value) { // steals
  if (value && PyModule_AddObject(module, name, value) == 0) return true;
  Py_XDECREF(value);
  return false;
}

static bool fill(PyObject *module) {
  const char *on_type[] = {"getcurrent", "error", "GreenletExit", "settrace", "gettrace"};
  bool filled = add(module, "greenlet", new_ref(reinterpret_cast<PyObject *>(&greenlet_type))) &&
                add(module, "UnswitchableGreenlet", new_ref(reinterpret_cast<PyObject *>(&unswitchable_type))) &&
                add(module, "error", new_ref(greenlet_error)) && add(module, "GreenletExit", new_ref(greenlet_exit)) &&
                add(module, "_C_API", new_capsule()) && add(module, "GREENLET_USE_GC", PyBool_FromLong(1)) &&
                add(module, "GREENLET_USE_TRACING", PyBool_FromLong(1)) && add(module, "GREENLET_USE_CONTEXT_VARS", PyBool_FromLong(1)) &&
                add(module, "GREENLET_USE_STANDARD_THREADING", PyBool_FromLong(1)) &&
                add(module, "CLOCKS_PER_SEC", PyLong_FromLong(CLOCKS_PER_SEC));
  for (const char *name : on_type) {
    PyObject *value = filled ? PyObject_GetAttrString(module, name) : nullptr;
    filled = value && PyDict_SetItemString(greenlet_type.tp_dict, name, value) == 0;
    Py_XDECREF(value);
  }
  PyType_Modified(&greenlet_type);
  return filled;
}

PyMODINIT_FUNC PyInit__greenlet() {
  static PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                                   "libgreenlet._greenlet",
                                   "Greenlets. Use the package libgreenlet.",
                                   -1,
                                   functions,
                                   nullptr,
                                   nullptr,
                                   nullptr,
                                   nullptr};
  empty_tuple = PyTuple_New(0);
  run_name = PyUnicode_InternFromString("run");
  greenlet_error = PyErr_NewException("greenlet.error", nullptr, nullptr);
  greenlet_exit = PyErr_NewException("greenlet.GreenletExit", PyExc_BaseException, nullptr);
  if (!empty_tuple || !run_name || !greenlet_error || !greenlet_exit) return nullptr;
  if (PyType_Ready(&greenlet_type) < 0 || PyType_Ready(&unswitchable_type) < 0 || !set_up_threads()) return nullptr;
  PyObject *module = PyModule_Create(&definition);
  if (module && !fill(module)) Py_CLEAR(module);
  return module;
}
