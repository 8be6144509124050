// SPDX-License-Identifier: MIT
// The type `greenlet`: making one, attributes, repr, what the garbage collector sees.
#include "internal.h"

// --- Making one -------------------------------------------------------------------------------------------------------------------------

static State *new_state(PyGreenlet *self, PyGreenlet *parent) {
  auto *s = static_cast<State *>(PyMem_Calloc(1, sizeof(State)));
  if (!s) return Py_XDECREF(parent), PyErr_NoMemory(), nullptr;
  s->self = self;
  s->parent = parent;
  if (parent) parent->state->is_parent = true;
  return self->state = s;
}

PyGreenlet *new_greenlet(PyTypeObject *type, PyGreenlet *parent) {
  auto *self = reinterpret_cast<PyGreenlet *>(type->tp_alloc(type, 0));
  if (!self) return Py_XDECREF(parent), nullptr;
  if (new_state(self, parent)) return self;
  Py_DECREF(self);
  return nullptr;
}

static PyGreenlet *current() { // new; NULL: an error is set
  Thread *t = here();
  if (!t) return nullptr;
  drain(t);
  return reinterpret_cast<PyGreenlet *>(new_ref(object_of(t->current)));
}

// object.__new__() refuses abstract classes.
PyObject *create(PyTypeObject *type, PyObject *, PyObject *) {
  PyGreenlet *parent = current();
  if (!parent) return nullptr;
  if (!(type->tp_flags & Py_TPFLAGS_IS_ABSTRACT)) return reinterpret_cast<PyObject *>(new_greenlet(type, parent));
  Py_DECREF(parent);
  return PyBaseObject_Type.tp_new(type, empty_tuple, nullptr);
}

int initialise(PyObject *self, PyObject *args, PyObject *kwargs) {
  static const char *names[] = {"run", "parent", nullptr};
  PyObject *run = nullptr, *parent = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OO:green", const_cast<char **>(names), &run, &parent)) return -1;
  if (run && set_run(self, run, nullptr) < 0) return -1;
  return parent && parent != Py_None ? set_parent(self, parent, nullptr) : 0;
}

static bool check_greenlet(PyObject *o) {
  if (is_greenlet(o)) return true;
  PyErr_Format(PyExc_TypeError, "GreenletChecker: Expected any type of greenlet, not %s", Py_TYPE(o)->tp_name);
  return false;
}

PyGreenlet *make_greenlet(PyObject *run, PyObject *parent) {
  if (parent == Py_None) parent = nullptr;
  if (parent && !check_greenlet(parent)) return nullptr;
  PyGreenlet *of = parent ? reinterpret_cast<PyGreenlet *>(new_ref(parent)) : current();
  PyGreenlet *self = of ? new_greenlet(&greenlet_type, of) : nullptr;
  if (self) self->state->run = new_ref(run);
  return self;
}

// greenlet(run=None, parent=None), without a tuple and a dict in between.
static PyObject *call_type(PyObject *type, PyObject *const *args, size_t flags, PyObject *names) {
  Py_ssize_t nargs = PyVectorcall_NARGS(flags);
  PyObject *given[2] = {nargs > 0 ? args[0] : nullptr, nargs > 1 ? args[1] : nullptr};
  Py_ssize_t named = names ? PyTuple_GET_SIZE(names) : 0;
  if (nargs + named > 2) return PyErr_Format(PyExc_TypeError, "green() takes at most 2 arguments (%zd given)", nargs + named);
  for (Py_ssize_t i = 0; i < named; i++) {
    PyObject *name = PyTuple_GET_ITEM(names, i);
    int at = PyUnicode_CompareWithASCIIString(name, "run") == 0 ? 0 : PyUnicode_CompareWithASCIIString(name, "parent") == 0 ? 1 : -1;
    if (at < 0) return PyErr_Format(PyExc_TypeError, "'%U' is an invalid keyword argument for green()", name);
    if (given[at]) return PyErr_Format(PyExc_TypeError, "argument for green() given by name ('%U') and position (%d)", name, at + 1);
    given[at] = args[nargs + i];
  }
  (void)type;
  return reinterpret_cast<PyObject *>(make_greenlet(given[0], given[1]));
}

// --- Its end ----------------------------------------------------------------------------------------------------------------------------

static bool suspended(const State *s) { return s->life == Life::active && s->thread->current != s->self; }
static bool waits(const State *s) { return s && s->life == Life::active && !is_main(s); }

