// SPDX-License-Identifier: MIT
// What a switch costs by how many greenlets sleep: main visits all in turn, in the order of their making or at random, with gl_prefetch()
// some visits ahead and without.
//
//   bench_stacks_live KIND COUNT SECONDS
//
// A visit is two switches; the time of one is told. A round goes on where the last one ended, so that each greenlet has slept through
// COUNT visits when it is visited.
#include <greenlet.h>

#include <numeric>
#include <random>

#include "kinds.h"
#include "main.h"

namespace {

constexpr std::size_t aheads[] = {0, 1, 2, 4, 8};
constexpr std::size_t farthest = 8;

// Endless rounds through the same order.
struct Route {
  std::vector<gl_greenlet *> stops; // the first `farthest` once more at the end
  std::size_t next = 0;

  explicit Route(const std::vector<gl_greenlet *> &order) : stops(order) {
    for (std::size_t i = 0; i < farthest; i++) stops.push_back(order[i % order.size()]);
  }
  std::size_t size() const { return stops.size() - farthest; }

  template <bool Prefetch> void visit(std::size_t count, std::size_t ahead) {
    gl_greenlet **stop = &stops[next];
    for (std::size_t i = 0; i < count; i++) {
      if constexpr (Prefetch) gl_prefetch(stop[i + ahead]);
      gl_switch(stop[i], nullptr, nullptr);
    }
    next = (next + count) % size();
  }
};

double visit(Route &route, std::size_t ahead, long count) {
  auto begin = std::chrono::steady_clock::now();
  for (auto left = static_cast<std::size_t>(count); left != 0;) {
    std::size_t straight = std::min(left, route.size() - route.next);
    ahead ? route.visit<true>(straight, ahead) : route.visit<false>(straight, 0);
    left -= straight;
  }
  std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
  return taken.count() / static_cast<double>(2 * count);
}

std::vector<gl_greenlet *> put_to_sleep(const bench::Kind &kind, std::size_t count) {
  bench::Maker maker(kind);
  std::vector<gl_greenlet *> sleepers;
  sleepers.reserve(count);
  while (maker && sleepers.size() < count) {
    gl_greenlet *greenlet = maker.make(bench::sleep_for_ever, gl_main());
    if (!greenlet || gl_switch(greenlet, nullptr, nullptr) != GL_OK) break;
    sleepers.push_back(greenlet);
  }
  return sleepers;
}

// Each order by itself: one would find in the cache what the other has just visited.
void measure_order(std::vector<bench::Timing> &all, const char *name, const std::vector<gl_greenlet *> &order, double seconds,
                   long &rounds) {
  auto *route = new Route(order);
  std::vector<bench::Timing> timings;
  for (std::size_t ahead : aheads) {
    bench::Timing timing;
    timing.group = name;
    timing.keys = std::string("\"order\": \"") + name + "\", \"ahead\": " + std::to_string(ahead);
    timing.loops.push_back([=](long count) { return visit(*route, ahead, count); });
    timings.push_back(timing);
  }
  // Where visits go to memory, a round has many, so that none is lucky.
  rounds += bench::measure(timings, seconds, order.size() < 100'000 ? 2e5 : 4e6);
  all.insert(all.end(), timings.begin(), timings.end());
}

} // namespace

int main(int argc, char **argv) {
  const bench::Kind *kind = argc == 4 ? bench::find_kind(argv[1]) : nullptr;
  if (!kind) {
    std::fprintf(stderr, "usage: %s KIND COUNT SECONDS\n", argv[0]);
    return 2;
  }
  auto count = static_cast<std::size_t>(std::atol(argv[2]));
  double seconds = std::atof(argv[3]);

  auto sleepers = put_to_sleep(*kind, count);
  std::vector<bench::Timing> timings;
  long rounds = 0;
  if (sleepers.size() == count) {
    measure_order(timings, "in order", sleepers, seconds / 3, rounds);
    std::shuffle(sleepers.begin(), sleepers.end(), std::mt19937_64(1));
    measure_order(timings, "at random", sleepers, seconds * 2 / 3, rounds);
  }
  std::printf("{\"asleep\": %zu, ", sleepers.size());
  bench::print(timings, rounds);
  std::printf("}\n");
  std::fflush(stdout);
  std::_Exit(0);
}
