// SPDX-License-Identifier: MIT
// Times every loop of every peer in alternating short rounds, and prints what each took as JSON.
//
//   bench_rounds SECONDS
//
// On a machine with other work the mean says little: a short round that nothing disturbed is what the code costs. So the
// best round counts, at each loop's best offset; peers take turns, so that all see the same clock and the same neighbours.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "loops.h"

namespace {

constexpr std::array measure_names{"switch", "deep", "ring", "create", "throw", "hook", "call"};
static_assert(measure_names.size() == BENCH_MEASURES);

constexpr double round_nanoseconds = 60'000;
constexpr long first_count = 200;

struct Timing {
  const bench_peer *peer;
  bench_measure measure;
  long count;
  std::array<double, BENCH_OFFSETS> best; // nanoseconds by offset
  std::vector<double> rounds;             // the best offset of each round
};

// The first call of a loop makes its contexts; the second tells how many transfers a round has room for.
std::vector<Timing> prepare() {
  std::vector<Timing> timings;
  for (int measure = 0; measure < BENCH_MEASURES; measure++)
    for (const bench_peer *peer : bench::peers()) {
      const auto &loops = peer->loops[measure];
      if (!loops[0]) continue;
      for (bench_loop loop : loops) loop(first_count);
      double once = loops[0](first_count);
      Timing timing{peer, static_cast<bench_measure>(measure), std::max(1L, static_cast<long>(round_nanoseconds / once)), {}, {}};
      timing.best.fill(1e9);
      timings.push_back(timing);
    }
  return timings;
}

// By measure and offset, so that peers that are compared run right after each other.
void run_round(std::vector<Timing> &timings) {
  for (Timing &timing : timings) timing.rounds.push_back(1e9);
  for (auto begin = timings.begin(); begin != timings.end();) {
    auto end = std::find_if(begin, timings.end(), [&](const Timing &timing) { return timing.measure != begin->measure; });
    for (int offset = 0; offset < BENCH_OFFSETS; offset++)
      for (auto timing = begin; timing != end; ++timing) {
        timing->peer->loops[timing->measure][offset](timing->count / 8 + 1); // warms the caches that the peers before emptied
        double taken = timing->peer->loops[timing->measure][offset](timing->count);
        timing->best[offset] = std::min(timing->best[offset], taken);
        timing->rounds.back() = std::min(timing->rounds.back(), taken);
      }
    begin = end;
  }
}

void print(const char *separator, Timing &timing) {
  auto median = timing.rounds.begin() + static_cast<long>(timing.rounds.size() / 2);
  std::nth_element(timing.rounds.begin(), median, timing.rounds.end());
  std::printf("%s\n  {\"peer\": \"%s\", \"measure\": \"%s\", \"best\": %.3f, \"median\": %.3f, \"offsets\": [", separator,
              timing.peer->name, measure_names[timing.measure], *std::min_element(timing.best.begin(), timing.best.end()), *median);
  for (int offset = 0; offset < BENCH_OFFSETS; offset++) std::printf("%s%.3f", offset ? ", " : "", timing.best[offset]);
  std::printf("]}");
}

} // namespace

int main(int argc, char **argv) {
  double seconds = argc == 2 ? std::atof(argv[1]) : 0;
  if (seconds <= 0) {
    std::fprintf(stderr, "usage: %s SECONDS\n", argv[0]);
    return 2;
  }
  auto timings = prepare();
  auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  long rounds = 0;
  do {
    run_round(timings);
    rounds++;
  } while (std::chrono::steady_clock::now() < end);

  std::printf("{\"rounds\": %ld, \"compiler\": \"%s\", \"flags\": \"%s\", \"peers\": {", rounds, BENCH_COMPILER, BENCH_FLAGS);
  const char *separator = "";
  for (const bench_peer *peer : bench::peers()) {
    std::printf("%s\"%s\": \"%s\"", separator, peer->name, peer->version);
    separator = ", ";
  }
  std::printf("}, \"timings\": [");
  separator = "";
  for (Timing &timing : timings) {
    print(separator, timing);
    separator = ",";
  }
  std::printf("\n]}\n");
  std::fflush(stdout);
  std::_Exit(0); // some contexts never end, and their peers would unwind them
}
