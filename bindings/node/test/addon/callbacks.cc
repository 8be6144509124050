// SPDX-License-Identifier: MIT
// Somebody else's addon, which calls JavaScript: at once, and from a thread of its own.
#include <napi.h>

#include <thread>

// callNow(function, ...arguments)
static Napi::Value call_now(const Napi::CallbackInfo &info) {
  Napi::EscapableHandleScope scope(info.Env());
  std::vector<napi_value> arguments;
  for (size_t i = 1; i < info.Length(); i++) arguments.push_back(info[i]);
  Napi::Value result = info[0].As<Napi::Function>().Call(arguments);
  return result.IsEmpty() ? result : scope.Escape(result);
}

// callLater(function): function(n) for n = 0, 1, 2, by way of the event loop.
static void call_later(const Napi::CallbackInfo &info) {
  auto function = Napi::ThreadSafeFunction::New(info.Env(), info[0].As<Napi::Function>(), "callLater", 0, 1);
  std::thread([function]() mutable {
    for (int i = 0; i < 3; i++)
      function.BlockingCall([i](Napi::Env env, Napi::Function callback) { callback.Call({Napi::Number::New(env, i)}); });
    function.Release();
  }).detach();
}

static Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports["callNow"] = Napi::Function::New(env, call_now);
  exports["callLater"] = Napi::Function::New(env, call_later);
  return exports;
}

NODE_API_MODULE(callbacks, init)
