// SPDX-License-Identifier: MIT
// What programs of alternating rounds have in common: they take the seconds, and print what they timed as one JSON object.
#pragma once
#include <cstdio>
#include <cstdlib>

#include "rounds.h"

namespace bench {

inline const char *flag_name(unsigned flags) { return flags ? "GL_SHARE_FP" : "default"; }

inline double seconds_of(int argc, char **argv) {
  double seconds = argc == 2 ? std::atof(argv[1]) : 0;
  if (seconds > 0) return seconds;
  std::fprintf(stderr, "usage: %s SECONDS\n", argv[0]);
  std::exit(2);
}

// Leaves without unwinding: the sleepers never end.
[[noreturn]] inline void measure_and_print(std::vector<Timing> &timings, double seconds) {
  long rounds = timings.empty() ? 0 : measure(timings, seconds);
  std::printf("{");
  print(timings, rounds);
  std::printf("}\n");
  std::fflush(stdout);
  std::_Exit(0);
}

} // namespace bench
