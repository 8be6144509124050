// SPDX-License-Identifier: MIT
// Stacks for peers that leave them to their user. Tops are coloured: were they all at the same offset in a page, a
// hundred of them would fight for one set of the first-level cache, which would measure us and not the peer.
#pragma once
#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>

namespace bench {

constexpr std::size_t stack_size = 64 * 1024;

// The high end, 64-byte aligned; at least half of stack_size lies below. Never freed.
inline char *new_stack() {
  static std::size_t colour;
  void *low = mmap(nullptr, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (low == MAP_FAILED) std::abort();
  return static_cast<char *>(low) + stack_size - colour++ % 32 * 128;
}

} // namespace bench
