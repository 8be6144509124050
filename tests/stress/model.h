// SPDX-License-Identifier: MIT
// What a thread's (or a host realm's) greenlets do, written from docs/rules.md alone: slow, plain, without stacks or pointers. It is the second
// reading of the rules that the library is compared with, so nothing here may be taken from the library's source. Greenlets are numbers (0 is main).
//
// apply() runs one call of the greenlet in control until user code runs again, and leaves in `notes` what everybody must have seen. It says false
// where the rules do not settle what happens; then the state is spoilt, so a caller tries each call on a copy.
#pragma once
#include "program.h"
#include <algorithm>
#include <array>
#include <deque>
#include <greenlet.h>
#include <optional>
#include <utility>

class Model {
public:
  static constexpr int slots = 12, keys = 3, observers = 2; // the last key has no drop
  static constexpr int untouched = -1;                      // what a failed call leaves in *received

  struct Greenlet {
    int state = GL_UNSTARTED;
    int parent = -1;
    std::vector<int> killers;  // who waits in a kill of this one; the innermost, the last, is the parent shown
    int handles = 0, held = 0; // all, and those of the test: the others are of children and victims
    bool discard = false, drops_result = false;
    bool leaked = false, freed = false, dying = false, starting = false, kill_kept = false;
    enum { in_call, in_kill, in_library } waits = in_call;
    int victim = -1;
    struct {
      gl_status status = GL_OK;
      int value = 0;
    } reply;   // for user code, once the library has done its own work
    Call rest; // the call that goes on when the queue is drained
    std::array<int, keys> locals{};
    int data = untouched; // what gl_set_data set
  };

  explicit Model(bool in_a_host_realm) : hosted(in_a_host_realm) {
    greenlets.emplace_back().state = GL_RUNNING;
    slot.fill(-1);
    slot[0] = 0;
  }

  bool hosted;
  bool resumes_leaked = true; // through a borrowed pointer; off where other threads' releases may lend one a handle at any call
  std::vector<Greenlet> greenlets;
  int current = 0;
  int leaked = 0;
  std::vector<Note> notes;
  std::optional<Call> acted; // the call that an armed callback made during the last apply()

  int shown_parent(int g) const { return at(g).killers.empty() ? at(g).parent : at(g).killers.back(); }
  bool started_alive(int g) const { return !at(g).freed && (at(g).state == GL_SUSPENDED || at(g).state == GL_RUNNING); }
  int alive() const {
    return int(std::count_if(greenlets.begin() + 1, greenlets.end(), [](auto &g) { return !g.freed && g.state != GL_DEAD; }));
  }
  bool is_armed() const { return armed.verb != Verb::nothing; }
  bool queue_is_empty() const { return queued.empty(); }

  // Chooses the greenlets that an operation is about: the numbers in it are taken as slots, and the next fitting one is meant.
  std::optional<Call> resolve(const Op &op) const {
    Call c;
    c.verb = op.verb;
    c.value = op.c % 8 ? serial : 0;
    switch (op.verb) {
    case Verb::make:
      c.g = free_slot(op.a);
      c.p = op.b % 2 ? named(op.b / 2) : -1; // -1: no parent is named
      c.discard = op.c % 5 == 0, c.drops_result = op.c & 16, c.share_fp = op.c & 32;
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
    case Verb::visit: c.g = 0; break;
    case Verb::arm: c.g = 0, c.armed = {in_callbacks[op.a % in_callbacks.size()], op.b, op.c, op.c}; break;
    default: break;
    }
    return c.g < 0 ? std::nullopt : std::optional(c);
  }

  bool apply(const Call &call) {
    notes.clear(), acted.reset(), open = false, serial++;
    if (!hosted && drains(call.verb) && !queued.empty()) // what it names must outlive whatever the drained ones do
      for (int g : {call.verb == Verb::make ? -1 : call.g, call.p})
        if (g > 0 && at(g).held <= pins(g)) open = true;
    at(current).rest = call;
    proceed();
    return !open;
  }

