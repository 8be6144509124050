// SPDX-License-Identifier: MIT
// What all carriers have in common: the table of greenlets, births, ends, tracers.
#include "carrier.h"

#include <algorithm>
#include <optional>

#include "probe.h"

namespace glnode {

thread_local Environment *here = nullptr;

Carrier::~Carrier() {
  for (Greenlet *greenlet : table) delete greenlet;
}

void Carrier::adopt_main(Greenlet *greenlet, gl_greenlet *handle) {
  greenlet->carrier = this;
  greenlet->handle = handle;
  gl_set_data(handle, greenlet);
  table.push_back(greenlet);
  current = greenlet;
}

void Carrier::perform() {
  Greenlet *me = current;
  void *received = nullptr;
  gl_status status = carry_out(static_cast<Op>(word(OP)), &received);
  if (!telling) settle(me);
  status = seen(status);
  word(STATUS) = status;
  if (status >= 0) word(VALUE) = to_number(received);
}

gl_status Carrier::carry_out(Op op, void **received) {
  Greenlet *target = op == END || op == NEXT_ORPHAN ? nullptr : table[static_cast<size_t>(word(TARGET))];
  switch (op) {
  case CREATE: return create();
  case SET_PARENT: return set_parent(target, table[static_cast<size_t>(word(VALUE))]);
  case RETAIN: gl_retain(target->handle), target->handles++; return GL_OK;
  case RELEASE: release(target); return GL_OK;
  case KILL: target->kept = true; [[fallthrough]]; // its parent is asked for while others that kill it wait
  default: return transfer(op, target ? target->handle : nullptr, to_pointer(word(VALUE)), received);
  }
}

// A child of TARGET, kept if VALUE says so. Its id goes to NEXT.
gl_status Carrier::create() {
  Greenlet *parent = table[static_cast<size_t>(word(TARGET))], *made;
  if (free_ids.empty()) {
    made = make();
    made->carrier = this;
    made->id = static_cast<int>(table.size());
    table.push_back(made);
  } else {
    made = table[static_cast<size_t>(free_ids.back())];
    free_ids.pop_back();
    made->reset();
  }
  gl_options options{};
  options.size = sizeof options;
  options.data = made;
  options.drop = drop;
  options.drop_result = drop_result;
  options.parent = parent->handle;
  complete(options);
  gl_status status = gl_new_with(&options, &made->handle);
  if (status != GL_OK) {
    free_ids.push_back(made->id);
    return status;
  }
  made->handles = 1;
  made->kept = word(VALUE);
  parent->kept = true;
  word(NEXT) = made->id;
  return GL_OK;
}

gl_status Carrier::set_parent(Greenlet *child, Greenlet *parent) {
  gl_status status = gl_set_parent(child->handle, parent->handle);
  if (status == GL_OK) parent->kept = true;
  return status;
}

void Carrier::release(Greenlet *greenlet) {
  if (!--greenlet->handles && greenlet->ended) free_ids.push_back(greenlet->id);
  gl_release(greenlet->handle);
}

void Carrier::settle(Greenlet *me) {
  come_back(me);
  while (!ended.empty()) {
    Greenlet *greenlet = ended.back();
    ended.pop_back();
    if (!greenlet->handles) {
      free_ids.push_back(greenlet->id);
    } else if (!greenlet->kept) {
      release(greenlet);
      come_back(me);
    }
  }
  current = me;
}

// --- What the core calls -----------------------------------------------------------------------------------------------------------------

void Carrier::drop(void *data) {
  auto *greenlet = static_cast<Greenlet *>(data);
  Carrier *carrier = greenlet->carrier;
  greenlet->ended = true;
  carrier->ended.push_back(greenlet);
  if (!carrier->word(ENDED)) {
    carrier->word(ENDED) = greenlet->id;
  } else {
    carrier->at.ended.push_back(greenlet->id);
    carrier->word(PENDING) = 1;
  }
}

void Carrier::drop_result(void *value) {
  here->discarded.push_back(to_number(value));
  here->words[PENDING] = 1;
}

void Carrier::unhandled(void *, gl_greenlet *greenlet, void *payload) {
  Environment &at = greenlet_of(greenlet)->carrier->at;
  at.unhandled.push_back(to_number(payload));
  at.words[PENDING] = 1;
}

gl_status Carrier::trace(bool on) { return change_tracer(on, on_event); }

void Carrier::on_event(void *user, int event, gl_greenlet *from, gl_greenlet *to) {
  static_cast<Carrier *>(user)->tell_event(event, greenlet_of(from)->id, greenlet_of(to)->id);
}

// One that ends, and one that kills orphans on its way back, have given up the isolate already.
void Carrier::tell_event(int event, int from, int to) {
  std::optional<v8api::Locker> lock;
  if (isolate) {
    lock.emplace(isolate);
    v8api::enter(isolate);
  }
  telling = true;
  napi_handle_scope scope;
  if (napi_open_handle_scope(at.env, &scope) == napi_ok) {
    napi_value function, undefined, arguments[3], result;
    napi_get_undefined(at.env, &undefined);
    napi_get_reference_value(at.env, at.trace, &function);
    napi_create_int32(at.env, event, &arguments[0]);
    napi_create_int32(at.env, from, &arguments[1]);
    napi_create_int32(at.env, to, &arguments[2]);
    napi_call_function(at.env, undefined, function, 3, arguments, &result);
    napi_close_handle_scope(at.env, scope);
  }
  telling = false;
  if (isolate) v8api::exit(isolate);
}

// --- Stackful carriers ---------------------------------------------------------------------------------------------------------------------

const char *StackfulCarrier::check() {
  if (!v8api::load()) return "the functions of V8 that it needs are not there";
  isolate = v8api::current();
  if (!isolate || !v8api::is_locked(isolate)) return "the isolate does not run under a v8::Locker";
  handle_scopes = probe::handle_scopes(at.env);
  return handle_scopes ? nullptr : "N-API's count of handle scopes was not found";
}

bool StackfulCarrier::open() {
  if (v8api::has_async_frame()) v8api::add_young_gc_callbacks(isolate, put_frame_by, put_frame_back, this);
  return true;
}

// V8 13 (Node 24) visits the AsyncLocalStorage frame once for each of its threads, and its scavenger spoils what it visits twice. So the frame is out of
// its sight during a collection.
void StackfulCarrier::put_frame_by(v8api::Isolate *isolate, int, int, void *data) {
  auto *self = static_cast<StackfulCarrier *>(data);
  napi_env env = self->at.env;
  auto frame = static_cast<napi_value>(v8api::async_frame(isolate));
  if (self->frame_put_by || napi_create_reference(env, frame, 1, &self->frame_put_by) != napi_ok) return; // no object
  napi_value undefined;
  napi_get_undefined(env, &undefined);
  v8api::set_async_frame(isolate, undefined);
}

void StackfulCarrier::put_frame_back(v8api::Isolate *isolate, int, int, void *data) {
  auto *self = static_cast<StackfulCarrier *>(data);
  if (!self->frame_put_by) return;
  napi_value frame;
  napi_get_reference_value(self->at.env, self->frame_put_by, &frame);
  v8api::set_async_frame(isolate, frame);
  napi_delete_reference(self->at.env, self->frame_put_by);
  self->frame_put_by = nullptr;
}

size_t StackfulCarrier::stack_size() { return std::max(least_stack, static_cast<size_t>(word(STACK_SIZE))); }

gl_status StackfulCarrier::run_body(Greenlet *me, void *value, void **result) {
  v8api::Locker lock(isolate);
  enter_thread();
  gl_status outcome = GL_KILLED;
  napi_handle_scope scope;
  if (napi_open_handle_scope(at.env, &scope) == napi_ok) {
    // N-API insists that calls leave the count as they found it, and this scope stays open across calls that others make meanwhile.
    --*handle_scopes;
    settle(me);
    if (!terminating && !closing) {
      word(NEXT) = me->id;
      word(VALUE) = to_number(value);
      napi_value begin, undefined, nothing;
      napi_get_undefined(at.env, &undefined);
      napi_get_reference_value(at.env, at.begin, &begin);
      if (napi_call_function(at.env, undefined, begin, 0, nullptr, &nothing) == napi_ok) {
        outcome = word(STATUS);
        *result = to_pointer(word(VALUE));
      } else { // `begin` catches everything but V8's order to stop
        napi_get_and_clear_last_exception(at.env, &nothing);
        terminating = !closing;
      }
    }
    ++*handle_scopes;
    napi_close_handle_scope(at.env, scope);
  }
  leave_thread();
  return outcome;
}

gl_status StackfulCarrier::seen(gl_status status) {
  if (closing) v8api::terminate(isolate);
  else if (!terminating) return status;
  terminating = false;
  return TERMINATED;
}

// V8 is told to stop JavaScript in each greenlet that waits, so that its frames are gone before their memory is. No JavaScript runs.
void StackfulCarrier::close() {
  if (v8api::has_async_frame()) v8api::remove_young_gc_callbacks(isolate, put_frame_by, put_frame_back, this);
  Greenlet *main = table[0];
  if (current != main) return; // the process exits from inside a greenlet
  napi_handle_scope scope;
  if (napi_open_handle_scope(at.env, &scope) != napi_ok) return;
  --*handle_scopes; // as in run_body()
  closing = true;
  for (Greenlet *greenlet : table) {
    if (greenlet == main || greenlet->ended || gl_state(greenlet->handle) != GL_SUSPENDED) continue;
    void *received;
    transfer(KILL, greenlet->handle, nullptr, &received);
    come_back(main);
    current = main;
    v8api::cancel_terminate(isolate);
  }
  ++*handle_scopes;
  napi_close_handle_scope(at.env, scope);
  for (Greenlet *greenlet : table)
    while (greenlet->handles) release(greenlet);
}

} // namespace glnode