static void drop_all(PyGreenlet *g) {
  Py_CLEAR(g->dict);
  State *s = g->state;
  if (!s) return;
  Py_CLEAR(s->run);
  Py_CLEAR(s->args);
  Py_CLEAR(s->kwargs);
  Py_CLEAR(s->context.held);
  s->exceptions.clear();
}

static void dealloc(PyObject *self) {
  auto *g = reinterpret_cast<PyGreenlet *>(self);
  PyObject_GC_UnTrack(self);
  if (waits(g->state) && !kill_last(g)) { // somebody has taken a reference
    Py_ssize_t references = Py_REFCNT(g);
    _Py_NewReference(self);
    Py_SET_REFCNT(g, references);
#ifdef Py_REF_DEBUG
    _Py_DEC_REFTOTAL;
#endif
    if (PyType_HasFeature(Py_TYPE(self), Py_TPFLAGS_HEAPTYPE)) Py_INCREF(Py_TYPE(self)); // which its dealloc gives up
    PyObject_GC_Track(self);
    return;
  }
  Py_TRASHCAN_BEGIN(self, dealloc) // parents of parents
      if (g->weakreflist) PyObject_ClearWeakRefs(self);
  drop_all(g);
  if (State *s = g->state) {
    Py_CLEAR(s->parent);
    if (is_main(s)) main_greenlets--;
    if (s->thread) let_thread_go(s->thread);
    PyMem_Free(s);
  }
  Py_TYPE(self)->tp_free(self);
  Py_TRASHCAN_END
}

// --- The garbage collector ----------------------------------------------------------------------------------------------------------------

// One that waits is garbage when only garbage refers to it, its own frames included: it is killed then. By its own thread, once, and not when the
// interpreter ends.
static bool may_be_garbage(const State *s) {
  return s->thread->ended_thread || (s->thread == own_thread && !s->kills && !s->collected && !is_finalizing());
}

static int is_collectable(PyObject *self) {
  const State *s = state_of(self);
  return !waits(s) || may_be_garbage(s);
}

static int traverse(PyObject *self, visitproc visit, void *arg) {
  auto *g = reinterpret_cast<PyGreenlet *>(self);
  Py_VISIT(g->dict);
  const State *s = g->state;
  if (!s) return 0;
  Py_VISIT(s->parent);
  Py_VISIT(s->run);
  Py_VISIT(s->args);
  Py_VISIT(s->kwargs);
  if (waits(s)) {
    if (!suspended(s) || !may_be_garbage(s) || !has_frames(s)) return 0;
    if (int stop = s->frames.traverse(visit, arg)) return stop;
  }
  Py_VISIT(s->context.held);
  return s->exceptions.traverse(visit, arg);
}

static void finalize(PyObject *self) {
  State *s = state_of(self);
  if (Py_REFCNT(self) == 1 || !waits(s) || !suspended(s) || s->thread != own_thread || !may_be_garbage(s))
    return; // of 1, dealloc() takes care
  s->collected = true;
  kill_garbage(s->self);
}

static int clear(PyObject *self) {
  auto *g = reinterpret_cast<PyGreenlet *>(self);
  State *s = g->state;
  if (waits(s)) {
    if (!s->thread->ended_thread) return 0;
    discard(s);
  }
  drop_all(g);
  if (!s) return 0;
  if (s->is_parent) family_changes++;
  Py_CLEAR(s->parent);
  return 0;
}

// --- Attributes -----------------------------------------------------------------------------------------------------------------------------

bool is_active(const State *s) { return s->life == Life::active && !s->thread->ended_thread; }
bool is_dead(const State *s) { return s->life == Life::dead || (s->life == Life::active && s->thread->ended_thread); }

static PyObject *get_dict(PyObject *self, void *) {
  auto *g = reinterpret_cast<PyGreenlet *>(self);
  if (!g->dict) {
    PyObject *made = PyDict_New();
    if (!made) return nullptr;
    if (g->dict) Py_DECREF(made); // the collector ran
    else g->dict = made;
  }
  return new_ref(g->dict);
}

static int set_dict(PyObject *self, PyObject *dict, void *) {
  if (!dict) return PyErr_SetString(PyExc_TypeError, "__dict__ may not be deleted"), -1;
  if (!PyDict_Check(dict)) return PyErr_SetString(PyExc_TypeError, "__dict__ must be a dictionary"), -1;
  auto *g = reinterpret_cast<PyGreenlet *>(self);
  PyObject *old = g->dict;
  g->dict = new_ref(dict);
  Py_XDECREF(old);
  return 0;
}

static PyObject *get_run(PyObject *self, void *) {
  State *s = state_of(self);
  if (is_main(s)) return PyErr_SetString(PyExc_AttributeError, "Main greenlets do not have a run attribute."), nullptr;
  if (has_started(s) || !s->run) return PyErr_SetString(PyExc_AttributeError, "run"), nullptr;
  return new_ref(s->run);
}

