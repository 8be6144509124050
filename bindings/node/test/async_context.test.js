// SPDX-License-Identifier: MIT
'use strict';
// What Node keeps for each call stack: AsyncLocalStorage, async ids, the scopes of AsyncResource, domains.
const test = require('node:test');
const assert = require('node:assert');
const http = require('node:http');
const { Duplex } = require('node:stream');
const { AsyncLocalStorage, AsyncResource, createHook, executionAsyncId, executionAsyncResource, triggerAsyncId } = require('node:async_hooks');
const { Greenlet, carrier, getMain } = require('libgreenlet');
const { go, sleep } = require('libgreenlet/async');
const { needsPlain, runProgram } = require('./helper.js');

const main = getMain();

test('a greenlet starts with the stores of whoever starts it, and keeps its own', needsPlain, () => {
  const storage = new AsyncLocalStorage();
  const seen = [];
  const see = (who) => seen.push(`${who} ${storage.getStore()}`);
  const g = new Greenlet(() => {
    see('g');
    storage.run('G', () => {
      main.switch();
      see('g');
      main.switch();
      see('g');
    });
    see('g');
  });
  storage.run('MAIN', () => {
    g.switch();
    see('main');
    storage.run('MAIN2', () => {
      g.switch();
      see('main');
    });
    see('main');
    g.switch();
    see('main');
  });
  assert.deepStrictEqual(seen, ['g MAIN', 'main MAIN', 'g G', 'main MAIN2', 'main MAIN', 'g G', 'g MAIN', 'main MAIN']);
});

test('the same for bodies that yield', () => {
  const storage = new AsyncLocalStorage();
  const seen = [];
  const child = new Greenlet(function* () {
    seen.push(storage.getStore());
    yield main.switch();
    seen.push(storage.getStore());
  });
  const g = new Greenlet(function* () {
    storage.enterWith('G');
    yield main.switch();
    seen.push(storage.getStore());
    yield child.switch();
  });
  g.switch();
  assert.strictEqual(storage.getStore(), undefined);
  storage.run('MAIN', () => g.switch());
  storage.run('MAIN2', () => child.switch());
  assert.strictEqual(storage.getStore(), undefined);
  assert.deepStrictEqual(seen, ['G', 'G', 'G']);
});

test('many stores, many greenlets, by turns', () => {
  const storages = [new AsyncLocalStorage(), new AsyncLocalStorage()];
  const greenlets = Array.from({ length: 20 }, (_, i) => {
    const g = new Greenlet(function* () {
      for (let round = 0; round < 10; ++round) {
        assert.deepStrictEqual(storages.map((storage) => storage.getStore()), [i, -i]);
        yield main.switch();
      }
    });
    return () => storages[0].run(i, () => storages[1].run(-i, () => g.switch()));
  });
  greenlets.forEach((start) => start());
  for (let round = 0; round < 10; ++round) for (const next of greenlets) next();
});

