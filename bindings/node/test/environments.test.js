// SPDX-License-Identifier: MIT
'use strict';
// Workers, contexts, and how processes and threads end.
const assert = require('node:assert/strict');
const { test } = require('node:test');
const vm = require('node:vm');
const { Worker } = require('node:worker_threads');
const { Greenlet, getMain, carrier } = require('libgreenlet');
const { needsPlain, runProgram } = require('./helper.js');

const main = getMain();
const LIBRARY = JSON.stringify(require.resolve('libgreenlet'));

/** A worker's first message, and its exit code. */
function startWorker(source) {
  const program = `const { Greenlet, getMain } = require(${LIBRARY}); const { parentPort } = require('worker_threads'); const main = getMain(); ${source}`;
  const worker = new Worker(program, { eval: true });
  const message = new Promise((resolve) => worker.once('message', resolve));
  const end = new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
  return { worker, message, end };
}

test('each worker has a family of its own (rule 1)', async () => {
  const workers = [1, 2, 3].map((n) =>
    startWorker(`const g = new Greenlet(function* (x) { for (;;) x = yield main.switch(x * ${n}); });
      let sum = 0; for (let i = 0; i < 100; i++) sum += g.switch(i); parentPort.postMessage(sum);`),
  );
  assert.deepEqual(await Promise.all(workers.map(({ message }) => message)), [4950, 9900, 14850]);
  assert.deepEqual(await Promise.all(workers.map(({ end }) => end)), [0, 0, 0]);
});

test('workers end while greenlets wait, again and again', async () => {
  for (let round = 0; round < 8; round++) {
    const { worker, end } = startWorker(`globalThis.all = Array.from({ length: 50 }, () => new Greenlet(function* () { try { yield main.switch(); } finally { parentPort.postMessage('unwound'); } }));
      all.forEach((g) => g.switch());`);
    worker.on('message', assert.fail);
    assert.equal(await end, 0);
  }
});

test('terminate() stops a worker that switches for ever, and one whose greenlet computes for ever', async () => {
  for (const loop of ['for (;;) for (const g of all) g.switch();', 'new Greenlet(function* () { for (;;); }).switch();']) {
    const { worker, message } = startWorker(`const all = []; for (let i = 0; i < 20; i++) { all[i] = new Greenlet(function* () { for (;;) yield main.switch(); }); all[i].switch(); }
      parentPort.postMessage(0); ${loop}`);
    await message;
    assert.equal(await worker.terminate(), 1);
  }
});

test('process.exit() in a greenlet ends a worker', async () => {
  const { worker, end } = startWorker('new Greenlet(function* () { process.exit(5); }).switch(); parentPort.postMessage(0);');
  worker.on('message', assert.fail);
  assert.equal(await end, 5);
});

test('an error that leaves a greenlet in a worker is the worker\'s error', async () => {
  const { end } = startWorker('new Greenlet(function* () { throw new RangeError("out"); }).switch();');
  await assert.rejects(end, { name: 'RangeError', message: 'out' });
});

test('a deep recursion in a worker\'s greenlet is a RangeError', needsPlain, async () => {
  const { message, end } = startWorker(`const deep = (n) => 1 + deep(n + 1);
    new Greenlet(() => { try { deep(0); } catch (error) { parentPort.postMessage(error.name); } }).switch();`);
  assert.equal(await message, 'RangeError');
  await end;
});

test('process.exit() in a greenlet ends the process with that code, after its exit handlers', () => {
  const { status, stdout, stderr } = runProgram(`const { Greenlet, getMain } = require('libgreenlet'); process.on('exit', (code) => console.log('exit', code));
    new Greenlet(function* () { yield getMain().switch(); }).switch();
    new Greenlet(function* () { try { process.exit(7); } finally { console.log('finally'); } }).switch();`);
  assert.deepEqual([status, stdout, stderr], [7, 'exit 7\n', '']);
});

test('a process ends while greenlets wait: their finally blocks do not run, as with process.exit()', () => {
  const { status, stdout, stderr } = runProgram(`const { Greenlet, getMain } = require('libgreenlet');
    globalThis.all = Array.from({ length: 100 }, () => new Greenlet(function* () { try { yield getMain().switch(); } finally { console.log('finally'); } }));
    all.forEach((g) => g.switch()); console.log('end');`);
  assert.deepEqual([status, stdout, stderr], [0, 'end\n', '']);
});