int set_run(PyObject *self, PyObject *run, void *) {
  State *s = state_of(self);
  if (is_main(s)) return PyErr_SetString(PyExc_AttributeError, "Main greenlets do not have a run attribute."), -1;
  if (has_started(s)) return PyErr_SetString(PyExc_AttributeError, "run cannot be set after the start of the greenlet"), -1;
  PyObject *old = s->run;
  s->run = new_ref(run);
  Py_XDECREF(old);
  return 0;
}

PyObject *get_parent(PyObject *self, void *) {
  State *s = state_of(self);
  PyGreenlet *parent = s->parent;
  if (s->kills && s->core) { // the killer, for the time
    auto *killer = static_cast<State *>(gl_data(gl_parent(s->core)));
    if (killer) parent = killer->self;
  }
  return new_ref(parent ? object_of(parent) : Py_None);
}

// Only one that is a parent can be an ancestor of its parent.
static bool makes_cycle(const State *child, const State *parent) {
  if (child == parent) return true;
  if (!child->is_parent) return false;
  while (parent && parent != child) parent = parent->parent ? parent->parent->state : nullptr;
  return parent;
}

// The core knows those that are active: an outcome that meets others is life.cc's affair.
static gl_status tell_core(State *child, State *parent) {
  while (parent->life != Life::active) parent = parent->parent->state;
  return link(child, parent);
}

int set_parent(PyObject *self, PyObject *value, void *) {
  State *s = state_of(self);
  if (!value) return PyErr_SetString(PyExc_AttributeError, "can't delete attribute"), -1;
  if (is_main(s)) return PyErr_SetString(PyExc_AttributeError, "cannot set the parent of a main greenlet"), -1;
  if (!check_greenlet(value)) return -1;
  State *parent = state_of(value);
  if (makes_cycle(s, parent)) return PyErr_SetString(PyExc_ValueError, "cyclic parent chain"), -1;
  if (has_started(s)) {
    Thread *owner = lineage(parent);
    if (!owner) return PyErr_SetString(PyExc_ValueError, "parent must not be garbage collected"), -1;
    if (owner != s->thread) return PyErr_SetString(PyExc_ValueError, "parent cannot be on a different thread"), -1;
    if (s->life == Life::active && s->thread == own_thread && tell_core(s, parent) == GL_ECYCLE)
      return PyErr_SetString(PyExc_ValueError, "cyclic parent chain"), -1; // over somebody who kills
  }
  if (s->is_parent || s->life == Life::active) family_changes++;
  PyGreenlet *old = s->parent;
  s->parent = parent->self;
  Py_INCREF(s->parent);
  parent->is_parent = true;
  Py_XDECREF(old);
  return 0;
}

static PyObject *get_dead(PyObject *self, void *) { return PyBool_FromLong(is_dead(state_of(self))); }

static PyObject *get_frame(PyObject *self, void *) {
  State *s = state_of(self);
  PyObject *frame = suspended(s) && has_frames(s) ? s->frames.top_object() : nullptr;
  if (frame || PyErr_Occurred()) return frame;
  Py_RETURN_NONE;
}

static PyObject *get_stack_saved(PyObject *self, void *) {
  State *s = state_of(self);
  void *low, *high;
  bool known = suspended(s) && s->stack_pointer && gl_stack_bounds(s->core, &low, &high) == GL_OK;
  return PyLong_FromSsize_t(known ? static_cast<char *>(high) - s->stack_pointer : 0);
}

// NULL, with an error set: it runs in another thread.
static PyObject **context_of(State *s, const char *verb) {
  if (!is_active(s) || suspended(s)) return &s->context.held;
  if (s->thread == own_thread) return &PyThreadState_GET()->context;
  return PyErr_Format(PyExc_ValueError, "cannot %s context of a greenlet that is running in a different thread", verb), nullptr;
}

static PyObject *get_context(PyObject *self, void *) {
  PyObject **context = context_of(state_of(self), "get");
  return context ? new_ref(*context ? *context : Py_None) : nullptr;
}

static int set_context(PyObject *self, PyObject *value, void *) {
  if (!value) return PyErr_SetString(PyExc_AttributeError, "can't delete context attribute"), -1;
  if (value == Py_None) value = nullptr;
  else if (!PyContext_CheckExact(value))
    return PyErr_SetString(PyExc_TypeError, "greenlet context must be a contextvars.Context or None"), -1;
  State *s = state_of(self);
  PyObject **context = context_of(s, "set"), *old = context ? *context : nullptr;
  if (!context) return -1;
  Py_XINCREF(value);
  if (context == &s->context.held) *context = value;
  else Context::set(PyThreadState_GET(), value);
  Py_XDECREF(old);
  return 0;
}

