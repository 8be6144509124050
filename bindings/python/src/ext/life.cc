// SPDX-License-Identifier: MIT
// A greenlet's life on its own stack: its start, the call of `run`, its end, and who gets the outcome.
#include "internal.h"

#include <exception>

// --- Start ----------------------------------------------------------------------------------------------------------------------------

// An error that is about to be thrown waits meanwhile.
PyObject *find_run(State *s) {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  PyObject *run = PyObject_GetAttr(object_of(s->self), run_name);
  if (run) {
    PyErr_Restore(type, value, traceback);
  } else {
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
  }
  return run;
}

// The nearest one with a stack; main, where the collector took one. An outcome may have to start others first: see find_heir().
static State *active_ancestor(Thread *t, const State *s) {
  for (const PyGreenlet *parent = s->parent; parent; parent = parent->state->parent)
    if (parent->state->life == Life::active) return parent->state;
  return t->main->state;
}

// An outcome may climb over any number of unstarted ones, and to walk up from each would take quadratic time. So this counts what can change who is
// the nearest: one that is active or a parent gets another parent; a parent starts, or leaves its outcome to a killer. Since the start of one that is
// active it has mostly stayed the same, and the nearest is the one that the core was told then.
uint32_t family_changes;

static State *known_ancestor(Thread *t, const State *s) { // NULL: walk
  auto *ancestor = s->family == family_changes ? static_cast<State *>(gl_data(gl_parent(s->core))) : nullptr;
  return ancestor && ancestor->life == Life::active && ancestor->thread == t ? ancestor : nullptr;
}

// The core does not hear of it when an unstarted ancestor gets another parent. So it is told of all ancestors anew, by way of main, lest old and new
// ones make a cycle.
void tell_ancestors(Thread *t, State *s) {
  State *main = t->main->state;
  for (State *a = s; a != main; a = active_ancestor(t, a)) gl_set_parent(a->core, main->core);
  for (State *a = s; a != main; a = active_ancestor(t, a)) gl_set_parent(a->core, active_ancestor(t, a)->core);
}

gl_status link(State *child, State *parent) {
  gl_status status = gl_set_parent(child->core, parent->core);
  if (status != GL_ECYCLE) return status;
  tell_ancestors(child->thread, parent);
  return gl_set_parent(child->core, parent->core);
}

bool prepare_start(Thread *t, State *s, PyObject *args, PyObject *kwargs, State *ancestor) {
  s->core = new_core(t, s, (ancestor ? ancestor : active_ancestor(t, s))->core);
  if (!s->core) {
    Py_XDECREF(args);
    Py_XDECREF(kwargs);
    return false;
  }
  s->args = args;
  s->kwargs = kwargs;
  keep_thread(s->thread = t);
  if (s->is_parent) family_changes++;
  s->family = family_changes;
  PyThreadState *ts = PyThreadState_GET();
  s->depth.begin(ts);
  s->exceptions.begin();
  s->frames.begin(ts);
  s->frames.take_chunk(t->data_stacks);
  return true;
}

void abandon_start(State *s) {
  s->frames.free_chunks();
  let_thread_go(s->thread);
  s->thread = nullptr;
  gl_release(s->core);
  s->core = nullptr;
  Py_CLEAR(s->args);
  Py_CLEAR(s->kwargs);
}

// --- The body --------------------------------------------------------------------------------------------------------------------------

// A C++ exception must not get past this. Forced unwinding (a thread that is made to exit) does.
static PyObject *call_run(State *s) {
  try {
    return PyObject_Call(s->run, s->args, s->kwargs);
  } catch (const std::exception &e) {
    char text[300];
    PyOS_snprintf(text, sizeof text, "greenlet: Unhandled C++ exception: %.200s", e.what());
    Py_FatalError(text);
  }
}

static void drop_call(State *s) {
  PyObject *run = s->run, *args = s->args, *kwargs = s->kwargs;
  s->run = s->args = s->kwargs = nullptr;
  Py_XDECREF(args);
  Py_XDECREF(kwargs);
  Py_XDECREF(run);
}

