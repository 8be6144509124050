// SPDX-License-Identifier: MIT
// What the files of the extension module share: the structs, and the functions, grouped by the file that defines them.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <cstdint>

#include <greenlet.h>

#include "state/context.h"
#include "state/depth.h"
#include "state/exceptions.h"
#include "state/frames.h"
#include "state/tracing.h"

struct State;

// As extension modules know it from Python's greenlet.h: Cython lays the fields of subclasses right behind it.
struct PyGreenlet {
  PyObject_HEAD PyObject *weakreflist;
  PyObject *dict;
  State *state; // `pimpl` there
};
static_assert(sizeof(PyGreenlet) == 5 * sizeof(void *), "part of the ABI");

#if defined(__GLIBC__)
#define PYGL_TLS __attribute__((tls_model("initial-exec"))) thread_local // 8 bytes of what dlopen() can still give
#else
#define PYGL_TLS thread_local
#endif

enum class Life : uint8_t {
  unstarted,
  active, // from its first switch to the end of `run`; a main one always
  dead,
};

constexpr unsigned shared_stacks = 8; // of a thread

// What a thread has. Kept by itself until its thread has ended and cleanup came by, and by each greenlet that has started there.
struct Thread {
  PyGreenlet *current;   // counted: the running one keeps itself
  PyGreenlet *origin;    // counted: who left, for whoever arrives
  gl_greenlet *ended;    // counted: its core, if it left for ever
  bool watched;          // somebody wants to be told of transfers
  uint32_t dropped_size; // of `dropped`
  Tracing tracing;

  PyGreenlet *main;        // counted
  const State *main_state; // also once `main` is gone
  PyObject *tracer;        // counted; NULL: none
  PyObject *subscribers;   // counted tuple; NULL: none
  PyGreenlet **dropped;    // counted: other threads released the last reference; to be killed here
  uint32_t dropped_capacity;
  gl_stack *shared[shared_stacks]; // NULL: not made yet
  unsigned next_shared;
  State *occupants[shared_stacks]; // whose bytes are in place there; NULL: of one that has ended
  DataStackCache data_stacks;

  unsigned long id;  // threading.get_ident() of it
  bool ended_well;   // Python's part has ended, and all frames have left the stacks
  bool ended_thread; // its greenlets are dead, wherever they wait
  Py_ssize_t keepers;
  Thread *next, *prev; // of all
  Thread *next_ended;
};

// Behind a PyGreenlet.
struct State {
  PyGreenlet *self;
  gl_greenlet *core; // counted; while active
  Thread *thread;    // counted; from the start on
  Life life;
  bool on_shared;     // runs on a stack of Thread::shared, which others use too
  bool on_thread;     // runs on the thread's own stack, with others: of a main one, once there are others
  uint8_t shared_at;  // which of the shared ones
  bool is_parent;     // has been somebody's parent
  uint16_t kills;     // kills of it that wait
  bool collected;     // the collector has had it killed
  uint8_t faults;     // broken.cc
  uint32_t family;    // family_changes at its start
  PyGreenlet *parent; // counted; NULL: it is main, or the collector took it
  PyObject *run;      // counted: until the start what was given, then what runs
  PyObject *args;     // counted: of the call of `run`; NULL: an exception came instead
  PyObject *kwargs;   // counted

  // While it does not run: CPython's.
  Depth depth;
  Exceptions exceptions;
  Context context;
  Frames frames;
  const char *stack_pointer;
};

inline PyObject *new_ref(PyObject *o) { // Py_XNewRef() is not in 3.9
  Py_XINCREF(o);
  return o;
}
inline State *state_of(PyObject *g) { return reinterpret_cast<PyGreenlet *>(g)->state; }
inline PyObject *object_of(PyGreenlet *g) { return reinterpret_cast<PyObject *>(g); }

// An error that waits while other things are done.
class SavedError {
public:
  SavedError() { PyErr_Fetch(&type_, &value_, &traceback_); }
  ~SavedError() { PyErr_Restore(type_, value_, traceback_); } // drops one that was set meanwhile
  SavedError(const SavedError &) = delete;
  SavedError &operator=(const SavedError &) = delete;

private:
  PyObject *type_, *value_, *traceback_;
};

inline bool is_finalizing() {
#if PY_VERSION_HEX >= 0x030D0000
  return Py_IsFinalizing();
#else
  return _Py_IsFinalizing();
#endif
}

// --- module.cc ------------------------------------------------------------------------------------------------------------------------
extern PyObject *greenlet_error, *greenlet_exit; // the exceptions
extern PyObject *empty_tuple, *run_name;

// --- type.cc --------------------------------------------------------------------------------------------------------------------------
extern PyTypeObject greenlet_type;
inline bool is_greenlet(PyObject *o) { return PyObject_TypeCheck(o, &greenlet_type); }
PyGreenlet *new_greenlet(PyTypeObject *type, PyGreenlet *parent); // unstarted; steals `parent`
PyObject *create(PyTypeObject *type, PyObject *, PyObject *);     // tp_new
int initialise(PyObject *self, PyObject *args, PyObject *kwargs); // tp_init
PyGreenlet *make_greenlet(PyObject *run, PyObject *parent);       // of the type itself; both borrowed, either may be NULL
int set_run(PyObject *self, PyObject *run, void *);
int set_parent(PyObject *self, PyObject *parent, void *);
PyObject *get_parent(PyObject *self, void *); // new; None
bool is_active(const State *s);
bool is_dead(const State *s);
inline bool is_main(const State *s) { return s->thread && s->thread->main_state == s; }
// Can the frames of one that waits be walked? Stacks go with their thread, and at the end of the interpreter threads go at any time.
inline bool has_frames(const State *s) { return !s->thread->ended_thread || (s->thread->ended_well && !is_finalizing()); }
inline bool has_started(const State *s) { return s->life != Life::unstarted; }

