// SPDX-License-Identifier: MIT
// Times loops in alternating short rounds, and prints what each took as JSON.
//
// On a machine with other work the mean says little: a short round that nothing disturbed is what the code costs. So the
// best round counts, at each loop's best offset; what is compared takes turns, so that all see the same clock and the same neighbours.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "peer.h"

namespace bench {

using Loop = std::function<double(long)>; // as bench_loop

struct Timing {
  std::string group;       // members of a group stand in a row, and run right after each other
  std::string keys;        // says what is timed: the members of a JSON object
  std::vector<Loop> loops; // one an offset
  long count = 0;
  std::vector<double> best;   // nanoseconds by offset
  std::vector<double> rounds; // the best offset of each round
};

// One loop an offset: `make` is a lambda template that takes the offset.
template <class Make> std::vector<Loop> at_offsets(Make make) {
  return [&]<int... Offset>(std::integer_sequence<int, Offset...>) { return std::vector<Loop>{make.template operator()<Offset>()...}; }
  (std::make_integer_sequence<int, BENCH_OFFSETS>{});
}

// The first call of a loop makes its contexts; the best of some more tells how many transfers a round has room for.
inline void prepare(Timing &timing, double round_nanoseconds) {
  constexpr long first_count = 200;
  for (Loop &loop : timing.loops) loop(first_count);
  double once = 1e9;
  for (int i = 0; i < 3; i++) once = std::min(once, timing.loops[0](first_count));
  timing.count = std::max(1L, static_cast<long>(round_nanoseconds / once));
  timing.best.assign(timing.loops.size(), 1e9);
}

// By group and offset, so that what is compared runs right after each other.
inline void run_round(std::vector<Timing> &timings) {
  for (Timing &timing : timings) timing.rounds.push_back(1e9);
  for (auto begin = timings.begin(); begin != timings.end();) {
    auto end = std::find_if(begin, timings.end(), [&](const Timing &timing) { return timing.group != begin->group; });
    for (std::size_t offset = 0; offset < begin->loops.size(); offset++)
      for (auto timing = begin; timing != end; ++timing) {
        timing->loops[offset](timing->count / 8 + 1); // warms the caches that the ones before emptied
        double taken = timing->loops[offset](timing->count);
        timing->best[offset] = std::min(timing->best[offset], taken);
        timing->rounds.back() = std::min(timing->rounds.back(), taken);
      }
    begin = end;
  }
}

// Returns the number of rounds.
inline long measure(std::vector<Timing> &timings, double seconds, double round_nanoseconds = 60'000) {
  for (Timing &timing : timings) prepare(timing, round_nanoseconds);
  auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  long rounds = 0;
  do {
    run_round(timings);
    rounds++;
  } while (std::chrono::steady_clock::now() < end);
  return rounds;
}

inline void print(const char *separator, Timing &timing) {
  auto median = timing.rounds.begin() + static_cast<long>(timing.rounds.size() / 2);
  std::nth_element(timing.rounds.begin(), median, timing.rounds.end());
  double best = *std::min_element(timing.best.begin(), timing.best.end());
  std::printf("%s\n  {%s, \"best\": %.3f, \"median\": %.3f, \"offsets\": [", separator, timing.keys.c_str(), best, *median);
  for (std::size_t i = 0; i < timing.best.size(); i++) std::printf("%s%.3f", i ? ", " : "", timing.best[i]);
  std::printf("]}");
}

// The members of a JSON object.
inline void print(std::vector<Timing> &timings, long rounds) {
  std::printf("\"rounds\": %ld, \"compiler\": \"%s\", \"flags\": \"%s\", \"timings\": [", rounds, BENCH_COMPILER, BENCH_FLAGS);
  const char *separator = "";
  for (Timing &timing : timings) print(std::exchange(separator, ","), timing);
  std::printf("\n]");
}

} // namespace bench
