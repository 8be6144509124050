// SPDX-License-Identifier: MIT
// Times every loop of every peer, and prints what each took as JSON.
//
//   bench_rounds SECONDS
#include "rounds.h"

#include <array>
#include <cstdlib>

#include "loops.h"

namespace {

constexpr std::array measure_names{"switch", "deep", "ring", "create", "throw", "hook", "call"};
static_assert(measure_names.size() == BENCH_MEASURES);

std::vector<bench::Timing> all_loops() {
  std::vector<bench::Timing> timings;
  for (int measure = 0; measure < BENCH_MEASURES; measure++)
    for (const bench_peer *peer : bench::peers()) {
      const auto &loops = peer->loops[measure];
      if (!loops[0]) continue;
      std::string name = measure_names[static_cast<std::size_t>(measure)];
      bench::Timing timing;
      timing.group = name;
      timing.keys = std::string("\"peer\": \"") + peer->name + "\", \"measure\": \"" + name + '"';
      timing.loops.assign(std::begin(loops), std::end(loops));
      timings.push_back(timing);
    }
  return timings;
}

} // namespace

int main(int argc, char **argv) {
  double seconds = argc == 2 ? std::atof(argv[1]) : 0;
  if (seconds <= 0) {
    std::fprintf(stderr, "usage: %s SECONDS\n", argv[0]);
    return 2;
  }
  auto timings = all_loops();
  long rounds = bench::measure(timings, seconds);

  std::printf("{\"peers\": {");
  const char *separator = "";
  for (const bench_peer *peer : bench::peers()) std::printf("%s\"%s\": \"%s\"", std::exchange(separator, ", "), peer->name, peer->version);
  std::printf("}, ");
  bench::print(timings, rounds);
  std::printf("}\n");
  std::fflush(stdout);
  std::_Exit(0); // some contexts never end, and their peers would unwind them
}
