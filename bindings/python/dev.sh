#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The Python package: ./dev VERB python [--all] [VERSION...], VERSION as in 3.12; all interpreters that are found when none is named
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"

python=$root/bindings/python
packages=(g++ cmake ninja-build python3-dev python3-venv)
versions=(3.9 3.10 3.11 3.12 3.13)
tools=(ruff==0.6.9 mypy==1.19.1 pdoc==15.0.4) # for all versions, in the cache's environment
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
declare -A path_of
choose() {
  local version asked=()
  found=() all=
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
  local version folder
  apt_install "${packages[@]}"
  pip_install "${tools[@]}"
  choose "$@"
  for version in "${versions[@]}"; do
    [[ -v path_of[$version] ]] || continue
    if [[ -z ${path_of[$version]} ]]; then
      echo "Python $version: not here"
      continue
    fi
    echo "Python $version: ${path_of[$version]}"
    folder=$(venv "$version")
    if [[ ! -e $folder/complete ]]; then
      rm -rf "$folder"
      "${path_of[$version]}" -m venv "$folder"
      "$folder/bin/pip" install --quiet --only-binary :all: -r "$python/requirements.txt"
      touch "$folder/complete"
    fi
    fetch_greenlet "$(greenlet_release "$version")" "$folder"
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
  "$env/bin/pip" wheel --quiet --no-index --no-deps --no-build-isolation -w "$folder" --config-settings=build-dir="$folder/cmake" "$python"
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

run_greenlet() {
  local version=$1 folder=$build/$1/upstream
  shift
  PYTHONPATH=$folder with "$version" python "$python/upstream/run_greenlet.py" "$cache/greenlet-$(greenlet_release "$version")" "$folder" "$@"
}

run_ours() { (cd "$python" && with "$1" python -m pytest -q ${all:+--every-stack} "${@:2}"); }

run_gevent() { as_greenlet "$1" python "$python/upstream/run_gevent.py" "${@:2}"; }

run_scenarios() {
  local kind
  for kind in private shared thread; do
    with "$1" tests/scenarios/check.py --lacks "$python/scenarios/python.lacks" -- python "$python/scenarios/on_stack.py" "$kind"
  done
}

# lane VERSION: all legs of one interpreter, one after the other.
lane() {
  local env
  env=$(venv "$1")
  leg_needing "g++ cmake $env/complete" "python $1 build" run_build "$1"
  leg_needing "$env/complete $cache/greenlet-$(greenlet_release "$1")" "python $1 greenlet's tests" run_greenlet "$1"
  leg_needing "$env/complete" "python $1 our tests" run_ours "$1"
  leg_needing "$env/complete" "python $1 gevent's tests" run_gevent "$1"
  leg_needing "$env/complete" "python $1 scenarios" run_scenarios "$1"
}

# A row for each interpreter, from what the legs noted.
table() {
  local version
  for version in "${found[@]}"; do
    awk -v row="python-$version-" -v title="Python $version:" '
      index($3, row) == 1 {
        what = substr($3, length(row) + 1)
        gsub("-", " ", what)
        line = line (line ? ", " : title " ") what " " ($2 ? $2 " FAILED" : $1)
      }
      END { if (line) print line }' "$GREENLET_TALLY"
  done
}

# do_test [--all] [VERSION...]: three interpreters at a time, as their tests often wait.
do_test() {
  local version running=0
  if may_install; then do_setup "$@"; else choose "$@"; fi
  for version in "${found[@]}"; do
    if ((++running > 3)); then wait -n; fi
    lane "$version" &
  done
  wait
  leg_needing "g++ cmake $(venv "${found[0]}")/complete" "python packages" run_packages
  leg_needing "ruff mypy" "python lint" do_lint
  table
}

# stubtest wants the module itself, for the Python that the tools have.
do_lint() {
  local version
  version=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  check "ruff" ruff check "$python"
  check "ruff's format" ruff format --check "$python"
  check "mypy" mypy --config-file "$python/pyproject.toml" "$python/src/libgreenlet"
  if [[ -d $build/$version/site ]]; then
    check "stubs say what is there" env PYTHONPATH="$build/$version/site" python3 -m mypy.stubtest --concise libgreenlet._greenlet
  fi
  checked
}

# do_bench [--quick] [--stack KIND] [--readme] [VERSION...]
do_bench() {
  local version versions=() options=() pythons=()
  while (($#)); do
    case $1 in
      --readme) options+=(--readme "$python/README.md") ;;
      --stack) options+=("$1" "$2") && shift ;;
      -*) options+=("$1") ;;
      *) versions+=("$1") ;;
    esac
    shift
  done
  choose "${versions[@]}"
  for version in "${found[@]}"; do
    [[ -d $build/$version/site ]] || build_wheel "$version"
    pythons+=("$version=$(venv "$version")/bin/python=$build/$version/site")
  done
  python3 "$python/bench/run.py" "${options[@]}" "${pythons[@]}"
}

do_doc() {
  local version
  version=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  choose "$version"
  [[ -d $build/$version/site ]] || build_wheel "$version"
  PYTHONPATH=$build/$version/site pdoc -o "$root/build/docs/python" libgreenlet
}

# do_package [VERSION...]: the source archive and, from it, a wheel for each interpreter, in build/python/dist.
do_package() {
  local version env dist=$build/dist made=$build/made source=$build/source
  choose "$@"
  rm -rf "$dist" "$made" "$source"
  cp -R "$python" "$source"
  packaging/vendor.py "$source/vendor"
  cp LICENSE "$source"
  "$(venv "${found[0]}")/bin/python" -m build --sdist --no-isolation --outdir "$dist" "$source"
  for version in "${found[@]}"; do
    env=$(venv "$version")
    "$env/bin/pip" wheel --quiet --no-index --no-deps --no-build-isolation -w "$made" "$dist"/libgreenlet-*.tar.gz
  done
  # What it needs of the system decides how old that may be.
  if [[ $(uname -s) == Linux ]]; then
    PATH=$env/bin:$PATH auditwheel repair -w "$dist" "$made"/*.whl
  else
    mv "$made"/*.whl "$dist"
  fi
  ls -l "$dist"
}

# An environment that has the wheel and nothing else runs the example unchanged.
run_packages() {
  local version=${found[0]} folder
  if [[ $all ]]; then do_package; else do_package "$version"; fi
  for version in "${found[@]}"; do
    folder=$(mktemp -d)
    check "install with Python $version" install_alone "$version" "$folder"
    check "the example with Python $version" diff <(printf 'fun1 come\nfun2 come\nNone\n') <("$folder/bin/python" "$python/examples/two_greenlets.py")
    rm -rf "$folder"
  done
  checked
}

install_alone() {
  "${path_of[$1]}" -m venv "$2"
  "$2/bin/pip" install --quiet --no-index --find-links "$build/dist" libgreenlet --only-binary :all:
  "$2/bin/python" -m libgreenlet enable
}

run_verb "$@"
