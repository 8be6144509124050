// SPDX-License-Identifier: MIT
// Who has control, who is kept, and what everybody hears of it.
#include "model.h"

Model::Model(bool in_a_host_realm, Stacks which) : hosted(in_a_host_realm), kinds(which), stacks(shared_stacks, Serves::nobody_yet) {
  greenlets.emplace_back().state = GL_RUNNING;
  for (int i = 0; i < shared_stacks; i++) offered[size_t(i)] = i;
  slot.fill(-1);
  slot[0] = 0;
}

bool Model::apply(const Call &call) {
  notes.clear(), acted.reset(), open = false, serial++;
  if (!hosted && drains(call.verb) && !queued.empty()) // what it names must outlive whatever the drained ones do
    for (int g : {call.verb == Verb::make ? -1 : call.g, call.p})
      if (g > 0 && at(g).held <= pins(g)) open = true;
  at(current).rest = call;
  proceed();
  return !open;
}

// Rules 19 and 37, with main current and nothing queued.
void Model::end_thread() {
  notes.clear(), acted.reset(), armed = {};
  for (int g = 1; g < int(greenlets.size()); g++) {
    if (at(g).freed || at(g).state == GL_DEAD) continue;
    if (at(g).state == GL_SUSPENDED && !at(g).discard && !at(g).leaked) leaked++;
    drop_all(g, at_thread_end);
    at(g).state = GL_DEAD;
  }
  place = at_thread_end;
  int made = int(greenlets.size());
  for (int g = 1; g < made; g++) // no kill is pending any more
    if (!at(g).freed && at(g).waits == Greenlet::in_library) lose(at(g).victim);
  for (int g = 1; g < made; g++)
    for (int killer : std::exchange(at(g).killers, {})) lose(killer);
  for (int g = 1; g < made; g++) // those that had leaked
    if (!at(g).freed && !at(g).handles) bury(g);
}

// Greenlets keep the shared ones that they are made for until they end.
int Model::stacks_in_use() const {
  int in_use = count([](const Greenlet &g) { return is_private(g.kind) && (g.state == GL_SUSPENDED || g.state == GL_RUNNING); });
  for (int stack = 0; stack < int(stacks.size()); stack++)
    in_use +=
        stack == offered[0] || stack == offered[1] || count([&](const Greenlet &g) { return g.stack == stack && g.state != GL_DEAD; });
  return in_use;
}

// ---- handles ----

void Model::gain(int g) {
  if (!g) return;
  at(g).handles++;
  at(g).leaked = false; // when it loses that one it is killed again
}

void Model::lose(int g) {
  if (g <= 0 || --at(g).handles) return;
  if (at(g).dying || g == in_transfer) open = true;
  if (g == current) return; // rule 22: it goes on
  if (at(g).state != GL_SUSPENDED) dispose(g);
  else if (hosted || place != user) enqueue(g);
  else dispose_now(g);
}

void Model::enqueue(int g) { // rules 18, 36
  if (std::find(queued.begin(), queued.end(), g) != queued.end()) return;
  if (hosted ? !queued.empty() : somebody_drains()) open = true; // which first? now, or at the next call?
  queued.push_back(g);
}

bool Model::drains(Verb v) {
  return v == Verb::make || v == Verb::switch_to || v == Verb::throw_to || v == Verb::kill || v == Verb::release || v == Verb::set_parent;
}

bool Model::somebody_drains() const {
  return std::any_of(greenlets.begin(), greenlets.end(), [](auto &g) { return g.rest.verb != Verb::nothing; });
}

void Model::dispose_now(int g) { // before anything else of the current one's call
  if (due == g) return;
  if (due) open = true; // which first?
  due = g;
}

// Rule 21.
void Model::dispose(int g) {
  const Greenlet &it = at(g);
  if (it.freed || it.handles || it.state == GL_RUNNING || (it.leaked && it.state != GL_DEAD)) return;
  if (it.state == GL_SUSPENDED && !it.discard) return kill(g, Greenlet::in_library);
  if (it.state != GL_DEAD) die_unrun(g);
  bury(g);
}

void Model::bury(int g) {
  drop_locals(g, dying_unrun); // those set when it was dead already
  at(g).freed = true;
  lose(at(g).parent); // rule 16
  for (int killer : std::exchange(at(g).killers, {})) lose(killer);
}

void Model::die_unrun(int g) {
  at(g).dying = true;
  drop_all(g, dying_unrun);
  at(g).dying = false;
  at(g).state = GL_DEAD;
}

void Model::drop_all(int g, Place from) {
  callback(from, {Note::dropped, 0, g, 0, 0});
  drop_locals(g, from);
}

void Model::drop_locals(int g, Place from) {
  for (int key = 0; key < keys; key++)
    if (int value = std::exchange(at(g).locals[size_t(key)], 0); value && key + 1 < keys)
      callback(from, {Note::local_dropped, 0, value, 0, 0});
}

