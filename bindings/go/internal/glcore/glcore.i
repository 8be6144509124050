// SPDX-License-Identifier: MIT
// What Go calls of the core: some functions as greenlet.h declares them, and a shim that packs each decision into one integer, for every getter of a
// gl_delivery would be a call of C. Nothing here calls back into Go. `go generate` makes glcore.go and glcore_wrap.cxx of this file.
%module glcore

%insert(cgo_comment_typedefs) %{
#cgo CXXFLAGS: -std=c++20 -O2 -fno-exceptions -fno-rtti -fvisibility=hidden
#cgo windows CXXFLAGS: -Wno-attributes
#cgo !libgreenlet_system CPPFLAGS: -DGREENLET_STATIC -DGREENLET_HOST_ONLY -DGREENLET_NO_SANITIZERS
#cgo libgreenlet_system pkg-config: libgreenlet
// Go links C++ with its runtime library, which nothing here needs.
#cgo linux LDFLAGS: -Wl,--as-needed
#cgo linux,riscv64 LDFLAGS: -latomic
%}

%begin %{
//go:build cgo
%}
%{
#include "greenlet.h"
#include <cstdlib>
%}

%include <stdint.i>
%typemap(gotype) gl_realm *, gl_greenlet *, const gl_greenlet *, Trace * "uintptr" // as interfaces they would be allocations

%ignore "";
%rename("%s") gl_status_code;
%rename("%s") GL_OK;
%rename("%s") GL_THROWN;
%rename("%s") GL_KILLED;
%rename("%s") GL_ENOMEM;
%rename("%s") GL_ECYCLE;
%rename(Retain) gl_retain;
%rename(RealmMain) gl_realm_main;
%rename(RealmRelease) gl_realm_release;
%rename(SetParent) gl_set_parent;
%rename(State) gl_state;
%rename(Version) gl_version;
%include "greenlet.h"

%rename("%(camelcase)s") "";

%inline %{
// A decision is a negative gl_status, or the slot of who is current now (bits 0 to 31), the gl_status that its pending call returns (bits 32 and 33), and
// flags. The usual one, a value for one that is suspended, is a bare slot.
#define SlotBits 32
#define StatusMask 3LL
#define Start 0x400000000LL   // it has not run yet
#define Empty 0x800000000LL   // what was sent went to nobody
#define Orphan 0x1000000000LL // all this is kept until the one in CurrentSlot() has been killed (rule 36)

// Where Go finds a greenlet; main's is 0. -1 for NULL.
inline int64_t slot_of(gl_greenlet *g) { return g ? static_cast<int64_t>(reinterpret_cast<uintptr_t>(gl_data(g))) : -1; }
inline int64_t parent_slot(gl_greenlet *g) { return slot_of(gl_parent(g)); }
inline int64_t current_slot(gl_realm *realm) { return slot_of(gl_realm_current(realm)); }
%}

%{
static_assert(GL_UNSTARTED == 0 && GL_DEAD == 3 && GL_EV_SWITCH == 0 && GL_EV_END == 3, "as the Go types State and Event have them");

static void *const sent = const_cast<char *>("sent"); // Go keeps what is sent; the core tells it from NULL

static int64_t decided(gl_realm *realm, gl_status status, const gl_delivery &d) {
  if (status < 0) return status;
  int64_t packed = slot_of(d.next) | static_cast<int64_t>(d.status) << SlotBits;
  if (d.start) packed |= Start;
  if (!d.value) packed |= Empty;
  gl_delivery orphan;
  if (gl_host_next_orphan(realm, &orphan) == GL_OK && orphan.next) packed |= Orphan;
  return packed;
}

// What a realm's tracer has been told since Go last asked: a decision tells no more than this.
struct Trace {
  int count = 0, taken = 0;
  int64_t events[8];
};

static void record(void *user, int event, gl_greenlet *from, gl_greenlet *to) {
  Trace *trace = static_cast<Trace *>(user);
  if (trace->count < 8) trace->events[trace->count++] = int64_t{event} << 60 | slot_of(from) << 30 | slot_of(to);
}
%}

%inline %{
inline gl_realm *realm_new() {
#ifdef GREENLET_STATIC // Go tells of what nobody handled; in the system's library this belongs to the process
  gl_set_unhandled([](void *, gl_greenlet *, void *) {}, nullptr);
#endif
  return gl_realm_new();
}

// NULL: no memory.
inline gl_greenlet *new_greenlet(gl_greenlet *parent, int64_t slot) {
  gl_options options{};
  options.size = sizeof options;
  options.data = reinterpret_cast<void *>(static_cast<uintptr_t>(slot));
  options.parent = parent;
  options.flags = GL_HOSTED;
  gl_greenlet *made = nullptr;
  gl_new_with(&options, &made);
  return made;
}

// What it was when the handle went.
inline int release(gl_greenlet *g) {
  int state = gl_state(g);
  gl_release(g);
  return state;
}

inline int64_t switch_to(gl_realm *realm, gl_greenlet *target) {
  gl_delivery d;
  return decided(realm, gl_host_switch(realm, target, sent, &d), d);
}
inline int64_t throw_at(gl_realm *realm, gl_greenlet *target) {
  gl_delivery d;
  return decided(realm, gl_host_throw(realm, target, sent, &d), d);
}
inline int64_t kill(gl_realm *realm, gl_greenlet *target) {
  gl_delivery d;
  return decided(realm, gl_host_kill(realm, target, &d), d);
}
inline int64_t end(gl_realm *realm, int64_t outcome) {
  gl_delivery d;
  return decided(realm, gl_host_end(realm, static_cast<gl_status>(outcome), sent, &d), d);
}
// The current one goes on, once the orphans there are have been killed.
inline int64_t go_on(gl_realm *realm) { return decided(realm, GL_OK, {gl_realm_current(realm), GL_OK, 0, nullptr}); }

// NULL: no memory.
inline Trace *trace_start(gl_realm *realm) {
  Trace *trace = static_cast<Trace *>(calloc(1, sizeof(Trace)));
  if (trace && gl_realm_trace_add(realm, record, trace) == GL_OK) return trace;
  free(trace);
  return nullptr;
}
inline void trace_stop(gl_realm *realm, Trace *trace) {
  gl_realm_trace_remove(realm, record, trace);
  free(trace);
}
// The next event: its code (bits 60 and up), the slots of from (30 and up) and to. -1: that was all.
inline int64_t trace_take(Trace *trace) {
  if (trace->taken < trace->count) return trace->events[trace->taken++];
  trace->taken = trace->count = 0;
  return -1;
}
%}
