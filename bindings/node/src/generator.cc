// SPDX-License-Identifier: MIT
// Decides who runs next, and leaves it to JavaScript to resume that one's generator.
#include "carrier.h"

namespace glnode {

namespace {

class GeneratorCarrier final : public Carrier {
public:
  using Carrier::Carrier;
  ~GeneratorCarrier() override { gl_realm_release(realm); }

  bool open() override {
    realm = gl_realm_new();
    if (!realm) return false;
    adopt_main(new Greenlet, gl_realm_main(realm));
    return true;
  }

private:
  Greenlet *make() override { return new Greenlet; }
  void complete(gl_options &options) override { options.flags = GL_HOSTED; }

  gl_status decide(Op op, gl_greenlet *target, void *value, gl_delivery &next) {
    switch (op) {
    case SWITCH: return gl_host_switch(realm, target, value, &next);
    case THROW: return gl_host_throw(realm, target, value, &next);
    case KILL: return gl_host_kill(realm, target, &next);
    case END: return gl_host_end(realm, word(STATUS), value, &next);
    default: return gl_host_next_orphan(realm, &next);
    }
  }

  gl_status transfer(Op op, gl_greenlet *target, void *value, void **received) override {
    gl_delivery next;
    gl_status status = decide(op, target, value, next);
    if (status < 0) return status;
    word(NEXT) = next.next ? greenlet_of(next.next)->id : -1;
    word(START) = static_cast<int32_t>(next.start);
    *received = next.value;
    return next.status;
  }

  gl_status change_tracer(bool add, gl_tracer tracer) override {
    return add ? gl_realm_trace_add(realm, tracer, this) : gl_realm_trace_remove(realm, tracer, this);
  }

  gl_realm *realm = nullptr;
};

} // namespace

std::unique_ptr<Carrier> make_generator_carrier(Environment &environment) { return std::make_unique<GeneratorCarrier>(environment); }

} // namespace glnode
