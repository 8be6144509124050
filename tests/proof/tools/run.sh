#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# User programs under sanitizers and valgrind, with the library as users have it: a shared one that was compiled for none of them, and an archive that
# was compiled like the program. On each kind of stack a sound program is sound, and each fault is found where it is. Prints "N passed, N failed".
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/common.sh"
here=$root/tests/proof/tools
work=$root/build/proof-tools
kinds=(private shared thread)
stop=halt_on_error=1
export ASAN_OPTIONS=$stop UBSAN_OPTIONS=$stop:print_stacktrace=1 TSAN_OPTIONS=$stop

library() { # NAME SANITIZERS TARGET
  cmake -S "$root" -B "$work/$1" -DGREENLET_SANITIZE="$2" -DGREENLET_UNITY=ON -DGREENLET_INSTALL=OFF >/dev/null
  cmake --build "$work/$1" --target "$3" >/dev/null
}

programs() { # NAME COMPILER FLAGS LIBRARY...: $work/NAME-sound, $work/NAME-faulty
  local name=$1 compiler=$2 flags=$3 program
  shift 3
  read -ra flags <<<"$flags"
  for program in sound faulty; do
    "$compiler" -std=gnu11 -g -O1 -Wall -Wextra "${flags[@]}" -I"$root/capi" "$here/$program.c" "$@" -pthread -o "$work/$name-$program"
  done
}

silent() { # COMMAND...: succeeds, and says nothing but "sound" or "unharmed"
  local said
  if said=$(timeout 60 "$@" 2>&1) && [[ $said == sound || $said == unharmed ]]; then return; fi
  echo "$said"
  return 1
}
reports() { # WORDS FUNCTION COMMAND...: fails, says these words, and shows the function in a call chain
  local words=$1 function=$2 said
  shift 2
  if said=$(timeout 60 "$@" 2>&1); then echo "$said" && return 1; fi
  if grep -q "$words" <<<"$said" && grep -qE "(#[0-9]+ .* in|#[0-9]+|at 0x.*:|by 0x.*:) $function " <<<"$said"; then return; fi
  echo "$said"
  return 1
}

# under NAME LAUNCHER SILENT_FAULTS... -- FAULT=WORDS...: all of it on all kinds of stacks.
under() {
  local name=$1 launcher=() kind fault
  read -ra launcher <<<"$2"
  shift 2
  for kind in "${kinds[@]}"; do
    check "$name, $kind stacks: sound" silent "${launcher[@]}" "$work/$name-sound" "$kind"
    for fault in "$@"; do
      if [[ $fault == *=* ]]; then
        check "$name, $kind stacks: ${fault%%=*}" reports "${fault#*=}" "${fault%%=*}" "${launcher[@]}" "$work/$name-faulty" "${fault%%=*}" "$kind"
      else
        check "$name, $kind stacks: $fault" silent "${launcher[@]}" "$work/$name-faulty" "$fault" "$kind"
      fi
    done
  done
}

address=(held heap_overflow=heap-buffer-overflow use_after_free=heap-use-after-free stack_overflow=stack-buffer-overflow leak="detected memory leaks")
undefined=(signed_overflow="signed integer overflow")
thread=(held data_race="data race")
memcheck=(held heap_overflow="Invalid write" use_after_free="Invalid read" uninitialised="depends on uninitialised"
  uninitialised_frame="depends on uninitialised" leak="definitely lost")

mkdir -p "$work"
library plain "" all
shared=("$work/plain/libgreenlet.so" "-Wl,-rpath,$work/plain")
instrumented() { # NAME SANITIZERS LIST...: an archive that was compiled like the program
  library "library-$1" "$2" greenlet_static
  programs "$1-static" gcc "-fsanitize=$2 -DGREENLET_STATIC" "$work/library-$1/libgreenlet.a"
}

programs address gcc "-fsanitize=address" "${shared[@]}"
programs undefined gcc "-fsanitize=undefined -fno-sanitize-recover=all" "${shared[@]}"
programs thread gcc "-fsanitize=thread" "${shared[@]}"
programs memcheck gcc "" "${shared[@]}"
instrumented address address
instrumented undefined undefined
instrumented thread thread

under address "" "${address[@]}"
under address-static "" "${address[@]}"
under undefined "" "${undefined[@]}"
under undefined-static "" "${undefined[@]}"
under thread "" "${thread[@]}"
under thread-static "" "${thread[@]}"
if have clang-14; then # whose runtimes are linked into the program
  programs address-clang clang-14 "-fsanitize=address" "${shared[@]}"
  programs thread-clang clang-14 "-fsanitize=thread" "${shared[@]}"
  under address-clang "" "${address[@]}"
  under thread-clang "" "${thread[@]}"
fi
if have valgrind; then
  under memcheck "valgrind --quiet --leak-check=full --error-exitcode=99" "${memcheck[@]}"
fi
checked
