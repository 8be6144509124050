// SPDX-License-Identifier: MIT
// A lock for a few instructions. Not for sections that call out.
#pragma once

#include <atomic>

#include "annotate.h"
#include "os.h"

namespace gl {

class Lock {
public:
  void lock() {
    while (taken_.exchange(1, std::memory_order_acquire)) os::yield();
    annotate::take_over(this);
  }
  // Or nobody else is there.
  bool try_lock() {
    if (os::single_threaded()) return true;
    if (taken_.exchange(1, std::memory_order_acquire)) return false;
    annotate::take_over(this);
    return true;
  }
  void unlock() {
    annotate::give_away(this);
    taken_.store(0, std::memory_order_release);
  }

private:
  std::atomic<uint32_t> taken_{0}; // a word: some CPUs have nothing atomic below
};

class Locked {
public:
  explicit Locked(Lock &lock) : lock_(os::single_threaded() ? nullptr : &lock) {
    if (lock_) lock_->lock();
  }
  ~Locked() {
    if (lock_) lock_->unlock();
  }
  Locked(const Locked &) = delete;
  Locked &operator=(const Locked &) = delete;

private:
  Lock *lock_; // NULL: nobody else is there, and no section starts a thread
};

} // namespace gl
