// SPDX-License-Identifier: MIT
'use strict';
// Stacks, the collector, and what else looks at V8's stacks.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { Greenlet, getMain } = require('libgreenlet');
const { needsPlain, runProgram } = require('./helper.js');

const main = getMain();

/** Runs a program with gc() and what it needs; its output must be `expected`. */
function check(source, expected, ...flags) {
  const { status, signal, stdout, stderr } = runProgram(`const { Greenlet, getCurrent, getMain } = require('libgreenlet'); const main = getMain();
    const turn = () => new Promise((done) => setImmediate(done)); ${source}`, '--expose-gc', ...flags);
  assert.deepEqual({ status, signal, stdout, stderr }, { status: 0, signal: null, stdout: expected, stderr: '' });
}

test('a greenlet whose Greenlet is collected while it waits is killed (rule 21)', () => {
  check(`let unwound = 0; const start = () => new Greenlet(function* () { try { yield main.switch(); } finally { unwound++; } }).switch();
    (async () => { for (let i = 0; i < 100; i++) start(); for (let i = 0; i < 50 && unwound < 90; i++) { gc(); await turn(); } console.log(unwound >= 90); })();`, 'true\n');
});

test('an error of such a greenlet is reported as uncaught (rule 14)', () => {
  check(`const seen = []; process.on('uncaughtException', (error) => seen.push(error.message));
    const start = () => new Greenlet(function* () { try { yield main.switch(); } finally { throw new Error('late'); } }).switch();
    (async () => { for (let i = 0; i < 20; i++) start(); for (let i = 0; i < 50 && !seen.length; i++) { gc(); await turn(); } console.log(seen[0]); })();`, 'late\n');
});

test('unstarted and dead greenlets are collected, and a child keeps its parent (rule 16)', () => {
  check(`let collected = 0; const registry = new FinalizationRegistry(() => collected++); let child;
    (() => { for (let i = 0; i < 100; i++) { const g = new Greenlet(function* () {}); registry.register(g); if (i % 2) g.switch(); } })();
    (() => { const parent = new Greenlet(function* () { yield main.switch(); return 'kept'; }, { name: 'parent' }); parent.switch();
      child = new Greenlet(function* () {}, { parent }); })();
    (async () => { for (let i = 0; i < 50 && collected < 90; i++) { gc(); await turn(); }
      console.log(collected >= 90, child.parent.name, child.parent.state, child.switch()); })();`, 'true parent suspended kept\n');
});

test('a collected Greenlet of one that is cleaning up is made again when asked for', () => {
  check(`let seen; const start = () => new Greenlet(function* () { try { yield main.switch(); } finally { const g = getCurrent(); seen = [g instanceof Greenlet, g.state, g.name]; } }, { name: 'n' }).switch();
    (async () => { for (let i = 0; i < 20; i++) start(); for (let i = 0; i < 50 && !seen; i++) { gc(); await turn(); } console.log(...seen); })();`, 'true running n\n');
});

test('objects that only waiting stacks hold survive collections of both kinds', () => {
  check(`const make = (i) => new Greenlet(function* () { let o = { i, text: 'text' + i, list: [i, { deep: 'k' + i }], map: new Map([[i, 'v' + i]]) };
      for (let sum = 0; ; ) { const junk = Array.from({ length: 20 }, (_, k) => ({ k, s: 's' + k }));
        const x = yield main.switch(o); sum += x; if (junk[19].s !== 's19' || o.list[1].deep !== 'k' + i || o.map.get(i) !== 'v' + i) throw new Error('spoilt');
        o = { ...o, list: [...o.list] }; if (x < 0) return sum; } });
    const all = Array.from({ length: 200 }, (_, i) => make(i)); all.forEach((g) => g.switch());
    for (let round = 0; round < 6; round++) all.forEach((g, i) => { const o = g.switch(1); if (o.i !== i || o.text !== 'text' + i) throw new Error('spoilt'); if (i % 67 === 0) gc(i % 2 ? { type: 'minor' } : undefined); });
    console.log(all.every((g) => g.switch(-1) === 5));`, 'true\n', '--max-semi-space-size=1');
});

test('frames of AsyncLocalStorage survive many small collections', () => {
  // V8 13 (Node 24) spoils them unless they are out of its sight.
  check(`const als = new (require('async_hooks').AsyncLocalStorage)(); als.enterWith({ store: 'main' });
    const g = new Greenlet(function* () { als.enterWith({ store: 'g' }); for (;;) { const o = [{}, als.getStore()]; yield main.switch(); if (o[1].store !== 'g') throw new Error('spoilt'); } });
    for (let i = 0; i < 30000; i++) { const o = { i, list: new Array(20).fill(i) }; if (i % 100 === 0) als.enterWith({ store: 'main', i }); g.switch(); if (o.list[7] !== i || als.getStore().store !== 'main') throw new Error('spoilt'); }
    console.log('ok');`, 'ok\n', '--max-semi-space-size=1');
});

