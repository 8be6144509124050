// SPDX-License-Identifier: MIT
// The last reference to a greenlet that waits: it is killed, so that it unwinds, by its own thread.
#include "internal.h"

// Somebody has to be told.
static void report_survivor(PyGreenlet *g) {
  PyObject *file = PySys_GetObject("stderr");
  if (!file) return;
  Py_INCREF(file);
  PyFile_WriteString("GreenletExit did not kill ", file);
  PyFile_WriteObject(object_of(g), file, 0);
  PyFile_WriteString("\n", file);
  Py_DECREF(file);
}

// The caller holds a reference, and so does the running one on itself: its frame here does not go before control is back.
static void kill(Thread *t, State *s) {
  PyGreenlet *killer = t->current;
  Py_INCREF(killer);
  killer->state->frames.pushed = nullptr; // what it is in the midst of is unknown
  s->kills++;
  Turn turn = begin_turn(t, s);
  void *received = nullptr;
  gl_status status = gl_kill(s->core, &received);
  if (status == GL_ECYCLE) { // it has no references, so it is nobody's parent
    tell_ancestors(t, killer->state);
    status = gl_kill(s->core, &received);
  }
  PyObject *value = nullptr;
  if (status >= 0) {
    value = arrive(t, status == GL_ALIVE ? GL_OK : status, received);
  } else {
    undo_turn(t, turn);
    PyErr_Format(greenlet_error, "cannot kill: %s", gl_strerror(status));
  }
  s->kills--;
  if (value) Py_DECREF(value);
  else PyErr_WriteUnraisable(object_of(s->self));
  Py_DECREF(killer);
}

void kill_garbage(PyGreenlet *g) {
  SavedError error;
  kill(g->state->thread, g->state);
}

static bool queue(Thread *owner, PyGreenlet *g) {
  if (owner->dropped_size == owner->dropped_capacity) {
    uint32_t capacity = owner->dropped_capacity ? owner->dropped_capacity * 2 : 8;
    void *grown = PyMem_RawRealloc(owner->dropped, capacity * sizeof *owner->dropped);
    if (!grown) return false;
    owner->dropped = static_cast<PyGreenlet **>(grown);
    owner->dropped_capacity = capacity;
  }
  owner->dropped[owner->dropped_size++] = g;
  return true;
}

// Before a switch, and never in the midst of one. One at a time: each may end in another greenlet.
void drain_slow(Thread *t) {
  SavedError error;
  while (t->dropped_size) Py_DECREF(t->dropped[--t->dropped_size]);
}

void discard(State *s) {
  gl_greenlet *core = s->core;
  if (!core) return;
  leave_place(s);
  s->core = nullptr;
  s->life = Life::dead;
  if (!is_finalizing() && has_frames(s)) s->frames.release();
  s->frames.free_chunks();
  gl_set_data(core, nullptr);
  gl_release(core); // GL_DISCARD: nothing runs
}

bool kill_last(PyGreenlet *g) {
  State *s = g->state;
  if (is_finalizing() || s->thread->ended_thread) return discard(s), true;
  Py_SET_REFCNT(g, 1); // for now
  {
    SavedError error;
    if (s->thread == own_thread) {
      kill(s->thread, s);
      if (Py_REFCNT(g) == 1 && s->life == Life::active) {
        Py_INCREF(g); // for ever
        report_survivor(g);
      }
    } else if (queue(s->thread, g)) {
      Py_INCREF(g);
    }
  }
  Py_ssize_t left = Py_REFCNT(g) - 1;
  Py_SET_REFCNT(g, left);
  return left == 0;
}
