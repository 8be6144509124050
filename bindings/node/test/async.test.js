// SPDX-License-Identifier: MIT
'use strict';
// libgreenlet/async, in bodies that work on every carrier.
const test = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const { AsyncLocalStorage } = require('node:async_hooks');
const { Greenlet, GreenletError, GreenletExit, carrier, getCurrent, getMain } = require('libgreenlet');
const { go, wait, sleep, all, race } = require('libgreenlet/async');
const { needsPlain, runProgram } = require('./helper.js');

const later = (value) => new Promise((resolve) => setImmediate(resolve, value));
const failing = (error) => new Promise((_, reject) => setImmediate(reject, error));

test('wait returns what the promise is fulfilled with', async () => {
  assert.strictEqual(await go(function* () { return yield wait(later(7)); }), 7);
});

test('wait throws what the promise is rejected with, at the place where it waits', async () => {
  const error = new Error('no');
  const caught = await go(function* () {
    try {
      yield wait(failing(error));
    } catch (it) {
      return it;
    }
  });
  assert.strictEqual(caught, error);
});

test('what leaves the function rejects the promise of go', async () => {
  await assert.rejects(go(function* () { yield wait(failing(new RangeError('out'))); }), { name: 'RangeError', message: 'out' });
});

test('wait passes on values that are no promises, and thenables', async () => {
  assert.deepStrictEqual(
    await go(function* () {
      return [yield wait(1), yield wait(undefined), yield wait({ then: (resolve) => resolve('thenable') })];
    }),
    [1, undefined, 'thenable'],
  );
});

test('wait lets others run even if there is nothing to wait for', async () => {
  const order = [];
  const one = go(function* () {
    order.push('one');
    yield wait(0);
    order.push('one again');
  });
  const two = go(function* () { order.push('two'); });
  await Promise.all([one, two]);
  assert.deepStrictEqual(order, ['one', 'two', 'one again']);
});

test('go runs the function at once, up to its first wait', () => {
  const order = [];
  go(function* () {
    order.push('before');
    yield wait(later());
    order.push('after');
  });
  assert.deepStrictEqual(order, ['before']);
});

test('tasks go on in the order in which their promises are settled', async () => {
  const order = [];
  const resolvers = [];
  const tasks = [0, 1, 2].map((i) =>
    go(function* () {
      yield wait(new Promise((resolve) => (resolvers[i] = resolve)));
      order.push(i);
    }),
  );
  for (const i of [2, 0, 1]) resolvers[i]();
  await Promise.all(tasks);
  assert.deepStrictEqual(order, [2, 0, 1]);
});

test('sleep lets the event loop go round', async () => {
  const order = [];
  await go(function* () {
    setImmediate(() => order.push('immediate'));
    yield sleep();
    order.push('slept');
    setTimeout(() => order.push('timeout'), 1);
    yield sleep(20);
    order.push('slept more');
  });
  assert.deepStrictEqual(order, ['immediate', 'slept', 'timeout', 'slept more']);
});

test('sleep leaves no timer behind when it is aborted', () => {
  const { status, stdout } = runProgram(`
    const { go, sleep } = require('libgreenlet/async');
    const controller = new AbortController();
    go(function* () { yield sleep(1e9); }, { signal: controller.signal }).catch(({ name }) => console.log(name));
    controller.abort();
  `);
  assert.deepStrictEqual({ status, stdout }, { status: 0, stdout: 'AbortError\n' });
});

test('all waits for all, and throws the first rejection', async () => {
  await go(function* () {
    assert.deepStrictEqual(yield all([later(1), 2, go(function* () { return yield wait(later(3)); })]), [1, 2, 3]);
    const error = new Error('first');
    let caught;
    try {
      yield all([later(1), failing(error)]);
    } catch (it) {
      caught = it;
    }
    assert.strictEqual(caught, error);
  });
});

test('race waits for the one that is settled first', async () => {
  await go(function* () {
    assert.strictEqual(yield race([new Promise(() => {}), later('first')]), 'first');
  });
});

test('a task starts tasks', async () => {
  assert.deepStrictEqual(
    await go(function* () {
      const names = [];
      const child = go(function* () {
        names.push('child');
        yield wait(later());
        names.push('child again');
        return 'result';
      });
      names.push(yield wait(child));
      return names;
    }),
    ['child', 'child again', 'result'],
  );
});

test('a task that ends while its maker still runs gives control back to the maker', needsPlain, async () => {
  const order = [];
  await go(() => {
    const child = go(() => {
      order.push('child');
      wait(0);
      order.push('child again');
    });
    order.push('maker');
    wait(child);
    order.push('maker again');
  });
  assert.deepStrictEqual(order, ['child', 'maker', 'child again', 'maker again']);
});

test('outside of go, all that waits throws a GreenletError that says so', () => {
  for (const waits of [() => wait(1), () => sleep(1), () => all([]), () => race([])]) {
    assert.throws(waits, (error) => error instanceof GreenletError && error.code === 'GL_EINVAL' && /outside of go\(\)/.test(error.message));
  }
  const stranger = new Greenlet(() => wait(1));
  assert.throws(() => stranger.switch(), { code: 'GL_EINVAL' });
});

