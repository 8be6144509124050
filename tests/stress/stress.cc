// SPDX-License-Identifier: MIT
// Random programs on real greenlets and in a host realm, both compared with the model. A failing program is shrunk, by trying shorter ones.
//   stress [--seeds COUNT] [--first SEED] [--stacks KIND]     many programs
//   stress --seed SEED [--ops COUNT] [--stacks KIND]          one of them, or its first operations
//   stress --program HEX                                      what a failure prints
// KIND: mixed, which it is by itself, private, small, shared or thread.
#include "player.h"
#include "seeds.h"
#include <cstdio>

namespace {

void play(const Program &program) {
#ifndef GREENLET_HOST_ONLY
  play_on_stacks(program);
#endif
  if (program.stacks == Stacks::mixed) play_hosted(program); // which has no stacks
}

Stacks wanted = Stacks::mixed;

Program program_of(uint64_t seed) { return random_program(seed, default_length(seed), wanted); }

bool fails(const Program &program) {
  return !succeeds_in_child([&] { limit_seconds(10), play(program); }, true);
}

Program prefix(const Program &program, size_t ops) {
  Program shorter = program;
  shorter.ops.resize(ops);
  return shorter;
}

size_t shortest_failing_prefix(const Program &program) {
  size_t low = 0, high = program.ops.size();
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (fails(prefix(program, middle))) high = middle;
    else low = middle + 1;
  }
  return high;
}

Program shrink(Program program) {
  for (size_t chunk = program.ops.size(); chunk; chunk /= 2)
    for (size_t at = 0; at < program.ops.size();) {
      Program shorter = program;
      auto from = shorter.ops.begin() + long(at);
      shorter.ops.erase(from, from + long(std::min(chunk, program.ops.size() - at)));
      if (fails(shorter)) program = shorter;
      else at += chunk;
    }
  return program;
}

// Shows a program as it runs.
bool succeeds_aloud(const Program &program) {
  return succeeds_in_child([&] { print_calls = true, play(program); }, false);
}

void report(uint64_t seed) {
  Program program = program_of(seed);
  size_t ops = shortest_failing_prefix(program);
  Program shrunk = shrink(prefix(program, ops));
  std::printf("replay with --seed %llu --ops %zu --stacks %s, or, shrunk to %zu operations, with --program %s\n",
              static_cast<unsigned long long>(seed), ops, to_string(wanted), shrunk.ops.size(), encode_hex(shrunk).c_str());
  if (succeeds_aloud(shrunk)) std::printf("Alone it succeeds: play some seeds before it too, with --first and --seeds.\n");
}

int one(const Program &program) {
  bool fine = succeeds_aloud(program);
  std::printf("%d passed, %d failed\n", fine, !fine);
  return !fine;
}

} // namespace

int main(int argc, char **argv) {
  wanted = stacks_option(argc, argv);
  if (const char *hex = option(argc, argv, "--program")) return one(decode_hex(hex));
  if (option(argc, argv, "--seed")) {
    uint64_t seed = number_option(argc, argv, "--seed", 0);
    return one(random_program(seed, size_t(number_option(argc, argv, "--ops", default_length(seed))), wanted));
  }
  return run_seeds(
      number_option(argc, argv, "--first", 1), number_option(argc, argv, "--seeds", 3000), true,
      [](uint64_t seed) { play(program_of(seed)); }, report);
}
