#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Checks everything that is not behaviour. --fix formats first; --quick leaves out clang-tidy and the copies of vendor.py.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Files of the repository with these endings, new ones included; the rest is a pattern of what others wrote or made.
sources() { git ls-files --cached --others --exclude-standard -- "$@"; }

mapfile -t formatted < <(sources '*.c' '*.cc' '*.h' '*.hpp')
mapfile -t shell < <(sources '*.sh' dev .ci/run)
mapfile -t python < <(sources '*.py')
mapfile -t core < <(sources 'core/*.cc' | grep -v '/all\.cc$')

self_contained() {
  local header=$1 language=$2 standard=$3
  "${CXX:-g++}" -x "$language" -std="$standard" -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -fsyntax-only -I capi "$header"
}

if [[ ${1-} == --fix ]]; then clang-format-14 -i "${formatted[@]}"; fi
check "clang-format" clang-format-14 --dry-run -Werror "${formatted[@]}"
check "shellcheck" shellcheck -x "${shell[@]}"
check "ruff" ruff check --quiet "${python[@]}"
check "version agreement" scripts/version.py check
check "every rule has a test" scripts/rules.py
check "table of platforms" tests/platforms/table.py --check
check "greenlet.h as C11" self_contained capi/greenlet.h c-header c11
check "greenlet.h as C++11" self_contained capi/greenlet.h c++-header c++11
check "greenlet_trace.h as C11" self_contained capi/greenlet_trace.h c-header gnu11
check "greenlet_trace.h as C++11" self_contained capi/greenlet_trace.h c++-header c++11
check "greenlet.hpp as C++17" self_contained capi/greenlet.hpp c++-header c++17
check "greenlet.hpp as C++20" self_contained capi/greenlet.hpp c++-header c++20
if [[ ${1-} != --quick ]]; then
  check "vendor.py" packaging/vendor.py --check
  check "clang-tidy" clang-tidy-14 --quiet "${core[@]}" -- -std=c++20 -I capi -fno-exceptions -fno-rtti
fi
checked
