// SPDX-License-Identifier: MIT
// Plays a program on the library, asks the model first what must happen, and compares after each call: what every callback heard, what came back where,
// and the state and parent of every greenlet. A difference is printed with the calls that led to it; then the process aborts.
#pragma once
#include "model.h"
#include "stacks.h"

extern bool print_calls; // as they are made, so that a crash shows what led to it

class Player {
public:
  // nobody_else in the process uses the library, so that its counts can be compared.
  Player(const Program &plan, gl_realm *host, bool nobody_else);
  virtual ~Player() = default;
  Player(const Player &) = delete;
  Player &operator=(const Player &) = delete;

  // After the thread or the realm has ended: what rule 19 says of those that were left. Gives the test's handles back.
  void finish();

protected:
  // The next call of the one in control, that the rules settle; NULL when the program is over, with main in control unless loose().
  const Call *next_call();
  // The program cannot be ended in a way that the rules settle: nothing is compared any more, every body just ends.
  bool loose() const { return loosened; }
  virtual gl_status transfer(const Call &) = 0; // from inside a callback
  virtual void main_acts() {}                   // between two calls of the program, while nothing is queued
  void perform(const Call &, gl_status *);      // everything but transfers
  void heard(Note);
  void thread_ends() { ended = true; }
  void remove_hooks();
  gl_greenlet *pointer(int g) const { return reals[size_t(g)].pointer; }
  gl_greenlet *current() const { return realm ? gl_realm_current(realm) : gl_current(); }
  int number(const gl_greenlet *) const;
  void require(bool, const char *what);

  static void *pointer_to(int value) { return reinterpret_cast<void *>(intptr_t(value)); }
  static int value_of(const void *p) { return int(reinterpret_cast<intptr_t>(p)); }
  static bool transfers(Verb v) { return v == Verb::switch_to || v == Verb::throw_to || v == Verb::kill; }

  static constexpr int stranger = -2; // a greenlet that is not the program's: nothing is noted of it
  struct Body {
    Player *player;
    int number;
  };
  gl_realm *realm;
  gl_run run = nullptr; // of every body

private:
  struct Real {
    gl_greenlet *pointer; // NULL: freed
    Body *body;
    int drops;
  };
  struct Step {
    int who;
    Call call;
    std::optional<Call> in_callback;
    void print() const;
  };

  void print_title() const;
  bool accept(const std::optional<Call> &);
  bool wind_down();
  gl_status make(const Call &);
  void compare();
  void compare_notes();
  void compare_states();
  void compare_bounds(int g);
  void compare_counts();
  [[noreturn]] void fail(const std::string &what);

  static void on_drop(void *body);
  static void on_local_drop(void *value);
  static void on_result_drop(void *value);
  static void on_unhandled(void *, gl_greenlet *, void *payload);
  static void on_event(void *observer, int event, gl_greenlet *from, gl_greenlet *to);
  static void on_exchange(void *observer, gl_greenlet *from, gl_greenlet *to);
  static int on_visit(void *player, gl_greenlet *);
  static const std::array<gl_key, Model::keys> &local_keys();

  Program program;
  Model model;
  bool alone;
  size_t next_op = 0;
  Call call;
  std::vector<Step> history;
  std::vector<Real> reals; // by number
  std::deque<Body> bodies;
  std::optional<StackSet> stacks; // nothing: in a host realm
  Body observers[Model::observers];
  std::vector<Note> seen;
  gl_stats before;
  int passes = 0; // as in the model
  bool armed = false, loosened = false, ended = false;
};

void play_on_stacks(const Program &); // on a thread of its own
void play_hosted(const Program &);    // the same, in a host realm
