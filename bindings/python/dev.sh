#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The Python package: ./dev VERB python [--all] [VERSION...], VERSION as in 3.12; all interpreters that are found when none is named
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"

python=$root/bindings/python
packages=(g++ cmake ninja-build python3-dev python3-venv)
versions=(3.9 3.10 3.11 3.12 3.13)
lint_tools=(ruff==0.6.9 mypy==1.19.1)
build=$root/build/python # build/python/3.12/: cmake/, the wheel, and `site`, where it is installed
export PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1

# interpreter VERSION: its path, or nothing: on PATH, or pyenv's newest.
interpreter() {
  local candidate
  for candidate in "python$1" python3 $(printf '%s\n' "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python | sort -rV); do
    # With headers and venv: Debian's may lack both. A shim of pyenv's may lead nowhere.
    "$candidate" - "$1" 2>/dev/null <<'END' && return 0
import os, sys, sysconfig, ensurepip, venv
header = os.path.join(sysconfig.get_path("include"), "Python.h")
if sys.implementation.name != "cpython" or "%d.%d" % sys.version_info[:2] != sys.argv[1] or not os.path.exists(header):
    sys.exit(1)
print(os.path.realpath(sys.executable))
END
  done
}

# The interpreters to use: those asked for, or all that are found. An array of versions, and a map to their paths.
found=() all=
declare -A path_of
choose() {
  local version asked=()
  for version in "$@"; do
    if [[ $version == --all ]]; then all=1; else asked+=("$version"); fi
  done
  for version in "${asked[@]:-${versions[@]}}"; do
    path_of[$version]=$(interpreter "$version") || true
    if [[ ${path_of[$version]} ]]; then
      found+=("$version")
    elif ((${#asked[@]})); then
      die "no Python $version with its headers is here"
    fi
  done
  ((${#found[@]})) || die "no Python of ${versions[*]} with its headers is here"
}

# venv VERSION: the virtual environment's folder. Another patch release, or other packages, is another one.
venv() {
  local release
  release=$("${path_of[$1]}" -c 'import platform; print(platform.python_version())')
  echo "$cache/python-$release-$(sha256sum "$python/requirements.txt" | cut -c1-8)"
}

# greenlet_release VERSION: the newest greenlet for it, as requirements.txt says.
greenlet_release() { if [[ $1 == 3.9 ]]; then echo 3.2.5; else echo 3.5.6; fi; }

do_setup() {
  local version folder release
  apt_install "${packages[@]}"
  pip_install "${lint_tools[@]}"
  choose "$@"
  for version in "${versions[@]}"; do
    if [[ -z ${path_of[$version]-} ]]; then
      [[ " ${found[*]} " == *" $version "* ]] || echo "Python $version: not here"
      continue
    fi
    folder=$(venv "$version")
    echo "Python $version: ${path_of[$version]}"
    if [[ ! -e $folder/complete ]]; then
      rm -rf "$folder"
      "${path_of[$version]}" -m venv "$folder"
      "$folder/bin/pip" install --quiet --only-binary :all: -r "$python/requirements.txt"
      touch "$folder/complete"
    fi
    release=$(greenlet_release "$version")
    fetch_greenlet "$release" "$folder"
  done
}

# fetch_greenlet RELEASE VENV: PyPI's source archive, unpacked, for its tests.
fetch_greenlet() {
  local target=$cache/greenlet-$1 fetched
  [[ ! -e $target/PKG-INFO ]] || return 0
  fetched=$(mktemp -d)
  "$2/bin/pip" download --quiet --no-deps --no-build-isolation --no-binary :all: -d "$fetched" "greenlet==$1"
  tar -xzf "$fetched/greenlet-$1.tar.gz" -C "$fetched"
  rm -rf "$target"
  mv "$fetched/greenlet-$1" "$target"
  rm -rf "$fetched"
}

# build_wheel VERSION: built as pip builds it, installed into build/python/VERSION/site.
build_wheel() {
  local version=$1 folder=$build/$1 env
  env=$(venv "$version")
  mkdir -p "$folder"
  rm -rf "$folder/site" "$folder"/*.whl
  "$env/bin/pip" wheel --quiet --no-index --no-deps --no-build-isolation -w "$folder" -Cbuild-dir="$folder/cmake" "$python"
  "$env/bin/pip" install --quiet --no-index --no-deps --target "$folder/site" "$folder"/*.whl
}

# with VERSION COMMAND...: in the virtual environment, libgreenlet found there, PyPI's greenlet being `greenlet`.
with() {
  local version=$1
  shift
  PATH=$(venv "$version")/bin:$PATH PYTHONPATH=${PYTHONPATH:+$PYTHONPATH:}$build/$version/site "$@"
}

# as_greenlet VERSION COMMAND...: the same, libgreenlet being `greenlet`, for child processes too.
as_greenlet() { PYTHONPATH=$build/$1/site/libgreenlet/shim with "$@"; }

run_build() {
  check "wheel for Python $1" build_wheel "$1"
  check "import with Python $1" with "$1" python -c 'import libgreenlet'
  checked
}

run_own() { with "$1" python -m pytest -q "$python/tests"; }

run_greenlet() {
  local version=$1
  shift
  PYTHONPATH=$build/$version/upstream with "$version" python "$python/upstream/run_greenlet.py" "$cache/greenlet-$(greenlet_release "$version")" "$build/$version/upstream" "$@"
}

run_gevent() { as_greenlet "$1" python "$python/upstream/run_gevent.py" "${@:2}"; }

run_scenarios() {
  local kind
  for kind in private shared thread; do
    as_greenlet "$1" tests/scenarios/check.py --lacks "$python/scenarios/python.lacks" -- python "$python/scenarios/on_stack.py" "$kind"
  done
}

# lane VERSION: all legs of one interpreter, one after the other.
lane() {
  leg "python $1" run_build "$1"
  leg "python $1: greenlet's own tests" run_greenlet "$1"
  leg "python $1: ours" run_own "$1"
  leg "python $1: gevent's" run_gevent "$1"
  leg "python $1: scenarios" run_scenarios "$1"
}

run_verb "$@"
