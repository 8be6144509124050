// SPDX-License-Identifier: MIT
#include "player.h"
#include <cstdio>
#include <cstdlib>
#include <functional>
#ifdef _WIN32
#include <windows.h>
#endif

namespace {

// For callbacks that are told no more than a value.
#ifdef _WIN32
class { // thread_local is over before the greenlets of a thread end
public:
  void operator=(Player *player) { TlsSetValue(slot, player); }
  Player *operator->() { return static_cast<Player *>(TlsGetValue(slot)); }

private:
  DWORD slot = TlsAlloc();
} playing;
#else
thread_local Player *playing;
#endif

gl_stats counts() {
  gl_stats stats = {};
  stats.size = sizeof stats;
  gl_get_stats(&stats);
  return stats;
}

// The rules leave open in which order locals are dropped and greenlets visited.
std::vector<Note> in_canonical_order(std::vector<Note> notes) {
  auto is = [](Note::Kind kind) { return [kind](const Note &n) { return n.kind == kind; }; };
  auto visits = std::stable_partition(notes.begin(), notes.end(), std::not_fn(is(Note::visited)));
  std::sort(visits, notes.end());
  for (auto from = notes.begin(); from != notes.end();) {
    from = std::find_if(from, notes.end(), is(Note::local_dropped));
    auto to = std::find_if_not(from, notes.end(), is(Note::local_dropped));
    std::sort(from, to);
    from = to;
  }
  return notes;
}

} // namespace

bool print_calls = false;

Player::Player(const Program &plan, gl_realm *host, bool nobody_else)
    : realm(host), program(plan), model(host != nullptr, plan.stacks), alone(nobody_else), reals(1), before(counts()) {
  if (!realm) stacks.emplace();
  model.resumes_leaked = alone;
  for (int i = 0; i < Model::observers; i++) observers[i] = {this, i};
  model.notes.push_back({Note::returned, 0, GL_OK, 0, 0}); // main begins
  seen = model.notes;
}

// ---- which call is next ----

bool Player::accept(const std::optional<Call> &wanted) {
  if (!wanted) return false;
  Model tried = model;
  if (!tried.apply(*wanted)) return false;
  history.push_back({model.current, *wanted, tried.acted});
  if (print_calls) history.back().print();
  model = std::move(tried);
  call = *wanted;
  return true;
}

const Call *Player::next_call() {
  if (history.empty()) {
    playing = this;
    gl_set_unhandled(on_unhandled, nullptr);
    reals[0].pointer = realm ? gl_realm_main(realm) : gl_main();
    if (print_calls) print_title();
  }
  if (loosened) return nullptr;
  compare();
  seen.clear();
  if (!model.current && model.queue_is_empty()) main_acts();
  while (next_op < program.ops.size())
    if (accept(model.resolve(program.ops[next_op++]))) return &call;
  return wind_down() ? &call : nullptr;
}

void Player::print_title() const { std::printf("%s\n", realm ? "In a host realm:" : "On stacks:"); }

void Player::Step::print() const {
  std::printf("  g%d: %s\n", who, to_string(call).c_str());
  if (in_callback) std::printf("      in a callback: %s\n", to_string(*in_callback).c_str());
  std::fflush(stdout);
}

bool Player::wind_down() {
  if (model.is_armed()) {
    Call disarm;
    disarm.verb = Verb::arm;
    return accept(disarm);
  }
  if (int me = model.current) {
    Call end, leave;
    end.verb = Verb::end;
    leave.verb = Verb::switch_to, leave.g = 0;
    if (accept(end) || accept(leave)) return true;
    loosened = me;
    return false;
  }
  for (int g = 1; !program.abrupt && g < int(model.greenlets.size()); g++) {
    Call release;
    release.verb = Verb::release, release.g = g;
    if (model.greenlets[size_t(g)].held && accept(release)) return true;
  }
  Call drain; // fails, but not before the queue is empty (rule 18)
  drain.verb = Verb::set_parent, drain.g = drain.p = 0;
  if (model.queue_is_empty()) {
    Call trim;
    trim.verb = Verb::trim;
    return call.verb != Verb::trim && accept(trim);
  }
  if (accept(drain)) return true;
  loosened = true;
  return false;
}

// ---- what it does ----

const std::array<gl_key, Model::keys> &Player::local_keys() {
  static const auto keys = [] {
    std::array<gl_key, Model::keys> made{};
    for (gl_key &key : made)
      if (gl_key_new(&key, &key == &made.back() ? nullptr : on_local_drop) != GL_OK) std::abort();
    return made;
  }();
  return keys;
}

