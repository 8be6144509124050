# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For every area's dev.sh: `source` this, define setup, test, bench, lint, doc or package as do_VERB, end with `run_verb "$@"`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/libgreenlet # all that setup fetches
export root cache PATH="$cache/venv/bin:$PATH" CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-2}
cd "$root" || exit 1

die() {
  echo "$*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null; }
if [[ -z ${CMAKE_GENERATOR-} ]] && have ninja; then export CMAKE_GENERATOR=Ninja; fi

# Legs note their counts in one file, however many dev.sh are below: whoever made it prints the sum.
if [[ -z ${GREENLET_TALLY-} ]]; then
  GREENLET_TALLY=$(mktemp)
  export GREENLET_TALLY
  trap 'rm -f "$GREENLET_TALLY"' EXIT
  tally_owner=1
fi
note_failure() { echo "0 1 $1" >>"$GREENLET_TALLY"; }

# The last line of everything: which legs failed, and the sum. Fails when one did.
summary() {
  [[ ${tally_owner-} && -s $GREENLET_TALLY ]] || return 0
  awk '{ passed += $1; failed += $2; if ($2) names = names " " $3 }
       END { if (failed) print "failed:" names; printf "%d passed, %d failed\n", passed, failed; exit failed > 0 }' "$GREENLET_TALLY"
}

# Reads a log; prints how many tests passed and failed, from Criterion's and our own summary lines.
count_tests() {
  sed -nE -e 's/\x1b\[[0-9;]*m//g' \
    -e 's/.*Synthesis: Tested: [0-9]+ \| Passing: ([0-9]+) \| Failing: ([0-9]+) \| Crashing: ([0-9]+).*/\1 \2 \3/p' \
    -e 's/.*\b([0-9]+) passed, ([0-9]+) failed.*/\1 \2 0/p' "$1" |
    awk '{ passed += $1; failed += $2 + $3 } END { print passed + 0, failed + 0 }'
}

# leg NAME COMMAND...: runs a command that tests something. Its output is shown when it fails; kept in build/logs.
leg() {
  local name=$1 log=$root/build/logs/${1// /-}.log start=$SECONDS status=0 passed failed
  shift
  mkdir -p "${log%/*}"
  echo "== $name: runs $*"
  # A subshell that is not a condition, so that `set -e` holds inside a function.
  set +e
  (
    set -e
    "$@"
  ) >"$log" 2>&1 </dev/null
  status=$?
  set -e
  read -r passed failed < <(count_tests "$log")
  if ((status == 0 && passed == 0 && failed == 0)); then
    echo "no tests ran" >>"$log"
    status=1
  fi
  ((status == 0 || failed)) || failed=1
  echo "$passed $failed ${name// /-}" >>"$GREENLET_TALLY"
  ((failed == 0)) || tail -n 200 "$log"
  echo "== $name: $passed passed, $failed failed, $((SECONDS - start)) s"
}

# check NAME COMMAND...: one of several checks that a script makes; its output is shown when it fails. `checked` is the script's last line.
checks_passed=0 checks_failed=0
check() {
  local name=$1 printed
  shift
  if printed=$("$@" 2>&1); then
    echo "ok $name"
    ((++checks_passed))
  else
    printf 'FAILED %s: %s\n%s\n' "$name" "$*" "$printed"
    ((++checks_failed))
  fi
}
checked() {
  echo "$checks_passed passed, $checks_failed failed"
  ((checks_failed == 0))
}

# leg_needing "TOOL..." NAME COMMAND...: a leg, or a line that says why it is skipped. A tool is a command or an absolute path. CI skips nothing.
leg_needing() {
  local tools=$1 name=$2 tool
  shift 2
  for tool in $tools; do
    if ! have "$tool" && [[ ! -e $tool ]]; then
      echo "== $name: skipped, it needs $tool"
      [[ -z ${CI-} ]] || note_failure "${name// /-}"
      return 0
    fi
  done
  leg "$name" "$@"
}

# may_install: root and CI install what is missing, others are told.
may_install() { [[ $(id -u) == 0 || -n ${CI-} ]]; }

# apt_install PACKAGE...: does nothing when all are there.
apt_install() {
  local missing=() package run=()
  have dpkg-query || die "not a Debian system; install what these Debian packages hold: $*"
  for package in "$@"; do
    [[ $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) == *"ok installed" ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  [[ $(id -u) == 0 ]] || run=(sudo)
  echo "installing ${missing[*]}"
  "${run[@]}" apt-get update -q
  "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"
}

# pip_install PACKAGE==VERSION...: into the cache's virtual environment.
pip_install() {
  local package
  [[ -x $cache/venv/bin/pip ]] || python3 -m venv "$cache/venv"
  for package in "$@"; do
    [[ $("$cache/venv/bin/pip" show "${package%%==*}" 2>/dev/null) == *"Version: ${package##*==}"* ]] ||
      "$cache/venv/bin/pip" install --quiet --disable-pip-version-check "$package"
  done
}

run_verb() {
  local verb=$1
  shift
  if declare -F "do_$verb" >/dev/null; then
    "do_$verb" "$@"
  else
    echo "nothing to $verb here"
  fi
  summary
}