static PyObject *get_state(PyObject *self, PyObject *) {
  return PyErr_Format(PyExc_TypeError, "cannot serialize '%s' object", Py_TYPE(self)->tp_name);
}

static int truth(PyObject *self) { return is_active(state_of(self)); }

// A name is any string that was put into an attribute `name`.
static PyObject *repr(PyObject *self) {
  auto *g = reinterpret_cast<PyGreenlet *>(self);
  const State *s = g->state;
  PyObject *name = g->dict ? PyDict_GetItemString(g->dict, "name") : nullptr;
  PyObject *named = name && PyUnicode_Check(name) ? PyUnicode_FromFormat(" %R", name) : PyUnicode_FromString("");
  if (!named) return nullptr;
  bool expired = s->thread && s->thread->ended_thread;
  const void *thread = expired ? nullptr : s->thread;
  const char *type = Py_TYPE(self)->tp_name;
  PyObject *text;
  if (is_dead(s))
    text = PyUnicode_FromFormat("<%s object at %p%U (otid=%p) %sdead>", type, self, named, thread, expired ? "(thread exited) " : "");
  else
    text = PyUnicode_FromFormat("<%s object at %p%U (otid=%p)%s%s%s>", type, self, named, thread,
                                !has_started(s)                          ? ""
                                : own_thread && own_thread->current == g ? " current"
                                                                         : " suspended",
                                has_started(s) ? " active started" : " pending", is_main(s) ? " main" : "");
  Py_DECREF(named);
  return text;
}

static PyMethodDef methods[] = {
    {"switch", reinterpret_cast<PyCFunction>(reinterpret_cast<void *>(method_switch)), METH_FASTCALL | METH_KEYWORDS,
     "switch(*args, **kwargs)\n\nRuns this greenlet until somebody switches back here. One that has not run yet calls run(*args, "
     "**kwargs); in one\n"
     "that waits, its own switch() returns the one argument, a tuple of several, a dict of keywords, or both as a pair;\n"
     "to one that is dead: its parent gets them. Returns, or raises, what comes back."},
    {"throw", reinterpret_cast<PyCFunction>(reinterpret_cast<void *>(method_throw)), METH_FASTCALL,
     "throw(type=GreenletExit, value=None, traceback=None)\n\nAs switch(), but raises this exception where the greenlet waits."},
    {"__getstate__", get_state, METH_NOARGS, nullptr},
    {},
};

static PyGetSetDef attributes[] = {
    {"__dict__", get_dict, set_dict, nullptr, nullptr},
    {"run", get_run, set_run, "What it will call; there is none from its start on.", nullptr},
    {"parent", get_parent, set_parent, "Who gets its outcome.", nullptr},
    {"gr_frame", get_frame, nullptr, "Where it waits: its innermost frame, or None.", nullptr},
    {"gr_context", get_context, set_context, "Its contextvars.Context, or None for an empty one.", nullptr},
    {"dead", get_dead, nullptr, "Whether it has ended, or its thread has.", nullptr},
    {"_stack_saved", get_stack_saved, nullptr, "The bytes of stack that it uses while it waits.", nullptr},
    {},
};

static PyNumberMethods as_number = {.nb_bool = truth};

PyTypeObject greenlet_type = {
    .ob_base = PyVarObject_HEAD_INIT(nullptr, 0).tp_name = "greenlet.greenlet",
    .tp_basicsize = sizeof(PyGreenlet),
    .tp_dealloc = dealloc,
    .tp_repr = repr,
    .tp_as_number = &as_number,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_doc = "greenlet(run=None, parent=None) -> greenlet\n\nA call of `run` that can wait: it begins with the first switch(). What comes "
              "of it goes to\n"
              "`parent`, by default the greenlet that runs now.",
    .tp_traverse = traverse,
    .tp_clear = clear,
    .tp_weaklistoffset = offsetof(PyGreenlet, weakreflist),
    .tp_methods = methods,
    .tp_getset = attributes,
    .tp_dictoffset = offsetof(PyGreenlet, dict),
    .tp_init = initialise,
    .tp_alloc = PyType_GenericAlloc,
    .tp_new = create,
    .tp_free = PyObject_GC_Del,
    .tp_is_gc = is_collectable,
    .tp_finalize = finalize,
    .tp_vectorcall = call_type,
};
