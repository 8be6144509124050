// SPDX-License-Identifier: MIT
// What a shared stack cannot do without: bare jumps, and the sleepers' bytes copied out and in. The jumps are between contexts with stacks
// of their own, so that nothing waits for a copy; the copies are memcpy() with a length that the compiler does not know.
#pragma once
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "loops.h"
#include "peers/bare.h"
#include "stacks.h"

namespace bench {

class Floor {
public:
  // Where the bytes lie, in their pages and to each other, makes a third of what copies take, so each `placement` is another, and the best counts.
  Floor(std::size_t first_bytes, std::size_t second_bytes, std::size_t placement) : bytes{first_bytes, second_bytes} {
    std::size_t most = (std::max(first_bytes, second_bytes) + page - 1) / page * page;
    base = new_bytes(most + page) + most + page - placement * 320;
    for (std::size_t i = 0; i < 2; i++) buffers[i] = new_bytes(bytes[i] + page) + placement * 208 + i * 1600 + 400;
  }
  Floor(const Floor &) = delete; // contexts point into it
  Floor &operator=(const Floor &) = delete;

  // One visit: two jumps, one copy out and one in.
  template <int Offset> [[gnu::noinline]] static double visit(Floor &floor, long count) {
    if (!floor.workers[0].sp) floor.start(answer<Offset>);
    int next = 0;
    void *value = &floor;
    double taken = nanoseconds<Offset>(count, [&] {
      floor.copy(1 - next, next);
      value = bench_bare(&floor.hub, floor.workers[next].sp, value);
      next = 1 - next;
    });
    keep(value);
    return taken / static_cast<double>(count);
  }

  // One jump, one copy out and one in.
  template <int Offset> [[gnu::noinline]] static double direct(Floor &floor, long count) {
    if (!floor.workers[0].sp) floor.start(answer_with_copies<Offset>);
    long pairs = (count + 1) / 2;
    void *value = &floor;
    double taken = nanoseconds<Offset>(pairs, [&] {
      floor.copy(0, 1);
      value = bench_bare(&floor.hub, floor.workers[0].sp, value);
    });
    keep(value);
    return taken / static_cast<double>(2 * pairs);
  }

private:
  static constexpr std::size_t page = 4096;

  struct Worker {
    void *sp;
    Floor *floor;
  };

  void *hub = nullptr;
  Worker workers[2]{};
  char *base, *buffers[2];
  std::size_t bytes[2];

  static char *new_bytes(std::size_t size) {
    void *memory = std::aligned_alloc(page, (size + page - 1) / page * page);
    if (!memory) std::abort();
    return static_cast<char *>(std::memset(memory, 1, size));
  }

  void start(void (*body)(Worker &, void *)) {
    for (Worker &worker : workers) worker = {new_bare_frame(new_stack(), &worker, reinterpret_cast<void *>(body)), this};
  }

  [[gnu::always_inline]] void copy(int out, int in) {
    std::memcpy(buffers[out], base - bytes[out], bytes[out]);
    std::memcpy(base - bytes[in], buffers[in], bytes[in]);
  }

  template <int Offset> static void answer(Worker &self, void *value) {
    place<Offset>();
    for (;;) value = bench_bare(&self.sp, self.floor->hub, value);
  }

  template <int Offset> static void answer_with_copies(Worker &self, void *value) {
    Floor &floor = *self.floor;
    place<Offset>();
    for (;;) {
      floor.copy(1, 0);
      value = bench_bare(&self.sp, floor.hub, value);
    }
  }
};

} // namespace bench
