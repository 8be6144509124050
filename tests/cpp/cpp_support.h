// SPDX-License-Identifier: MIT
// What the C++ tests share, beside tests/capi/support.h.
#pragma once
#include "greenlet.hpp"
#include "support.h"

#include <stdexcept>
#include <string>

/// Counts its objects, and notes "~name" when one goes that has a name.
struct counted {
  static inline int alive = 0;
  const char *name;
  explicit counted(const char *n = nullptr) : name(n) { alive++; }
  counted(const counted &other) : name(other.name) { alive++; }
  counted(counted &&other) noexcept : name(std::exchange(other.name, nullptr)) { alive++; }
  counted &operator=(const counted &) = delete;
  ~counted() {
    alive--;
    if (name) event("~%s", name);
  }
};

/// Runs `action` where it goes out of scope.
template <class F> struct at_exit {
  F action;
  ~at_exit() { action(); }
};
template <class F> at_exit(F) -> at_exit<F>;

template <class R = void, class... V> R to_parent_as(V &&...value) {
  return gl::current().parent().switch_to<R>(std::forward<V>(value)...);
}

/// What `call` throws, as text: an error's name, an exception's what().
template <class F> std::string thrown_by(F call) {
  try {
    call();
  } catch (const std::system_error &e) {
    return e.code().category() == gl::category() ? gl_status_name(e.code().value()) : e.what();
  } catch (const std::exception &e) { return e.what(); } catch (const gl::killed &) {
    return "killed";
  }
  return "nothing";
}

/// No value and no exception is on its way, and no greenlet is being killed.
inline bool nothing_left() {
  return all_gone() && counted::alive == 0 && gl::detail::boxes_on_their_way == 0 && gl::detail::kills_under_way == 0;
}
