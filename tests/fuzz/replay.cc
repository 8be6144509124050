// SPDX-License-Identifier: MIT
// Runs a fuzz target over files and folders of inputs, without libFuzzer.
#include "target.h"
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace {

int replay(const std::filesystem::path &path) {
  if (std::filesystem::is_directory(path)) {
    int count = 0;
    for (const auto &entry : std::filesystem::directory_iterator(path)) count += replay(entry.path());
    return count;
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return 0;
  std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  std::printf("%s\r", path.filename().string().c_str()); // what a crash leaves on the screen
  std::fflush(stdout);
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
  return 1;
}

} // namespace

int main(int argc, char **argv) {
  int passed = 0;
  for (int i = 1; i < argc; i++) passed += replay(argv[i]);
  std::printf("%d passed, 0 failed\n", passed);
  return !passed;
}