gl_status Player::make(const Call &c) {
  Body &body = bodies.emplace_back(Body{this, -1});
  gl_options options = {};
  options.size = sizeof options;
  options.run = run;
  options.data = &body;
  options.drop = on_drop;
  options.drop_result = c.drops_result ? on_result_drop : nullptr;
  options.parent = c.p >= 0 ? pointer(c.p) : realm ? current() : nullptr;
  if (c.discard) options.flags |= GL_DISCARD;
  if (c.share_fp) options.flags |= GL_SHARE_FP;
  if (realm) options.flags |= GL_HOSTED;
  else stacks->choose(c.kind, c.stack, &options);
  gl_greenlet *made = nullptr;
  gl_status status = gl_new_with(&options, &made);
  if (status != GL_OK) return status;
  body.number = int(reals.size()); // not before: draining the queue (rule 18) may have made others
  reals.push_back({made, &body, 0});
  return GL_OK;
}

void Player::perform(const Call &c, gl_status *status) {
  *status = GL_OK;
  switch (c.verb) {
  case Verb::make: *status = make(c); break;
  case Verb::retain: require(gl_retain(pointer(c.g)) == pointer(c.g), "gl_retain returns its argument"); break;
  case Verb::release: gl_release(pointer(c.g)); break;
  case Verb::set_parent: *status = gl_set_parent(pointer(c.g), pointer(c.p)); break;
  case Verb::set_local: *status = gl_set_local(pointer(c.g), local_keys()[size_t(c.p)], pointer_to(c.value)); break;
  case Verb::set_data: gl_set_data(pointer(c.g), pointer_to(c.value)); break;
  case Verb::trace: {
    Body *to = &observers[c.g];
    if (realm) *status = c.value ? gl_realm_trace_add(realm, on_event, to) : gl_realm_trace_remove(realm, on_event, to);
    else *status = c.value ? gl_trace_add(on_event, to) : gl_trace_remove(on_event, to);
    break;
  }
  case Verb::hook: *status = c.value ? gl_hook_add(on_exchange, &observers[c.g]) : gl_hook_remove(on_exchange, &observers[c.g]); break;
  case Verb::visit: *status = realm ? gl_realm_foreach(realm, on_visit, this) : gl_foreach(on_visit, this); break;
  case Verb::arm: armed = true, passes = c.passes; break;
  case Verb::trim: gl_trim(); break;
  case Verb::new_stack: stacks->replace(c.stack, c.kind); break;
  case Verb::lend: *status = stacks->lend(c.stack); break;
  default: break;
  }
}

void Player::remove_hooks() {
  for (Body &observer : observers) gl_hook_remove(on_exchange, &observer);
}

// ---- what it hears ----

void Player::heard(Note note) {
  if (note.x == stranger || note.y == stranger || note.z == stranger) return;
  note.who = ended ? 0 : number(current());
  seen.push_back(note);
  if (!armed || ended || note.kind == Note::returned || note.kind == Note::started || passes-- > 0) return;
  armed = false;
  if (!model.acted || loosened) return;
  gl_status status;
  if (transfers(model.acted->verb)) status = transfer(*model.acted);
  else perform(*model.acted, &status);
  seen.push_back({Note::answered, number(current()), status, 0, 0});
}

void Player::on_drop(void *data) {
  auto *body = static_cast<Body *>(data);
  body->player->reals[size_t(body->number)].drops++;
  body->player->heard({Note::dropped, 0, body->number, 0, 0});
}
void Player::on_local_drop(void *value) { playing->heard({Note::local_dropped, 0, value_of(value), 0, 0}); }
void Player::on_result_drop(void *value) { playing->heard({Note::result_dropped, 0, value_of(value), 0, 0}); }
void Player::on_unhandled(void *, gl_greenlet *g, void *payload) {
  playing->heard({Note::unhandled, 0, playing->number(g), value_of(payload), 0});
}
void Player::on_event(void *data, int event, gl_greenlet *from, gl_greenlet *to) {
  auto *body = static_cast<Body *>(data);
  Player *player = body->player;
  player->heard({Note::event, 0, body->number * 8 + event, player->number(from), player->number(to)});
}
void Player::on_exchange(void *data, gl_greenlet *from, gl_greenlet *to) {
  auto *body = static_cast<Body *>(data);
  Player *player = body->player;
  player->heard({Note::hook, 0, body->number, player->number(from), player->number(to)});
}
int Player::on_visit(void *data, gl_greenlet *g) {
  auto *player = static_cast<Player *>(data);
  player->heard({Note::visited, 0, player->number(g), 0, 0});
  return 0;
}

int Player::number(const gl_greenlet *g) const {
  if (!g) return -1;
  for (size_t i = reals.size(); i--;) // the newest first: memory is used again
    if (reals[i].pointer == g) return int(i);
  return stranger;
}

