// SPDX-License-Identifier: MIT
// Greenlets by the kind of stack that they run on.
#pragma once
#include <greenlet.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace bench {

enum class On { a_stack_of_its_own, a_shared_stack, the_threads_stack };

struct Kind {
  const char *name;
  On on;
  std::size_t size; // 0: the default
};

constexpr std::size_t shared_size = 256 * 1024;

inline constexpr std::array kinds{
    Kind{"private", On::a_stack_of_its_own, 0},
    Kind{"private, 16 KiB", On::a_stack_of_its_own, 16 * 1024},
    Kind{"shared", On::a_shared_stack, shared_size},
    Kind{"thread's own", On::the_threads_stack, 0},
};

inline constexpr const Kind &shared = kinds[2];

inline const Kind *find_kind(const char *name) {
  for (const Kind &kind : kinds)
    if (std::strcmp(kind.name, name) == 0) return &kind;
  return nullptr;
}

inline void must(bool holds) {
  if (!holds) std::abort();
}

// Makes greenlets of one kind. Where the kind is one of sharing, all have the same stack.
class Maker {
public:
  explicit Maker(const Kind &kind, uint32_t flags = 0) {
    options.size = sizeof options;
    options.flags = flags;
    switch (kind.on) {
    case On::a_stack_of_its_own: options.stack_size = kind.size; break;
    case On::a_shared_stack: options.stack = gl_stack_new(kind.size); break;
    case On::the_threads_stack: options.stack = gl_stack_retain(gl_stack_thread()); break;
    }
    able = kind.on == On::a_stack_of_its_own || options.stack;
  }
  Maker(const Maker &) = delete;
  Maker &operator=(const Maker &) = delete;
  ~Maker() { gl_stack_release(options.stack); }

  // False: this build of the library has no such stacks.
  explicit operator bool() const { return able; }

  // NULL: no memory.
  gl_greenlet *make(gl_run run, void *data) {
    options.run = run;
    options.data = data;
    gl_greenlet *made = nullptr;
    gl_new_with(&options, &made);
    return made;
  }

private:
  gl_options options{};
  bool able;
};

// A body that sleeps until it is visited, and answers with what it was sent. `hub` is who visits.
inline gl_status sleep_for_ever(void *hub, void *value, void **) {
  for (;;) gl_switch(static_cast<gl_greenlet *>(hub), value, &value);
}

} // namespace bench
