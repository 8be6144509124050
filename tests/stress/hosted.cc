// SPDX-License-Identifier: MIT
// The same programs in a host realm. As bodies are data, the host needs no stacks: of a greenlet that waits it remembers what will be delivered when the
// orphans are gone (rule 36).
#include "player.h"
#include <cstring>

namespace {

class Hosted : public Player {
public:
  explicit Hosted(const Program &plan) : Player(plan, gl_realm_new(), true) {}

  void play() {
    while (const Call *next = next_call()) {
      Call c = *next;
      gl_delivery delivery = {current(), GL_OK, 0, nullptr};
      if (c.verb == Verb::end) {
        require(gl_host_end(realm, c.outcome, pointer_to(c.value), &delivery) == GL_OK, "gl_host_end");
      } else if (transfers(c.verb)) {
        gl_delivery out;
        if (gl_status status = decide(c, &out); status < 0) delivery.status = status, delivery.value = pointer_to(Model::untouched);
        else delivery = out;
      } else {
        perform(c, &delivery.status);
      }
      resume(delivery);
    }
    thread_ends();
    remove_hooks(); // they are the OS thread's, and were never called (rule 34)
    gl_realm_release(realm);
  }

private:
  struct Sleeper {
    gl_delivery kept;
    bool in_next_orphan;
  };
  std::vector<Sleeper> sleepers;

  void resume(gl_delivery delivery) {
    for (;;) {
      require(delivery.next == current(), "next is current (rule 35)");
      size_t me = size_t(number(delivery.next));
      if (sleepers.size() <= me) sleepers.resize(me + 1);
      Sleeper &sleeper = sleepers[me];
      if (sleeper.in_next_orphan) require(delivery.status == GL_OK && !delivery.start && !delivery.value, "out of next_orphan (rule 36)");
      else sleeper.kept = delivery;
      gl_delivery orphan = {};
      require(gl_host_next_orphan(realm, &orphan) == GL_OK, "gl_host_next_orphan");
      sleeper.in_next_orphan = orphan.next;
      if (!orphan.next)
        return heard({sleeper.kept.start ? Note::started : Note::returned, 0, sleeper.kept.status, value_of(sleeper.kept.value), 0});
      delivery = orphan;
    }
  }

  // A failed call leaves *out alone (rule 35).
  gl_status decide(const Call &c, gl_delivery *out) {
    gl_delivery blank;
    std::memset(&blank, 0x5a, sizeof blank);
    *out = blank;
    gl_status status = ask(c, out);
    require(status >= 0 || !std::memcmp(out, &blank, sizeof blank), "a failed call leaves *out alone (rule 35)");
    require(status <= GL_OK, "gl_host_* returns GL_OK or an error");
    return status;
  }
  gl_status ask(const Call &c, gl_delivery *out) {
    switch (c.verb) {
    case Verb::switch_to: return gl_host_switch(realm, pointer(c.g), pointer_to(c.value), out);
    case Verb::throw_to: return gl_host_throw(realm, pointer(c.g), pointer_to(c.value), out);
    default: return gl_host_kill(realm, pointer(c.g), out);
    }
  }

  gl_status transfer(const Call &c) override {
    gl_delivery out;
    require(gl_host_end(realm, GL_OK, nullptr, &out) == GL_EBUSY, "gl_host_end in a callback (rule 26)");
    require(gl_host_next_orphan(realm, &out) == GL_EBUSY, "gl_host_next_orphan in a callback (rule 26)");
    require(gl_switch(pointer(c.g), nullptr, nullptr) < 0, "gl_switch on a hosted one");
    return decide(c, &out);
  }
};

} // namespace

void play_hosted(const Program &program) {
  Hosted player(program);
  player.play();
  player.finish();
}