test('a greenlet waits inside runInAsyncScope, and others run on from anywhere', needsPlain, async () => {
  const rounds = [];
  const check = (resource) => {
    assert.strictEqual(executionAsyncId(), resource.asyncId());
    assert.strictEqual(triggerAsyncId(), resource.triggerAsyncId());
    assert.strictEqual(executionAsyncResource(), resource);
  };
  const g = new Greenlet(() => {
    const outer = new AsyncResource('Outer');
    outer.runInAsyncScope(() => {
      for (let i = 0; i < 5; ++i) {
        check(outer);
        main.switch('outer');
        check(outer);
        const inner = new AsyncResource('Inner');
        inner.runInAsyncScope(() => {
          main.switch('inner');
          check(inner);
          main.switch('inner again');
          check(inner);
        });
      }
    });
    return 'end';
  });
  const schedulers = [setImmediate, process.nextTick, queueMicrotask, (fn) => new AsyncResource('Main').runInAsyncScope(fn)];
  for (let i = 0; !g.dead; ++i) {
    await new Promise((resolve, reject) => {
      schedulers[i % schedulers.length](() => {
        try {
          const before = executionAsyncId();
          rounds.push(g.switch());
          assert.strictEqual(executionAsyncId(), before);
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
  }
  assert.deepStrictEqual(rounds, [...Array(5).fill(['outer', 'inner', 'inner again']).flat(), 'end']);
});

test('two greenlets wait in scopes of theirs, and leave them in another order', needsPlain, () => {
  const make = (name) => new Greenlet(() => new AsyncResource(name).runInAsyncScope(() => main.switch()));
  const [a, b] = [make('A'), make('B')];
  a.switch();
  b.switch();
  a.switch();
  b.switch();
  assert.ok(a.dead && b.dead);
});

test('scopes far deeper than those that Node starts with', needsPlain, () => {
  const deep = (depth) => (depth === 0 ? main.switch('bottom') : new AsyncResource('Deep').runInAsyncScope(deep, null, depth - 1));
  const greenlets = Array.from({ length: 3 }, () => new Greenlet(() => deep(100)));
  for (const g of greenlets) assert.strictEqual(g.switch(), 'bottom');
  for (const g of greenlets) g.switch();
  assert.ok(greenlets.every(({ dead }) => dead));
});

test('inside a native callback that runs on its own stack a greenlet cannot wait: GL_EBUSY', needsPlain, async () => {
  const codes = [];
  const server = http.createServer((_, response) => {
    try {
      main.switch();
    } catch ({ code }) {
      codes.push(code);
    }
    response.end();
  });
  await new Promise((resolve) => {
    const socket = new Duplex({ read() {}, write(_chunk, _encoding, callback) { callback(); resolve(); } });
    const g = new Greenlet(() => {
      server.emit('connection', socket);
      socket.emit('data', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    });
    g.switch();
    assert.ok(g.dead, 'it went on after the refusal');
  });
  assert.deepStrictEqual(codes, ['GL_EBUSY']);
});

test('async hooks see no broken nesting', () => {
  const { status, stdout, stderr } = runProgram(`
    const { createHook } = require('node:async_hooks');
    const { go, wait, sleep } = require('libgreenlet/async');
    const entered = new Set();
    let inits = 0;
    createHook({ init() { ++inits; }, before(id) { entered.add(id); }, after(id) { if (!entered.has(id)) throw new Error('left ' + id); }, destroy() {} }).enable();
    const tasks = Array.from({ length: 10 }, (_, i) => go(function* () {
      for (let k = 0; k < 5; ++k) yield i % 2 ? sleep() : wait(null);
    }));
    Promise.all(tasks).then(() => console.log(inits > 50));
  `);
  assert.deepStrictEqual({ status, stdout, stderr }, { status: 0, stdout: 'true\n', stderr: '' });
});

test('hooks that come and go while tasks wait', async () => {
  const task = go(function* () {
    for (let i = 0; i < 20; ++i) yield sleep();
    return 'end';
  });
  for (let i = 0; i < 5; ++i) {
    const hook = createHook({ init() {}, before() {}, after() {}, destroy() {} }).enable();
    await new Promise(setImmediate);
    hook.disable();
    await new Promise(setImmediate);
  }
  assert.strictEqual(await task, 'end');
});

test('AsyncLocalStorage.snapshot and AsyncResource.bind across waits', { skip: !AsyncLocalStorage.snapshot && 'not in this Node' }, async () => {
  const storage = new AsyncLocalStorage();
  await storage.run('task', () => go(function* () {
    const inside = AsyncLocalStorage.snapshot();
    const bound = AsyncResource.bind(() => storage.getStore());
    yield sleep();
    storage.enterWith('later');
    yield sleep();
    assert.strictEqual(inside(() => storage.getStore()), 'task');
    assert.strictEqual(bound(), 'task');
    assert.strictEqual(storage.getStore(), 'later');
  }));
});

test("an error in a domain goes to the domain's handler", () => {
  const { status, stdout } = runProgram(`
    const domain = require('node:domain');
    const { go, wait } = require('libgreenlet/async');
    const d = domain.create();
    d.on('error', ({ message }) => console.log('domain', message));
    d.run(() => {
      go(function* () {
        yield wait(null);
        setImmediate(() => { throw new Error('from a callback of the task'); });
      });
    });
  `);
  assert.deepStrictEqual({ status, stdout }, { status: 0, stdout: 'domain from a callback of the task\n' });
});

test('wait works where the inspector and process.binding are out of reach', { skip: carrier === 'generator' && 'it needs neither' }, () => {
  const { status, stdout } = runProgram(`
    process.binding = () => { throw new Error('no such thing'); };
    require('node:inspector').Session = class { constructor() { throw new Error('no such thing'); } };
    const { AsyncResource } = require('node:async_hooks');
    const { Greenlet, getMain } = require('libgreenlet');
    const { go, sleep } = require('libgreenlet/async');
    const g = new Greenlet(() => {
      try {
        new AsyncResource('R').runInAsyncScope(() => getMain().switch());
      } catch ({ code }) {
        return code;
      }
    });
    console.log(g.switch());
    go(() => { sleep(); return 'waited'; }).then(console.log);
  `);
  assert.deepStrictEqual({ status, stdout }, { status: 0, stdout: 'GL_ENOTSUP\nwaited\n' });
});
