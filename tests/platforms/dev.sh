#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every CPU and system: ./dev VERB platforms [--all | TARGET...]
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"

runner=tests/platforms/run.py table=tests/platforms/table.py

# The targets asked for: five, all, or those named.
targets=()
choose_targets() {
  case ${1-} in
    "" | --all) read -ra targets < <("$runner" --list "$@") ;;
    *) targets=("$@") ;;
  esac
}

do_setup() {
  local packages pip
  choose_targets "$@"
  read -ra packages < <("$runner" --packages "${targets[@]}")
  if have apt-get; then # says how much it takes before it does
    LC_ALL=C apt-get install --assume-no --no-install-recommends "${packages[@]}" 2>/dev/null | grep -E '^(Need to get|After this)' || true
  fi
  apt_install "${packages[@]}"
  read -ra pip < <("$runner" --pip "${targets[@]}")
  ((${#pip[@]} == 0)) || pip_install "${pip[@]}" # Zig: 90 MB to get, 380 MB on disk
}

do_test() {
  local target
  choose_targets "$@"
  if may_install; then do_setup "$@"; fi
  for target in "${targets[@]}"; do
    leg_needing "g++ cmake python3" "platform $target" "$runner" "$target"
  done
  "$table" --show "${targets[@]}"
}

# Puts the results of the last `./dev test platforms --all` into README.md.
do_doc() { "$table" --write; }

run_verb "$@"
