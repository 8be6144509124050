// SPDX-License-Identifier: MIT
// UnswitchableGreenlet: one whose switches can be made to fail. Only greenlet's own tests want it.
#include "internal.h"

enum Fault : uint8_t { in_switch = 1, in_jump = 2 };

bool fails(State *to) {
  if (to->faults & in_switch) {
    PyErr_SetString(PyExc_SystemError, to->life == Life::unstarted ? "Failed to switch stacks into a greenlet for the first time."
                                                                   : "Failed to switch stacks into a running greenlet.");
    return true;
  }
  Py_FatalError("greenlet: Failed low-level slp_switch(). The stack is probably corrupt.");
}

static PyObject *get(PyObject *self, void *fault) { return PyBool_FromLong(state_of(self)->faults & reinterpret_cast<intptr_t>(fault)); }

static int set(PyObject *self, PyObject *value, void *fault) {
  int truth = value ? PyObject_IsTrue(value) : (PyErr_SetString(PyExc_AttributeError, "Cannot delete force_switch_error"), -1);
  if (truth < 0) return -1;
  auto bit = static_cast<uint8_t>(reinterpret_cast<intptr_t>(fault));
  uint8_t &faults = state_of(self)->faults;
  faults = static_cast<uint8_t>(truth ? faults | bit : faults & ~bit);
  return 0;
}

static PyGetSetDef attributes[] = {
    {"force_switch_error", get, set, nullptr, reinterpret_cast<void *>(in_switch)},
    {"force_slp_switch_error", get, set, nullptr, reinterpret_cast<void *>(in_jump)},
    {},
};

PyTypeObject unswitchable_type = {
    .ob_base = PyVarObject_HEAD_INIT(nullptr, 0).tp_name = "greenlet._greenlet.UnswitchableGreenlet",
    .tp_basicsize = sizeof(PyGreenlet),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .tp_doc = "A greenlet whose switches can be made to fail, for tests.",
    .tp_getset = attributes,
    .tp_base = &greenlet_type,
};
