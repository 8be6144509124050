// SPDX-License-Identifier: MIT
// What N-API has not: functions of V8's public API, found by their exported names. Including V8's headers would tie the binary to one version of Node.
#pragma once

#include <cstddef>

namespace v8api {

struct Isolate;

// False: this is not a V8 whose functions we know.
bool load();

extern Isolate *(*current)();
extern bool (*is_locked)(Isolate *);
extern void (*enter)(Isolate *);
extern void (*exit)(Isolate *);
extern void (*discard_thread)(Isolate *); // what V8 remembers of the calling V8 thread, such as its stack limit
extern void (*terminate)(Isolate *);
extern void (*cancel_terminate)(Isolate *);

// The AsyncLocalStorage frame of what runs, in Node 24 and later. A handle in the handle scope that is open; NULL when this V8 has none.
void *async_frame(Isolate *isolate);
void set_async_frame(Isolate *isolate, void *frame);
bool has_async_frame();

// Calls these around each collection of the young generation.
using GcCallback = void (*)(Isolate *, int type, int flags, void *data);
void add_young_gc_callbacks(Isolate *isolate, GcCallback before, GcCallback after, void *data);
void remove_young_gc_callbacks(Isolate *isolate, GcCallback before, GcCallback after, void *data);

// v8::Locker: while it lives, the calling V8 thread has the isolate. Does nothing for one that has it already.
class Locker {
public:
  explicit Locker(Isolate *isolate);
  ~Locker();
  Locker(const Locker &) = delete;
  Locker &operator=(const Locker &) = delete;

private:
  alignas(void *) char bytes[64]; // V8's have two words
};

// v8::Unlocker, in two halves: the isolate is free for other V8 threads between them.
class Unlocker {
public:
  void leave(Isolate *isolate);
  void come_back();

private:
  alignas(void *) char bytes[64];
};

} // namespace v8api
