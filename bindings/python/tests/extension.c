/* SPDX-License-Identifier: MIT
 * Calls each function of greenlet's C interface once. test_header.py compiles it with both headers, and runs it on both packages. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <greenlet/greenlet.h>

static PyObject *ints(PyGreenlet *g) {
  return Py_BuildValue("(iii)", PyGreenlet_MAIN(g) != 0, PyGreenlet_STARTED(g) != 0, PyGreenlet_ACTIVE(g) != 0);
}

static PyObject *state(PyObject *module, PyObject *g) {
  (void)module;
  if (PyGreenlet_Check(g)) return ints((PyGreenlet *)g);
  return PyErr_Format(PyGreenlet_Check(NULL) ? PyExc_SystemError : PyExc_TypeError, "not a greenlet");
}

static PyObject *current(PyObject *module, PyObject *none) {
  (void)module, (void)none;
  return (PyObject *)PyGreenlet_GetCurrent();
}

static PyObject *make(PyObject *module, PyObject *args) {
  PyObject *run, *parent = NULL;
  (void)module;
  if (!PyArg_ParseTuple(args, "O|O!", &run, &PyGreenlet_Type, &parent)) return NULL;
  return (PyObject *)PyGreenlet_New(run == Py_None ? NULL : run, (PyGreenlet *)parent);
}

static PyObject *switch_to(PyObject *module, PyObject *args) {
  PyObject *g, *values = NULL, *names = NULL;
  (void)module;
  if (!PyArg_ParseTuple(args, "O|OO", &g, &values, &names)) return NULL;
  return PyGreenlet_Switch((PyGreenlet *)g, values, names);
}

static PyObject *throw_at(PyObject *module, PyObject *args) {
  PyObject *g, *type, *value = NULL, *traceback = NULL;
  (void)module;
  if (!PyArg_ParseTuple(args, "OO|OO", &g, &type, &value, &traceback)) return NULL;
  return PyGreenlet_Throw((PyGreenlet *)g, type, value, traceback);
}

static PyObject *set_parent(PyObject *module, PyObject *args) {
  PyObject *g, *parent;
  (void)module;
  if (!PyArg_ParseTuple(args, "OO", &g, &parent)) return NULL;
  if (PyGreenlet_SetParent((PyGreenlet *)g, (PyGreenlet *)parent) < 0) return NULL;
  Py_RETURN_NONE;
}

static PyObject *get_parent(PyObject *module, PyObject *g) {
  PyObject *parent = (PyObject *)PyGreenlet_GetParent((PyGreenlet *)g);
  (void)module;
  if (parent || PyErr_Occurred()) return parent;
  return PyUnicode_FromString("nobody");
}

static PyObject *names(PyObject *module, PyObject *none) {
  (void)module, (void)none;
  return Py_BuildValue("(OOOn)", &PyGreenlet_Type, PyExc_GreenletError, PyExc_GreenletExit,
                       PyGreenlet_Type.tp_basicsize - sizeof(PyGreenlet));
}

static PyMethodDef methods[] = {
    {"state", state, METH_O, NULL},
    {"current", current, METH_NOARGS, NULL},
    {"make", make, METH_VARARGS, NULL},
    {"switch", switch_to, METH_VARARGS, NULL},
    {"throw", throw_at, METH_VARARGS, NULL},
    {"set_parent", set_parent, METH_VARARGS, NULL},
    {"get_parent", get_parent, METH_O, NULL},
    {"names", names, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "extension", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_extension(void) {
  PyObject *module = PyModule_Create(&definition);
  PyGreenlet_Import();
  if (_PyGreenlet_API == NULL) Py_CLEAR(module);
  return module;
}
