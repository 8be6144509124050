#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The library itself: ./dev VERB core
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"

packages=(
  g++ cmake make ninja-build pkg-config python3-venv binutils   # build
  libcriterion-dev valgrind gdb systemtap-sdt-dev               # test
  clang-14 libclang-rt-14-dev libc++-14-dev libc++abi-14-dev    # test with clang
  clang-format-14 clang-tidy-14 shellcheck                      # lint
  libboost-context-dev                                          # bench
  doxygen graphviz                                              # doc
)
ruff=ruff==0.6.9
lint_tools="clang-format-14 clang-tidy-14 shellcheck ruff"

do_setup() {
  apt_install "${packages[@]}"
  pip_install "$ruff"
  tests/scenarios/oracle.py setup
}

# Builds a preset and runs all that it registers with ctest.
run_preset() {
  cmake --preset "$1"
  cmake --build "build/$1"
  ctest --test-dir "build/$1" --verbose --parallel 2
}

# Only the C ABI's tests.
run_capi() {
  cmake --preset "$1"
  cmake --build "build/$1" --target capi_tests
  ctest --test-dir "build/$1" --verbose --parallel 2 -R '^capi_'
}

# The fuzzers work: a short look from the corpora onwards.
run_fuzzers() {
  local target found=build/fuzz/found
  cmake --preset fuzz
  cmake --build build/fuzz --target libfuzzer_tree libfuzzer_programs
  mkdir -p "$found"
  for target in tree programs; do
    "build/fuzz/tests/fuzz/libfuzzer_$target" -max_len=200 -max_total_time=10 -artifact_prefix="$found/" "$found" "tests/fuzz/corpus/$target"
    echo "libfuzzer_$target: 1 passed, 0 failed"
  done
}

run_asan() {
  export ASAN_OPTIONS=detect_stack_use_after_return=0:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1
  run_preset asan
}

run_tsan() {
  export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
  run_preset tsan
}

do_test() {
  local build="g++ cmake" criterion=/usr/include/criterion/criterion.h
  if may_install; then do_setup; fi
  leg_needing "$build $criterion" "release" run_preset release
  leg_needing "$build $criterion" "one translation unit" run_capi unity
  leg_needing "$build $criterion clang++-14" "clang" run_capi clang
  leg_needing "$build $criterion" "not optimised" run_preset debug
  leg_needing "$build $criterion" "without stacks" run_preset host
  leg_needing "$build" "address and undefined behaviour" run_asan
  leg_needing "$build" "threads" run_tsan
  leg_needing "$build valgrind" "valgrind" run_preset valgrind
  leg_needing "$build clang++-14" "fuzzers" run_fuzzers
  leg_needing "python3" "oracle" tests/scenarios/oracle.py compare
  leg_needing "$build pkg-config" "installed" tests/install/run.sh
  leg_needing "doxygen dot" "docs" do_doc
  leg_needing "$lint_tools" "lint" scripts/lint.sh
}

do_lint() { leg_needing "$lint_tools" "lint" scripts/lint.sh "$@"; }

do_doc() { docs/build.sh; }

do_bench() { bench/run.py "$@"; }

# A source archive of what is committed, and what `cmake --install` puts on a system.
do_package() {
  local version out=build/package
  version=$(<VERSION)
  rm -rf "$out"
  mkdir -p "$out"
  git archive --format=tar.gz --prefix="libgreenlet-$version/" -o "$out/libgreenlet-$version.tar.gz" HEAD
  tar -xzf "$out/libgreenlet-$version.tar.gz" -C "$out"
  cmake -S "$out/libgreenlet-$version" -B "$out/build" -DCMAKE_INSTALL_PREFIX=/usr
  cmake --build "$out/build"
  DESTDIR=$root/$out/root cmake --install "$out/build"
  tar -czf "$out/libgreenlet-$version-$(uname -s)-$(uname -m).tar.gz" -C "$out/root" usr
  ls -l "$out"/*.tar.gz
}

run_verb "$@"
