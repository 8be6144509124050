#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs the library into build/installed/prefix and uses it in every way that users have. Prints "N passed, N failed".
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"
here=$root/tests/install
work=$root/build/installed
prefix=$work/prefix
strict=(-Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion)

rm -rf "$work"
mkdir -p "$work"
cd "$work"
cmake -S "$root" -B library -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib
cmake --build library --parallel 2
cmake --install library
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib

by_cmake() { # HOW ARGUMENT...
  local how=$1 program
  shift
  cmake -S "$here/consumer" -B "$how" -DHOW="$how" "$@" && cmake --build "$how" --parallel 2 || return
  for program in use_{c,cc}_greenlet{,_static}; do "$how/$program" || return; done
}
check "find_package" by_cmake find_package -DCMAKE_PREFIX_PATH="$prefix"
check "add_subdirectory" by_cmake add_subdirectory -DGREENLET_SOURCE="$root"
check "FetchContent" by_cmake FetchContent -DGREENLET_SOURCE="$root"

in_c_alone() {
  cmake -S "$here/consumer_c" -B c_alone -DCMAKE_PREFIX_PATH="$prefix" && cmake --build c_alone &&
    c_alone/use_greenlet && c_alone/use_greenlet_static
}
check "find_package in a C project" in_c_alone

by_pkg_config() { # shared|static COMPILER STANDARD SOURCE
  local how=$1 compiler=$2 standard=$3 source=$4 program=pkg_$1_${4/./_} flags=() libs
  [[ $how == shared ]] || flags=(--static)
  read -ra libs < <(pkg-config "${flags[@]}" --cflags --libs libgreenlet)
  [[ $how == shared ]] || libs=("${libs[@]/#-lgreenlet/$(pkg-config --variable=libdir libgreenlet)/libgreenlet.a}")
  "$compiler" -std="$standard" "${strict[@]}" "$here/$source" -o "$program" "${libs[@]}" && "./$program"
}
for how in shared static; do
  check "pkg-config, $how, C" by_pkg_config $how cc c11 use.c
  check "pkg-config, $how, C++" by_pkg_config $how c++ c++17 use.cc
done

in_c_static() { cc -static -std=c11 "$here/use.c" -I"$prefix/include" "$prefix/lib/libgreenlet.a" -o all_static && ./all_static; }
check "a program without shared libraries" in_c_static

by_dlopen() { cc -std=c11 "${strict[@]}" "$here/load.c" -I"$prefix/include" -o load && ./load "$prefix/lib/libgreenlet.so.0"; }
check "dlopen" by_dlopen

plugins() { # LIBRARY: what the host program has
  local name
  for name in one two; do
    cc -std=c11 "${strict[@]}" -fPIC -shared -DGREENLET_STATIC -I"$prefix/include" "$here/plugin.c" "$prefix/lib/libgreenlet.a" \
      -Wl,-z,nodelete -o "$name.so" || return
  done
  if nm -D --defined-only one.so | grep ' gl_'; then return 1; fi
  cc -std=c11 "${strict[@]}" -I"$prefix/include" "$here/host.c" "$1" -rdynamic -pthread -o "host_${1##*.}" || return
  "./host_${1##*.}" "$PWD/one.so" "$PWD/two.so"
}
check "plugins beside the shared library" plugins "$prefix/lib/libgreenlet.so"
check "plugins beside another archive" plugins "$prefix/lib/libgreenlet.a"

twice() { # LANGUAGE STANDARD
  "$1" "-std=$2" "${strict[@]}" "${@:3}" -I"$prefix/include" "$here"/twice_{a,b}.c "$prefix/lib/libgreenlet.so" -o "twice_$2" && "./twice_$2"
}
check "the header as C11" twice cc c11
for standard in c++11 c++14 c++17 c++20; do check "the header as $standard" twice c++ $standard -x c++; done

check "from outside" "$here/library.sh" "$prefix/lib" "$prefix/include/greenlet.h"

checked
