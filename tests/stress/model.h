// SPDX-License-Identifier: MIT
// What a thread's (or a host realm's) greenlets do, written from docs/rules.md alone: slow, plain, without stacks or pointers. It is the second
// reading of the rules that the library is compared with, so nothing here may be taken from the library's source. Greenlets are numbers (0 is main).
//
// model.cc has control and handles, calls.cc what each call does, resolve.cc which call an operation means.
//
// apply() runs one call of the greenlet in control until user code runs again, and leaves in `notes` what everybody must have seen. It says false
// where the rules do not settle what happens; then the state is spoilt, so a caller tries each call on a copy.
#pragma once
#include "program.h"
#include <algorithm>
#include <array>
#include <deque>
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
    Kind kind = Kind::large;
    int stack = -1; // a shared one
    int depth = 0;  // frames that its body has descended
  };
  enum class Serves : uint8_t { nobody_yet, us, another };

  Model(bool in_a_host_realm, Stacks);

  bool hosted;
  bool resumes_leaked = true; // through a borrowed pointer; off where other threads' releases may lend one a handle at any call
  Stacks kinds;
  std::vector<Greenlet> greenlets;
  std::vector<Serves> stacks;               // the shared ones (rule 32)
  std::array<int, shared_stacks> offered{}; // those of them that a new greenlet may get: the test has a handle
  int current = 0;
  int leaked = 0;
  std::vector<Note> notes;
  std::optional<Call> acted; // the call that an armed callback made during the last apply()

  int shown_parent(int g) const { return at(g).killers.empty() ? at(g).parent : at(g).killers.back(); }
  bool started_alive(int g) const { return !at(g).freed && (at(g).state == GL_SUSPENDED || at(g).state == GL_RUNNING); }
  int alive() const {
    return count([](const Greenlet &g) { return g.state != GL_DEAD; });
  }
  int stacks_in_use() const; // private ones and shared ones
  // Main runs, and nobody else is on a stack whose bytes may be elsewhere.
  bool all_is_in_place() const {
    return !current && !count([](const Greenlet &g) { return !is_private(g.kind) && g.state == GL_SUSPENDED; });
  }
  bool is_armed() const { return armed.verb != Verb::nothing; }
  bool queue_is_empty() const { return queued.empty(); }

  std::optional<Call> resolve(const Op &) const; // nothing: there is no such greenlet
  bool apply(const Call &);
  void end_thread(); // rules 19 and 37, with main current and nothing queued

private:
  static constexpr std::array in_callbacks{Verb::make,    Verb::switch_to,  Verb::throw_to, Verb::kill, Verb::retain,
                                           Verb::release, Verb::set_parent, Verb::trace,    Verb::trim, Verb::new_stack};
  enum Place { user, tracing, exchanging, ending, dying_unrun, receiving, visiting, at_thread_end }; // where callbacks are called from

  std::array<int, slots> slot;
  std::deque<int> queued; // rule 18; in a host realm also those of rules 21 and 22 (rule 36)
  int due = 0;            // lost its last handle just now; 0: none
  std::vector<int> tracers, hooks;
  Op armed{};
  int passes = 0; // callbacks that only listen before the armed one
  Place place = user;
  int in_transfer = -1; // the other one, while tracers and hooks hear of a transfer
  bool open = false;
  int serial = 1;

  Greenlet &at(int g) { return greenlets[size_t(g)]; }
  const Greenlet &at(int g) const { return greenlets[size_t(g)]; }
  template <class Is> int count(Is is) const { // without main
    return int(std::count_if(greenlets.begin() + 1, greenlets.end(), [&](auto &g) { return !g.freed && is(g); }));
  }

  // resolve.cc
  int pins(int g) const;
  bool makes_are_pending() const;
  bool usable(int g) const;
  template <class Fits> int find(int n, Fits) const;
  int named(int n) const;
  int free_slot(int n) const;

  // model.cc
  static bool drains(Verb);
  void gain(int g);
  void lose(int g);
  void enqueue(int g);
  bool somebody_drains() const;
  void dispose_now(int g);
  void dispose(int g);
  void bury(int g);
  void die_unrun(int g);
  void drop_all(int g, Place);
  void drop_locals(int g, Place);
  void proceed();
  void transfer(int to, gl_status, int value, bool ended = false);
  void arrive(int from, gl_status, int value, bool starts);
  void kill_is_over(int victim);
  void leave(int from);
  void kill(int g, decltype(Greenlet::waits));
  void event(int kind, int from, int to);
  void callback(Place, Note);

  // calls.cc
  void perform(const Call &);
  void answer(gl_status, int value = 0);
  template <class F> void answer_after(F work);
  bool kept_kill();
  void make(const Call &);
  void switch_to(const Call &);
  void kill(const Call &);
  void end(const Call &);
  void lend(const Call &);
  void set_parent(int child, int parent);
  void visit();
  static gl_status toggle(std::vector<int> &list, int n, bool add);
  int heir(int g) const;
  int catcher(int g);
  bool reaches(int from, int to) const;
  bool can_start(int g) const;
};
