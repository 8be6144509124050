// SPDX-License-Identifier: MIT
// Threads that each play a program against a model of their own, and between two calls of it pass handles of other greenlets ("strays") around: whoever gets
// one releases it, or starts it when it was moved there. What happens to a stray depends on timing, so only this is checked: statuses that must be, drops
// exactly once, bodies unwound unless their thread was gone, and counts back to where they were.
//   stress_threads [--seeds COUNT] [--first SEED] [--stacks KIND]
#include "on_stacks.h"
#include "seeds.h"
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>

namespace {

constexpr int threads = 3;

Stacks wanted = Stacks::mixed;

std::atomic<size_t> made, dropped, in_body, lost_in_body;

void require(bool holds, const char *what) {
  if (holds) return;
  std::printf("DIFFERS: %s\n", what);
  std::fflush(stdout);
  std::abort();
}

constexpr int nobody_yet = -1;

// A stack that strays of several threads may name, of which one gets it (rule 32).
struct Common {
  gl_stack *handle = nullptr;
  std::atomic<int> serves{nobody_yet};
};

struct Stray {
  gl_greenlet *handle = nullptr;
  int owner = 0;
  Common *stack = nullptr; // NULL: a private one
};

// Not std::barrier: that of MinGW now and then waits for ever.
class Barrier {
public:
  void arrive_and_wait() {
    size_t round = rounds;
    if (++arrived == threads) arrived = 0, rounds++;
    else
      while (rounds == round) std::this_thread::yield();
  }

private:
  std::atomic<size_t> arrived{0}, rounds{0};
};

class Mailbox {
public:
  void put(Stray stray) {
    std::lock_guard lock(mutex);
    strays.push_back(stray);
  }
  bool take(uint64_t ticket, Stray *out) {
    std::lock_guard lock(mutex);
    if (strays.empty()) return false;
    std::swap(strays[size_t(ticket) % strays.size()], strays.back());
    *out = strays.back();
    strays.pop_back();
    return true;
  }

private:
  std::mutex mutex;
  std::vector<Stray> strays;
};

struct Shared {
  Mailbox suspended;          // for anybody
  Mailbox unstarted[threads]; // moved to that thread
  std::atomic<gl_greenlet *> mains[threads];
  Common common[threads]; // of gl_stack_new()
  Common own[threads];    // of gl_stack_thread()
  Barrier all;
};

// Waits until it is killed, which only its last handle's release does.
gl_status stray_body(void *, void *, void **) {
  in_body++;
  uint64_t words[100];
  Frame frame{nullptr, reinterpret_cast<uintptr_t>(gl_current()), words, std::size(words)};
  frame.fill();
  gl_status status = gl_switch(gl_parent(gl_current()), nullptr, nullptr);
  require(status == GL_KILLED, "a stray is resumed only to be killed");
  require(frame.is_intact(), "the stack of a stray (rule 23)");
  in_body--;
  return GL_KILLED;
}

class Neighbour : public OnStacks {
public:
  Neighbour(const Program &plan, uint64_t seed, Shared *with, int me) : OnStacks(plan, false), shared(with), index(me), random(seed) {}

  void play_beside_others() {
    shared->mains[index] = gl_main();
    shared->own[index].handle = gl_stack_retain(gl_stack_thread());
    shared->own[index].serves = index;
    shared->all.arrive_and_wait();
    play();
    for (int i = 0; i < 20; i++) main_acts();
    shared->all.arrive_and_wait(); // mains are valid until here
  }

private:
  Shared *shared;
  int index;
  std::mt19937_64 random;

  void main_acts() override {
    Stray stray;
    switch (random() % 6) {
    case 0:
      if (make(&stray)) start(stray);
      return;
    case 1:
      if (make(&stray)) move(stray, int(random() % threads));
      return;
    case 2:
      if (shared->unstarted[index].take(random(), &stray)) start(stray);
      return;
    case 3:
      if (shared->suspended.take(random(), &stray)) pester(stray);
      return;
    default:
      if (shared->suspended.take(random(), &stray)) gl_release(stray.handle);
    }
  }

  Common *choose_stack() {
    auto kinds = kinds_of(wanted);
    Kind kind = kinds[size_t(random() % kinds.size())];
    if (is_private(kind)) return nullptr;
    Common *all = kind == Kind::thread ? shared->own : shared->common;
    return all + random() % threads;
  }

  bool make(Stray *stray) {
    *stray = {nullptr, index, choose_stack()};
    gl_options options = {};
    options.size = sizeof options;
    options.run = stray_body;
    options.drop = [](void *) { dropped++; };
    options.parent = gl_main();
    if (stray->stack) options.stack = stray->stack->handle;
    int known = serves(*stray);
    if (!is_served(*stray, known, gl_new_with(&options, &stray->handle))) return false;
    made++;
    return true;
  }

  int serves(const Stray &stray) { return stray.stack ? stray.stack->serves.load() : index; }

  // Rule 32: did a call that needs the stray's stack find it free, or this thread's? `known`: whom it served before the call.
  bool is_served(const Stray &stray, int known, gl_status status) {
    if (status == GL_OK) require(known == index || known == nobody_yet, "it serves this thread");
    else require(status == GL_ETHREAD && serves(stray) != index, "it serves another thread");
    return status == GL_OK;
  }