// ---- control ----

// The library's own work, then the rest of the current one's call, until user code runs.
void Model::proceed() {
  while (!open) {
    Greenlet &me = at(current);
    if (due) {
      dispose(std::exchange(due, 0));
    } else if (!queued.empty() && (hosted || drains(me.rest.verb))) {
      int g = queued.front();
      queued.pop_front();
      if (!queued.empty() && !at(g).discard) open = true; // who kills the others?
      dispose(g);
    } else if (me.rest.verb != Verb::nothing) {
      perform(std::exchange(me.rest, Call{}));
    } else {
      bool starts = std::exchange(me.starting, false);
      notes.push_back({starts ? Note::started : Note::returned, current, me.reply.status, me.reply.value, 0});
      return;
    }
  }
}

void Model::transfer(int to, gl_status status, int value, bool ended) {
  int from = current;
  bool starts = at(to).state == GL_UNSTARTED;
  if (starts && at(to).stack >= 0) stacks[size_t(at(to).stack)] = Serves::us; // rule 32
  in_transfer = to;
  if (ended) event(GL_EV_END, from, to);
  event(status == GL_OK ? GL_EV_SWITCH : GL_EV_THROW, from, to);
  if (starts) event(GL_EV_START, from, to);
  in_transfer = -1;
  if (from == to) return answer(status, value); // rule 7
  at(from).state = ended ? GL_DEAD : GL_SUSPENDED;
  at(to).state = GL_RUNNING;
  current = to;
  bool unheld = !at(from).handles;     // what callbacks release from now on is rule 18's
  arrive(from, status, value, starts); // before the hooks: they come right before the jump
  in_transfer = from;
  if (!hosted)
    for (int h : hooks) callback(exchanging, {Note::hook, 0, h, from, to});
  in_transfer = -1;
  if (unheld || ended) leave(from);
}

// What the one in control now makes of it, by what it waits in.
void Model::arrive(int from, gl_status status, int value, bool starts) {
  Greenlet &me = at(current);
  if (starts) {
    me.starting = true;
    me.reply = {GL_OK, value};
    return;
  }
  int victim = std::exchange(me.victim, -1);
  switch (std::exchange(me.waits, Greenlet::in_call)) {
  case Greenlet::in_call: me.reply = {status, value}; break; // rules 6, 10
  case Greenlet::in_kill:                                    // rule 13
    me.reply = {status == GL_OK && at(victim).state != GL_DEAD ? GL_ALIVE : status, value};
    kill_is_over(victim);
    break;
  case Greenlet::in_library: // rule 14, then rule 21
    if (status == GL_OK && value && at(victim).drops_result) callback(receiving, {Note::result_dropped, 0, value, 0, 0});
    if (status == GL_THROWN) callback(receiving, {Note::unhandled, 0, victim, value, 0});
    if (status == GL_KILLED) at(current).kill_kept = true;
    kill_is_over(victim);
    if (--at(victim).handles) break;
    if (at(victim).state != GL_DEAD) at(victim).leaked = true, leaked++;
    else if (victim != from) bury(victim); // else its stack is still in use: leave()
  }
}

void Model::kill_is_over(int victim) {
  auto &killers = at(victim).killers;
  auto me = std::find(killers.begin(), killers.end(), current);
  if (me == killers.end()) return; // it was freed meanwhile
  killers.erase(me);
  lose(current);
}

// Rule 22, and the end of one that nobody held.
void Model::leave(int from) {
  const Greenlet &it = at(from);
  if (!from || it.freed || it.handles || (it.leaked && it.state != GL_DEAD)) return;
  if (it.state == GL_DEAD) bury(from);
  else if (hosted) enqueue(from);
  else dispose_now(from);
}

void Model::kill(int g, decltype(Greenlet::waits) waits) {
  at(g).killers.push_back(current);
  gain(current);
  if (waits == Greenlet::in_library) at(g).handles++; // until it is decided whether it is freed
  at(current).waits = waits;
  at(current).victim = g;
  transfer(g, GL_KILLED, 0);
}

// ---- callbacks ----

void Model::event(int kind, int from, int to) {
  for (int t : std::vector(tracers)) // one added counts from the next event, one removed is not called again
    if (std::find(tracers.begin(), tracers.end(), t) != tracers.end()) callback(tracing, {Note::event, 0, t * 8 + kind, from, to});
}

void Model::callback(Place from, Note note) {
  note.who = current;
  notes.push_back(note);
  if (armed.verb == Verb::nothing || open || passes-- > 0) return;
  std::optional<Call> call = resolve(std::exchange(armed, Op{}));
  if (!call || acted) {
    open = true;
    return;
  }
  acted = call;
  Place outer = std::exchange(place, from);
  perform(*call);
  place = outer;
}
