// SPDX-License-Identifier: MIT
// The addon as JavaScript sees it: one for each Node environment, that is, for the main thread and each worker.
#include <napi.h>

#include <string>

#include "carrier.h"
#include "v8.h"

using namespace glnode;

static int id_of(const Napi::CallbackInfo &info, size_t which) { return info[which].As<Napi::Number>().Int32Value(); }
static Environment &environment_of(const Napi::CallbackInfo &info) { return *static_cast<Environment *>(info.Data()); }

// transfer(): the only call on the hot path, so without the comfort.
static napi_value transfer(napi_env env, napi_callback_info info) {
  void *data;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  static_cast<Environment *>(data)->carrier->perform();
  return nullptr;
}

static std::unique_ptr<Carrier> make_carrier(const Napi::CallbackInfo &info) {
  Environment &at = environment_of(info);
  std::string name = info[0].As<Napi::String>();
  return name == "fiber" ? make_fiber_carrier(at) : name == "thread" ? make_thread_carrier(at) : make_generator_carrier(at);
}

// check(carrier): why it cannot be had here; undefined: it can.
static Napi::Value check(const Napi::CallbackInfo &info) {
  const char *why = make_carrier(info)->check();
  return why ? Napi::String::New(info.Env(), why) : info.Env().Undefined();
}

// open(carrier): of one that check() has approved. False: no memory.
static Napi::Value open(const Napi::CallbackInfo &info) {
  auto carrier = make_carrier(info);
  bool works = !carrier->check() && carrier->open();
  if (works) environment_of(info).carrier = std::move(carrier);
  return Napi::Boolean::New(info.Env(), works);
}

// onBegin(function): it runs the body of the greenlet NEXT.
static void on_begin(const Napi::CallbackInfo &info) { napi_create_reference(info.Env(), info[0], 1, &environment_of(info).begin); }

static Napi::Value state(const Napi::CallbackInfo &info) {
  return Napi::Number::New(info.Env(), gl_state(environment_of(info).carrier->handle_of(id_of(info, 0))));
}

// parent(id): an id; -1 of main.
static Napi::Value parent(const Napi::CallbackInfo &info) {
  gl_greenlet *parent = gl_parent(environment_of(info).carrier->handle_of(id_of(info, 0)));
  return Napi::Number::New(info.Env(), parent ? greenlet_of(parent)->id : -1);
}

// trace(function): it is called with (event, from, to); undefined ends that.
static void trace(const Napi::CallbackInfo &info) {
  Environment &at = environment_of(info);
  if (at.trace) {
    at.carrier->trace(false);
    napi_delete_reference(at.env, at.trace);
    at.trace = nullptr;
  }
  if (!info[0].IsFunction()) return;
  napi_create_reference(at.env, info[0], 1, &at.trace);
  at.carrier->trace(true);
}

static Napi::Array take(Napi::Env env, std::vector<int32_t> &numbers) {
  auto array = Napi::Array::New(env, numbers.size());
  for (uint32_t i = 0; i < numbers.size(); i++) array[i] = Napi::Number::New(env, numbers[i]);
  numbers.clear();
  return array;
}

// pending(): what has been put by, {ended, discarded, unhandled}.
static Napi::Value pending(const Napi::CallbackInfo &info) {
  Environment &at = environment_of(info);
  at.words[PENDING] = 0;
  auto all = Napi::Object::New(info.Env());
  all["ended"] = take(info.Env(), at.ended);
  all["discarded"] = take(info.Env(), at.discarded);
  all["unhandled"] = take(info.Env(), at.unhandled);
  return all;
}

static Napi::Value async_frame(const Napi::CallbackInfo &info) {
  return Napi::Value(info.Env(), static_cast<napi_value>(v8api::async_frame(v8api::current())));
}
static void set_async_frame(const Napi::CallbackInfo &info) { v8api::set_async_frame(v8api::current(), static_cast<napi_value>(info[0])); }

// terminate(): JavaScript stops at V8's next look, and nothing catches that.
static void terminate(const Napi::CallbackInfo &) { v8api::terminate(v8api::current()); }

static Napi::Value status_text(const Napi::CallbackInfo &info) {
  gl_status status = id_of(info, 0);
  auto texts = Napi::Array::New(info.Env(), 2);
  texts[0u] = gl_status_name(status);
  texts[1u] = gl_strerror(status);
  return texts;
}

static void close(void *data) {
  auto *at = static_cast<Environment *>(data);
  if (at->carrier) at->carrier->close();
  here = nullptr;
  delete at;
}

static Napi::Object names(Napi::Env env, std::initializer_list<const char *> list) {
  auto object = Napi::Object::New(env);
  int number = 0;
  for (const char *name : list) object[name] = Napi::Number::New(env, number++);
  return object;
}

static Napi::Object init(Napi::Env env, Napi::Object exports) {
  if (here) { // loaded again, by another path or without Node's cache: greenlets of one thread are one family
    napi_value first;
    napi_get_reference_value(here->env, here->exports, &first);
    return Napi::Object(env, first);
  }
  auto *at = here = new Environment;
  at->env = env;
  auto words = Napi::Int32Array::New(env, WORD_COUNT);
  at->words = words.Data();
  exports["words"] = words;
  exports["word"] = names(env, {"OP", "TARGET", "VALUE", "STATUS", "NEXT", "START", "STACK_SIZE", "ENDED", "PENDING"});
  exports["op"] = names(env, {"SWITCH", "THROW", "KILL", "RETAIN", "RELEASE", "CREATE", "SET_PARENT", "END", "NEXT_ORPHAN"});
  exports["check"] = Napi::Function::New(env, check, "check", at);
  exports["onBegin"] = Napi::Function::New(env, on_begin, "onBegin", at);
  exports["open"] = Napi::Function::New(env, open, "open", at);
  exports["state"] = Napi::Function::New(env, state, "state", at);
  exports["parent"] = Napi::Function::New(env, parent, "parent", at);
  exports["trace"] = Napi::Function::New(env, trace, "trace", at);
  exports["pending"] = Napi::Function::New(env, pending, "pending", at);
  exports["terminate"] = Napi::Function::New(env, terminate, "terminate", at);
  exports["statusText"] = Napi::Function::New(env, status_text, "statusText", at);
  if (v8api::load() && v8api::has_async_frame()) {
    exports["asyncFrame"] = Napi::Function::New(env, async_frame, "asyncFrame", at);
    exports["setAsyncFrame"] = Napi::Function::New(env, set_async_frame, "setAsyncFrame", at);
  }
  napi_value function;
  napi_create_function(env, "transfer", NAPI_AUTO_LENGTH, transfer, at, &function);
  exports["transfer"] = function;
  napi_create_reference(env, exports, 1, &at->exports);
  gl_set_unhandled(Carrier::unhandled, nullptr);
  napi_add_env_cleanup_hook(env, close, at);
  return exports;
}

NODE_API_MODULE(greenlet, init)
