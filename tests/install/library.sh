#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# library.sh LIBDIR HEADER: what an installed library must look like from outside. Prints "N passed, N failed".
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"
export LC_ALL=C
so=$1/libgreenlet.so archive=$1/libgreenlet.a header=$2

equal() { # NAME EXPECTED FOUND
  check "$1" diff <(echo "$2") <(echo "$3")
}

declared=$(grep -oE '^GL_API [^;(]*\bgl_[a-z_]+\(' "$header" | grep -oE 'gl_[a-z_]+\(' | tr -d '(' | sort)
dynamic=$(readelf --dynamic --wide "$so")
segments=$(readelf --program-headers --wide "$so")

equal "exports are the header's functions" "${declared//$'\n'/@@GREENLET_0$'\n'}@@GREENLET_0" \
  "$(nm -D --defined-only "$so" | awk '$2 != "A" && !/@@GREENLET_PRIVATE$/ { print $3 }' | sort)"
equal "debuggers find their table" "gl_debug@@GREENLET_PRIVATE" "$(nm -D --defined-only "$so" | awk '$2 != "A" && /@@GREENLET_PRIVATE$/ { print $3 }')"
equal "the archive defines the header's functions" "" \
  "$(comm -23 <(echo "$declared") <(nm --defined-only "$archive" 2>/dev/null | awk '$2 == "T" { print $3 }' | sort))"
equal "the archive hides them" "" "$(readelf --symbols --wide "$archive" | awk '$5 == "GLOBAL" && $6 != "HIDDEN" && $7 != "UND" { print $8 }')"

equal "soname" "[libgreenlet.so.0]" "$(awk '/SONAME/ { print $NF }' <<<"$dynamic")"
equal "needs libc alone" "[libc.so.6]" "$(awk '/NEEDED/ { print $NF }' <<<"$dynamic")"
equal "binds at load" "NOW" "$(grep -oE 'FLAGS_1.*\bNOW\b' <<<"$dynamic" | grep -o 'NOW')"
equal "stays loaded" "NODELETE" "$(grep -o 'NODELETE' <<<"$dynamic")"
equal "no text relocations" "" "$(grep TEXTREL <<<"$dynamic")"
equal "relocations become read-only" "GNU_RELRO" "$(grep -o 'GNU_RELRO' <<<"$segments")"
equal "no executable stack" "RW" "$(awk '/GNU_STACK/ { print $(NF - 1) }' <<<"$segments")"
equal "no call for thread-locals" "" "$(nm -D "$so" | grep __tls_get_addr)"
if [[ $(uname -m) == x86_64 ]]; then
  equal "every object says that indirect branches land on endbr64" "$(ar t "$archive" | wc -l)" \
    "$(readelf --notes "$archive" 2>/dev/null | grep -c 'x86 feature: IBT')"
fi
# Weak ones are looked up where a program has a C++ runtime.
equal "no C++ runtime in the objects" "" \
  "$(nm "$archive" 2>/dev/null | grep -vE '^ +w ' | grep -E '__cxa_|__gxx_|_ZT[ISV]|_ZN?K?St|_Z(nw|na|dl|da)' | sort -u)"

checked
