// SPDX-License-Identifier: MIT
// switch() and throw(): what goes along, which greenlet is meant, what comes back.
#include "internal.h"

// --- Arrivals -------------------------------------------------------------------------------------------------------------------------

// The last reference to who left may be its end, which runs anything and may come with a switch of its own.
static void let_origin_go(PyGreenlet *origin) {
  if (Py_REFCNT(origin) > 1) [[likely]] {
    Py_DECREF(origin);
    return;
  }
  SavedError error;
  Py_DECREF(origin);
}

PyObject *finish_arrival(Thread *t, Arrival arrival, PyObject *value) {
  if (arrival.ended) gl_release(arrival.ended);
  if (t->watched && !tell(t, !value, arrival.origin, t->current)) [[unlikely]]
    Py_CLEAR(value);
  let_origin_go(arrival.origin);
  return value;
}

PyObject *arrive(Thread *t, gl_status status, void *received) {
  Arrival arrival = take_arrival(t);
  State *self = t->current->state;
  PyThreadState *ts = PyThreadState_GET();
  t->tracing.arrive(ts);
  self->frames.show(ts);
  if (status == GL_OK) [[likely]]
    return finish_arrival(t, arrival, static_cast<PyObject *>(received));
  if (status == GL_KILLED) PyErr_SetString(greenlet_exit, "Killing the greenlet because all references have vanished.");
  else if (!PyErr_Occurred()) PyErr_NoMemory(); // an ancestor could not be started (rule 5)
  return finish_arrival(t, arrival, nullptr);
}

// Into one that waits, or starts with `value`. Steals `value`; NULL: throws the error that is set. `held` is a reference on `to` that goes once
// the turn has one.
static inline PyObject *transfer(Thread *t, State *to, PyObject *value, PyGreenlet *held = nullptr) {
  Turn turn = begin_turn(t, to);
  if (held) Py_DECREF(held);
  void *received;
  gl_status status = value ? gl_switch(to->core, value, &received) : gl_throw(to->core, nullptr, &received);
  if (status >= 0) [[likely]]
    return arrive(t, status, received);
  if (to->life == Life::unstarted) abandon_start(to);
  undo_turn(t, turn);
  Py_XDECREF(value);
  return PyErr_NoMemory();
}

// --- Whose it is ----------------------------------------------------------------------------------------------------------------------

Thread *lineage(const State *s) {
  while (!s->thread) {
    if (!s->parent) return nullptr;
    s = s->parent->state;
  }
  return s->thread;
}

bool check_lineage(Thread *t, const State *s) {
  Thread *owner = lineage(s);
  if (owner == t) return true;
  if (!owner) PyErr_SetString(greenlet_error, "cannot switch to a garbage collected greenlet");
  else if (owner->ended_thread) PyErr_SetString(greenlet_error, "cannot switch to a different thread (which happens to have exited)");
  else PyErr_Format(greenlet_error, "Cannot switch to a different thread\n\tCurrent:  %R\n\tExpected: %R", t->main, owner->main);
  return false;
}

// --- What goes along --------------------------------------------------------------------------------------------------------------------

// The arguments of a switch, as a call of `run` gets them and as one that waits does. Without any: the error that is set is thrown.
class Parcel {
public:
  Parcel() = default;
  bool pack(PyObject *args, PyObject *kwargs) { // steals; false: an error is set
    args_ = args;
    if (kwargs && PyDict_GET_SIZE(kwargs)) kwargs_ = kwargs;
    else Py_XDECREF(kwargs);
    Py_ssize_t n = PyTuple_GET_SIZE(args);
    if (kwargs_) value_ = n ? PyTuple_Pack(2, args_, kwargs_) : new_ref(kwargs_);
    else value_ = new_ref(n == 1 ? PyTuple_GET_ITEM(args, 0) : args);
    return value_;
  }
  ~Parcel() { clear(); }
  Parcel(const Parcel &) = delete;
  Parcel &operator=(const Parcel &) = delete;

  // One of these, and nothing is kept: the sender may wait for long.
  PyObject *take_value() {
    PyObject *value = new_ref(value_);
    clear();
    return value;
  }
  void take_call(PyObject *&args, PyObject *&kwargs) {
    args = new_ref(args_);
    kwargs = new_ref(kwargs_);
    clear();
  }

private:
  void clear() {
    Py_CLEAR(args_);
    Py_CLEAR(kwargs_);
    Py_CLEAR(value_);
  }
  PyObject *args_ = nullptr, *kwargs_ = nullptr, *value_ = nullptr;
};

// From one to itself: nothing happens, but tracers hear of it.
static PyObject *stay(Thread *t, PyObject *value) {
  if (t->watched && !tell(t, !value, t->current, t->current)) Py_CLEAR(value);
  return value;
}

// Looks `run` up, which may do anything, so that all has to be looked at again. Answers true with the result; false: try again.
static bool start(Thread *t, State *s, Parcel &parcel, PyObject *&result) {
  PyGreenlet *held = s->self;
  Py_INCREF(held);
  result = nullptr;
  PyObject *run = find_run(s);
  if (run && check_lineage(t, s)) {
    if (s->life != Life::unstarted) return Py_DECREF(run), Py_DECREF(held), false;
    PyObject *args, *kwargs;
    if (!(s->faults && fails(s))) {
      parcel.take_call(args, kwargs);
      if (prepare_start(t, s, args, kwargs)) return result = transfer(t, s, run, held), true;
    }
  }
  Py_XDECREF(run);
  Py_DECREF(held);
  return true;
}

