// SPDX-License-Identifier: MIT
// What a debugger must know to find greenlets in a process or its core file. Most builds have no debug information, so this is all that
// packaging/gdb/libgreenlet-gdb.py goes by; it reads the fields in this order.
#pragma once

#include <cstddef>

#include "internal.h"

#pragma GCC visibility push(hidden)

namespace gl {

struct Layout {
  uint32_t version = 1; // of what follows
  uint32_t size = sizeof(Layout);
  Realm *const *realms; // the first of those of threads
  const char *frame_registers = gl::frame_registers;

  uint32_t frame_size = sizeof(Frame);
  uint32_t home_bits = gl::home_bits;
  uint32_t life_started = static_cast<uint32_t>(Life::started);
  uint32_t kind_of_one = Stack::of_one;
  uint32_t kind_of_thread = Stack::of_thread;

  uint32_t realm_next = offsetof(Realm, next);
  uint32_t realm_current = offsetof(Realm, current);
  uint32_t realm_main = offsetof(Realm, main);
  uint32_t realm_thread_errno = offsetof(Realm, thread_errno);

  uint32_t greenlet_home = offsetof(Greenlet, home);
  uint32_t greenlet_sp = offsetof(Greenlet, sp);
  uint32_t greenlet_life = offsetof(Greenlet, life);
  uint32_t greenlet_parent = offsetof(Greenlet, parent);
  uint32_t greenlet_slice = offsetof(Greenlet, slice);
  uint32_t greenlet_stack = offsetof(Greenlet, stack);
  uint32_t greenlet_next = offsetof(Greenlet, next);
  uint32_t greenlet_rare = offsetof(Greenlet, rare);

  uint32_t rare_name = offsetof(Rare, name);
  uint32_t rare_killers = offsetof(Rare, killers);
  uint32_t rare_base = offsetof(Rare, base);
  uint32_t rare_saved = offsetof(Rare, saved);

  uint32_t stack_kind = offsetof(Stack, kind);
  uint32_t stack_low = offsetof(Stack, low);
  uint32_t stack_size = offsetof(Stack, size);
  uint32_t stack_in_place = offsetof(Stack, in_place);
};

} // namespace gl

#pragma GCC visibility pop