// ---- is it so? ----

void Player::compare() {
  compare_notes();
  for (size_t g = 1; g < reals.size(); g++)
    if (model.greenlets[g].freed) reals[g].pointer = nullptr;
  compare_states();
  if (alone) compare_counts();
}

void Player::compare_notes() {
  if (in_canonical_order(seen) != in_canonical_order(model.notes)) fail("not what was foretold");
}

void Player::compare_states() {
  require(number(current()) == model.current, "current");
  for (int g = 0; g < int(reals.size()); g++) {
    const Model::Greenlet &it = model.greenlets[size_t(g)];
    if (it.freed) continue;
    const gl_greenlet *real = pointer(g);
    if (gl_state(real) != it.state) fail("state of g" + std::to_string(g) + " is " + std::to_string(gl_state(real)));
    if (number(gl_parent(real)) != model.shown_parent(g))
      fail("parent of g" + std::to_string(g) + " is g" + std::to_string(number(gl_parent(real))));
    const void *data = it.data != Model::untouched ? pointer_to(it.data) : reals[size_t(g)].body;
    require(gl_data(real) == data, "data");
    if (!g || it.kind == Kind::thread ? history.size() % 16 == 0 : true)
      compare_bounds(g); // the system is slow to tell of a thread's stack
    for (size_t key = 0; key < Model::keys; key++) require(value_of(gl_local(real, local_keys()[key])) == it.locals[key], "local");
  }
}

void Player::compare_bounds(int g) {
  void *low = nullptr, *high = nullptr;
  gl_status status = gl_stack_bounds(pointer(g), &low, &high);
  bool has_one = !realm && model.started_alive(g);
  require(status == (has_one ? GL_OK : GL_ENOTSUP), "gl_stack_bounds (rule 32)");
  if (!has_one) return;
  auto *from = static_cast<char *>(low), *to = static_cast<char *>(high), *here = static_cast<char *>(__builtin_frame_address(0));
  require(size_t(to - from) >= (g ? StackSet::usable_bytes(model.greenlets[size_t(g)].kind) : 0),
          "the stack has the size that was asked for");
  require(g != model.current || (from < here && here < to), "the current one is on its stack");
}

void Player::compare_counts() {
  gl_stats now = counts();
  uint64_t others = stacks ? stacks->greenlets_of_others() : 0;
  require(now.created == before.created + others + model.greenlets.size() - 1, "created");
  require(now.alive == before.alive + uint64_t(model.alive()), "alive");
  require(now.leaked == before.leaked + uint64_t(model.leaked), "leaked");
  if (realm) return;
  uint64_t in_use = before.stacks_mapped - before.stacks_cached + uint64_t(model.stacks_in_use());
  require(now.stacks_mapped - now.stacks_cached == in_use, "stacks in use");
  if (!ended && call.verb != Verb::trim) return;
  require(now.stacks_cached <= before.stacks_cached, "stacks cached"); // those of the thread before serve gl_stack_new()
  require(now.slice_bytes == before.slice_bytes || !(ended || model.all_is_in_place()), "slice_bytes");
}

void Player::finish() {
  if (!loosened) {
    model.end_thread();
    std::sort(seen.begin(), seen.end());
    std::sort(model.notes.begin(), model.notes.end());
    compare_notes();
    if (alone) compare_counts();
  }
  playing = this; // for locals that were set on dead ones
  for (size_t g = 1; g < reals.size(); g++)
    for (int &held = model.greenlets[g].held; held; held--) {
      require(gl_state(reals[g].pointer) == GL_DEAD, "dead after its thread");
      gl_release(reals[g].pointer);
    }
  stacks.reset();
  gl_trim(); // this thread's, which may have got the shared ones
  if (alone) require(counts().stacks_mapped == before.stacks_mapped, "no stack is left");
  for (size_t g = 1; g < reals.size(); g++)
    if (reals[g].drops != 1) fail("g" + std::to_string(g) + " was dropped " + std::to_string(reals[g].drops) + " times");
}

void Player::require(bool holds, const char *what) {
  if (!holds && !loosened) fail(what);
}

void Player::fail(const std::string &what) {
  if (!print_calls) {
    print_title();
    for (const Step &step : history) step.print();
  }
  auto print_notes = [](const char *title, const std::vector<Note> &notes) {
    std::printf("%s\n", title);
    for (const Note &n : in_canonical_order(notes)) std::printf("  %s\n", to_string(n).c_str());
  };
  print_notes("The rules:", model.notes);
  print_notes("The library:", seen);
  std::printf("DIFFERS: %s\n", what.c_str());
  std::fflush(stdout);
  std::abort();
}
