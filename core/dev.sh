#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The library itself: ./dev VERB core
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"

packages=(
  g++ cmake make ninja-build pkg-config python3-venv binutils   # build
  libcriterion-dev valgrind gdb clang-14 libclang-rt-14-dev libc++-14-dev libc++abi-14-dev # test
  clang-format-14 clang-tidy-14 shellcheck                      # lint
  libboost-context-dev                                          # bench
  doxygen graphviz                                              # doc
)
ruff=ruff==0.6.9

do_setup() {
  apt_install "${packages[@]}"
  pip_install "$ruff"
  tests/scenarios/oracle.py setup
}

# Builds a preset and runs all that it registers with ctest, or what the arguments select.
run_preset() {
  local preset=$1
  shift
  cmake --preset "$preset"
  cmake --build "build/$preset"
  ctest --test-dir "build/$preset" --verbose --parallel 2 "$@"
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
  if may_install; then do_setup; fi
  leg "release" run_preset release
  leg "one translation unit" run_preset unity -R '^capi_'
  leg "not optimised" run_preset debug -R '^capi_'
  leg "without stacks" run_preset host
  leg "address and undefined behaviour" run_asan
  leg "threads" run_tsan
  leg "valgrind" run_preset valgrind
  leg "oracle" tests/scenarios/oracle.py compare
  leg "installed" tests/install/run.sh
  leg "docs" do_doc
  leg "lint" scripts/lint.sh
}

do_lint() { leg "lint" scripts/lint.sh "$@"; }

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