test('a deep recursion is a RangeError, and the greenlet goes on', needsPlain, () => {
  const deep = (n) => 1 + deep(n + 1);
  const g = new Greenlet(() => {
    for (let i = 0; i < 3; i++) assert.throws(() => deep(0), RangeError);
    try {
      JSON.stringify(Array.from({ length: 1e5 }).reduce((inner) => [inner], [])); // deep in V8's own C++, up to Node 24
    } catch (error) {
      assert.ok(error instanceof RangeError);
    }
    return main.switch('survived');
  });
  assert.equal(g.switch(), 'survived');
  g.kill();
});

test('each greenlet is as deep as main, wherever its stack has been before', needsPlain, () => {
  const deep = () => {
    let depth = 0;
    const down = () => { depth++; down(); };
    try { down(); } catch { return depth; }
  };
  const depths = [];
  for (let round = 0; round < 4; round++) {
    const all = Array.from({ length: 5 }, () => new Greenlet(() => { main.switch(); depths.push(deep()); }));
    all.forEach((g) => g.switch());
    (round % 2 ? all : all.reverse()).forEach((g) => g.switch());
  }
  assert.ok(Math.min(...depths) > 0.8 * Math.max(...depths), depths.join());
});

test('--stack-size is heeded', needsPlain, () => {
  check(`let depth = 0; const down = () => { depth++; down(); }; let inside;
    new Greenlet(() => { try { down(); } catch (error) { inside = [error.name, depth > 25000]; } }).switch(); console.log(...inside);`, 'RangeError true\n', '--stack-size=3000');
});

test('chains of greenlets that start each other', needsPlain, () => {
  const nest = (n) => (n === 0 ? main.switch('bottom') : new Greenlet(() => nest(n - 1)).switch());
  const g = new Greenlet(() => nest(300));
  assert.equal(g.switch(), 'bottom');
});

test('10,000 wait at once, and all come back', () => {
  const count = process.env.GREENLET_CARRIER === 'thread' ? 1000 : 10_000; // a process may have only so many threads
  const body = function* (x) { return x + (yield main.switch()); };
  const all = Array.from({ length: count }, () => new Greenlet(body));
  all.forEach((g, i) => g.switch(i));
  assert.ok(all.every((g, i) => g.switch(1) === i + 1));
});

test('greenlets wait in functions that WebAssembly calls, and traps are errors there', needsPlain, () => {
  const name = (text) => [text.length, ...Buffer.from(text)];
  const section = (id, ...bytes) => [id, bytes.length, ...bytes];
  const types = section(1, 2, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f); // () -> (), (i32) -> i32
  const imports = section(2, 1, ...name('m'), ...name('wait'), 0, 0);
  const exported = section(7, 1, ...name('f'), 0, 1);
  const code = section(10, 1, 11, 0, 0x10, 0, 0x20, 0, 0x28, 2, 0, 0x10, 0, 0x0b); // wait(); load argument; wait()
  const bytes = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...types, ...imports, ...section(3, 1, 1), ...section(5, 1, 0, 1), ...exported, ...code]);
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { m: { wait: () => main.switch('waits') } }).exports;
  const good = new Greenlet(() => f(0));
  const bad = new Greenlet(() => f(0x7fffffff));
  assert.deepEqual([good.switch(), bad.switch()], ['waits', 'waits']);
  assert.throws(() => bad.switch(), WebAssembly.RuntimeError);
  assert.deepEqual([good.switch(), good.switch()], ['waits', 0]);
});

test('code of WebAssembly that is replaced while greenlets wait', needsPlain, () => {
  check(`const str = (s) => [s.length, ...Buffer.from(s)]; const sec = (id, ...b) => [id, b.length, ...b];
    const bin = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sec(1, 1, 0x60, 1, 0x7f, 1, 0x7f), ...sec(3, 1, 0), ...sec(7, 1, ...str('f'), 0, 0),
      ...sec(10, 1, 19, 0, 0x03, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x20, 0, 0x41, 7, 0x6a, 0x0b)]);
    const { f } = new WebAssembly.Instance(new WebAssembly.Module(bin)).exports; const g = new Greenlet(() => { for (;;) main.switch(); }); g.switch();
    (async () => { for (let k = 0; k < 15; k++) { for (let i = 0; i < 100; i++) f(20000); g.switch(); await new Promise((done) => setTimeout(done, 2)); } console.log('ok'); })();`, 'ok\n');
});

test('Atomics.wait blocks the thread, in a greenlet as elsewhere', () => {
  const word = new Int32Array(new SharedArrayBuffer(4));
  assert.equal(new Greenlet(function* () { return Atomics.wait(word, 0, 0, 1); }).switch(), 'timed-out');
});

test('heap snapshots, also from inside, know what waiting stacks hold', needsPlain, () => {
  const v8 = require('node:v8');
  class OnlyOnThatStack {}
  const file = path.join(os.tmpdir(), `greenlet-${process.pid}.heapsnapshot`);
  const g = new Greenlet(() => {
    const held = new OnlyOnThatStack();
    main.switch();
    v8.writeHeapSnapshot(file);
    main.switch(held);
  });
  const holds = () => JSON.parse(fs.readFileSync(file, 'utf8')).strings.includes('OnlyOnThatStack');
  try {
    g.switch();
    v8.writeHeapSnapshot(file);
    assert.ok(holds());
    g.switch();
    assert.ok(holds());
  } finally {
    fs.rmSync(file, { force: true });
  }
  g.kill();
});
