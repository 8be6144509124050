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

// How deep its value stack is, only the evaluation loop knows: what is there is lost.
static void release_frame(Frame *frame) {
  int variables = reinterpret_cast<PyCodeObject *>(code_of(frame))->co_nlocalsplus;
  PyFrameObject *object = frame->frame_obj;
  frame->frame_obj = nullptr;
  if (object && Py_REFCNT(object) > 1) { // somebody looks at it: it takes the variables along
    frame->stacktop = variables;
    memcpy(object->_f_frame_data, frame, offsetof(Frame, localsplus) + static_cast<size_t>(variables) * sizeof *frame->localsplus);
    auto *own = reinterpret_cast<Frame *>(object->_f_frame_data);
    own->owner = FRAME_OWNED_BY_FRAME_OBJECT;
    own->previous = nullptr;
    object->f_frame = own;
    if (!PyObject_GC_IsTracked(reinterpret_cast<PyObject *>(object))) PyObject_GC_Track(object);
    Py_DECREF(object);
    return;
  }
  Py_XDECREF(object);
  for (int i = 0; i < variables; i++) Py_XDECREF(frame->localsplus[i]);
  Py_XDECREF(frame->f_locals);
  Py_DECREF(function_of(frame));
  Py_DECREF(code_of(frame));
}

void Frames::release() {
  hide();
  for (Frame *frame = top, *next; frame; frame = next) {
    next = frame->previous;
    if (frame->owner == FRAME_OWNED_BY_THREAD) release_frame(frame); // a generator's belong to the generator
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

// Each is kept by the evaluation loop that will not return, and by the one that it called.
void Frames::release() {
  for (Frame *frame = top, *next; frame; frame = next) {
    next = frame->f_back;
    if (!frame->f_gen) Py_DECREF(frame); // a generator's belongs to the generator
  }
  top = nullptr;
}

#endif