// --- switch.cc ------------------------------------------------------------------------------------------------------------------------
// All return what comes back, new, or NULL with an error set.
PyObject *switch_to(State *to, PyObject *args, PyObject *kwargs); // a tuple, a dict or NULL; steals both
PyObject *throw_into(State *to, PyObject *type, PyObject *value, PyObject *traceback);
PyObject *take_exit(); // the GreenletExit that is set, as a value; new
PyObject *method_switch(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *names);
PyObject *method_throw(PyObject *self, PyObject *const *args, Py_ssize_t nargs);
Thread *lineage(const State *s);               // whose it is; NULL: the collector took an ancestor
bool check_lineage(Thread *t, const State *s); // false: not ours, with an error set

// From one greenlet to the next: whose turn it is, and the references that go along.
struct Turn {
  PyGreenlet *from;
};
inline Turn begin_turn(Thread *t, State *to) {
  Turn turn{t->current};
  t->origin = turn.from;
  t->current = to->self;
  Py_INCREF(to->self);
  return turn;
}
inline void undo_turn(Thread *t, Turn turn) { // it has not come to a transfer
  PyGreenlet *to = t->current;
  t->current = turn.from;
  t->origin = nullptr;
  Py_DECREF(to);
}
// What an arrival takes over before anything else can happen.
struct Arrival {
  PyGreenlet *origin;
  gl_greenlet *ended;
};
inline Arrival take_arrival(Thread *t) {
  Arrival arrival{t->origin, t->ended};
  t->origin = nullptr;
  t->ended = nullptr;
  return arrival;
}
PyObject *finish_arrival(Thread *t, Arrival arrival,
                         PyObject *value); // tells the tracers, lets go of who left. NULL, before and after: an error is set
PyObject *arrive(Thread *t, gl_status status, void *received); // both of these, in one that waited

// --- life.cc --------------------------------------------------------------------------------------------------------------------------
PyObject *find_run(State *s); // new; may run anything
extern uint32_t family_changes;
// Steals the arguments. `ancestor`, if known: the nearest that is active. Nothing of Python runs from here to the transfer. False: an error is set, or kept
bool prepare_start(Thread *t, State *s, PyObject *args, PyObject *kwargs, State *ancestor = nullptr);
void abandon_start(State *s);
void tell_ancestors(Thread *t, State *s);    // to the core: for when it sees a cycle where none is
gl_status link(State *child, State *parent); // in the core; both are active
void leave_place(State *s);                  // it will not come back there

// --- death.cc -------------------------------------------------------------------------------------------------------------------------
bool kill_last(PyGreenlet *g);    // no reference is left: false: it lives on
void kill_garbage(PyGreenlet *g); // the collector found it
void discard(State *s);           // it will never run again
void drain_slow(Thread *t);
inline void drain(Thread *t) { // those that other threads dropped
  if (t->dropped_size) [[unlikely]]
    drain_slow(t);
}

// --- thread.cc ------------------------------------------------------------------------------------------------------------------------
extern PYGL_TLS Thread *own_thread;
Thread *attach(); // NULL: an error is set
inline Thread *here() { return own_thread ? own_thread : attach(); }
void keep_thread(Thread *t);
void let_thread_go(Thread *t);
bool set_up_threads();
extern Py_ssize_t main_greenlets; // that exist
Py_ssize_t pending_cleanups();

// --- stacks.cc ------------------------------------------------------------------------------------------------------------------------
gl_greenlet *new_core(Thread *t, State *s, gl_greenlet *parent); // NULL: an error is set
PyObject *set_stack(PyObject *, PyObject *kind);

// --- exchange.cc ----------------------------------------------------------------------------------------------------------------------
void exchange(void *thread, gl_greenlet *from, gl_greenlet *to);
gl_status body(void *state, void *run, void **result); // life.cc

// --- trace.cc -------------------------------------------------------------------------------------------------------------------------
bool tell(Thread *t, bool thrown, PyGreenlet *origin, PyGreenlet *target); // false: an error is set, in place of what was
PyObject *settrace(PyObject *, PyObject *tracer);
PyObject *gettrace(PyObject *, PyObject *);
PyObject *subscribe(PyObject *, PyObject *subscriber);
PyObject *unsubscribe(PyObject *, PyObject *subscriber);

// --- inspect.cc -----------------------------------------------------------------------------------------------------------------------
PyObject *inspect(PyObject *, PyObject *g);

// --- capi.cc, broken.cc ---------------------------------------------------------------------------------------------------------------
PyObject *new_capsule();
extern PyTypeObject unswitchable_type;
bool fails(State *to); // true: an error is set
