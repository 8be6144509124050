// SPDX-License-Identifier: MIT
// What runs greenlets in one Node environment. lib/README.md tells how JavaScript asks for it.
#pragma once

#include <node_api.h>

#include <memory>
#include <vector>

#include "greenlet.h"
#include "v8.h"

namespace glnode {

// Words that JavaScript shares, and what it may ask for.
enum Word { OP, TARGET, VALUE, STATUS, NEXT, START, STACK_SIZE, ENDED, PENDING, WORD_COUNT };
enum Op { SWITCH, THROW, KILL, RETAIN, RELEASE, CREATE, SET_PARENT, END, NEXT_ORPHAN };
constexpr gl_status TERMINATED = 100; // a status beside the core's: JavaScript has to stop, by native.terminate()

class Carrier;

// The native side of a greenlet. Its place in the carrier's table is its id; both are used again when the greenlet has ended.
struct Greenlet {
  virtual ~Greenlet() = default;
  virtual void reset() { kept = ended = false; }
  Carrier *carrier = nullptr;
  gl_greenlet *handle = nullptr;
  int id = 0;
  int handles = 0;   // that JavaScript has
  bool kept = false; // is a parent, or being killed: JavaScript needs the handle beyond its end
  bool ended = false;
};

inline Greenlet *greenlet_of(const gl_greenlet *handle) { return static_cast<Greenlet *>(gl_data(handle)); }

// A value of the core's is a number that JavaScript has given.
inline void *to_pointer(int32_t number) { return reinterpret_cast<void *>(static_cast<intptr_t>(number)); }
inline int32_t to_number(void *value) { return static_cast<int32_t>(reinterpret_cast<intptr_t>(value)); }

// What the addon has in one environment.
struct Environment {
  napi_env env = nullptr;
  int32_t *words = nullptr;
  napi_ref exports = nullptr;
  napi_ref begin = nullptr;       // JavaScript's function that runs the body of the greenlet NEXT
  napi_ref trace = nullptr;       // and the one that hears of events
  std::vector<int32_t> discarded; // values that nobody waits for
  std::vector<int32_t> unhandled; // and errors
  std::vector<int32_t> ended;     // ids, beside the one in ENDED
  std::unique_ptr<Carrier> carrier;
};

extern thread_local Environment *here;

class Carrier {
public:
  explicit Carrier(Environment &environment) : at(environment) {}
  virtual ~Carrier();

  // NULL, or why it cannot work here.
  virtual const char *check() { return nullptr; }
  // Sets up main. False: no memory.
  virtual bool open() = 0;
  // Does what the words ask for, and leaves the answer there.
  virtual void perform();
  // The environment goes: ends what waits, where that is possible.
  virtual void close() {}

  gl_greenlet *handle_of(int id) const { return table[static_cast<size_t>(id)]->handle; }
  gl_status trace(bool on);
  static void unhandled(void *user, gl_greenlet *greenlet, void *payload);

protected:
  virtual Greenlet *make() = 0;
  virtual void complete(gl_options &options) = 0;
  virtual gl_status transfer(Op op, gl_greenlet *target, void *value, void **received) = 0;
  // Control may have left `me` and come back.
  virtual void come_back(Greenlet *) {}
  // What JavaScript is to hear in place of `status`.
  virtual gl_status seen(gl_status status) { return status; }
  virtual gl_status change_tracer(bool add, gl_tracer tracer) = 0;

  void adopt_main(Greenlet *greenlet, gl_greenlet *handle);
  // Control is in `me`: frees what has ended.
  void settle(Greenlet *me);
  // Gives JavaScript's handle back. May transfer, to kill.
  void release(Greenlet *greenlet);
  int32_t &word(Word which) { return at.words[which]; }

  Environment &at;
  v8api::Isolate *isolate = nullptr; // NULL: the carrier leaves V8's threads alone
  std::vector<Greenlet *> table;
  Greenlet *current = nullptr;

  std::vector<Greenlet *> ended; // not settled yet
  bool telling = false;          // a tracer is called: who has ended is about to, and nobody can transfer

private:
  gl_status carry_out(Op op, void **received);
  gl_status create();
  gl_status set_parent(Greenlet *child, Greenlet *parent);
  void tell_event(int event, int from, int to);
  static void drop(void *data);
  static void drop_result(void *value);
  static void on_event(void *user, int event, gl_greenlet *from, gl_greenlet *to);

  std::vector<int> free_ids;
};

// For carriers whose greenlets have a stack and a V8 thread each.
class StackfulCarrier : public Carrier {
public:
  using Carrier::Carrier;
  bool open() override;
  void close() override;

protected:
  const char *check() override;
  // Runs the body of `me` to its end, on its stack, as a V8 thread of its own.
  gl_status run_body(Greenlet *me, void *value, void **result);
  virtual void enter_thread() = 0;
  virtual void leave_thread() = 0;
  gl_status seen(gl_status status) override;

  static constexpr size_t least_stack = 1152 * 1024; // V8 lets JavaScript use 984 KiB, and its C++ functions need some below that
  size_t stack_size();

  bool closing = false;
  bool terminating = false; // V8 has stopped a body: whoever gets control has to stop, too

private:
  static void put_frame_by(v8api::Isolate *, int, int, void *data);
  static void put_frame_back(v8api::Isolate *, int, int, void *data);

  int *handle_scopes = nullptr;
  napi_ref frame_put_by = nullptr;
};

std::unique_ptr<Carrier> make_fiber_carrier(Environment &environment);
std::unique_ptr<Carrier> make_thread_carrier(Environment &environment);
std::unique_ptr<Carrier> make_generator_carrier(Environment &environment);

} // namespace glnode
