#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What shows that the library does what it says, and lets tools see it: ./dev VERB proof
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"

packages=(g++ cmake ninja-build python3-venv)

do_setup() {
  apt_install "${packages[@]}"
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

do_test() {
  if may_install; then do_setup; fi
  leg_needing "g++ cmake python3" "random scenarios" run_random_scenarios
}

run_verb "$@"
