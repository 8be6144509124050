// SPDX-License-Identifier: MIT
// An ordered set of callbacks that may change while it is being called.
#pragma once

#include <cstdint>
#include <cstdlib>

#include "greenlet.h"

namespace gl {

template <class Function> class Callbacks {
public:
  gl_status add(Function function, void *user) {
    if (!function || find(function, user)) return GL_EINVAL;
    if (size_ == capacity_) {
      uint32_t capacity = capacity_ ? capacity_ * 2 : 4;
      void *grown = realloc(entries_, capacity * sizeof(Entry));
      if (!grown) return GL_ENOMEM;
      entries_ = static_cast<Entry *>(grown);
      capacity_ = capacity;
    }
    entries_[size_++] = {function, user};
    active_++;
    return GL_OK;
  }

  gl_status remove(Function function, void *user) {
    Entry *entry = function ? find(function, user) : nullptr;
    if (!entry) return GL_EINVAL;
    entry->function = nullptr; // a hole, so that calls under way keep their place
    active_--;
    if (!calling_) close_holes();
    return GL_OK;
  }

  // One that is removed meanwhile is not called again; one that is added meanwhile waits for the next call.
  template <class... Arguments> void call(Arguments... arguments) {
    calling_++;
    for (uint32_t i = 0, end = size_; i < end; i++) {
      Entry entry = entries_[i];
      if (entry.function) entry.function(entry.user, arguments...);
    }
    if (--calling_ == 0 && active_ != size_) close_holes();
  }

  // Those who called do not come back: their thread unwound.
  void abandon_calls() {
    calling_ = 0;
    close_holes();
  }

  bool any() const { return active_ != 0; }
  bool calling() const { return calling_ != 0; }

  void clear() {
    free(entries_);
    *this = Callbacks();
  }

private:
  struct Entry {
    Function function;
    void *user;
  };

  Entry *find(Function function, void *user) {
    for (uint32_t i = 0; i < size_; i++)
      if (entries_[i].function == function && entries_[i].user == user) return &entries_[i];
    return nullptr;
  }

  void close_holes() {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < size_; i++)
      if (entries_[i].function) entries_[kept++] = entries_[i];
    size_ = kept;
  }

  Entry *entries_ = nullptr;
  uint32_t size_ = 0, capacity_ = 0, active_ = 0, calling_ = 0;
};

} // namespace gl