test('an error that nobody catches in a greenlet ends the process, and its stack names the body', () => {
  const { status, stderr } = runProgram(`const { Greenlet, getMain } = require('libgreenlet');
    const g = new Greenlet(function* theBody() { yield getMain().switch(); throw new Error('fatal'); }); g.switch(); setTimeout(() => g.switch(), 1);`);
  assert.equal(status, 1);
  assert.match(stderr, /Error: fatal\n\s+at (.*\.)?theBody/);
});

test("'uncaughtException' hears of an error that leaves a greenlet, and the process goes on", () => {
  const { status, stdout } = runProgram(`const { Greenlet } = require('libgreenlet'); process.on('uncaughtException', (error) => console.log('uncaught', error.message));
    setTimeout(() => new Greenlet(function* () { throw new Error('x'); }).switch(), 1); setTimeout(() => console.log('alive'), 20);`);
  assert.deepEqual([status, stdout], [0, 'uncaught x\nalive\n']);
});

test('bodies of other contexts, and switches from there', needsPlain, () => {
  const context = vm.createContext({ main, Greenlet });
  const g = vm.runInContext('new Greenlet((x) => [main.switch([x]), new Error("theirs")])', context);
  const [x] = g.switch(1);
  const [y, error] = g.switch(2);
  assert.deepEqual([x, y, error.message, error instanceof Error], [1, 2, 'theirs', false]);
});

test('a time limit of vm stops the greenlet that runs in it, and what waits for it', needsPlain, () => {
  const seen = [];
  const g = new Greenlet(() => {
    try {
      while (seen.length === 0);
    } finally {
      seen.push('finally');
    }
  });
  assert.throws(() => vm.runInNewContext('g.switch()', { g }, { timeout: 20 }), { code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' });
  assert.deepEqual([seen, g.state], [[], 'dead']);
  assert.equal(new Greenlet(() => 'works').switch(), 'works');
});

test('the addon loaded twice in a thread is one family', () => {
  const { status, stdout, stderr } = runProgram(`const first = require('libgreenlet'); const main = first.getMain();
    for (const key of Object.keys(require.cache)) delete require.cache[key];
    const second = require('libgreenlet'); console.log(second !== first, new second.Greenlet(function* (x) { return x; }).switch('works'), second.carrier === first.carrier);`);
  assert.deepEqual([status, stdout, stderr], [0, 'true works true\n', '']);
});

test('where a probe fails the next carrier is taken, and asking for what does not work is refused', () => {
  const program = `const { carrier, configure, Greenlet } = require('libgreenlet');
    let code; try { configure({ carrier: 'fiber' }); } catch (error) { code = error.code; }
    console.log(carrier, code, new Greenlet(function* (x) { return x; }).switch('works'));`;
  const answers = {};
  for (const probe of ['thread_id', 'stack_start', 'handle_scopes']) {
    const { status, stdout } = runProgram(`delete process.env.GREENLET_CARRIER; process.env.GREENLET_TEST_PROBE = '${probe}'; ${program}`);
    assert.equal(status, 0);
    answers[probe] = stdout.trim();
  }
  const keepsStart = parseInt(process.versions.node, 10) >= 20;
  assert.deepEqual(answers, {
    thread_id: 'thread GL_ENOTSUP works',
    stack_start: keepsStart ? 'thread GL_ENOTSUP works' : 'fiber undefined works',
    handle_scopes: 'generator GL_ENOTSUP works',
  });
});

test('a Node that nobody has tried gets generators', () => {
  const { stdout } = runProgram(`delete process.env.GREENLET_CARRIER; Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '99.0.0' } });
    console.log(require('libgreenlet').carrier);`);
  assert.equal(stdout, 'generator\n');
});

test('GREENLET_CARRIER must name a carrier', () => {
  const { status, stderr } = runProgram("process.env.GREENLET_CARRIER = 'bicycle'; const { Greenlet } = require('libgreenlet'); new Greenlet(() => {});");
  assert.equal(status, 1);
  assert.match(stderr, /TypeError: GREENLET_CARRIER: a carrier is one of fiber, thread, generator/);
});

test(`the ES module shows the carrier (${carrier})`, async () => {
  const module = await import('libgreenlet');
  assert.equal(module.carrier, carrier);
  assert.equal(module.Greenlet, Greenlet);
});
