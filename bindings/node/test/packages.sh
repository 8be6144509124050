#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs the packed package in empty folders, as users do: packages.sh TARBALL [NODE...]; each NODE runs it, too.
# npm gets what else it needs from its cache.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/common.sh"

tarball=$(realpath "$1")
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A PATH with Node and npm, and with no compiler.
bare=$work/bin
mkdir "$bare"
ln -s "$(command -v sh)" "$(command -v env)" "$bare/"
ln -s "$(node -p process.execPath)" "$bare/node"
ln -s "$(realpath "$(command -v npm)")" "$bare/npm"

# The same package for a platform that has no prebuilt binary.
tar -xzf "$tarball" -C "$work"
rm -r "$work/package/prebuilds"
tar -czf "$work/source.tgz" -C "$work" package

# install FOLDER TARBALL [PATH]: into a new, empty folder
install() {
  mkdir "$work/$1" && cd "$work/$1" && npm init --yes >/dev/null &&
    PATH=${3-$PATH} npm install --offline --foreground-scripts --no-audit --no-fund --loglevel=error "$2"
}

# What it prints is what a user needs.
is_told() {
  if install neither "$work/source.tgz" "$bare" >"$work/told" 2>&1; then return 1; fi
  cat "$work/told"
  grep 'Missing here: a C++20 compiler (GCC 11 or Clang 14, or later), make, Python 3\.' "$work/told" && grep 'apt-get install g++ make python3' "$work/told"
}

# The same when npm was told to run no scripts.
is_told_when_loaded() {
  npm_config_ignore_scripts=true install unbuilt "$work/source.tgz" || return
  if node -e "require('libgreenlet')" >"$work/told" 2>&1; then return 1; fi
  grep 'npm rebuild libgreenlet' "$work/told"
}

programs() {
  cat >"$1/greenlets.js" <<'END'
const { Greenlet, carrier, getMain } = require('libgreenlet');
const main = getMain();
const body = carrier === 'generator' ? function* (x) { return (yield main.switch(x + 1)) * 2; } : (x) => main.switch(x + 1) * 2;
const g = new Greenlet(body);
require('assert').deepStrictEqual([g.switch(1), g.switch(21), g.dead], [2, 42, true]);
END
  cat >"$1/async.mjs" <<'END'
import assert from 'node:assert';
import { carrier } from 'libgreenlet';
import { go, wait, sleep } from 'libgreenlet/async';
const plain = () => { sleep(1); return [1, 2].map((x) => wait(Promise.resolve(x))); };
function* stepping() { yield sleep(1); return [yield wait(Promise.resolve(1)), yield wait(Promise.resolve(2))]; }
assert.deepStrictEqual(await go(carrier === 'generator' ? stepping : plain), [1, 2]);
END
  cat >"$1/fibers.js" <<'END'
const assert = require('assert');
const { carrier } = require('libgreenlet');
const Fiber = require('libgreenlet/fibers');
const Future = require('libgreenlet/fibers/future');
const fiber = Fiber(() => assert.strictEqual(Future.wrap((done) => setImmediate(done, null, 'waited'))().wait(), 'waited'));
if (carrier === 'generator') assert.throws(() => fiber.run(), { code: 'GL_ENOTSUP' });
else fiber.run();
END
}

# run_programs FOLDER NODE
run_programs() {
  local program run=("$2")
  [[ $2 != */deno ]] || run+=(--allow-all)
  programs "$work/$1"
  for program in "$work/$1"/{greenlets.js,async.mjs,fibers.js}; do timeout 60 "${run[@]}" "$program" || return; done
}

check "installs without a compiler" install prebuilt "$tarball" "$bare"
check "runs what was prebuilt" run_programs prebuilt node
check "installs from source" install source "$work/source.tgz"
check "runs what was built" run_programs source node
check "names what is missing without either" is_told
check "says what to do when it was not built" is_told_when_loaded
for node in "$@"; do
  check "$(basename "$node") $("$node" --version | head -n 1) runs what was prebuilt" run_programs prebuilt "$node"
done
checked
