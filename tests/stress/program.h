// SPDX-License-Identifier: MIT
// A program is a list of operations. Whichever greenlet is in control takes the next one, so that bodies are data and any bytes are a program.
#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>
#include <greenlet.h>
#include <optional>
#include <span>
#include <string>
#include <vector>

enum class Verb : uint8_t {
  nothing,
  make,
  switch_to,
  throw_to,
  kill,
  end,
  retain,
  release,
  set_parent,
  set_local,
  set_data,
  trace,
  hook,
  visit,
  arm, // one of the next callbacks makes a call
  descend,
  ascend,
  trim,
  new_stack, // in place of one that was offered so far
  lend,      // to another thread
  count
};

// Where a greenlet runs: a private stack of the default or of the smallest size, one of two shared ones, the thread's own.
enum class Kind : uint8_t { large, small, shared_a, shared_b, thread };
constexpr int shared_stacks = 2;
constexpr bool is_private(Kind k) { return k == Kind::large || k == Kind::small; }
constexpr bool is_shared(Kind k) { return k == Kind::shared_a || k == Kind::shared_b; }

// Which kinds a program uses.
enum class Stacks : uint8_t { mixed, large, small, shared, thread, count };
std::span<const Kind> kinds_of(Stacks);
const char *to_string(Stacks);
std::optional<Stacks> stacks_from(const std::string &);

// a, b and c are numbers whose meaning depends on the verb and on the moment (Model::resolve).
struct Op {
  Verb verb;
  uint8_t a, b, c;
};

struct Program {
  bool abrupt = false; // ends with the thread, instead of ending every greenlet first
  Stacks stacks = Stacks::mixed;
  std::vector<Op> ops;
};

struct Note {
  enum Kind : uint8_t { returned, started, event, hook, dropped, local_dropped, result_dropped, unhandled, visited, answered } kind;
  int who;     // gl_current() at that moment
  int x, y, z; // by kind: to_string(Note) reads them; unused ones are 0
  auto operator<=>(const Note &) const = default;
};

// An Op whose greenlets have been chosen.
struct Call {
  Verb verb = Verb::nothing;
  int g = -1, p = -1;
  int value = 0;
  gl_status outcome = GL_OK;
  bool discard = false, drops_result = false, share_fp = false;
  Kind kind = Kind::large;
  int stack = -1; // the number of a shared one
  Op armed{};
  int passes = 0; // callbacks before the one that makes the call
};

Program random_program(uint64_t seed, size_t ops, Stacks);
size_t default_length(uint64_t seed);
Program decode(const uint8_t *bytes, size_t size);
Program decode_hex(const std::string &hex);
std::string encode_hex(const Program &);
std::string to_string(const Call &);
std::string to_string(const Note &);