// An unstarted ancestor gets an outcome as the arguments of its first call. Answers with what it is to call; NULL: it does not start, and there is an
// error in place of the outcome unless it has started meanwhile.
static PyObject *start_heir(Thread *t, State *self, State *heir, PyObject *&outcome) {
  PyObject *args = outcome ? PyTuple_Pack(1, outcome) : nullptr; // may come with a collection, so before anything is looked at
  PyObject *run = args || !outcome ? find_run(heir) : nullptr;
  if (run && heir->life != Life::unstarted) {
    Py_DECREF(run);
    Py_XDECREF(args);
    return nullptr;
  }
  State *ancestor = known_ancestor(t, self);
  bool starts = run && (ancestor || check_lineage(t, heir)) && !(heir->faults && fails(heir));
  Py_CLEAR(outcome);
  if (starts && prepare_start(t, heir, args, nullptr, ancestor)) {
    if (link(self, heir) == GL_OK) return run;
    abandon_start(heir);
    PyErr_NoMemory();
  } else if (!starts) {
    Py_XDECREF(args);
  }
  Py_XDECREF(run);
  return nullptr;
}

// Who gets the outcome, which becomes NULL where that turns into an error. With `run`: by starting it. To one that is being killed, the killer is the
// parent.
static State *find_heir(Thread *t, State *self, PyObject *&outcome, PyObject *&run) {
  run = nullptr;
  if (self->kills) {
    if (self->is_parent) family_changes++;
    return static_cast<State *>(gl_data(gl_parent(self->core)));
  }
  for (State *s = self->parent ? self->parent->state : nullptr; s;) {
    if (s->life == Life::active && s->thread == t) {
      if (gl_parent(self->core) != s->core) link(self, s);
      return s;
    }
    if (s->life == Life::unstarted) {
      PyGreenlet *held = s->self; // the lookup may change who its children are
      Py_INCREF(held);
      run = start_heir(t, self, s, outcome);
      bool again = s->life != Life::unstarted; // it was started by its own lookup
      State *parent = s->parent ? s->parent->state : nullptr;
      Py_DECREF(held);
      if (run) return s;
      if (!again) s = parent;
      continue;
    }
    s = s->parent ? s->parent->state : nullptr;
  }
  gl_set_parent(self->core, t->main->state->core); // the collector took an ancestor
  return t->main->state;
}

void leave_place(State *s) {
  State *&occupant = s->thread->occupants[s->shared_at];
  if (s->on_shared && occupant == s) occupant = nullptr;
}

// Nothing of Python runs after this on its stack.
static gl_status end(Thread *t, State *self, PyObject *outcome, void **result) {
  PyObject *run;
  State *heir = find_heir(t, self, outcome, run);
  PyThreadState *ts = PyThreadState_GET();
  Frames::give_chunk(ts, t->data_stacks);
  t->tracing.leave(ts);
  leave_place(self);
  t->ended = self->core;
  self->core = nullptr;
  self->life = Life::dead;
  begin_turn(t, heir);
  *result = run ? run : outcome;
  return *result ? GL_OK : GL_THROWN;
}

gl_status body(void *state, void *run, void **result) {
  auto *self = static_cast<State *>(state);
  Thread *t = self->thread;
  Arrival arrival = take_arrival(t);
  PyThreadState *ts = PyThreadState_GET();
  BaseFrame base(ts);
  t->tracing.arrive(ts);
  self->life = Life::active;
  PyObject *given = self->run;
  self->run = static_cast<PyObject *>(run);
  Py_XDECREF(given);
  PyObject *go = finish_arrival(t, arrival, self->args ? Py_None : nullptr);
  PyObject *outcome = go ? call_run(self) : nullptr;
  drop_call(self);
  if (!outcome && PyErr_ExceptionMatches(greenlet_exit)) outcome = take_exit();
  Depth::end(ts);
  return end(t, self, outcome, result);
}
