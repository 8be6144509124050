// SPDX-License-Identifier: MIT
// Frames of greenlets that wait, and their data stacks.
#include "internal.h"

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

#endif
