#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# compilers.sh LIBRARY FOLDER: the header compiles cleanly in each standard, with and without RTTI, and its tests pass, with each compiler and C++
# library that is here.
set -euo pipefail

library=$1
out=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
capi=$here/../../capi
warnings=(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
mkdir -p "$out"
passed=0 failed=0

check() {
  local name=$1
  shift
  if "$@" >"$out/log" 2>&1; then
    ((++passed))
  else
    echo "FAILED $name: $*"
    cat "$out/log"
    ((++failed))
  fi
}

run_test() {
  local source=$1
  shift
  "$@" -O1 "${warnings[@]}" -DGREENLET_TEST_PLAIN -I "$capi" -I "$here/../capi" "$source" -o "$out/test" "$library" \
    "-Wl,-rpath,${library%/*}" -pthread && "$out/test"
}

clang=$(command -v clang++ || command -v clang++-14 || true)
for compiler in g++ "$clang" "${clang:+$clang -stdlib=libc++}"; do
  read -ra command <<<"$compiler"
  if ((${#command[@]} == 0)) || ! echo '#include <vector>' | "${command[@]}" -x c++ -fsyntax-only - 2>/dev/null; then
    echo "skipped: ${compiler:-clang++} is not here"
    continue
  fi
  for dialect in "c++17 -frtti" "c++20 -fno-rtti" "c++2b -frtti"; do
    read -ra flags <<<"-std=$dialect"
    check "$compiler, $dialect" "${command[@]}" "${flags[@]}" "${warnings[@]}" -fsyntax-only -I "$capi" -x c++-header "$capi/greenlet.hpp"
  done
  for test in exceptions kill generator; do
    check "$compiler, $test" run_test "$here/$test.cc" "${command[@]}" -std=c++20 -fno-rtti
  done
done
echo "$passed passed, $failed failed"
((failed == 0))