test('go refuses what is no function', () => {
  for (const bad of [undefined, null, 1, {}, Promise.resolve()]) assert.throws(() => go(bad), TypeError);
});

test('go takes the options of a greenlet', async () => {
  assert.strictEqual(await go(function* () { return getCurrent().name; }, { name: 'reader' }), 'reader');
  assert.throws(() => go(function* () {}, { name: 7 }), TypeError);
});

// --- Aborts ------------------------------------------------------------------------------------------------------------------------------

test("go's signal throws its reason at the waiting point", async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const seen = [];
  const task = go(function* () {
    try {
      yield wait(new Promise(() => {}));
    } catch (error) {
      seen.push(error);
      throw error;
    } finally {
      seen.push('cleaned up');
    }
  }, { signal: controller.signal });
  controller.abort(reason);
  assert.deepStrictEqual(seen, [], 'not inside the call of abort()');
  await assert.rejects(task, (error) => error === reason);
  assert.deepStrictEqual(seen, [reason, 'cleaned up']);
});

test('after the abort each wait throws, but for one that has another signal', async () => {
  const controller = new AbortController();
  const seen = [];
  await go(function* () {
    controller.abort();
    for (const options of [undefined, undefined, { signal: null }, { signal: new AbortController().signal }]) {
      try {
        seen.push(yield wait(later('waited'), options));
      } catch ({ name }) {
        seen.push(name);
      }
    }
  }, { signal: controller.signal });
  assert.deepStrictEqual(seen, ['AbortError', 'AbortError', 'waited', 'waited']);
});

