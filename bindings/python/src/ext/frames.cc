// SPDX-License-Identifier: MIT
// Frames of greenlets that wait, and their data stacks.
#include "internal.h"

#include <cstring>

#if HAS_DATA_STACK

// CPython makes frame objects when somebody asks, but only the thread's: so the thread state shows it this top frame for a moment.
PyObject *Frames::top_object() const {
  if (!top) return nullptr;
  PyThreadState *ts = PyThreadState_GET();
  bool collects = PyGC_Disable(); // making one may collect garbage, which may switch, which would run that frame
#if HAS_CFRAME
  _PyCFrame *kept = ts->cframe, shown = *kept;
  shown.current_frame = top;
  ts->cframe = &shown;
#else
  Frame *kept = ts->current_frame;
  ts->current_frame = top;
#endif
  PyObject *frame = reinterpret_cast<PyObject *>(PyThreadState_GetFrame(ts));
#if HAS_CFRAME
  ts->cframe = kept;
#else
  ts->current_frame = kept;
#endif
  if (collects) PyGC_Enable();
  return frame;
}

#if PY_VERSION_HEX >= 0x030D0000
static PyObject *&code_of(Frame *frame) { return frame->f_executable; }
#else
static PyCodeObject *&code_of(Frame *frame) { return frame->f_code; }
#endif
#if PY_VERSION_HEX >= 0x030C0000
static PyObject *&function_of(Frame *frame) { return frame->f_funcobj; }
#else
static PyFunctionObject *&function_of(Frame *frame) { return frame->f_func; }
#endif

// Where the known part of its variables and value stack ends.
static PyObject *const *filled(Frame *frame, PyObject *const *pushed) {
  auto *code = reinterpret_cast<PyCodeObject *>(code_of(frame));
  PyObject *const *variables = frame->localsplus + code->co_nlocalsplus;
  if (frame->stacktop >= 0) return frame->localsplus + frame->stacktop; // it has called another one in the same loop
  return variables <= pushed && pushed <= variables + code->co_stacksize ? pushed : variables;
}

static bool is_watched(const Frame *frame) { return frame->frame_obj && Py_REFCNT(frame->frame_obj) > 1; }

// Those of generators belong to the generators. One that somebody looks at refers to what it has on his behalf, too.
int Frames::traverse(visitproc visit, void *arg) const {
  for (Frame *frame = top; frame; frame = frame->previous) {
    if (frame->owner != FRAME_OWNED_BY_THREAD || is_watched(frame)) continue;
    Py_VISIT(frame->f_locals);
    Py_VISIT(function_of(frame));
    for (PyObject *const *slot = frame->localsplus, *const *end = filled(frame, pushed); slot < end; slot++) Py_VISIT(*slot);
  }
  return 0;
}

// Who looks at the frame gets its variables.
static void give_variables(PyFrameObject *object, Frame *frame) {
  auto *own = reinterpret_cast<Frame *>(object->_f_frame_data);
  auto variables = static_cast<size_t>(frame->stacktop);
  memcpy(own, frame, offsetof(Frame, localsplus) + variables * sizeof *frame->localsplus);
  own->owner = FRAME_OWNED_BY_FRAME_OBJECT;
  own->previous = nullptr;
  object->f_frame = own;
  if (!PyObject_GC_IsTracked(reinterpret_cast<PyObject *>(object))) PyObject_GC_Track(object);
}

static void release_frame(Frame *frame, PyObject *const *pushed) {
  PyFrameObject *object = frame->frame_obj;
  PyObject *const *end = filled(frame, pushed), *const *slot = frame->localsplus;
  bool watched = is_watched(frame);
  frame->frame_obj = nullptr;
  frame->stacktop = reinterpret_cast<PyCodeObject *>(code_of(frame))->co_nlocalsplus;
  if (watched) {
    give_variables(object, frame);
    slot += frame->stacktop;
  }
  Py_XDECREF(object);
  for (; slot < end; slot++) Py_XDECREF(*slot);
  if (watched) return;
  Py_XDECREF(frame->f_locals);
  Py_DECREF(function_of(frame));
  Py_DECREF(code_of(frame));
}

void Frames::release() {
  hide();
  for (Frame *frame = top, *next; frame; frame = next) {
    next = frame->previous;
    if (frame->owner == FRAME_OWNED_BY_THREAD) release_frame(frame, pushed);
  }
  top = nullptr;
}

constexpr size_t usual_chunk = 16 << 10; // as CPython makes them
constexpr uint32_t most_cached = 64;

static void free_list(_PyStackChunk *chunk) {
  PyObjectArenaAllocator arenas; // that is where CPython gets them
  PyObject_GetArenaAllocator(&arenas);
  while (chunk) {
    _PyStackChunk *previous = chunk->previous;
    arenas.free(arenas.ctx, chunk, chunk->size);
    chunk = previous;
  }
}

void Frames::take_chunk(DataStackCache &cache) {
  chunk = cache.free;
  chunk_top = chunk_limit = nullptr;
  if (!chunk) return; // CPython makes one with the first frame
  cache.free = chunk->previous;
  cache.size--;
  chunk->previous = nullptr;
  chunk_top = &chunk->data[1]; // the first word stays free, so that CPython does not free a root
  chunk_limit = reinterpret_cast<PyObject **>(reinterpret_cast<char *>(chunk) + chunk->size);
}

void Frames::free_chunks() {
  free_list(chunk);
  chunk = nullptr;
}

void Frames::give_chunk(PyThreadState *ts, DataStackCache &cache) {
  _PyStackChunk *root = ts->datastack_chunk;
  ts->datastack_chunk = nullptr;
  ts->datastack_top = ts->datastack_limit = nullptr;
  if (!root) return;
  if (root->previous || root->size != usual_chunk || cache.size == most_cached) return free_list(root);
  root->previous = cache.free;
  cache.free = root;
  cache.size++;
}

void Frames::free_cached(DataStackCache &cache) {
  free_list(cache.free);
  cache = {};
}

#else

PyObject *Frames::top_object() const { return new_ref(reinterpret_cast<PyObject *>(top)); }

static bool calls(const Frame *frame, PyObject *const *pushed) {
  PyObject *const *stack = frame->f_valuestack;
  return stack <= pushed && pushed <= stack + frame->f_code->co_stacksize;
}

// Each is kept by the evaluation loop that runs it, and by the one that it called. Those of generators belong to the generators. One that somebody looks
// at refers to what it has on his behalf, too.
int Frames::traverse(visitproc visit, void *arg) const {
  for (Frame *frame = top; frame; frame = frame->f_back) {
    auto *object = reinterpret_cast<PyObject *>(frame);
    if (frame->f_gen) continue;
    if (PyObject_GC_IsTracked(object)) {
      Py_VISIT(object);
      continue;
    }
    if (Py_REFCNT(object) > (frame == top ? 1 : 2)) continue;
    if (int stop = Py_TYPE(object)->tp_traverse(object, visit, arg)) return stop;
    if (!calls(frame, pushed)) continue;
    for (PyObject *const *slot = frame->f_valuestack; slot < pushed; slot++) Py_VISIT(*slot);
  }
  return 0;
}

void Frames::release() {
  for (Frame *frame = top, *next; frame; frame = next) {
    next = frame->f_back;
    if (frame->f_gen) continue;
    if (calls(frame, pushed))
      for (PyObject *const *slot = frame->f_valuestack; slot < pushed; slot++) Py_XDECREF(*slot);
    Py_DECREF(frame);
  }
  top = nullptr;
}

#endif
