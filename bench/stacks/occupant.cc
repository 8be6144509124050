// SPDX-License-Identifier: MIT
// Main and one greenlet, there and back: on a private stack; as the only one on a stack that is made to be shared; below main on the thread's
// own, where its bytes make room each time, for main may go deeper.
//
//   bench_stacks_occupant SECONDS
#include <greenlet.h>

#include "kinds.h"
#include "loops.h"
#include "main.h"

namespace {

template <int Offset> gl_status answer(void *hub, void *value, void **) {
  bench::place<Offset>();
  for (;;) gl_switch(static_cast<gl_greenlet *>(hub), value, &value);
}

template <int Offset> [[gnu::noinline]] double there_and_back(gl_greenlet *greenlet, long count) {
  void *value = nullptr;
  long pairs = (count + 1) / 2;
  double taken = bench::nanoseconds<Offset>(pairs, [&] { gl_switch(greenlet, value, &value); });
  bench::keep(value);
  return taken / static_cast<double>(2 * pairs);
}

// On the thread's own stack greenlets lie below whoever starts them: here below all that main calls later, so that no bytes of main's move.
[[gnu::noinline]] void start_below(gl_greenlet *greenlet) {
  bench::keep(__builtin_alloca(16 * 1024));
  bench::must(gl_switch(greenlet, nullptr, nullptr) == GL_OK);
}

void add(std::vector<bench::Timing> &timings, const bench::Kind &kind, uint32_t flags) {
  if (!bench::Maker(kind, flags)) return;
  bench::Timing timing;
  timing.group = bench::flag_name(flags);
  timing.keys = std::string("\"kind\": \"") + kind.name + "\", \"flags\": \"" + timing.group + '"';
  timing.loops = bench::at_offsets([&]<int Offset>() -> bench::Loop {
    gl_greenlet *greenlet = bench::Maker(kind, flags).make(answer<Offset>, gl_main());
    bench::must(greenlet);
    start_below(greenlet);
    return [greenlet](long count) { return there_and_back<Offset>(greenlet, count); };
  });
  timings.push_back(timing);
}

} // namespace

int main(int argc, char **argv) {
  double seconds = bench::seconds_of(argc, argv);
  std::vector<bench::Timing> timings;
  for (uint32_t flags : {uint32_t{GL_SHARE_FP}, uint32_t{0}})
    for (const bench::Kind &kind : bench::kinds) add(timings, kind, flags);
  bench::measure_and_print(timings, seconds);
}
