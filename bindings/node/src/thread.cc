// SPDX-License-Identifier: MIT
// A thread for each greenlet, of which one runs: the core decides who is next, and V8's lock goes with the decision.
#include <pthread.h>

#include <atomic>

#include "carrier.h"

namespace glnode {

namespace {

struct Thread : Greenlet {
  void reset() override {
    Greenlet::reset();
    spawned = false;
  }
  void wake() {
    turn.store(1, std::memory_order_release);
    turn.notify_one();
  }
  void wait() {
    turn.wait(0, std::memory_order_acquire);
    turn.store(0, std::memory_order_relaxed);
  }
  std::atomic<uint32_t> turn{0};
  gl_delivery delivery{}; // what it wakes up to
  size_t stack_size = 0;
  bool spawned = false;
};

Thread *thread_of(gl_greenlet *handle) { return static_cast<Thread *>(greenlet_of(handle)); }

class ThreadCarrier final : public StackfulCarrier {
public:
  using StackfulCarrier::StackfulCarrier;
  ~ThreadCarrier() override { gl_realm_release(realm); }

  bool open() override {
    realm = gl_realm_new();
    if (!realm) return false;
    adopt_main(main = new Thread, gl_realm_main(realm));
    return StackfulCarrier::open();
  }

private:
  Greenlet *make() override { return new Thread; }
  void complete(gl_options &options) override {
    options.flags = GL_HOSTED;
    static_cast<Thread *>(options.data)->stack_size = stack_size();
  }

  gl_status decide(Op op, gl_greenlet *target, void *value, gl_delivery &next) {
    if (op == SWITCH) return gl_host_switch(realm, target, value, &next);
    return op == THROW ? gl_host_throw(realm, target, value, &next) : gl_host_kill(realm, target, &next);
  }

  gl_status transfer(Op op, gl_greenlet *target, void *value, void **received) override {
    if (op == SWITCH && gl_state(target) == GL_UNSTARTED && !spawn(thread_of(target))) return GL_ENOMEM;
    gl_delivery next;
    gl_status status = decide(op, target, value, next);
    if (status < 0) return status;
    next = pass(static_cast<Thread *>(current), next);
    *received = next.value;
    return next.status;
  }

  // Orphans are killed before anybody's code goes on, and the delivery that came first waits meanwhile (rule 36).
  void come_back(Greenlet *me) override {
    gl_delivery orphan;
    while (gl_host_next_orphan(realm, &orphan) == GL_OK && orphan.next) pass(static_cast<Thread *>(me), orphan);
  }

  // Lets others run until control comes back to `me`.
  gl_delivery pass(Thread *me, gl_delivery next) {
    if (next.next == me->handle) return next;
    void *frame = v8api::async_frame(isolate);
    if (me != main) v8api::exit(isolate);
    v8api::Unlocker unlocker;
    unlocker.leave(isolate);
    hand_over(next);
    me->wait();
    // With breakpoints set, V8 before Node 26 asks for the thread's isolate while it takes the lock. Later ones keep the number of whoever entered last
    // for the one that left, and check it.
    bool enters_first = node_major() < 26;
    if (enters_first) v8api::enter(isolate);
    unlocker.come_back();
    if (!enters_first) v8api::enter(isolate);
    if (me == main) v8api::exit(isolate); // it is entered all the time
    v8api::set_async_frame(isolate, frame);
    return me->delivery;
  }

  void hand_over(gl_delivery next) {
    while (next.start && !spawn(thread_of(next.next))) gl_host_end(realm, GL_THROWN, nullptr, &next); // dies unrun (rule 5)
    Thread *to = thread_of(next.next);
    to->delivery = next;
    to->wake();
  }

  bool spawn(Thread *thread) {
    if (thread->spawned) return true;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes)) return false;
    pthread_attr_setstacksize(&attributes, thread->stack_size);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t id;
    thread->spawned = pthread_create(&id, &attributes, run, thread) == 0;
    pthread_attr_destroy(&attributes);
    return thread->spawned;
  }

  static void *run(void *data) {
    auto *me = static_cast<Thread *>(data);
    me->wait();
    auto *carrier = static_cast<ThreadCarrier *>(me->carrier);
    here = &carrier->at;
    void *result = nullptr;
    gl_status outcome = carrier->run_body(me, me->delivery.value, &result);
    gl_delivery next;
    gl_host_end(carrier->realm, outcome, result, &next);
    v8api::discard_thread(carrier->isolate);
    carrier->hand_over(next);
    return nullptr;
  }

  void enter_thread() override { v8api::enter(isolate); }
  void leave_thread() override { v8api::exit(isolate); }

  gl_status change_tracer(bool add, gl_tracer tracer) override {
    return add ? gl_realm_trace_add(realm, tracer, this) : gl_realm_trace_remove(realm, tracer, this);
  }

  uint32_t node_major() {
    const napi_node_version *version;
    return napi_get_node_version(at.env, &version) == napi_ok ? version->major : 0;
  }

  gl_realm *realm = nullptr;
  Thread *main = nullptr;
};

} // namespace

std::unique_ptr<Carrier> make_thread_carrier(Environment &environment) { return std::make_unique<ThreadCarrier>(environment); }

} // namespace glnode
