// SPDX-License-Identifier: MIT
// Which call an operation means: its numbers are taken as slots of greenlets, and the next fitting one is meant.
#include "model.h"

std::optional<Call> Model::resolve(const Op &op) const {
  constexpr int deepest = 10, deepest_small = 4; // frames
  Call c;
  c.verb = op.verb;
  c.value = op.c % 8 ? serial : 0;
  auto choose_stack = [&](int n) {
    auto choice = kinds_of(kinds);
    c.kind = choice[size_t(n) % choice.size()];
    if (is_shared(c.kind)) c.stack = offered[size_t(c.kind == Kind::shared_b)];
  };
  switch (op.verb) {
  case Verb::make:
    c.g = free_slot(op.a);
    c.p = op.b % 2 ? named(op.b / 2) : -1; // -1: no parent is named
    c.discard = op.c % 5 == 0, c.drops_result = op.c & 16, c.share_fp = op.c & 32;
    choose_stack(op.a / slots);
    break;
  case Verb::switch_to:
  case Verb::throw_to:
  case Verb::kill:
  case Verb::set_data: c.g = named(op.a); break;
  case Verb::end:
    c.g = current ? current : -1;
    c.outcome = std::array{GL_OK, GL_OK, GL_KILLED, GL_THROWN, GL_ALIVE}[op.a % 5];
    break;
  case Verb::retain: c.g = find(op.a, [this](int g) { return g && usable(g) && at(g).held < 3; }); break;
  case Verb::release: c.g = find(op.a, [this](int g) { return g && at(g).held > pins(g); }); break;
  case Verb::set_parent: c.g = named(op.a), c.p = named(op.b); break;
  case Verb::set_local: c.g = find(op.a, [this](int g) { return g && usable(g); }), c.p = op.b % keys; break;
  case Verb::trace:
  case Verb::hook: c.g = op.a % observers, c.value = op.b % 2; break;
  case Verb::trim:
  case Verb::visit: c.g = 0; break;
  case Verb::arm:
    c.g = 0, c.armed = {in_callbacks[op.a % in_callbacks.size()], op.b, op.c, op.c};
    c.passes = int(op.a / in_callbacks.size() % 4);
    break;
  case Verb::descend: {
    bool small = at(current).kind == Kind::small;
    if (at(current).depth < (small ? deepest_small : deepest)) c.g = current;
    c.value = small ? op.b * 2 : op.b * 16;
    break;
  }
  case Verb::ascend: c.g = at(current).depth ? current : -1; break;
  case Verb::new_stack:
    choose_stack(op.a);
    if (!hosted && is_shared(c.kind) && !makes_are_pending()) c.g = 0; // else those have named the old one
    break;
  case Verb::lend:
    choose_stack(op.a);
    if (!hosted && !is_private(c.kind)) c.g = 0;
    break;
  default: break;
  }
  return c.g < 0 ? std::nullopt : std::optional(c);
}

// A test may use a pointer while somebody's handle keeps it, while it runs, or when it leaked (rule 21: "never freed under its own feet").
bool Model::usable(int g) const {
  return g >= 0 && !at(g).freed && !at(g).dying && (!g || at(g).handles || g == current || (at(g).leaked && resumes_leaked));
}

template <class Fits> int Model::find(int n, Fits fits) const {
  for (int i = 0; i < slots; i++)
    if (int g = slot[size_t((n + i) % slots)]; g >= 0 && fits(g)) return g;
  return -1;
}

int Model::named(int n) const {
  if (n % (slots + 2) == slots && usable(current)) return current; // it may be in no slot any more
  if (int parent = shown_parent(current); n % (slots + 2) > slots && usable(parent)) return parent;
  return find(n, [this](int g) { return usable(g); });
}

int Model::free_slot(int n) const {
  for (int i = 0; i < slots; i++)
    if (int at_slot = (n + i) % slots; slot[size_t(at_slot)] < 0 || at(slot[size_t(at_slot)]).freed || at(slot[size_t(at_slot)]).leaked)
      return at_slot;
  return -1;
}

// Calls that still wait for the queue and will use g.
int Model::pins(int g) const {
  return int(std::count_if(greenlets.begin(), greenlets.end(), [g](auto &other) {
    return other.rest.verb != Verb::nothing && (other.rest.p == g || (other.rest.verb != Verb::make && other.rest.g == g));
  }));
}

bool Model::makes_are_pending() const {
  return std::any_of(greenlets.begin(), greenlets.end(), [](auto &g) { return g.rest.verb == Verb::make; });
}
