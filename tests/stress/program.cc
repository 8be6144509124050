// SPDX-License-Identifier: MIT
#include "program.h"
#include <array>
#include <random>

namespace {

// How often each verb is chosen. Few makes and ends keep a handful of greenlets busy with each other.
struct Weight {
  Verb verb;
  int weight;
};
constexpr Weight weights[] = {{Verb::make, 28},   {Verb::switch_to, 52}, {Verb::throw_to, 16},   {Verb::kill, 18},     {Verb::end, 20},
                              {Verb::retain, 6},  {Verb::release, 24},   {Verb::set_parent, 12}, {Verb::set_local, 8}, {Verb::set_data, 2},
                              {Verb::trace, 6},   {Verb::hook, 4},       {Verb::visit, 2},       {Verb::arm, 10},      {Verb::descend, 20},
                              {Verb::ascend, 14}, {Verb::trim, 3},       {Verb::new_stack, 6},   {Verb::lend, 4}};

constexpr std::array kinds{Kind::shared_a, Kind::shared_b, Kind::thread, Kind::large, Kind::small};
constexpr const char *names[] = {"mixed", "private", "small", "shared", "thread"};

constexpr int total() {
  int sum = 0;
  for (const Weight &w : weights) sum += w.weight;
  return sum;
}

Verb choose(int ticket) {
  for (const Weight &w : weights)
    if ((ticket -= w.weight) < 0) return w.verb;
  return Verb::nothing;
}

constexpr size_t bytes_per_op = 4;

} // namespace

std::span<const Kind> kinds_of(Stacks stacks) {
  std::span all(kinds);
  switch (stacks) {
  case Stacks::shared: return all.subspan(0, 2);
  case Stacks::thread: return all.subspan(2, 1);
  case Stacks::large: return all.subspan(3, 1);
  case Stacks::small: return all.subspan(4, 1);
  default: return all;
  }
}

const char *to_string(Stacks stacks) { return names[size_t(stacks)]; }

std::optional<Stacks> stacks_from(const std::string &name) {
  for (size_t i = 0; i < std::size(names); i++)
    if (name == names[i]) return Stacks(i);
  return std::nullopt;
}

size_t default_length(uint64_t seed) { return 10 + size_t(seed * 7919 % 190); }

Program random_program(uint64_t seed, size_t ops, Stacks stacks) {
  std::mt19937_64 random(seed);
  Program program;
  program.stacks = stacks;
  program.abrupt = random() % 4 == 0;
  while (program.ops.size() < ops) {
    uint64_t bits = random();
    program.ops.push_back({choose(int(bits % total())), uint8_t(bits >> 32), uint8_t(bits >> 40), uint8_t(bits >> 48)});
  }
  return program;
}

Program decode(const uint8_t *bytes, size_t size) {
  Program program;
  if (!size) return program;
  program.abrupt = bytes[0] & 1;
  program.stacks = Stacks(bytes[0] / 2 % int(Stacks::count));
  for (size_t i = 1; i + bytes_per_op <= size; i += bytes_per_op)
    program.ops.push_back({Verb(bytes[i] % int(Verb::count)), bytes[i + 1], bytes[i + 2], bytes[i + 3]});
  return program;
}

Program decode_hex(const std::string &hex) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 2 <= hex.size(); i += 2) bytes.push_back(uint8_t(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return decode(bytes.data(), bytes.size());
}

std::string encode_hex(const Program &program) {
  std::string hex;
  auto add = [&](uint8_t byte) { hex += "0123456789abcdef"[byte >> 4], hex += "0123456789abcdef"[byte & 15]; };
  add(uint8_t(int(program.stacks) * 2 + program.abrupt));
  for (const Op &op : program.ops) add(uint8_t(op.verb)), add(op.a), add(op.b), add(op.c);
  return hex;
}