test('with a signal that has been aborted, go does not run the function', async () => {
  await assert.rejects(go(() => assert.fail('it ran'), { signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('what a promise is rejected with after its wait was aborted is no unhandled rejection', () => {
  const { status, stdout, stderr } = runProgram(`
    const { go, all, wait } = require('libgreenlet/async');
    const controller = new AbortController();
    const failing = () => new Promise((_, reject) => setImmediate(reject, new Error('late')));
    const abandon = (waits) => go(function* () { yield waits(); }, { signal: controller.signal }).catch(({ name }) => console.log(name));
    abandon(() => wait(failing()));
    controller.abort();
    go(function* () {
      for (const waits of [() => wait(failing(), controller), () => all([failing()], controller)]) {
        try { yield waits(); } catch ({ name }) { console.log(name); }
      }
    });
  `);
  assert.deepStrictEqual({ status, stdout, stderr }, { status: 0, stdout: 'AbortError\n'.repeat(3), stderr: '' });
});

test("a wait's own signal ends that wait", async () => {
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  await go(function* () {
    let name;
    try {
      yield sleep(1e9, { signal: controller.signal });
    } catch (error) {
      ({ name } = error);
    }
    assert.strictEqual(name, 'AbortError');
    yield wait(later());
  });
});

test('a promise that is settled before the abort is heard wins', async () => {
  const controller = new AbortController();
  const settled = new Promise((resolve) => setImmediate(() => {
    resolve('value');
    Promise.resolve().then(() => Promise.resolve()).then(() => controller.abort());
  }));
  assert.strictEqual(await go(function* () { return yield wait(settled); }, { signal: controller.signal }), 'value');
});

// --- Greenlets and tasks -----------------------------------------------------------------------------------------------------------------

test('a greenlet that a task makes waits on behalf of the task', async () => {
  assert.deepStrictEqual(
    await go(function* () {
      const task = getCurrent();
      const numbers = new Greenlet(function* () {
        for (let i = 0; i < 3; ++i) yield task.switch(yield wait(later(i)));
      });
      return [yield numbers.switch(), yield numbers.switch(), yield numbers.switch()];
    }),
    [0, 1, 2],
  );
});

test('a task that is killed where it waits cleans up and rejects with the GreenletExit', async () => {
  let greenlet;
  let cleaned = false;
  const task = go(function* () {
    greenlet = getCurrent();
    try {
      yield wait(new Promise(() => {}));
    } finally {
      cleaned = true;
    }
  });
  greenlet.kill();
  assert.ok(cleaned);
  assert.ok(greenlet.dead);
  await assert.rejects(task, (error) => error instanceof GreenletExit);
});

test('that nobody looks at the promise of a killed task is no unhandled rejection', () => {
  const { status, stderr } = runProgram(`
    const { getCurrent } = require('libgreenlet');
    const { go, wait } = require('libgreenlet/async');
    let greenlet;
    go(function* () { greenlet = getCurrent(); yield wait(new Promise(() => {})); });
    greenlet.kill();
  `);
  assert.deepStrictEqual({ status, stderr }, { status: 0, stderr: '' });
});

test('a wait in the cleanup of a killed task is carried out', async () => {
  let greenlet;
  const order = [];
  const task = go(function* () {
    greenlet = getCurrent();
    try {
      yield wait(new Promise(() => {}));
    } finally {
      order.push(yield wait(later('cleaned up')));
    }
  });
  greenlet.kill();
  order.push('killer goes on');
  await assert.rejects(task, GreenletExit);
  assert.deepStrictEqual(order, ['killer goes on', 'cleaned up']);
});

test('a mere switch to a task that waits lets it wait on', async () => {
  let greenlet;
  const task = go(function* () {
    greenlet = getCurrent();
    return yield wait(later('the value'));
  });
  greenlet.switch('another');
  assert.strictEqual(await task, 'the value');
});

test('what is thrown at a task that waits comes out of wait, and its promise is forgotten', async () => {
  let greenlet;
  const task = go(function* () {
    greenlet = getCurrent();
    try {
      yield wait(later('forgotten'));
    } catch (error) {
      yield sleep(1);
      return error;
    }
  });
  greenlet.throw('a word');
  assert.strictEqual(await task, 'a word');
});

// --- What Node sees ----------------------------------------------------------------------------------------------------------------------

test('a rejection that nobody handles is reported by Node as any other', () => {
  const { status, stderr } = runProgram(`
    const { go, wait } = require('libgreenlet/async');
    go(function* reader() { yield wait(null); throw new Error('nobody catches this'); });
  `);
  assert.strictEqual(status, 1);
  assert.match(stderr, /Error: nobody catches this/);
  assert.match(stderr, /at reader/);
});

test('unhandledRejection hears of it, with the promise of go', () => {
  const { status, stdout } = runProgram(`
    const { go, wait } = require('libgreenlet/async');
    process.on('unhandledRejection', (error, promise) => console.log(error.message, promise === task));
    const task = go(function* () { yield wait(null); throw new Error('lost'); });
  `);
  assert.deepStrictEqual({ status, stdout }, { status: 0, stdout: 'lost true\n' });
});

test('the stack of an error tells who waited, at each wait that it passes', async () => {
  function* readConfig() {
    return yield wait(fs.promises.readFile('/nowhere/config'));
  }
  function* start() {
    yield wait(go(readConfig));
  }
  await assert.rejects(go(start), ({ stack }) => {
    assert.match(stack, /^Error: ENOENT[^]*waited for at[^]*at readConfig [^]*async\.test\.js[^]*waited for at[^]*at start [^]*async\.test\.js/);
    assert.doesNotMatch(stack.split('waited for at').slice(1).join(), /libgreenlet.lib|task\.js|generator\.js/);
    return true;
  });
});

test('an error that many wait for keeps a stack of bounded length', async () => {
  const error = new Error('shared');
  const shared = failing(error);
  const tasks = Array.from({ length: 50 }, () => go(function* waiter() { yield wait(shared); }));
  await Promise.allSettled(tasks);
  assert.ok(error.stack.split('\n').length < 60, error.stack);
});

test('frozen errors, and what is no error, pass as they are', async () => {
  for (const reason of [Object.freeze(new Error('frozen')), 'a string', null, undefined]) {
    await assert.rejects(go(function* () { yield wait(failing(reason)); }).catch((it) => { throw { it }; }), ({ it }) => it === reason);
  }
});

// --- AsyncLocalStorage -------------------------------------------------------------------------------------------------------------------

test('AsyncLocalStorage has the stores of whoever called go, across each wait', async () => {
  const storage = new AsyncLocalStorage();
  const seen = (name) =>
    storage.run(name, () =>
      go(function* () {
        const stores = [storage.getStore()];
        yield sleep();
        stores.push(storage.getStore());
        yield wait(later());
        stores.push(storage.getStore());
        yield wait(go(function* () {
          yield sleep();
          stores.push(storage.getStore());
        }));
        return stores;
      }),
    );
  assert.deepStrictEqual(await Promise.all([seen('a'), seen('b')]), [Array(4).fill('a'), Array(4).fill('b')]);
  assert.strictEqual(storage.getStore(), undefined);
});

test('a store that a task enters stays with the task', async () => {
  const storage = new AsyncLocalStorage();
  const task = go(function* () {
    storage.enterWith('mine');
    yield wait(later());
    return storage.getStore();
  });
  assert.strictEqual(storage.getStore(), undefined);
  assert.strictEqual(await task, 'mine');
});

test('promises and timers that a task makes have its stores', async () => {
  const storage = new AsyncLocalStorage();
  const seen = await storage.run('store', () =>
    go(function* () {
      yield sleep();
      const timer = new Promise((resolve) => setTimeout(() => resolve(storage.getStore()), 1));
      return [yield wait(timer), yield wait(later().then(() => storage.getStore()))];
    }),
  );
  assert.deepStrictEqual(seen, ['store', 'store']);
});

test('many tasks', async () => {
  let running = 0;
  const most = carrier === 'thread' ? 200 : 1000;
  await Promise.all(Array.from({ length: most }, (_, i) => go(function* () {
    ++running;
    yield sleep();
    for (let k = 0; k < i % 5; ++k) yield wait(k);
    --running;
  })));
  assert.strictEqual(running, 0);
  assert.strictEqual(getCurrent(), getMain());
});