  // Strays whose stack another thread was the first to use go to that thread.
  void start(Stray stray) {
    int known = serves(stray);
    if (is_served(stray, known, gl_switch(stray.handle, nullptr, nullptr))) {
      require(gl_state(stray.handle) == GL_SUSPENDED, "a stray starts and comes back");
      int first = nobody_yet;
      if (stray.stack && !stray.stack->serves.compare_exchange_strong(first, index)) require(first == index, "a stack serves one thread");
      return shared->suspended.put(stray);
    }
    require(gl_state(stray.handle) == GL_UNSTARTED, "a call that fails changes nothing (rule 9)");
    int to = stray.stack->serves;
    if (to == nobody_yet) return gl_release(stray.handle); // that thread is just starting one
    move(stray, to);
  }

  void move(Stray stray, int to) {
    require(gl_set_parent(stray.handle, shared->mains[to]) == GL_OK, "an unstarted one moves to another thread (rule 15)");
    if (to != index) {
      require(gl_switch(stray.handle, nullptr, nullptr) == GL_ETHREAD, "and belongs there (rule 17)");
      require(gl_set_parent(stray.handle, shared->mains[to]) == GL_ETHREAD, "neither belongs here (rule 15)");
    }
    stray.owner = to;
    shared->unstarted[to].put(stray);
  }

  // What any thread may do, and what it may not.
  void pester(Stray stray) {
    require(gl_retain(stray.handle) == stray.handle, "gl_retain");
    gl_release(stray.handle);
    require(gl_state(stray.handle) == GL_SUSPENDED, "a stray that is held stays suspended");
    require(!*gl_name(stray.handle), "it has no name");
    if (stray.owner != index) {
      require(gl_switch(stray.handle, nullptr, nullptr) == GL_ETHREAD, "gl_switch to another thread's");
      require(gl_throw(stray.handle, nullptr, nullptr) == GL_ETHREAD, "gl_throw into another thread's");
      require(gl_kill(stray.handle, nullptr) == GL_ETHREAD, "gl_kill of another thread's");
    }
    shared->suspended.put(stray);
  }
};

void give_back(Mailbox &mailbox, bool was_started) {
  for (Stray stray; mailbox.take(0, &stray); gl_release(stray.handle)) {
    require(gl_state(stray.handle) == GL_DEAD, "dead with its thread (rule 19)");
    require(gl_switch(stray.handle, nullptr, nullptr) == GL_EEXPIRED, "expired (rule 17)");
    if (was_started) lost_in_body++;
  }
}

// Those of gl_stack_thread() have ended with their threads.
void give_back(Common (&common)[threads], gl_status expected) {
  for (Common &stack : common) {
    gl_options options = {};
    options.size = sizeof options;
    options.run = stray_body;
    options.stack = stack.handle;
    gl_greenlet *none;
    if (stack.serves != nobody_yet) require(gl_new_with(&options, &none) == expected, "a stack serves one thread for ever (rule 32)");
    gl_stack_release(stack.handle);
  }
}

void play(uint64_t seed) {
  gl_stats before = {}, after = {};
  before.size = after.size = sizeof before;
  gl_get_stats(&before);
  made = dropped = in_body = lost_in_body = 0;
  Shared shared;
  for (Common &stack : shared.common) stack.handle = gl_stack_new(64 << 10);
  std::vector<std::unique_ptr<Neighbour>> neighbours;
  for (int i = 0; i < threads; i++) {
    uint64_t own = seed * threads + uint64_t(i);
    neighbours.push_back(std::make_unique<Neighbour>(random_program(own, default_length(own), wanted), own, &shared, i));
  }
  std::vector<std::thread> running;
  for (auto &neighbour : neighbours) running.emplace_back([&neighbour] { neighbour->play_beside_others(); });
  for (std::thread &thread : running) thread.join();
  for (auto &neighbour : neighbours) neighbour->finish();
  neighbours.clear();
  give_back(shared.suspended, true);
  for (Mailbox &mailbox : shared.unstarted) give_back(mailbox, false);
  give_back(shared.common, GL_ETHREAD);
  give_back(shared.own, GL_EEXPIRED);
  gl_trim();
  gl_get_stats(&after);
  require(dropped == made, "every stray is dropped exactly once");
  require(in_body == lost_in_body, "bodies are unwound unless their thread was gone");
  require(after.alive == before.alive, "nothing is left alive");
  require(after.stacks_mapped == before.stacks_mapped, "no stack is left");
  require(after.slice_bytes == before.slice_bytes, "nothing copied is left");
}

} // namespace

int main(int argc, char **argv) {
  wanted = stacks_option(argc, argv);
  return run_seeds(number_option(argc, argv, "--first", 1), number_option(argc, argv, "--seeds", 300), false, play, [](uint64_t seed) {
    std::printf("replay with --first %llu --seeds 1 --stacks %s; it depends on timing\n", static_cast<unsigned long long>(seed),
                to_string(wanted));
  });
}