  // Rules 19 and 37, with main current and nothing queued.
  void end_thread() {
    notes.clear(), acted.reset(), armed = {};
    for (int g = 1; g < int(greenlets.size()); g++) {
      if (at(g).freed || at(g).state == GL_DEAD) continue;
      if (at(g).state == GL_SUSPENDED && !at(g).discard && !at(g).leaked) leaked++;
      drop_all(g, at_thread_end);
      at(g).state = GL_DEAD;
    }
    place = at_thread_end;
    int count = int(greenlets.size());
    for (int g = 1; g < count; g++) // no kill is pending any more
      if (!at(g).freed && at(g).waits == Greenlet::in_library) lose(at(g).victim);
    for (int g = 1; g < count; g++)
      for (int killer : std::exchange(at(g).killers, {})) lose(killer);
    for (int g = 1; g < count; g++) // those that had leaked
      if (!at(g).freed && !at(g).handles) bury(g);
  }

private:
  static constexpr std::array in_callbacks{Verb::make,   Verb::switch_to, Verb::throw_to,   Verb::kill,
                                           Verb::retain, Verb::release,   Verb::set_parent, Verb::trace};
  enum Place { user, tracing, exchanging, ending, dying_unrun, receiving, visiting, at_thread_end }; // where callbacks are called from

  std::array<int, slots> slot;
  std::deque<int> queued; // rule 18; in a host realm also those of rules 21 and 22 (rule 36)
  int due = 0;            // lost its last handle just now; 0: none
  std::vector<int> tracers, hooks;
  Op armed{};
  Place place = user;
  int in_transfer = -1; // the other one, while tracers and hooks hear of a transfer
  bool open = false;
  int serial = 1;

  Greenlet &at(int g) { return greenlets[size_t(g)]; }
  const Greenlet &at(int g) const { return greenlets[size_t(g)]; }

  // ---- names ----

  // A test may use a pointer while somebody's handle keeps it, while it runs, or when it leaked (rule 21: "never freed under its own feet").
  bool usable(int g) const {
    return g >= 0 && !at(g).freed && !at(g).dying && (!g || at(g).handles || g == current || (at(g).leaked && resumes_leaked));
  }
  template <class Fits> int find(int n, Fits fits) const {
    for (int i = 0; i < slots; i++)
      if (int g = slot[size_t((n + i) % slots)]; g >= 0 && fits(g)) return g;
    return -1;
  }
  int named(int n) const {
    if (n % (slots + 2) == slots && usable(current)) return current; // it may be in no slot any more
    if (int parent = shown_parent(current); n % (slots + 2) > slots && usable(parent)) return parent;
    return find(n, [this](int g) { return usable(g); });
  }
  int free_slot(int n) const {
    for (int i = 0; i < slots; i++)
      if (int at_slot = (n + i) % slots; slot[size_t(at_slot)] < 0 || at(slot[size_t(at_slot)]).freed || at(slot[size_t(at_slot)]).leaked)
        return at_slot;
    return -1;
  }
  static bool drains(Verb v) {
    return v == Verb::make || v == Verb::switch_to || v == Verb::throw_to || v == Verb::kill || v == Verb::release || v == Verb::set_parent;
  }
  int pins(int g) const { // calls that still wait for the queue and will use g
    return int(std::count_if(greenlets.begin(), greenlets.end(), [g](auto &other) {
      return other.rest.verb != Verb::nothing && (other.rest.p == g || (other.rest.verb != Verb::make && other.rest.g == g));
    }));
  }

  // ---- handles ----

