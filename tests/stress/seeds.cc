// SPDX-License-Identifier: MIT
#include "seeds.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#ifndef _WIN32
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

const char *option(int argc, char **argv, const char *name) {
  for (int i = 1; i + 1 < argc; i += 2)
    if (!std::strcmp(argv[i], name)) return argv[i + 1];
  return nullptr;
}

uint64_t number_option(int argc, char **argv, const char *name, uint64_t otherwise) {
  const char *value = option(argc, argv, name);
  return value ? std::strtoull(value, nullptr, 10) : otherwise;
}

Stacks stacks_option(int argc, char **argv) {
  const char *name = option(argc, argv, "--stacks");
  std::optional<Stacks> known = name ? stacks_from(name) : Stacks::mixed;
  if (known) return *known;
  std::fprintf(stderr, "unknown kind of stacks: %s\n", name);
  std::exit(2);
}

#ifdef _WIN32

// Without fork(): the first failure ends the process. What it printed last is its seed, to be replayed alone.
void limit_seconds(unsigned) {}

bool succeeds_in_child(const std::function<void()> &work, bool) {
  work();
  return true;
}

int run_seeds(uint64_t first, uint64_t count, bool, const std::function<void(uint64_t)> &play, const std::function<void(uint64_t)> &) {
  for (uint64_t seed = first; seed < first + count; seed++) {
    std::printf("seed %llu\r", static_cast<unsigned long long>(seed));
    std::fflush(stdout);
    play(seed);
  }
  std::printf("%llu passed, 0 failed\n", static_cast<unsigned long long>(count));
  return !count;
}

#else

void limit_seconds(unsigned seconds) { alarm(seconds); }

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

int run_seeds(uint64_t first, uint64_t count, bool quiet, const std::function<void(uint64_t)> &play,
              const std::function<void(uint64_t)> &report) {
  constexpr int enough_failures = 5;
  constexpr unsigned seconds_for_one = 60; // under valgrind too
  auto *seed = static_cast<uint64_t *>(mmap(nullptr, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  auto play_all_from = [&](uint64_t from) {
    for (*seed = from; *seed < first + count; ++*seed) limit_seconds(seconds_for_one), play(*seed);
    limit_seconds(0);
  };
  uint64_t passed = 0;
  int failed = 0;
  for (uint64_t next = first; next < first + count && failed < enough_failures; next = *seed + 1) {
    bool fine = succeeds_in_child([&] { play_all_from(next); }, quiet);
    passed += *seed - next;
    if (fine) break;
    failed++;
    std::printf("FAILED seed %llu\n", static_cast<unsigned long long>(*seed));
    if (*seed < first + count) report(*seed);
    else std::printf("all seeds passed, but then the process failed to end: leaks?\n");
  }
  std::printf("%llu passed, %d failed\n", static_cast<unsigned long long>(passed), failed);
  return failed || !passed;
}

#endif
