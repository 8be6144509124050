// SPDX-License-Identifier: MIT
#include "v8.h"

#include <dlfcn.h>

namespace v8api {

Isolate *(*current)();
bool (*is_locked)(Isolate *);
void (*enter)(Isolate *);
void (*exit)(Isolate *);
void (*discard_thread)(Isolate *);
void (*terminate)(Isolate *);
void (*cancel_terminate)(Isolate *);

static void (*locker_init)(void *, Isolate *);
static void (*locker_destroy)(void *);
static void (*unlocker_init)(void *, Isolate *);
static void (*unlocker_destroy)(void *);
static void *(*get_frame)(Isolate *);
static void (*set_frame)(Isolate *, void *);
static void (*add_prologue)(Isolate *, GcCallback, void *, int);
static void (*add_epilogue)(Isolate *, GcCallback, void *, int);
static void (*remove_prologue)(Isolate *, GcCallback, void *);
static void (*remove_epilogue)(Isolate *, GcCallback, void *);

template <class Function> static bool find(Function &function, const char *name) {
  function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
  return function;
}

static bool find_all() {
  // Newer versions have both; only V2 takes what is no v8::Value.
  bool frames = (find(get_frame, "_ZN2v87Isolate38GetContinuationPreservedEmbedderDataV2Ev") &&
                 find(set_frame, "_ZN2v87Isolate38SetContinuationPreservedEmbedderDataV2ENS_5LocalINS_4DataEEE")) ||
                (find(get_frame, "_ZN2v87Isolate36GetContinuationPreservedEmbedderDataEv") &&
                 find(set_frame, "_ZN2v87Isolate36SetContinuationPreservedEmbedderDataENS_5LocalINS_5ValueEEE"));
  if (!frames) get_frame = nullptr;
  return find(current, "_ZN2v87Isolate10GetCurrentEv") && find(is_locked, "_ZN2v86Locker8IsLockedEPNS_7IsolateE") &&
         find(enter, "_ZN2v87Isolate5EnterEv") && find(exit, "_ZN2v87Isolate4ExitEv") &&
         find(discard_thread, "_ZN2v87Isolate29DiscardThreadSpecificMetadataEv") &&
         find(terminate, "_ZN2v87Isolate18TerminateExecutionEv") && find(cancel_terminate, "_ZN2v87Isolate24CancelTerminateExecutionEv") &&
         find(locker_init, "_ZN2v86Locker10InitializeEPNS_7IsolateE") && find(locker_destroy, "_ZN2v86LockerD1Ev") &&
         find(add_prologue, "_ZN2v87Isolate21AddGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_S2_") &&
         find(add_epilogue, "_ZN2v87Isolate21AddGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_S2_") &&
         find(remove_prologue, "_ZN2v87Isolate24RemoveGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_") &&
         find(remove_epilogue, "_ZN2v87Isolate24RemoveGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_") &&
         find(unlocker_init, "_ZN2v88Unlocker10InitializeEPNS_7IsolateE") && find(unlocker_destroy, "_ZN2v88UnlockerD1Ev");
}

bool load() { return find_all(); }

bool has_async_frame() { return get_frame; }
void *async_frame(Isolate *isolate) { return get_frame ? get_frame(isolate) : nullptr; }
void set_async_frame(Isolate *isolate, void *frame) {
  if (frame) set_frame(isolate, frame);
}

void add_young_gc_callbacks(Isolate *isolate, GcCallback before, GcCallback after, void *data) {
  constexpr int young = 3; // kGCTypeScavenge, kGCTypeMinorMarkSweep
  add_prologue(isolate, before, data, young);
  add_epilogue(isolate, after, data, young);
}
void remove_young_gc_callbacks(Isolate *isolate, GcCallback before, GcCallback after, void *data) {
  remove_prologue(isolate, before, data);
  remove_epilogue(isolate, after, data);
}

Locker::Locker(Isolate *isolate) { locker_init(bytes, isolate); }
Locker::~Locker() { locker_destroy(bytes); }
void Unlocker::leave(Isolate *isolate) { unlocker_init(bytes, isolate); }
void Unlocker::come_back() { unlocker_destroy(bytes); }

} // namespace v8api
