// SPDX-License-Identifier: MIT
// Two threads that switch, each on a processor of its own and between its main and a greenlet of its own, against one: what they share
// in secret would slow both. The bare jump shares nothing, so it says what the machine allows.
//
//   bench_stacks_threads SECONDS
#include <greenlet.h>
#include <pthread.h>
#include <sched.h>

#include <array>
#include <atomic>
#include <barrier>
#include <thread>

#include "kinds.h"
#include "loops.h"
#include "main.h"
#include "peers/bare.h"
#include "stacks.h"

namespace {

constexpr std::size_t threads = 2;
constexpr double piece_nanoseconds = 15'000;
constexpr int pieces_a_sample = 4, samples = 8;

// --- Who is timed: a loop of each thread's own, made by that thread ----------------------------------------------------------------------

template <int Offset> gl_status answer(void *hub, void *value, void **) {
  bench::place<Offset>();
  for (;;) gl_switch(static_cast<gl_greenlet *>(hub), value, &value);
}

template <int Offset> [[gnu::noinline]] double there_and_back(gl_greenlet *greenlet, long count) {
  void *value = nullptr;
  double taken = bench::nanoseconds<Offset>(count, [&] { gl_switch(greenlet, value, &value); });
  bench::keep(value);
  return taken / static_cast<double>(2 * count);
}

template <uint32_t Flags> struct Greenlet {
  template <int Offset> static bench::Loop make() {
    gl_greenlet *greenlet = bench::Maker(bench::kinds[0], Flags).make(answer<Offset>, gl_main());
    return [greenlet](long count) { return there_and_back<Offset>(greenlet, count); };
  }
};

struct Bare {
  struct Context {
    void *sp, *hub;
  };

  template <int Offset> static void answer_bare(Context &self, void *value) {
    bench::place<Offset>();
    for (;;) value = bench_bare(&self.sp, self.hub, value);
  }

  template <int Offset> [[gnu::noinline]] static double loop(Context &context, long count) {
    void *value = nullptr;
    double taken = bench::nanoseconds<Offset>(count, [&] { value = bench_bare(&context.hub, context.sp, value); });
    bench::keep(value);
    return taken / static_cast<double>(2 * count);
  }

  template <int Offset> static bench::Loop make() {
    auto *context = static_cast<Context *>(std::aligned_alloc(128, 128)); // cache lines of its own
    context->sp = bench::new_bare_frame(bench::new_stack(), context, reinterpret_cast<void *>(answer_bare<Offset>));
    return [context](long count) { return loop<Offset>(*context, count); };
  }
};

template <class Who> std::vector<bench::Loop> loops() {
  return bench::at_offsets([]<int Offset>() { return Who::template make<Offset>(); });
}

struct Contender {
  const char *name;
  std::vector<bench::Loop> (*make)();
};
constexpr std::array contenders{
    Contender{"bare jump", loops<Bare>},
    Contender{"GL_SHARE_FP", loops<Greenlet<GL_SHARE_FP>>},
    Contender{"default", loops<Greenlet<0>>},
};

// --- The rounds ---------------------------------------------------------------------------------------------------------------------------

struct alignas(128) Progress {
  std::atomic<long> pieces{0};
};
std::array<Progress, threads> progress;

using Best = std::array<double, contenders.size()>;
struct alignas(128) Result {
  Best alone, beside;
};
std::array<Result, threads> results;

std::barrier meet(static_cast<std::ptrdiff_t>(threads));
std::atomic<bool> over{false}; // set before a barrier, read after it

double sample(std::size_t self, const bench::Loop &loop, long count) {
  double sum = 0;
  for (int i = 0; i < pieces_a_sample; i++) {
    sum += loop(count);
    progress[self].pieces.fetch_add(1, std::memory_order_relaxed);
  }
  return sum / pieces_a_sample;
}

void sample_alone(std::size_t self, const bench::Loop &loop, long count, double &best) {
  for (std::size_t turn = 0; turn < threads; turn++) {
    if (turn == self)
      for (int i = 0; i < samples; i++) best = std::min(best, sample(self, loop, count));
    meet.arrive_and_wait();
  }
}

// Only what was timed while the other one was at work counts.
void sample_beside(std::size_t self, const bench::Loop &loop, long count, double &best) {
  const auto &other = progress[1 - self].pieces;
  for (int i = 0; i < samples; i++) {
    long before = other.load(std::memory_order_relaxed);
    double taken = sample(self, loop, count);
    if (other.load(std::memory_order_relaxed) - before >= pieces_a_sample - 1) best = std::min(best, taken);
  }
  meet.arrive_and_wait();
}

void run(std::size_t self, double seconds) {
  std::array<std::vector<bench::Loop>, contenders.size()> all;
  std::array<long, contenders.size()> counts;
  for (std::size_t i = 0; i < contenders.size(); i++) {
    all[i] = contenders[i].make();
    for (const bench::Loop &loop : all[i]) loop(200);
    counts[i] = static_cast<long>(piece_nanoseconds / all[i][0](2000) / 2);
  }
  results[self].alone.fill(1e9);
  results[self].beside.fill(1e9);
  auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  do {
    for (std::size_t offset = 0; offset < BENCH_OFFSETS; offset++)
      for (std::size_t i = 0; i < contenders.size(); i++) {
        sample_alone(self, all[i][offset], counts[i], results[self].alone[i]);
        sample_beside(self, all[i][offset], counts[i], results[self].beside[i]);
      }
    if (self == 0 && std::chrono::steady_clock::now() >= end) over = true;
    meet.arrive_and_wait();
  } while (!over);
}

// The first two processors that the process may use; false: there is only one.
bool find_processors(std::array<int, threads> &found) {
  cpu_set_t set;
  sched_getaffinity(0, sizeof set, &set);
  std::size_t number = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE && number < threads; cpu++)
    if (CPU_ISSET(cpu, &set)) found[number++] = cpu;
  return number == threads;
}

void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  bench::must(pthread_setaffinity_np(pthread_self(), sizeof set, &set) == 0);
}

} // namespace

int main(int argc, char **argv) {
  double seconds = bench::seconds_of(argc, argv);
  std::array<int, threads> processors;
  if (!find_processors(processors)) {
    std::printf("{\"timings\": []}\n");
    return 0;
  }
  auto start = [&](std::size_t self) {
    pin(processors[self]);
    run(self, seconds);
  };
  std::thread other(start, 1);
  start(0);
  other.join();

  std::printf("{\"timings\": [");
  for (std::size_t i = 0; i < contenders.size(); i++)
    std::printf("%s\n  {\"what\": \"%s\", \"alone\": [%.3f, %.3f], \"beside\": [%.3f, %.3f]}", i ? "," : "", contenders[i].name,
                results[0].alone[i], results[1].alone[i], results[0].beside[i], results[1].beside[i]);
  std::printf("\n]}\n");
}
