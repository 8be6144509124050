// SPDX-License-Identifier: MIT
// What a sleeper takes, by its kind of stack: makes COUNT greenlets that sleep in the outermost frame of their body, and prints what grew.
//
//   bench_stacks_memory KIND COUNT
//
// Bytes resident are those of all that the process has, page tables apart; mappings are all that it has.
#include <greenlet.h>

#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "kinds.h"

namespace {

struct Memory {
  long resident, page_tables, mappings; // bytes, bytes, number
  gl_stats stats;
};

long kilobytes(const char *path, const std::string &name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (line.rfind(name, 0) == 0) return std::stol(line.substr(name.size()));
  return 0;
}

Memory look() {
  Memory memory{};
  memory.resident = kilobytes("/proc/self/smaps_rollup", "Rss:") * 1024;
  memory.page_tables = kilobytes("/proc/self/status", "VmPTE:") * 1024;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) memory.mappings++;
  memory.stats.size = sizeof memory.stats;
  bench::must(gl_get_stats(&memory.stats) == GL_OK);
  return memory;
}

} // namespace

int main(int argc, char **argv) {
  const bench::Kind *kind = argc == 3 ? bench::find_kind(argv[1]) : nullptr;
  if (!kind) {
    std::fprintf(stderr, "usage: %s KIND COUNT\n", argv[0]);
    return 2;
  }
  std::vector<gl_greenlet *> sleepers(static_cast<std::size_t>(std::atol(argv[2]))); // touched: no part of what grows
  bench::Maker maker(*kind);
  gl_greenlet *hub = gl_main();
  Memory before = look();

  std::size_t asleep = 0;
  gl_status status = maker ? GL_OK : GL_ENOTSUP;
  for (; status == GL_OK && asleep < sleepers.size(); asleep++) {
    sleepers[asleep] = maker.make(bench::sleep_for_ever, hub);
    status = sleepers[asleep] ? gl_switch(sleepers[asleep], nullptr, nullptr) : GL_ENOMEM;
    if (status != GL_OK) break;
  }
  Memory after = look();

  // All of them are there still.
  for (std::size_t i = 0; i < asleep; i++) {
    void *received = nullptr;
    bench::must(gl_switch(sleepers[i], &sleepers[i], &received) == GL_OK && received == &sleepers[i]);
  }
  std::printf("{\"asleep\": %zu, \"status\": \"%s\", \"resident\": %ld, \"page_tables\": %ld, \"mappings\": %ld, \"slice_bytes\": %" PRIu64
              ", \"stack_bytes\": %" PRIu64 "}\n",
              asleep, gl_status_name(status), after.resident - before.resident, after.page_tables - before.page_tables, after.mappings,
              after.stats.slice_bytes - before.stats.slice_bytes, after.stats.stack_bytes - before.stats.stack_bytes);
  std::fflush(stdout);
  std::_Exit(0);
}
