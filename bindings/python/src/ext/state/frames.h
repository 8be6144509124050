// SPDX-License-Identifier: MIT
// Python's frames: which one is on top, and where they lie.
//
// From 3.11 on frames lie in a data stack, which is a list of chunks. The root chunk of each greenlet is ours to free.
//
// From 3.12 on an evaluation loop that C enters puts a frame of its own, an entry, on its C stack and into the chain:
//
//     top frame -> frame -> entry -> frame -> entry -> NULL       Whoever walks the chain of one that waits (f_back) must not read a stack
//                             |                 |                 whose bytes may have been moved. So a greenlet on such a stack takes its
//                           C stack          C stack              entries out of the chain before it leaves, and puts them back on arrival.
#pragma once

#include <Python.h>
#if PY_VERSION_HEX < 0x030B0000
#include <frameobject.h>
#else
#define Py_BUILD_CORE 1
#include <internal/pycore_frame.h>
#undef Py_BUILD_CORE
#endif

#define HAS_CFRAME (PY_VERSION_HEX >= 0x030A0000 && PY_VERSION_HEX < 0x030D0000)
#define HAS_DATA_STACK (PY_VERSION_HEX >= 0x030B0000)
#define HAS_ENTRIES (PY_VERSION_HEX >= 0x030C0000)

#if HAS_DATA_STACK
using Frame = _PyInterpreterFrame;
#else
using Frame = PyFrameObject;
#endif

// Root chunks that wait for the next greenlet: the system would map and unmap one for each.
struct DataStackCache {
#if HAS_DATA_STACK
  _PyStackChunk *free;
  uint32_t size;
#endif
};

struct Frames {
  Frame *top; // NULL: no Python is on its stack
  PyObject *const
      *pushed; // how far the value stack of one of them is filled: the one that called switch(). Of the others only CPython may know
#if HAS_CFRAME
#if PY_VERSION_HEX >= 0x030B0000
  _PyCFrame *cframe;
#else
  CFrame *cframe;
#endif
#endif
#if HAS_DATA_STACK
  _PyStackChunk *chunk;
  PyObject **chunk_top, **chunk_limit;
#endif
#if HAS_ENTRIES
  Frame *hidden; // entries that were taken out, the outermost first
#endif

  void save(const PyThreadState *ts) {
#if PY_VERSION_HEX >= 0x030D0000
    top = ts->current_frame;
#elif PY_VERSION_HEX >= 0x030B0000
    top = ts->cframe->current_frame;
#else
    top = ts->frame;
#endif
#if HAS_CFRAME
    cframe = ts->cframe;
#endif
#if HAS_DATA_STACK
    chunk = ts->datastack_chunk;
    chunk_top = ts->datastack_top;
    chunk_limit = ts->datastack_limit;
#endif
  }

  // What lies on its C stack may not be there yet.
  void load(PyThreadState *ts) {
#if PY_VERSION_HEX >= 0x030D0000
    ts->current_frame = top;
#elif PY_VERSION_HEX < 0x030B0000
    ts->frame = top;
#endif
#if HAS_CFRAME
    ts->cframe = cframe;
#endif
#if HAS_DATA_STACK
    ts->datastack_chunk = chunk;
    ts->datastack_top = chunk_top;
    ts->datastack_limit = chunk_limit;
    chunk = nullptr; // is the thread's now
#endif
  }

  void begin([[maybe_unused]] PyThreadState *ts) {
    top = nullptr;
#if HAS_CFRAME
    cframe = &ts->root_cframe; // until it runs: see BaseFrame
#endif
#if HAS_ENTRIES
    hidden = nullptr;
#endif
  }

#if HAS_ENTRIES
  // An entry's own fields for names mean nothing: they hold where it was, and the next hidden one.
  void hide() {
    Frame **link = &top;
    while (Frame *frame = *link) {
      if (frame->owner != FRAME_OWNED_BY_CSTACK) {
        link = &frame->previous;
        continue;
      }
      *link = frame->previous;
      frame->f_globals = reinterpret_cast<PyObject *>(link);
      frame->f_builtins = reinterpret_cast<PyObject *>(hidden);
      hidden = frame;
    }
  }
  void show(PyThreadState *ts) {
    if (!hidden) return;
    for (; hidden; hidden = reinterpret_cast<Frame *>(hidden->f_builtins)) *reinterpret_cast<Frame **>(hidden->f_globals) = hidden;
    set_top(ts, top);
  }
#else
  void hide() {}
  void show(PyThreadState *) {}
#endif

  PyObject *top_object() const; // new; NULL: there is none, or an error is set
  // What they refer to, as far as that can be known: the rest, and what C holds on its stack, is seen by nobody.
  int traverse(visitproc visit, void *arg) const;
  void release(); // of one that never runs again

#if HAS_DATA_STACK
  void take_chunk(DataStackCache &cache);                           // for one that begins
  void free_chunks();                                               // of one that waits, and never runs again
  static void give_chunk(PyThreadState *ts, DataStackCache &cache); // of one that ends: its last Python code has run
  static void free_cached(DataStackCache &cache);
#else
  void take_chunk(DataStackCache &) {}
  void free_chunks() {}
  static void give_chunk(PyThreadState *, DataStackCache &) {}
  static void free_cached(DataStackCache &) {}
#endif

#if HAS_DATA_STACK
private:
  static void set_top(PyThreadState *ts, Frame *frame) {
#if PY_VERSION_HEX >= 0x030D0000
    ts->current_frame = frame;
#else
    ts->cframe->current_frame = frame;
#endif
  }
#endif
};

// The outermost record of a greenlet's evaluation loops, on its C stack, so that chains of frames end here.
class BaseFrame {
#if HAS_CFRAME
public:
  explicit BaseFrame(PyThreadState *ts) : ts_(ts), base_(ts->root_cframe) {
    base_.previous = &ts->root_cframe;
#if PY_VERSION_HEX >= 0x030B0000
    base_.current_frame = nullptr;
#endif
    ts->cframe = &base_;
  }
  ~BaseFrame() { ts_->cframe = &ts_->root_cframe; }
  BaseFrame(const BaseFrame &) = delete;
  BaseFrame &operator=(const BaseFrame &) = delete;

private:
  PyThreadState *ts_;
  decltype(PyThreadState::root_cframe) base_;
#else
public:
  explicit BaseFrame(PyThreadState *) {}
#endif
};
