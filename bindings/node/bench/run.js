// SPDX-License-Identifier: MIT
'use strict';
// Every carrier beside what Node has without greenlets, in one run: node bench/run.js [SLEEPERS]
const { spawnSync } = require('node:child_process');
const os = require('node:os');
const path = require('node:path');

const CARRIERS = ['fiber', 'thread', 'generator'];
const sleepers = Number(process.argv[2] ?? 10_000);

/** Runs a program of this folder; null where its carrier cannot do that. */
function measure(program, carrier, ...args) {
  const env = { ...process.env, ...(carrier && { GREENLET_CARRIER: carrier }) };
  const child = spawnSync(process.execPath, ['--expose-gc', path.join(__dirname, program), ...args], { env, encoding: 'utf8' });
  if (child.status === 0) return JSON.parse(child.stdout);
  console.error(`${program} on ${carrier ?? 'nothing'}: ${child.stderr.trim().split('\n').slice(-8).join('\n')}`);
  return {};
}

const ns = (value) => (value === undefined ? '' : value >= 1e5 ? `${(value / 1e3).toFixed(0)} us` : value >= 1e4 ? `${(value / 1e3).toFixed(1)} us` : `${value.toFixed(value < 100 ? 1 : 0)} ns`);
const bytes = (value) => (value === undefined ? '' : `${(value / 1024).toFixed(1)} KiB`);

function table(head, rows) {
  console.log(`\n| ${head.join(' | ')} |\n|${head.map((_, i) => (i ? '---:|' : '---|')).join('')}`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}

console.log(`Node ${process.version}, ${os.cpus()[0].model}, ${os.type()} ${os.release()}, ${new Date().toISOString().slice(0, 10)}`);
const peers = measure('peers.js');
const on = CARRIERS.map((carrier) => ({ ...measure('carrier.js', carrier), ...measure('memory.js', carrier, String(sleepers)) }));

table(
  ['', ...CARRIERS],
  [
    ['switch, one way', ...on.map((found) => ns(found.switch))],
    ['from 100 calls below its body', ...on.map((found) => ns(found['switch, 100 calls deep']))],
    ['with async_hooks on', ...on.map((found) => ns(found['switch, async_hooks on']))],
    ['make, run and end one', ...on.map((found) => ns(found.life))],
    [`resident memory of a sleeper, of ${sleepers}`, ...on.map((found) => bytes(found.memory))],
  ],
);
table(
  ['beside it', 'one way'],
  [
    ['an empty call of a native function', ns(peers.native)],
    ['next() of a generator', ns(peers.generator)],
    ['Atomics.wait() and notify() with a worker', ns(peers.worker)],
  ],
);
for (const [what, title] of [
  ['wait', 'a call that waits for a promise at its bottom'],
  ['call', 'a call that could wait there and does not'],
]) {
  table(
    [title, 'async/await', ...CARRIERS],
    [1, 10, 50].map((levels) => [`through ${levels} function${levels > 1 ? 's' : ''}`, ns(peers[`${what} ${levels}`]), ...on.map((found) => ns(found[`${what} ${levels}`]))]),
  );
}
