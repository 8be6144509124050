// SPDX-License-Identifier: MIT
// What a thread has for its greenlets, from their first use there until the thread has ended.
//
// A thread ends twice: Python's part, when its PyThreadState is cleared, with the interpreter's lock and able to run code: those that other threads
// have dropped are killed then. And the system's, without the lock: what is left is dead to the world (rule 19), and references go in a pending call.
#include "internal.h"

#include <atomic>

PYGL_TLS Thread *own_thread = nullptr;
Py_ssize_t main_greenlets;
static Thread *threads; // all that have not ended
static std::atomic<Thread *> ended_threads{nullptr};
static gl_key end_key;

void keep_thread(Thread *t) { t->keepers++; }
void let_thread_go(Thread *t) {
  if (--t->keepers == 0) PyMem_RawFree(t);
}

static void delist(Thread *t) {
  (t->prev ? t->prev->next : threads) = t->next;
  if (t->next) t->next->prev = t->prev;
}

// What it held goes.
static void clean_up(Thread *t) {
  Py_CLEAR(t->tracer);
  Py_CLEAR(t->subscribers);
  while (t->dropped_size) Py_DECREF(t->dropped[--t->dropped_size]);
  PyMem_RawFree(t->dropped);
  Frames::free_cached(t->data_stacks);
  for (gl_stack *&stack : t->shared) {
    gl_stack_release(stack);
    stack = nullptr;
  }
  PyGreenlet *current = t->current, *main = t->main;
  t->current = t->main = nullptr;
  if (current != main) discard(current->state);
  Py_DECREF(current);
  Py_DECREF(main);
  let_thread_go(t);
}

static int clean_up_ended(void *) {
  for (Thread *t = ended_threads.exchange(nullptr), *next; t; t = next) {
    next = t->next_ended;
    delist(t);
    clean_up(t);
  }
  return 0;
}

static void mark_ended(Thread *t) {
  t->ended_thread = true;
  t->next_ended = ended_threads.load();
  while (!ended_threads.compare_exchange_weak(t->next_ended, t)) {}
}

// A drop of the core: the thread is about to end, without the interpreter's lock.
static void thread_ended(void *thread) {
  own_thread = nullptr;
  mark_ended(static_cast<Thread *>(thread));
  if (Py_IsInitialized() && !is_finalizing()) Py_AddPendingCall(clean_up_ended, nullptr);
}

Py_ssize_t pending_cleanups() {
  Py_ssize_t n = 0;
  for (Thread *t = ended_threads.load(); t; t = t->next_ended) n++;
  return n;
}

// --- Python's end of a thread -----------------------------------------------------------------------------------------------------------

static const char end_name[] = "libgreenlet thread end";

// Stacks go with the thread, frames do not: see frames.h.
static int leave_stack(void *current, gl_greenlet *g) {
  if (g != current) static_cast<State *>(gl_data(g))->frames.hide();
  return 0;
}

static void python_thread_ended(PyObject *capsule) {
  auto *t = static_cast<Thread *>(PyCapsule_GetPointer(capsule, end_name));
  if (t != own_thread || is_finalizing()) return;
  drain(t);
  gl_foreach(leave_stack, gl_current());
  t->ended_well = true;
}

static bool watch_end(Thread *t) {
  PyObject *dict = PyThreadState_GetDict(), *capsule = dict ? PyCapsule_New(t, end_name, python_thread_ended) : nullptr;
  bool watched = capsule && PyDict_SetItemString(dict, end_name, capsule) == 0;
  Py_XDECREF(capsule);
  return watched;
}

// --- A thread's first use ---------------------------------------------------------------------------------------------------------------

// False: there is no memory, and nothing has changed.
static bool set_up(Thread *t, PyGreenlet *main) {
  gl_greenlet *core = gl_main();
  if (!core || gl_hook_add(exchange, t) != GL_OK) return false;
  if (gl_set_local(core, end_key, t) != GL_OK) return gl_hook_remove(exchange, t), false;
  State *s = main->state;
  s->life = Life::active;
  s->core = core;
  s->thread = t;
  gl_set_data(core, s);
  main_greenlets++;
  Py_INCREF(main);
  t->current = t->main = main;
  t->main_state = s;
  t->keepers = 2; // main is one
  t->id = PyThread_get_thread_ident();
  t->next = threads;
  if (threads) threads->prev = t;
  own_thread = threads = t;
  return true;
}

static Thread *make_thread() {
  PyGreenlet *main = new_greenlet(&greenlet_type, nullptr); // may come with a collection, which may run anything
  if (own_thread) return Py_XDECREF(main), own_thread;
  auto *t = static_cast<Thread *>(main ? PyMem_RawCalloc(1, sizeof(Thread)) : nullptr);
  if (!t || !set_up(t, main)) {
    PyMem_RawFree(t);
    Py_XDECREF(main);
    return nullptr;
  }
  if (!watch_end(t)) PyErr_Clear(); // what is dropped too late is not unwound then
  return t;
}

Thread *attach() {
  Thread *t;
  {
    SavedError error;
    t = make_thread();
  }
  if (!t) PyErr_NoMemory();
  return t;
}

// The child of a fork has one thread: the others have ended.
static PyObject *after_fork(PyObject *, PyObject *) {
  for (Thread *t = threads; t; t = t->next)
    if (t != own_thread && !t->ended_thread) mark_ended(t);
  clean_up_ended(nullptr);
  Py_RETURN_NONE;
}

bool set_up_threads() {
  static PyMethodDef method = {"after_fork", after_fork, METH_NOARGS, nullptr};
  if (gl_key_new(&end_key, thread_ended) != GL_OK) return PyErr_NoMemory(), false;
  PyObject *os = PyImport_ImportModule("os");
  PyObject *fork = os ? PyObject_GetAttrString(os, "register_at_fork") : nullptr;
  if (os && !fork) PyErr_Clear(); // a system without fork
  PyObject *done = os ? Py_None : nullptr;
  if (fork) {
    PyObject *function = PyCFunction_New(&method, nullptr), *empty = PyTuple_New(0);
    PyObject *kwargs = function ? Py_BuildValue("{sO}", "after_in_child", function) : nullptr;
    done = empty && kwargs ? PyObject_Call(fork, empty, kwargs) : nullptr;
    Py_XDECREF(done);
    Py_XDECREF(function);
    Py_XDECREF(empty);
    Py_XDECREF(kwargs);
  }
  Py_XDECREF(fork);
  Py_XDECREF(os);
  return done;
}
