// SPDX-License-Identifier: MIT
// Threads that each play a program against a model of their own, and between two calls of it pass handles of other greenlets ("strays") around: whoever gets
// one releases it, or starts it when it was moved there. What happens to a stray depends on timing, so only this is checked: statuses that must be, drops
// exactly once, bodies unwound unless their thread was gone, and counts back to where they were.
//   stress_threads [--seeds COUNT] [--first SEED]
#include "on_stacks.h"
#include "seeds.h"
#include <atomic>
#include <barrier>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>

namespace {

constexpr int threads = 3;

std::atomic<uint64_t> made, dropped, in_body, lost_in_body;

void require(bool holds, const char *what) {
  if (holds) return;
  std::printf("DIFFERS: %s\n", what);
  std::fflush(stdout);
  std::abort();
}

struct Stray {
  gl_greenlet *handle = nullptr;
  int owner = 0;
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
    std::swap(strays[ticket % strays.size()], strays.back());
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
  std::barrier<> all{threads};
};

// Waits until it is killed, which only its last handle's release does.
gl_status stray_body(void *, void *, void **) {
  in_body++;
  gl_status status = gl_switch(gl_parent(gl_current()), nullptr, nullptr);
  require(status == GL_KILLED, "a stray is resumed only to be killed");
  in_body--;
  return GL_KILLED;
}

class Neighbour : public OnStacks {
public:
  Neighbour(const Program &plan, uint64_t seed, Shared *with, int me) : OnStacks(plan, false), shared(with), index(me), random(seed) {}

  void play_beside_others() {
    shared->mains[index] = gl_main();
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
    case 0: return start({make(), index});
    case 1: return move_away(make());
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

  gl_greenlet *make() {
    gl_options options = {};
    options.size = sizeof options;
    options.run = stray_body;
    options.drop = [](void *) { dropped++; };
    options.parent = gl_main();
    gl_greenlet *stray = nullptr;
    require(gl_new_with(&options, &stray) == GL_OK, "make a stray");
    made++;
    return stray;
  }

  void start(Stray stray) {
    gl_status status = gl_switch(stray.handle, nullptr, nullptr);
    require(status == GL_OK && gl_state(stray.handle) == GL_SUSPENDED, "a stray starts and comes back");
    shared->suspended.put(stray);
  }

  void move_away(gl_greenlet *stray) {
    int to = int(random() % threads);
    require(gl_set_parent(stray, shared->mains[to]) == GL_OK, "an unstarted one moves to another thread (rule 15)");
    if (to != index) {
      require(gl_switch(stray, nullptr, nullptr) == GL_ETHREAD, "and belongs there (rule 17)");
      require(gl_set_parent(stray, shared->mains[to]) == GL_ETHREAD, "neither belongs here (rule 15)");
    }
    shared->unstarted[to].put({stray, to});
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

void play(uint64_t seed) {
  gl_stats before = {}, after = {};
  before.size = after.size = sizeof before;
  gl_get_stats(&before);
  made = dropped = in_body = lost_in_body = 0;
  Shared shared;
  std::vector<std::unique_ptr<Neighbour>> neighbours;
  for (int i = 0; i < threads; i++) {
    uint64_t own = seed * threads + uint64_t(i);
    neighbours.push_back(std::make_unique<Neighbour>(random_program(own, default_length(own)), own, &shared, i));
  }
  std::vector<std::thread> running;
  for (auto &neighbour : neighbours) running.emplace_back([&neighbour] { neighbour->play_beside_others(); });
  for (std::thread &thread : running) thread.join();
  for (auto &neighbour : neighbours) neighbour->finish();
  give_back(shared.suspended, true);
  for (Mailbox &mailbox : shared.unstarted) give_back(mailbox, false);
  gl_get_stats(&after);
  require(dropped == made, "every stray is dropped exactly once");
  require(in_body == lost_in_body, "bodies are unwound unless their thread was gone");
  require(after.alive == before.alive, "nothing is left alive");
}

} // namespace

int main(int argc, char **argv) {
  return run_seeds(number_option(argc, argv, "--first", 1), number_option(argc, argv, "--seeds", 300), false, play, [](uint64_t seed) {
    std::printf("replay with --first %llu --seeds 1; it depends on timing\n", static_cast<unsigned long long>(seed));
  });
}
