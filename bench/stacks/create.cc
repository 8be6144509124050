// SPDX-License-Identifier: MIT
// Make a greenlet, run a body that returns what it gets, end, free: on each kind of stack.
//
//   bench_stacks_create SECONDS
#include <greenlet.h>

#include <memory>

#include "kinds.h"
#include "loops.h"
#include "main.h"

namespace {

gl_status give_back(void *, void *value, void **result) {
  *result = value;
  return GL_OK;
}

template <int Offset> [[gnu::noinline]] double live(bench::Maker &maker, long count) {
  void *value = nullptr;
  double taken = bench::nanoseconds<Offset>(count, [&] {
    gl_greenlet *greenlet = maker.make(give_back, nullptr);
    gl_switch(greenlet, value, &value);
    gl_release(greenlet);
  });
  bench::keep(value);
  return taken / static_cast<double>(count);
}

void add(std::vector<bench::Timing> &timings, const bench::Kind &kind) {
  auto maker = std::make_shared<bench::Maker>(kind);
  if (!*maker) return;
  bench::Timing timing;
  timing.group = "create";
  timing.keys = std::string("\"kind\": \"") + kind.name + '"';
  timing.loops =
      bench::at_offsets([&]<int Offset>() -> bench::Loop { return [maker](long count) { return live<Offset>(*maker, count); }; });
  timings.push_back(timing);
}

} // namespace

int main(int argc, char **argv) {
  double seconds = bench::seconds_of(argc, argv);
  std::vector<bench::Timing> timings;
  for (const bench::Kind &kind : bench::kinds) add(timings, kind);
  bench::measure_and_print(timings, seconds);
}
