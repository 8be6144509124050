#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every kind of stack: ./dev VERB stacks
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"

packages=(g++ cmake ninja-build libcriterion-dev valgrind)

do_setup() { apt_install "${packages[@]}"; }

build() {
  cmake --preset "$1"
  cmake --build "build/$1" --target stacks_tests stack_kinds_tests
}

# What only stacks of some kind do, and the scenarios on each kind.
run_stacks() {
  build "$1"
  ctest --test-dir "build/$1" --verbose --parallel 2 -R '^(stacks|scenarios_on)_'
}

# run_kind PRESET KIND: what holds on every kind of stack (tests/stacks/kinds).
run_kind() {
  build "$1"
  GREENLET_TEST_STACKS=$2 ctest --test-dir "build/$1" --verbose --parallel 2 -L stack_kinds
}

# A copied stack's frames lie where other frames were: AddressSanitizer may not keep locals elsewhere meanwhile.
export ASAN_OPTIONS=detect_stack_use_after_return=0:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

# do_test [--all]: --all runs each kind under each tool. The private kind is what the core's legs run.
do_test() {
  local tools="g++ cmake /usr/include/criterion/criterion.h" kind preset presets=(asan tsan)
  if may_install; then do_setup; fi
  leg_needing "$tools" "stacks" run_stacks release
  for kind in small shared thread; do
    leg_needing "$tools" "$kind stacks" run_kind release "$kind"
  done
  if [[ ${1-} == --all ]]; then
    presets=(debug asan tsan valgrind)
    tools+=" valgrind"
  fi
  for preset in "${presets[@]}"; do
    for kind in shared thread; do
      leg_needing "$tools" "$kind stacks $preset" run_kind "$preset" "$kind"
    done
  done
}

do_bench() { bench/stacks/run.py "$@"; }

run_verb "$@"
