// SPDX-License-Identifier: MIT
// Random programs on real greenlets and in a host realm, both compared with the model. Programs run in a child process; when it aborts, crashes or hangs, the
// program is shrunk by trying shorter ones in children of their own.
//   stress [--seeds COUNT] [--first SEED]     many programs
//   stress --seed SEED [--ops COUNT]          one of them, or its first operations
//   stress --program HEX                      what a failure prints
#include "player.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr unsigned seconds_for_one = 60; // under valgrind too

void play(const Program &program) {
  alarm(seconds_for_one);
  play_on_stacks(program);
  play_hosted(program);
  alarm(0);
}

bool succeeds_in_child(const std::function<void()> &work, bool quiet) {
  std::fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    if (quiet) {
      int null = open("/dev/null", O_WRONLY);
      dup2(null, STDOUT_FILENO), dup2(null, STDERR_FILENO);
    }
    work();
    std::exit(0); // a leak checker reports here
  }
  int status;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool fails(const Program &program) {
  return !succeeds_in_child([&] { play(program); }, true);
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

// Shows a failing program as it runs. False: it failed again.
bool show(const Program &program) {
  return succeeds_in_child([&] { print_calls = true, play(program); }, false);
}

void report(uint64_t seed) {
  Program program = random_program(seed, default_length(seed));
  size_t ops = shortest_failing_prefix(program);
  std::printf("FAILED: replay with --seed %llu --ops %zu\n", static_cast<unsigned long long>(seed), ops);
  if (!fails(prefix(program, ops))) {
    std::printf("...which succeeds when tried alone\n");
    return;
  }
  Program shrunk = shrink(prefix(program, ops));
  std::printf("or, shrunk to %zu operations, with --program %s:\n", shrunk.ops.size(), encode_hex(shrunk).c_str());
  show(shrunk);
}

int many(uint64_t first, uint64_t count) {
  constexpr int enough_failures = 5;
  auto *seed = static_cast<uint64_t *>(mmap(nullptr, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  uint64_t passed = 0, end = first + count;
  int failed = 0;
  for (uint64_t next = first; next < end && failed < enough_failures; next = *seed + 1) {
    bool fine = succeeds_in_child(
        [&] {
          for (*seed = next; *seed < end; ++*seed) play(random_program(*seed, default_length(*seed)));
        },
        true);
    passed += *seed - next;
    if (fine) break;
    failed++;
    if (*seed == end) std::printf("FAILED when the process ended: leaks?\n");
    else report(*seed);
  }
  std::printf("%llu passed, %d failed\n", static_cast<unsigned long long>(passed), failed);
  return failed || !passed;
}

int one(const Program &program) {
  bool fine = show(program);
  std::printf("%d passed, %d failed\n", fine, !fine);
  return !fine;
}

} // namespace

int main(int argc, char **argv) {
  auto option = [&](const char *name) -> const char * {
    for (int i = 1; i + 1 < argc; i += 2)
      if (!std::strcmp(argv[i], name)) return argv[i + 1];
    return nullptr;
  };
  auto number = [&](const char *name, uint64_t otherwise) { return option(name) ? std::strtoull(option(name), nullptr, 10) : otherwise; };
  if (const char *hex = option("--program")) return one(decode_hex(hex));
  if (option("--seed")) {
    uint64_t seed = number("--seed", 0);
    return one(random_program(seed, number("--ops", default_length(seed))));
  }
  return many(number("--first", 1), number("--seeds", 1500));
}
