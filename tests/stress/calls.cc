// SPDX-License-Identifier: MIT
// What each call does, and to whom things go.
#include "model.h"

void Model::perform(const Call &c) {
  switch (c.verb) {
  case Verb::make: return make(c);
  case Verb::switch_to: return switch_to(c);
  case Verb::throw_to:
    if (place != user) return answer(GL_EBUSY);
    if (kept_kill()) return;
    return transfer(catcher(c.g), GL_THROWN, c.value);
  case Verb::kill: return kill(c);
  case Verb::end: return end(c);
  case Verb::retain:
    gain(c.g);
    at(c.g).held++;
    return answer(GL_OK);
  case Verb::release: at(c.g).held--; return answer_after([&] { lose(c.g); });
  case Verb::set_parent: return set_parent(c.g, c.p);
  case Verb::set_local: at(c.g).locals[size_t(c.p)] = c.value; return answer(GL_OK);
  case Verb::set_data: at(c.g).data = c.value; return answer(GL_OK);
  case Verb::trace: return answer(toggle(tracers, c.g, c.value));
  case Verb::hook: return answer(toggle(hooks, c.g, c.value));
  case Verb::visit: return visit();
  case Verb::arm: armed = c.armed, passes = c.passes; return answer(GL_OK);
  case Verb::descend: at(current).depth++; return answer(GL_OK);
  case Verb::ascend: at(current).depth--; return answer(GL_OK);
  case Verb::trim: return answer(GL_OK);
  case Verb::new_stack:
    offered[size_t(c.kind == Kind::shared_b)] = int(stacks.size());
    stacks.push_back(Serves::nobody_yet);
    return answer(GL_OK);
  case Verb::lend: return lend(c);
  case Verb::nothing:
  case Verb::count: break;
  }
}

void Model::answer(gl_status status, int value) {
  if (place == user) at(current).reply = {status, value};
  else notes.push_back({Note::answered, current, status, 0, 0});
}

// A callback hears the answer after what the call did; user code gets it when the library's work is done.
template <class F> void Model::answer_after(F work) {
  if (place == user) answer(GL_OK), work();
  else work(), answer(GL_OK);
}

bool Model::kept_kill() { // rule 14
  if (!std::exchange(at(current).kill_kept, false)) return false;
  answer(GL_KILLED);
  return true;
}

// ---- birth, switch, end ----

void Model::make(const Call &c) {
  if (c.stack >= 0 && stacks[size_t(c.stack)] == Serves::another) return answer(GL_ETHREAD); // rule 32
  int parent = c.p < 0 ? current : c.p;
  slot[size_t(c.g)] = int(greenlets.size());
  Greenlet &it = greenlets.emplace_back();
  it.parent = parent, it.handles = it.held = 1;
  it.discard = c.discard, it.drops_result = c.drops_result;
  it.kind = c.kind, it.stack = c.stack;
  gain(parent);
  answer(GL_OK);
}

void Model::switch_to(const Call &c) {
  if (place != user) return answer(GL_EBUSY);
  int to = at(c.g).state == GL_DEAD ? heir(c.g) : c.g; // rule 8: by the same rules, so also rule 9
  if (!can_start(to)) {
    if (at(current).kill_kept) open = true; // is a stack of its own thread among the checks that a call passes (rule 14)?
    return answer(GL_ETHREAD, untouched);
  }
  if (kept_kill()) return;
  transfer(to, GL_OK, c.value);
}

void Model::kill(const Call &c) {
  if (place != user) return answer(GL_EBUSY);
  if (!c.g || c.g == current) return answer(GL_EINVAL, untouched);
  if (at(c.g).state == GL_DEAD) {
    if (!kept_kill()) answer(GL_OK);
    return;
  }
  if (reaches(current, c.g)) return answer(GL_ECYCLE, untouched);
  if (kept_kill()) return;
  if (at(c.g).state == GL_SUSPENDED) return kill(c.g, Greenlet::in_kill);
  die_unrun(c.g);
  answer(GL_OK);
}

void Model::end(const Call &c) {
  drop_all(current, ending);
  at(current).kill_kept = false;
  bool value = c.outcome == GL_OK || c.outcome == GL_KILLED; // anything else counts as GL_THROWN
  int to = value ? heir(current) : catcher(shown_parent(current));
  if (can_start(to)) return transfer(to, value ? GL_OK : GL_THROWN, c.value, true);
  transfer(catcher(to), GL_THROWN, 0, true); // rule 5
}

// Rule 32: is its stack, if it is yet to start, one of this thread?
bool Model::can_start(int g) const {
  return at(g).state != GL_UNSTARTED || at(g).stack < 0 || stacks[size_t(at(g).stack)] != Serves::another;
}

void Model::lend(const Call &c) {
  if (c.stack < 0 || stacks[size_t(c.stack)] != Serves::nobody_yet) return answer(GL_ETHREAD);
  stacks[size_t(c.stack)] = Serves::another;
  answer(GL_OK);
}

// ---- family ----

int Model::heir(int g) const { // rules 4, 8, 12
  do g = shown_parent(g);
  while (at(g).state == GL_DEAD);
  return g;
}

// The nearest of g and its ancestors that a throw can reach; unstarted ones on the way die (rules 5, 11, 12).
int Model::catcher(int g) {
  for (;; g = shown_parent(g)) {
    if (at(g).state == GL_UNSTARTED) die_unrun(g);
    else if (at(g).state != GL_DEAD) return g;
  }
}

bool Model::reaches(int from, int to) const { // over real parents and pending killers together (rules 13, 15)
  if (from < 0) return false;
  if (from == to || reaches(at(from).parent, to)) return true;
  return std::any_of(at(from).killers.begin(), at(from).killers.end(), [&](int k) { return reaches(k, to); });
}

void Model::set_parent(int child, int parent) { // rule 15
  if (place != user && place != tracing && place != ending && place != visiting) open = true;
  if (!child) return answer(GL_EINVAL);
  if (reaches(parent, child)) return answer(GL_ECYCLE);
  answer_after([&] {
    gain(parent);
    lose(std::exchange(at(child).parent, parent));
  });
}

// ---- observers ----

void Model::visit() {
  for (int g = 0; g < int(greenlets.size()); g++)
    if (started_alive(g)) callback(visiting, {Note::visited, 0, g, 0, 0});
  answer(GL_OK);
}

gl_status Model::toggle(std::vector<int> &list, int n, bool add) { // rule 27
  auto found = std::find(list.begin(), list.end(), n);
  if (add != (found == list.end())) return GL_EINVAL;
  if (add) list.push_back(n);
  else list.erase(found);
  return GL_OK;
}
