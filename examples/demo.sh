#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the library and the examples and runs them. Needs a C and C++ compiler and CMake.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/demo
log=$build/build.log
examples=(two_greenlets_c two_greenlets_cc family_tree_c generator_c token_ring_c)

mkdir -p "$build"
echo "Building libgreenlet and its examples in build/demo ..."
if ! { cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DGREENLET_EXAMPLES=ON &&
  cmake --build "$build" --parallel 2 --target "${examples[@]}"; } >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi

# show SOURCE HEADING: runs an example under a line that says what to look for.
show() {
  printf '\n== %s: %s\n' "examples/$1" "$2"
  "$build/examples/${1/./_}"
}

show two_greenlets.c "func2's result goes to main; func1 waits for ever and is unwound with its last handle"
show two_greenlets.cc "the same in C++, where unwinding runs destructors"
show family_tree.c "who is whose parent, and in which state; an outcome goes to the parent"
show generator.c "a recursive walk gives out one key at a time; two walks stop at the first difference"
show token_ring.c "a ring of 100 greenlets and one of 100,000 pass a token"
