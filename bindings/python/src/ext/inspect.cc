// SPDX-License-Identifier: MIT
// What tree(), dump() and recordings show of a greenlet, and attributes do not tell.
#include "internal.h"

static const char *state_name(const State *s, const Thread *t) {
  if (is_dead(s) || (t && t->ended_thread)) return "dead";
  if (!has_started(s)) return "unstarted";
  return t->current == s->self ? "running" : "suspended";
}

PyObject *inspect(PyObject *, PyObject *g) {
  if (!is_greenlet(g)) return PyErr_Format(PyExc_TypeError, "inspect() wants a greenlet, not %s", Py_TYPE(g)->tp_name);
  const State *s = state_of(g);
  const Thread *t = lineage(s);
  PyObject *thread = t && !t->ended_thread ? PyLong_FromUnsignedLong(t->id) : new_ref(Py_None);
  if (!thread) return nullptr;
  return Py_BuildValue("sNO", state_name(s, t), thread, s->run ? s->run : Py_None);
}