  void gain(int g) {
    if (!g) return;
    at(g).handles++;
    at(g).leaked = false; // when it loses that one it is killed again
  }
  void lose(int g) {
    if (g <= 0 || --at(g).handles) return;
    if (at(g).dying || g == in_transfer) open = true;
    if (g == current) return; // rule 22: it goes on
    if (at(g).state != GL_SUSPENDED) dispose(g);
    else if (hosted || place != user) enqueue(g);
    else dispose_now(g);
  }
  void enqueue(int g) { // rules 18, 36
    if (std::find(queued.begin(), queued.end(), g) != queued.end()) return;
    if (hosted ? !queued.empty() : somebody_drains()) open = true; // which first? now, or at the next call?
    queued.push_back(g);
  }
  bool somebody_drains() const {
    return std::any_of(greenlets.begin(), greenlets.end(), [](auto &g) { return g.rest.verb != Verb::nothing; });
  }
  void dispose_now(int g) { // before anything else of the current one's call
    if (due == g) return;
    if (due) open = true; // which first?
    due = g;
  }
  // Rule 21.
  void dispose(int g) {
    const Greenlet &it = at(g);
    if (it.freed || it.handles || it.state == GL_RUNNING || (it.leaked && it.state != GL_DEAD)) return;
    if (it.state == GL_SUSPENDED && !it.discard) return kill(g, Greenlet::in_library);
    if (it.state != GL_DEAD) die_unrun(g);
    bury(g);
  }
  void bury(int g) {
    drop_locals(g, dying_unrun); // those set when it was dead already
    at(g).freed = true;
    lose(at(g).parent); // rule 16
    for (int killer : std::exchange(at(g).killers, {})) lose(killer);
  }
  void die_unrun(int g) {
    at(g).dying = true;
    drop_all(g, dying_unrun);
    at(g).dying = false;
    at(g).state = GL_DEAD;
  }
  void drop_all(int g, Place from) {
    callback(from, {Note::dropped, 0, g, 0, 0});
    drop_locals(g, from);
  }
  void drop_locals(int g, Place from) {
    for (int key = 0; key < keys; key++)
      if (int value = std::exchange(at(g).locals[size_t(key)], 0); value && key + 1 < keys)
        callback(from, {Note::local_dropped, 0, value, 0, 0});
  }

  // ---- family ----

  int heir(int g) const { // rule 4, 8, 12
    do g = shown_parent(g);
    while (at(g).state == GL_DEAD);
    return g;
  }
  bool reaches(int from, int to) const { // over real parents and pending killers together (rules 13, 15)
    if (from < 0) return false;
    if (from == to || reaches(at(from).parent, to)) return true;
    return std::any_of(at(from).killers.begin(), at(from).killers.end(), [&](int k) { return reaches(k, to); });
  }

  // ---- control ----

