#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# check.sh HOP.o: a typed switch is one call and a few instructions. What lies behind the first return, or in another section, is not on that path.
set -euo pipefail

objdump -dr --no-show-raw-insn --demangle "$1" | awk -v most=28 '
  /^[0-9a-f]+ <hop_[a-z]+\(.*\)>:$/ { name = $2; sub(/\(.*/, "", name); sub(/^</, "", name); instructions = calls = 0; other = "" }
  !name { next }
  /^ +[0-9a-f]+:\t[a-z]/ { instructions++; is_call = / call/ || /\tcall/; calls += is_call }
  /R_X86_64/ && is_call && !/gl_switch/ { other = other " " $NF }
  /\tret/ {
    good = calls == 1 && !other && instructions <= most
    good ? passed++ : failed++
    printf "%s %s: %d instructions, %d calls%s\n", good ? "ok" : "FAILED", name, instructions, calls, other
    name = ""
  }
  END { printf "%d passed, %d failed\n", passed, failed; exit failed || passed != 3 }'
