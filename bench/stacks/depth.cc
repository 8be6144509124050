// SPDX-License-Identifier: MIT
// What a shared stack costs by the depth at which its greenlets sleep, beside the jumps and the copies that it cannot do without.
//
//   bench_stacks_depth SECONDS
//
// visit: main goes to one of two greenlets that share a stack, which comes straight back; then to the other one. So a visit is two
// switches, the bytes of one sleeper going out and those of the other coming in. direct: the two switch to each other, which is one
// switch with the same copies.
#include <greenlet.h>

#include <cstring>
#include <utility>

#include "arch/x86_64.h"
#include "floor.h"
#include "kinds.h"
#include "loops.h"
#include "main.h"

namespace {

using bench::Floor;
using bench::must;
using bench::Timing;

constexpr std::size_t depths[] = {120, 256, 1024, 4096, 16384, 65536};

// From the base of the current greenlet's stack to what its saved stack pointer will be when it switches away at `sp`.
[[gnu::noinline]] std::size_t live_bytes(const char *sp) {
  void *low, *high;
  must(gl_stack_bounds(gl_current(), &low, &high) == GL_OK);
  return static_cast<std::size_t>(static_cast<char *>(high) - sp) + sizeof(gl::Frame);
}

[[gnu::always_inline]] inline const char *stack_pointer() {
  const char *sp;
  asm volatile("mov %%rsp, %0" : "=r"(sp)::"memory");
  return sp;
}

struct Sleeper {
  gl_greenlet *greenlet = nullptr, *hub = gl_main();
  Sleeper *other = nullptr;
  std::size_t wanted = 0, live = 0;
};

// Runs `for_ever` as deep as the sleeper wants it, or as the frames that are there make it; they have nothing in them but what the loop needs.
template <class Loop> [[gnu::always_inline]] inline gl_status at_depth(void *data, Loop for_ever) {
  auto &self = *static_cast<Sleeper *>(data);
  std::size_t used = live_bytes(stack_pointer()), more = self.wanted > used ? self.wanted - used : 0;
  if (more) bench::keep(std::memset(__builtin_alloca(more), 1, more));
  self.live = live_bytes(stack_pointer());
  for_ever(self);
  return GL_OK;
}

template <int Offset> gl_status answer_hub(void *data, void *value, void **) {
  return at_depth(data, [&](Sleeper &self) {
    bench::place<Offset>();
    for (;;) gl_switch(self.hub, value, &value);
  });
}

template <int Offset> gl_status answer_other(void *data, void *value, void **) {
  return at_depth(data, [&](Sleeper &self) {
    bench::place<Offset>();
    for (;;) gl_switch(self.other->greenlet, value, &value);
  });
}

struct Errand {
  long pairs;
  double taken;
};

// Main sends an Errand; the switches to the other one and back are timed.
template <int Offset> gl_status time_other(void *data, void *value, void **) {
  return at_depth(data, [&](Sleeper &self) {
    for (;;) {
      auto &errand = *static_cast<Errand *>(value);
      errand.taken = bench::nanoseconds<Offset>(errand.pairs, [&] { gl_switch(self.other->greenlet, value, &value); });
      gl_switch(self.hub, value, &value);
    }
  });
}

// Two greenlets that share a stack with nobody else.
struct Pair {
  Sleeper sleepers[2];
  Sleeper *in_place = &sleepers[1], *out = &sleepers[0];

  Pair(std::size_t depth, uint32_t flags, gl_run first, gl_run second) {
    bench::Maker maker(bench::shared, flags);
    gl_run runs[] = {first, second};
    for (int i = 0; i < 2; i++) {
      Sleeper &self = sleepers[i];
      self.greenlet = maker.make(runs[i], &self);
      must(self.greenlet);
      self.other = &sleepers[1 - i];
      self.wanted = depth;
    }
  }
  Pair(const Pair &) = delete;
  Pair &operator=(const Pair &) = delete;

  template <int Offset> [[gnu::noinline]] static double visit(Pair &pair, long count) {
    gl_greenlet *next = pair.out->greenlet, *last = pair.in_place->greenlet;
    void *value = nullptr;
    double taken = bench::nanoseconds<Offset>(count, [&] {
      gl_switch(next, value, &value);
      std::swap(next, last);
    });
    if (count % 2) std::swap(pair.out, pair.in_place); // else the next call's first visit would copy nothing
    bench::keep(value);
    return taken / static_cast<double>(count);
  }

  template <int Offset> static double direct(Pair &pair, long count) {
    Errand errand{(count + 1) / 2, 0};
    must(gl_switch(pair.sleepers[0].greenlet, &errand, nullptr) == GL_OK);
    return errand.taken / static_cast<double>(2 * errand.pairs);
  }
};

// The two forms, each with ours and with the floor.
struct Visit {
  static constexpr const char *name = "visit";
  template <int Offset> static constexpr gl_run bodies[] = {answer_hub<Offset>, answer_hub<Offset>};
  template <int Offset> static double ours(Pair &pair, long count) { return Pair::visit<Offset>(pair, count); }
  template <int Offset> static double floor(Floor &floor, long count) { return Floor::visit<Offset>(floor, count); }
};
struct Direct {
  static constexpr const char *name = "direct";
  template <int Offset> static constexpr gl_run bodies[] = {time_other<Offset>, answer_other<Offset>};
  template <int Offset> static double ours(Pair &pair, long count) { return Pair::direct<Offset>(pair, count); }
  template <int Offset> static double floor(Floor &floor, long count) { return Floor::direct<Offset>(floor, count); }
};

template <class Form> void add(std::vector<Timing> &timings, std::size_t depth) {
  std::size_t live[2]{};
  auto timing = [&](const char *what, std::vector<bench::Loop> loops) {
    Timing made;
    made.group = Form::name + std::to_string(depth);
    made.keys = std::string("\"form\": \"") + Form::name + "\", \"what\": \"" + what + "\", \"depth\": " + std::to_string(depth) +
                ", \"live\": " + std::to_string((live[0] + live[1]) / 2);
    made.loops = std::move(loops);
    timings.push_back(made);
  };
  for (uint32_t flags : {uint32_t{GL_SHARE_FP}, uint32_t{0}}) {
    auto loops = bench::at_offsets([&]<int Offset>() -> bench::Loop {
      auto *pair = new Pair(depth, flags, Form::template bodies<Offset>[0], Form::template bodies<Offset>[1]);
      Form::template ours<Offset>(*pair, 2); // both sleep, and say how deep
      for (int i = 0; i < 2; i++) live[i] = pair->sleepers[i].live;
      return [pair](long count) { return Form::template ours<Offset>(*pair, count); };
    });
    timing(bench::flag_name(flags), loops);
  }
  timing("floor", bench::at_offsets([&]<int Offset>() -> bench::Loop {
           auto *floor = new Floor(live[0], live[1], Offset);
           return [floor](long count) { return Form::template floor<Offset>(*floor, count); };
         }));
}

} // namespace

int main(int argc, char **argv) {
  double seconds = bench::seconds_of(argc, argv);
  std::vector<Timing> timings;
  if (bench::Maker(bench::shared))
    for (std::size_t depth : depths) {
      add<Visit>(timings, depth);
      add<Direct>(timings, depth);
    }
  bench::measure_and_print(timings, seconds);
}
