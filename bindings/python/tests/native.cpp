// SPDX-License-Identifier: MIT
// What only compiled code can do: C++ exceptions and errno across switches. test_native.py builds it.
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <greenlet/greenlet.h>

#include <cerrno>
#include <exception>
#include <string>

namespace {

// errno_after_switch(target, value): sets errno, switches, and tells what errno is when control is back.
PyObject *errno_after_switch(PyObject *, PyObject *args) {
  PyObject *target;
  int value;
  if (!PyArg_ParseTuple(args, "Oi", &target, &value)) return nullptr;
  PyObject *empty = PyTuple_New(0);
  errno = value;
  PyObject *received = PyGreenlet_Switch(reinterpret_cast<PyGreenlet *>(target), empty, nullptr);
  int after = errno;
  Py_DECREF(empty);
  if (!received) return nullptr;
  Py_DECREF(received);
  return PyLong_FromLong(after);
}

// Python's errors cross C++ frames as a C++ exception.
struct python_error {};

PyObject *call(PyObject *function) {
  PyObject *answer = PyObject_CallNoArgs(function);
  if (!answer) throw python_error();
  return answer;
}

std::string rethrown() {
  try {
    throw;
  } catch (const std::string &text) {
    return text;
  } catch (...) {
    return "another exception";
  }
}

// while_handling(text, function): calls it inside a catch block, then tells which exception that block handles.
PyObject *while_handling(PyObject *, PyObject *args) {
  const char *text;
  PyObject *function;
  if (!PyArg_ParseTuple(args, "sO", &text, &function)) return nullptr;
  try {
    throw std::string(text);
  } catch (const std::string &) {
    PyObject *answer = PyObject_CallNoArgs(function);
    if (!answer) return nullptr;
    Py_DECREF(answer);
    return PyUnicode_FromString(rethrown().c_str());
  }
}

// Calls a function while the stack is unwound, and notes what std::uncaught_exceptions() says before and after.
struct unwinding {
  PyObject *function;
  int *before, *after;
  ~unwinding() {
    *before = std::uncaught_exceptions();
    Py_XDECREF(PyObject_CallNoArgs(function));
    *after = std::uncaught_exceptions();
  }
};

PyObject *while_unwinding(PyObject *, PyObject *function) {
  int before = -1, after = -1;
  try {
    unwinding calls{function, &before, &after};
    throw 1;
  } catch (int) {
  }
  return PyErr_Occurred() ? nullptr : Py_BuildValue("ii", before, after);
}

// through_frames(function): a Python error as a C++ exception, thrown below a switch and caught above it.
PyObject *through_frames(PyObject *, PyObject *function) {
  try {
    return call(function);
  } catch (const python_error &) {
    return nullptr;
  }
}

PyObject *uncaught_exceptions(PyObject *, PyObject *) { return PyLong_FromLong(std::uncaught_exceptions()); }

PyMethodDef methods[] = {{"errno_after_switch", errno_after_switch, METH_VARARGS, nullptr},
                         {"while_handling", while_handling, METH_VARARGS, nullptr},
                         {"while_unwinding", while_unwinding, METH_O, nullptr},
                         {"through_frames", through_frames, METH_O, nullptr},
                         {"uncaught_exceptions", uncaught_exceptions, METH_NOARGS, nullptr},
                         {nullptr, nullptr, 0, nullptr}};
PyModuleDef module = {PyModuleDef_HEAD_INIT, "native", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit_native() {
  PyObject *libgreenlet = PyImport_ImportModule("libgreenlet");
  PyObject *capsule = libgreenlet ? PyObject_GetAttrString(libgreenlet, "_C_API") : nullptr;
  Py_XDECREF(libgreenlet);
  if (capsule) _PyGreenlet_API = static_cast<void **>(PyCapsule_GetPointer(capsule, "greenlet._C_API"));
  Py_XDECREF(capsule);
  return _PyGreenlet_API ? PyModule_Create(&module) : nullptr;
}
