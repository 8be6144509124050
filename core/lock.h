// SPDX-License-Identifier: MIT
// A lock for a few instructions. Not for sections that call out.
#pragma once

#include <atomic>

#include "os/os.h"

namespace gl {

class Lock {
public:
  void lock() {
    if (os::single_threaded()) return taken_.store(true, std::memory_order_relaxed);
    while (taken_.exchange(true, std::memory_order_acquire)) os::yield();
  }
  void unlock() { taken_.store(false, std::memory_order_release); }

private:
  std::atomic<bool> taken_{false};
};

class Locked {
public:
  explicit Locked(Lock &lock) : lock_(lock) { lock_.lock(); }
  ~Locked() { lock_.unlock(); }
  Locked(const Locked &) = delete;
  Locked &operator=(const Locked &) = delete;

private:
  Lock &lock_;
};

} // namespace gl
