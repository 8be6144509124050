// SPDX-License-Identifier: MIT
// Greenlets on stacks of the core. V8 sees each as a thread of its own: what it keeps for a thread is exchanged before each jump.
//
//     JavaScript of A          JavaScript of B
//     perform()                perform()           <- of its last switch away, or run_body()
//     gl_switch()              gl_switch()
//       exchange(): A's V8 thread gives up the isolate; the thread's words become B's; the jump
//                              come_back(): B's V8 thread takes the isolate
#include <atomic>

#include "carrier.h"
#include "probe.h"

namespace glnode {

namespace {

struct Fiber : Greenlet {
  void reset() override {
    Greenlet::reset();
    stack_start = nullptr;
    away = false;
  }
  int thread_id = 0; // V8's; not of a real thread, but for main's
  void *stack_start = nullptr;
  bool away = false; // its V8 thread does not have the isolate
  void *async_frame = nullptr;
  v8api::Unlocker unlocker;
};

std::atomic<int> next_thread_id{1 << 30}; // V8 counts real threads from 1

class FiberCarrier final : public StackfulCarrier {
public:
  using StackfulCarrier::StackfulCarrier;

  const char *check() override {
#if !defined(__x86_64__) || !defined(__linux__) || !defined(__GLIBC__)
    return "it has only been tried on Linux on x86-64 with glibc";
#endif
    if (const char *why = StackfulCarrier::check()) return why;
    thread_id = probe::thread_id(isolate);
    if (!thread_id) return "V8's number of the thread was not found";
    stack_start = probe::stack_start();
    if (!stack_start && keeps_stack_start()) return "V8's start of the stack was not found";
    return nullptr;
  }

  bool open() override {
    if (!gl_main()) return false;
    auto *main = new Fiber;
    main->thread_id = *thread_id;
    if (stack_start) main->stack_start = *stack_start;
    adopt_main(main, gl_main());
    return gl_hook_add(exchange, this) == GL_OK && StackfulCarrier::open();
  }

  void close() override {
    StackfulCarrier::close();
    gl_hook_remove(exchange, this);
    if (gl_current() == gl_main()) gl_set_data(gl_main(), nullptr);
    gl_trim();
  }

  // The hot path: what Carrier::perform() comes to for a switch, with nothing in the way.
  void perform() override {
    int32_t *words = at.words;
    if (words[OP] != SWITCH || telling) return Carrier::perform();
    auto *me = static_cast<Fiber *>(current);
    void *received = nullptr;
    gl_status status = gl_switch(handle_of(words[TARGET]), to_pointer(words[VALUE]), &received);
    come_back(me);
    current = me;
    if (!ended.empty()) settle(me);
    if (terminating || closing) status = seen(status);
    words[STATUS] = status;
    if (status >= 0) words[VALUE] = to_number(received);
  }

private:
  Greenlet *make() override {
    auto *made = new Fiber;
    made->thread_id = next_thread_id++;
    return made;
  }

  void complete(gl_options &options) override {
    options.run = [](void *data, void *value, void **result) {
      auto *me = static_cast<Fiber *>(data);
      auto *carrier = static_cast<FiberCarrier *>(me->carrier);
      v8api::discard_thread(carrier->isolate); // the one that had this number was on another stack, with another limit
      gl_status outcome = carrier->run_body(me, value, result);
      me->away = true;
      return outcome;
    };
    options.stack_size = stack_size();
    options.flags = GL_SHARE_FP; // V8 leaves the floating-point control words alone
  }

  gl_status transfer(Op op, gl_greenlet *target, void *value, void **received) override {
    if (op == SWITCH) return gl_switch(target, value, received);
    return op == THROW ? gl_throw(target, value, received) : gl_kill(target, received);
  }

  static void exchange(void *user, gl_greenlet *from, gl_greenlet *to) {
    auto *carrier = static_cast<FiberCarrier *>(user);
    auto *leaves = static_cast<Fiber *>(greenlet_of(from)), *comes = static_cast<Fiber *>(greenlet_of(to));
    if (!leaves->away) {
      leaves->away = true;
      leaves->async_frame = v8api::async_frame(carrier->isolate);
      leaves->unlocker.leave(carrier->isolate);
    }
    *carrier->thread_id = comes->thread_id;
    if (carrier->stack_start) {
      void *low;
      if (!comes->stack_start) gl_stack_bounds(to, &low, &comes->stack_start);
      *carrier->stack_start = comes->stack_start;
    }
  }

  void come_back(Greenlet *greenlet) override {
    auto *me = static_cast<Fiber *>(greenlet);
    if (!me->away) return;
    me->away = false;
    me->unlocker.come_back();
    enter_thread();
    v8api::set_async_frame(isolate, me->async_frame);
  }

  // From V8 11 on, in Node 20.
  bool keeps_stack_start() {
    const napi_node_version *version;
    return napi_get_node_version(at.env, &version) != napi_ok || version->major >= 20;
  }

  // V8 looks at the start of the stack when the isolate is entered; a collection would go by the old one.
  void enter_thread() override {
    v8api::enter(isolate);
    v8api::exit(isolate);
  }
  void leave_thread() override {}

  gl_status change_tracer(bool add, gl_tracer tracer) override { return add ? gl_trace_add(tracer, this) : gl_trace_remove(tracer, this); }

  int *thread_id = nullptr;
  void **stack_start = nullptr; // NULL: this V8 does not keep it
};

} // namespace

std::unique_ptr<Carrier> make_fiber_carrier(Environment &environment) { return std::make_unique<FiberCarrier>(environment); }

} // namespace glnode
