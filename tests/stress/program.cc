// SPDX-License-Identifier: MIT
#include "program.h"
#include <random>

namespace {

// How often each verb is chosen. Few makes and ends keep a handful of greenlets busy with each other.
struct Weight {
  Verb verb;
  int weight;
};
constexpr Weight weights[] = {{Verb::make, 14},  {Verb::switch_to, 24}, {Verb::throw_to, 8},   {Verb::kill, 9},      {Verb::end, 10},
                              {Verb::retain, 3}, {Verb::release, 12},   {Verb::set_parent, 6}, {Verb::set_local, 4}, {Verb::set_data, 1},
                              {Verb::trace, 3},  {Verb::hook, 2},       {Verb::visit, 1},      {Verb::arm, 5}};

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

size_t default_length(uint64_t seed) { return 10 + seed * 7919 % 190; }

Program random_program(uint64_t seed, size_t ops) {
  std::mt19937_64 random(seed);
  Program program;
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
  add(program.abrupt);
  for (const Op &op : program.ops) add(uint8_t(op.verb)), add(op.a), add(op.b), add(op.c);
  return hex;
}
