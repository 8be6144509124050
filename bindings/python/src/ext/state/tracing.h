// SPDX-License-Identifier: MIT
// Profiling and tracing (sys.setprofile(), sys.settrace()) belong to the thread: whoever runs is traced.
#pragma once

#include <Python.h>

// In 3.10 and 3.11 the switch for it lies in a struct on the C stack of whoever runs.
#define TRACING_ON_STACK (PY_VERSION_HEX >= 0x030A0000 && PY_VERSION_HEX < 0x030C0000)

struct Tracing {
#if TRACING_ON_STACK
  int on;
  void leave(const PyThreadState *ts) { on = ts->cframe->use_tracing; }
  void arrive(const PyThreadState *ts) const { ts->cframe->use_tracing = static_cast<decltype(ts->cframe->use_tracing)>(on); }
#else
  void leave(const PyThreadState *) {}
  void arrive(const PyThreadState *) const {}
#endif
};

// While greenlet's own tracers run, nobody traces them.
class Untraced {
public:
  Untraced() : ts_(PyThreadState_GET()) {
#if PY_VERSION_HEX >= 0x030B0000
    PyThreadState_EnterTracing(ts_);
#else
    ts_->tracing++;
    set(false);
#endif
  }
  ~Untraced() {
#if PY_VERSION_HEX >= 0x030B0000
    PyThreadState_LeaveTracing(ts_);
#else
    ts_->tracing--;
    set(ts_->c_tracefunc || ts_->c_profilefunc);
#endif
  }
  Untraced(const Untraced &) = delete;
  Untraced &operator=(const Untraced &) = delete;

private:
#if PY_VERSION_HEX >= 0x030B0000
#elif TRACING_ON_STACK
  void set(bool on) { ts_->cframe->use_tracing = on; }
#else
  void set(bool on) { ts_->use_tracing = on; }
#endif
  PyThreadState *ts_;
};
