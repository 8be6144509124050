// SPDX-License-Identifier: MIT
// The loops, the same for every peer that C++ can call. A peer is a class of static functions and types:
//
//   name, version()                   what the table calls it, and which one it is
//   Context                           one side of a transfer; default-constructed it can hold whoever runs now
//   start<Body>(context, from)        makes a context that will run Body(context, value); `from` is who resumes it first
//   exchange(self, to, back, value)   leaves `self` for `to`; control will come back from `back`; returns the pointer that came
//   live(value)                       make, run a body that returns what it gets, end, free; returns that
//
// and, where it has such things: raise(self, to, back, value), current(), and hook(on).
#pragma once
#include <array>
#include <chrono>
#include <cstddef>
#include <vector>

#include "peer.h"

namespace bench {

template <int Offset> [[gnu::always_inline]] inline void place() { asm volatile(".p2align 6\n\t.skip %c0, 0x90" ::"i"(Offset * 8 + 4)); }

// Keeps a value alive, and a call before it from becoming a jump.
[[gnu::always_inline]] inline void *keep(void *value) {
  asm volatile("" : "+r"(value)::"memory");
  return value;
}

template <int Offset, class Step> [[gnu::always_inline]] inline double nanoseconds(long count, Step step) {
  auto begin = std::chrono::steady_clock::now();
  place<Offset>();
  for (long i = 0; i < count; i++) step();
  std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
  return taken.count();
}

template <class P> struct Leaf {
  using Context = typename P::Context;
  [[gnu::always_inline]] static void *exchange(Context &self, Context &to, void *value) { return P::exchange(self, to, to, value); }
};

template <class P> struct Raise {
  using Context = typename P::Context;
  [[gnu::always_inline]] static void *exchange(Context &self, Context &to, void *value) { return P::raise(self, to, to, value); }
};

template <class P> struct Deep {
  using Context = typename P::Context;
  template <int Depth> [[gnu::noinline]] static void *call(Context &self, Context &to, void *value) {
    if constexpr (Depth == 1) return keep(P::exchange(self, to, to, value));
    else return keep(call<Depth - 1>(self, to, value));
  }
  [[gnu::always_inline]] static void *exchange(Context &self, Context &to, void *value) { return call<3>(self, to, value); }
};

// The contexts of a loop live as long as the program: what is timed is their transfers alone.
template <class P, class Kind, int Offset> struct Pair {
  using Context = typename P::Context;
  static inline Context hub, worker;

  [[noreturn]] static void body(Context &, void *value) {
    place<Offset>();
    for (;;) value = Kind::exchange(worker, hub, value);
  }

  [[gnu::noinline]] static double loop(long count) {
    static bool started = (P::template start<body>(worker, hub), P::exchange(hub, worker, worker, nullptr), true);
    static_cast<void>(started);
    void *value = nullptr;
    long rounds = (count + 1) / 2;
    double taken = nanoseconds<Offset>(rounds, [&] { value = Kind::exchange(hub, worker, value); });
    keep(value);
    return taken / static_cast<double>(2 * rounds);
  }
};

template <class P, int Offset> struct Ring {
  static constexpr std::size_t size = 100;
  struct Member : P::Context {
    Member *next, *previous;
  };
  static inline std::array<Member, size> members;

  [[noreturn]] static void body(typename P::Context &context, void *value) {
    auto &self = static_cast<Member &>(context);
    place<Offset>();
    for (;;) value = P::exchange(self, *self.next, *self.previous, value);
  }

  // The thread itself is the first member; each of the others is started by the one before.
  static bool start() {
    for (std::size_t i = 0; i < size; i++) {
      members[i].next = &members[(i + 1) % size];
      members[i].previous = &members[(i + size - 1) % size];
      if (i != 0) P::template start<body>(members[i], *members[i].previous);
    }
    P::exchange(members[0], *members[0].next, *members[0].previous, nullptr);
    return true;
  }

  [[gnu::noinline]] static double loop(long count) {
    static bool started = start();
    static_cast<void>(started);
    Member &self = members[0];
    void *value = nullptr;
    long rounds = (count + static_cast<long>(size) - 1) / static_cast<long>(size);
    double taken = nanoseconds<Offset>(rounds, [&] { value = P::exchange(self, *self.next, *self.previous, value); });
    keep(value);
    return taken / static_cast<double>(rounds * static_cast<long>(size));
  }
};

template <class P, int Offset> [[gnu::noinline]] double create(long count) {
  void *value = nullptr;
  return nanoseconds<Offset>(count, [&] { value = keep(P::live(value)); }) / static_cast<double>(count);
}

template <class P, int Offset> [[gnu::noinline]] double call(long count) {
  return nanoseconds<Offset>(count, [] { keep(P::current()); }) / static_cast<double>(count);
}

template <class P, int Offset> double hook(long count) {
  P::hook(true);
  double taken = Pair<P, Leaf<P>, Offset>::loop(count);
  P::hook(false);
  return taken;
}

template <class P, int Offset> void fill(bench_peer &peer) {
  auto set = [&](bench_measure measure, bench_loop loop) { peer.loops[measure][Offset] = loop; };
  set(BENCH_SWITCH, Pair<P, Leaf<P>, Offset>::loop);
  set(BENCH_DEEP, Pair<P, Deep<P>, Offset>::loop);
  set(BENCH_RING, Ring<P, Offset>::loop);
  set(BENCH_CREATE, create<P, Offset>);
  if constexpr (requires { P::raise; }) set(BENCH_THROW, Pair<P, Raise<P>, Offset>::loop);
  if constexpr (requires { P::hook; }) set(BENCH_HOOK, hook<P, Offset>);
  if constexpr (requires { P::current; }) set(BENCH_CALL, call<P, Offset>);
  if constexpr (Offset + 1 < BENCH_OFFSETS) fill<P, Offset + 1>(peer);
}

inline std::vector<const bench_peer *> &peers() {
  static std::vector<const bench_peer *> list;
  return list;
}

// A file in peers/ ends with `bool added = bench::add<Peer>();`.
template <class P> bool add() {
  static bench_peer peer{P::name, P::version(), {}};
  fill<P, 0>(peer);
  peers().push_back(&peer);
  return true;
}

} // namespace bench
