// SPDX-License-Identifier: MIT
#include "program.h"
#include <array>

namespace {

std::string kind(const Call &c) {
  std::string number = std::to_string(c.stack);
  return std::array<std::string, 5>{"private", "private 16 KiB", "shared " + number, "shared " + number, "the thread's"}[size_t(c.kind)];
}

std::string name(int g) { return g == -1 ? "nobody" : g == -2 ? "a stranger" : g ? "g" + std::to_string(g) : "main"; }

} // namespace

std::string to_string(const Call &c) {
  std::string value = std::to_string(c.value);
  switch (c.verb) {
  case Verb::make:
    return "make, in slot " + std::to_string(c.g) + (c.p < 0 ? "" : ", child of " + name(c.p)) + (c.discard ? ", GL_DISCARD" : "") +
           (c.share_fp ? ", GL_SHARE_FP" : "") + (c.drops_result ? ", drop_result" : "") + ", stack: " + kind(c);
  case Verb::switch_to: return "switch to " + name(c.g) + " with " + value;
  case Verb::throw_to: return "throw " + value + " into " + name(c.g);
  case Verb::kill: return "kill " + name(c.g);
  case Verb::end: return std::string("end with ") + gl_status_name(c.outcome) + " " + value;
  case Verb::retain: return "retain " + name(c.g);
  case Verb::release: return "release " + name(c.g);
  case Verb::set_parent: return "set parent of " + name(c.g) + " to " + name(c.p);
  case Verb::set_local: return "set local " + std::to_string(c.p) + " of " + name(c.g) + " to " + value;
  case Verb::set_data: return "set data of " + name(c.g) + " to " + value;
  case Verb::trace: return (c.value ? "add tracer " : "remove tracer ") + std::to_string(c.g);
  case Verb::hook: return (c.value ? "add hook " : "remove hook ") + std::to_string(c.g);
  case Verb::visit: return "visit";
  case Verb::arm:
    return c.armed.verb == Verb::nothing ? "callbacks only listen" : "after " + std::to_string(c.passes) + " callbacks one makes a call";
  case Verb::descend: return "descend by " + value + " bytes";
  case Verb::ascend: return "ascend";
  case Verb::trim: return "trim";
  case Verb::new_stack: return "a new stack in place of shared " + std::to_string(c.stack);
  case Verb::lend: return "another thread uses the stack: " + kind(c);
  default: return "nothing";
  }
}

std::string to_string(const Note &n) {
  std::string value = std::to_string(n.y);
  auto at = [&](const std::string &what) { return what + " (current: " + name(n.who) + ")"; };
  switch (n.kind) {
  case Note::returned: return name(n.who) + " goes on: " + gl_status_name(n.x) + " " + value;
  case Note::started: return name(n.who) + " starts with " + value;
  case Note::event: {
    const char *event = std::array{"SWITCH", "THROW", "START", "END"}[size_t(n.x % 8)];
    return at("tracer " + std::to_string(n.x / 8) + ": " + event + " " + name(n.y) + " -> " + name(n.z));
  }
  case Note::hook: return at("hook " + std::to_string(n.x) + ": " + name(n.y) + " -> " + name(n.z));
  case Note::dropped: return at("drop of " + name(n.x));
  case Note::local_dropped: return at("drop of local " + std::to_string(n.x));
  case Note::result_dropped: return at("drop_result of " + std::to_string(n.x));
  case Note::unhandled: return at("unhandled from " + name(n.x) + ": " + value);
  case Note::visited: return at("visit of " + name(n.x));
  case Note::answered: return at(std::string("the callback's call: ") + gl_status_name(n.x));
  }
  return "?";
}