  // The library's own work, then the rest of the current one's call, until user code runs.
  void proceed() {
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

  void transfer(int to, gl_status status, int value, bool ended = false) {
    int from = current;
    bool starts = at(to).state == GL_UNSTARTED;
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
  void arrive(int from, gl_status status, int value, bool starts) {
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
  void kill_is_over(int victim) {
    auto &killers = at(victim).killers;
    auto me = std::find(killers.begin(), killers.end(), current);
    if (me == killers.end()) return; // it was freed meanwhile
    killers.erase(me);
    lose(current);
  }
  // Rule 22, and the end of one that nobody held.
  void leave(int from) {
    const Greenlet &it = at(from);
    if (!from || it.freed || it.handles || (it.leaked && it.state != GL_DEAD)) return;
    if (it.state == GL_DEAD) bury(from);
    else if (hosted) enqueue(from);
    else dispose_now(from);
  }
  void kill(int g, decltype(Greenlet::waits) waits) {
    at(g).killers.push_back(current);
    gain(current);
    if (waits == Greenlet::in_library) at(g).handles++; // until it is decided whether it is freed
    at(current).waits = waits;
    at(current).victim = g;
    transfer(g, GL_KILLED, 0);
  }

  // ---- calls ----

  void answer(gl_status status, int value = 0) {
    if (place == user) at(current).reply = {status, value};
    else notes.push_back({Note::answered, current, status, 0, 0});
  }
  bool kept_kill() { // rule 14
    if (!std::exchange(at(current).kill_kept, false)) return false;
    answer(GL_KILLED);
    return true;
  }

  void perform(const Call &c) {
    switch (c.verb) {
    case Verb::make: {
      int parent = c.p < 0 ? current : c.p;
      slot[size_t(c.g)] = int(greenlets.size());
      Greenlet &it = greenlets.emplace_back();
      it.parent = parent, it.handles = it.held = 1;
      it.discard = c.discard, it.drops_result = c.drops_result;
      gain(parent);
      return answer(GL_OK);
    }
    case Verb::switch_to:
      if (place != user) return answer(GL_EBUSY);
      if (kept_kill()) return;
      return transfer(at(c.g).state == GL_DEAD ? heir(c.g) : c.g, GL_OK, c.value);
    case Verb::throw_to:
      if (place != user) return answer(GL_EBUSY);
      if (kept_kill()) return;
      return transfer(catcher(c.g), GL_THROWN, c.value);
    case Verb::kill:
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
      return answer(GL_OK);
    case Verb::end: {
      drop_all(current, ending);
      at(current).kill_kept = false;
      bool value = c.outcome == GL_OK || c.outcome == GL_KILLED; // anything else counts as GL_THROWN
      return transfer(value ? heir(current) : catcher(shown_parent(current)), value ? GL_OK : GL_THROWN, c.value, true);
    }
    case Verb::retain:
      gain(c.g);
      at(c.g).held++;
      return answer(GL_OK);
    case Verb::release:
      at(c.g).held--;
      answer_after([&] { lose(c.g); });
      return;
    case Verb::set_parent: return set_parent(c.g, c.p);
    case Verb::set_local: at(c.g).locals[size_t(c.p)] = c.value; return answer(GL_OK);
    case Verb::set_data: at(c.g).data = c.value; return answer(GL_OK);
    case Verb::trace: return answer(toggle(tracers, c.g, c.value));
    case Verb::hook: return answer(toggle(hooks, c.g, c.value));
    case Verb::visit:
      for (int g = 0; g < int(greenlets.size()); g++)
        if (started_alive(g)) callback(visiting, {Note::visited, 0, g, 0, 0});
      return answer(GL_OK);
    case Verb::arm: armed = c.armed; return answer(GL_OK);
    case Verb::nothing:
    case Verb::count: break;
    }
  }
  // The nearest of g and its ancestors that a throw can reach; unstarted ones on the way die (rules 5, 11, 12).
  int catcher(int g) {
    for (;; g = shown_parent(g)) {
      if (at(g).state == GL_UNSTARTED) die_unrun(g);
      else if (at(g).state != GL_DEAD) return g;
    }
  }
  void set_parent(int child, int parent) { // rule 15
    if (place != user && place != tracing && place != ending && place != visiting) open = true;
    if (!child) return answer(GL_EINVAL);
    if (reaches(parent, child)) return answer(GL_ECYCLE);
    answer_after([&] {
      gain(parent);
      lose(std::exchange(at(child).parent, parent));
    });
  }
  // A callback hears the answer after what the call did; user code gets it when the library's work is done.
  template <class F> void answer_after(F work) {
    if (place == user) answer(GL_OK), work();
    else work(), answer(GL_OK);
  }
  static gl_status toggle(std::vector<int> &list, int n, bool add) { // rule 27
    auto found = std::find(list.begin(), list.end(), n);
    if (add != (found == list.end())) return GL_EINVAL;
    if (add) list.push_back(n);
    else list.erase(found);
    return GL_OK;
  }

  // ---- callbacks ----

  void event(int kind, int from, int to) {
    for (int t : std::vector(tracers)) // one added counts from the next event, one removed is not called again
      if (std::find(tracers.begin(), tracers.end(), t) != tracers.end()) callback(tracing, {Note::event, 0, t * 8 + kind, from, to});
  }
  void callback(Place from, Note note) {
    note.who = current;
    notes.push_back(note);
    if (armed.verb == Verb::nothing || open) return;
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
};