// Passes the dead.
static PyObject *send(Thread *t, State *target, Parcel &parcel) {
  if (!check_lineage(t, target)) return nullptr;
  for (State *s = target; s;) {
    if (s->life == Life::active) {
      if (s->thread != t) return check_lineage(t, s), nullptr;
      if (s->self == t->current) return stay(t, parcel.take_value());
      if (s->faults && fails(s)) return nullptr;
      return transfer(t, s, parcel.take_value());
    }
    PyObject *result;
    if (s->life == Life::unstarted && start(t, s, parcel, result)) return result;
    if (s->life == Life::dead) s = s->parent ? s->parent->state : nullptr;
  }
  PyErr_SetString(greenlet_error, "cannot switch to a garbage collected greenlet");
  return nullptr;
}

PyObject *switch_to(State *to, PyObject *args, PyObject *kwargs) {
  Thread *t = here();
  Parcel parcel;
  if (!parcel.pack(args, kwargs) || !t) return nullptr;
  drain(t);
  return send(t, to, parcel);
}

// --- Methods --------------------------------------------------------------------------------------------------------------------------

static PyObject *switch_slow(State *to, PyObject *const *args, Py_ssize_t nargs, PyObject *names) {
  PyObject *tuple = PyTuple_New(nargs), *kwargs = nullptr;
  if (!tuple) return nullptr;
  for (Py_ssize_t i = 0; i < nargs; i++) PyTuple_SET_ITEM(tuple, i, new_ref(args[i]));
  bool packed = true;
  if (names && PyTuple_GET_SIZE(names)) {
    packed = (kwargs = PyDict_New());
    for (Py_ssize_t i = 0; packed && i < PyTuple_GET_SIZE(names); i++)
      packed = PyDict_SetItem(kwargs, PyTuple_GET_ITEM(names, i), args[nargs + i]) == 0;
  }
  if (packed) return switch_to(to, tuple, kwargs);
  Py_DECREF(tuple);
  Py_XDECREF(kwargs);
  return nullptr;
}

PyObject *method_switch(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *names) {
  State *to = state_of(self);
  Thread *t = own_thread;
  if (t) [[likely]]
    t->current->state->frames.pushed = args + nargs + (names ? PyTuple_GET_SIZE(names) : 0);
  if (to->thread != t || to->life != Life::active || !t || nargs > 1 || names || t->dropped_size || to->faults || t->current == to->self)
      [[unlikely]]
    return switch_slow(to, args, nargs, names);
  return transfer(t, to, new_ref(nargs ? args[0] : empty_tuple));
}

// Sets the error that throw() asks for. False: another one is set, for these cannot be thrown.
static bool set_error(PyObject *type, PyObject *value, PyObject *traceback) {
  if (value == Py_None) value = nullptr;
  if (traceback == Py_None) traceback = nullptr;
  if (traceback && !PyTraceBack_Check(traceback)) {
    PyErr_SetString(PyExc_TypeError, "throw() third argument must be a traceback object");
    return false;
  }
  Py_XINCREF(value);
  Py_XINCREF(traceback);
  if (PyExceptionClass_Check(type)) {
    Py_INCREF(type);
    PyErr_NormalizeException(&type, &value, &traceback);
  } else if (PyExceptionInstance_Check(type)) {
    if (value) {
      Py_DECREF(value);
      Py_XDECREF(traceback);
      PyErr_SetString(PyExc_TypeError, "instance exception may not have a separate value");
      return false;
    }
    value = new_ref(type);
    type = new_ref(PyExceptionInstance_Class(value));
    if (!traceback) traceback = PyException_GetTraceback(value); // as `raise` does
  } else {
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    PyErr_Format(PyExc_TypeError, "exceptions must be classes, or instances, not %s", Py_TYPE(type)->tp_name);
    return false;
  }
  PyErr_Restore(type, value, traceback);
  return true;
}

// The GreenletExit that is set, as a value; new, NULL: no memory.
PyObject *take_exit() {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  Py_XDECREF(type);
  Py_XDECREF(traceback);
  return value ? value : new_ref(Py_None);
}

PyObject *throw_into(State *to, PyObject *type, PyObject *value, PyObject *traceback) {
  Thread *t = here();
  if (!t) return nullptr;
  drain(t);
  if (!set_error(type, value, traceback)) return nullptr;
  Parcel parcel;
  if (to->life == Life::dead && PyErr_ExceptionMatches(greenlet_exit)) { // they take it as a value
    PyObject *exit = take_exit(), *args = PyTuple_Pack(1, exit);
    Py_DECREF(exit);
    if (!args || !parcel.pack(args, nullptr)) return nullptr;
  }
  return send(t, to, parcel);
}

PyObject *method_throw(PyObject *self, PyObject *const *args, Py_ssize_t nargs) {
  if (nargs > 3) return PyErr_Format(PyExc_TypeError, "throw expected at most 3 arguments, got %zd", nargs);
  if (own_thread) own_thread->current->state->frames.pushed = args + nargs;
  return throw_into(state_of(self), nargs > 0 ? args[0] : greenlet_exit, nargs > 1 ? args[1] : nullptr, nargs > 2 ? args[2] : nullptr);
}
