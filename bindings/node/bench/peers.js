// SPDX-License-Identifier: MIT
'use strict';
// Measures what Node has without greenlets, and prints what it found as JSON.
const { Worker, isMainThread, workerData } = require('node:worker_threads');
const { best } = require('./measure.js');

const LEVELS = [1, 10, 50];
const ready = Promise.resolve();

async function waits(levels) {
  return levels > 1 ? await waits(levels - 1) : await ready;
}

async function calls(levels) {
  if (levels > 1) await calls(levels - 1);
}

const awaited = (call, levels) =>
  best(async (count) => {
    for (let i = 0; i < count; ++i) await call(levels);
  });

/** Into a native function and back. */
function native() {
  const empty = require('../build/empty.node'); // of empty.c; `./dev bench node` compiles it
  return best((count) => {
    for (let i = 0; i < count; ++i) empty();
  });
}

/** A plain generator, without any package: one way. */
async function generator() {
  const running = (function* () {
    for (;;) yield;
  })();
  const round = await best((count) => {
    for (let i = 0; i < count; ++i) running.next();
  });
  return round / 2;
}

/** A worker that is woken, and wakes in turn: one way. */
async function worker() {
  const turns = new Int32Array(new SharedArrayBuffer(8));
  const partner = new Worker(__filename, { workerData: turns });
  const round = await best((count) => {
    for (let i = 0; i < count; ++i) {
      Atomics.add(turns, 0, 1);
      Atomics.notify(turns, 0);
      while (Atomics.load(turns, 1) !== Atomics.load(turns, 0)) Atomics.wait(turns, 1, Atomics.load(turns, 0) - 1);
    }
  });
  await partner.terminate();
  return round / 2;
}

function answerForEver(turns) {
  for (let last = 0; ; ++last) {
    Atomics.wait(turns, 0, last);
    Atomics.store(turns, 1, last + 1);
    Atomics.notify(turns, 1);
  }
}

async function main() {
  const found = { native: await native(), generator: await generator(), worker: await worker() };
  for (const levels of LEVELS) {
    found[`wait ${levels}`] = await awaited(waits, levels);
    found[`call ${levels}`] = await awaited(calls, levels);
  }
  console.log(JSON.stringify(found));
}

if (isMainThread) main();
else answerForEver(workerData);
