#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What shows that the library does what it says, and lets tools see it: ./dev VERB proof
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"

packages=(
  g++ cmake ninja-build python3-venv libcriterion-dev
  gdb binutils linux-perf libunwind8 systemtap-sdt-dev # see greenlets
  valgrind clang-14 libclang-rt-14-dev                 # for users' programs
)

# The package conflicts with libc++-14-dev, so its headers go into the cache.
libunwind_headers=$cache/libunwind
fetch_libunwind_headers() {
  [[ -e $libunwind_headers ]] && return
  local folder
  folder=$(mktemp -d)
  (cd "$folder" && apt-get download -q libunwind-dev && dpkg -x ./*.deb unpacked)
  mkdir -p "$libunwind_headers"
  find "$folder/unpacked/usr/include" -name '*.h' -exec cp {} "$libunwind_headers" \;
  rm -r "$folder"
}

do_setup() {
  apt_install "${packages[@]}"
  fetch_libunwind_headers
  tests/scenarios/oracle.py setup
}

# What Python's greenlet does with random scenarios, the library does too, on every kind of stack: always the same ones, and fresh ones.
run_random_scenarios() {
  local random=tests/scenarios/random_scenarios.py interpret=build/release/tests/scenarios/interpret kind
  cmake --preset release
  cmake --build build/release --target interpret
  tests/scenarios/test_random.py
  for kind in private small shared thread; do
    export GREENLET_TEST_STACKS=$kind
    echo "$kind stacks"
    "$random" --first 1 --count 1500 -- "$interpret"
    "$random" --count 1000 -- "$interpret"
  done
  echo "host runtime"
  "$random" --count 500 --lacks tests/scenarios/hosted.lacks -- "$interpret" --hosted
}

# What tools see of greenlets: unwinders, gdb, perf, tracers, the program itself.
run_sight() {
  cmake --preset "$1" -D "GREENLET_LIBUNWIND_INCLUDE=$libunwind_headers"
  cmake --build "build/$1" --target proof_tests
  ctest --test-dir "build/$1" --verbose --parallel 2 -R '^(proof|unwinding)_'
}

export ASAN_OPTIONS=detect_stack_use_after_return=0:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

# do_test [--all]: --all also counts the lines that tests run, and tries tree.cc with faults in it.
do_test() {
  if may_install; then do_setup; fi
  leg_needing "g++ cmake python3" "random scenarios" run_random_scenarios
  leg_needing "g++ cmake python3 gdb perf $libunwind_headers /usr/include/criterion/criterion.h" "sight" run_sight release
  leg_needing "g++ cmake python3 gdb" "sight asan" run_sight asan
  leg_needing "g++ cmake python3 gdb" "sight tsan" run_sight tsan
  leg_needing "gcc cmake valgrind clang-14" "tools" tests/proof/tools/run.sh
  if [[ ${1-} == --all ]]; then
    leg_needing "g++ gcov cmake python3" "coverage" tests/proof/coverage/measure.py
    leg_needing "g++ cmake ninja python3" "mutants" tests/proof/mutation/mutate.py
  fi
}

run_verb "$@"
