// SPDX-License-Identifier: MIT
'use strict';
// What only the carrier "generator" does; what bodies have in common on all carriers is in bodies.test.js.
const test = require('node:test');
const assert = require('node:assert');
const { Greenlet, GreenletError, carrier, getCurrent, getMain, trace } = require('libgreenlet');
const { go, wait } = require('libgreenlet/async');

const only = { skip: carrier !== 'generator' && 'another carrier' };
const main = getMain();

const refused = (code, pattern) => (error) => error instanceof GreenletError && error.code === code && pattern.test(error.message);

test('a plain function that returns is a body, too', only, () => {
  assert.strictEqual(new Greenlet((a, b) => a + b).switch(1, 2), 3);
  assert.throws(() => new Greenlet(() => { throw new RangeError('out'); }).switch(), RangeError);
});

test('a plain body that would wait gets an error which says how to write it', only, () => {
  for (const waits of [() => main.switch(), () => main.throw(new Error()), () => new Greenlet(function* () {}).switch()]) {
    assert.throws(() => new Greenlet(waits).switch(), refused('GL_ENOTSUP', /function\*/));
  }
  assert.strictEqual(getCurrent(), main);
});

test('a request that is dropped is an error at the next request', only, () => {
  const g = new Greenlet(function* () {
    main.switch('dropped');
    let caught;
    try {
      yield main.switch('next');
    } catch (error) {
      caught = error;
    }
    assert.ok(refused('GL_EINVAL', /not yielded/)(caught));
    return yield main.switch('goes on');
  });
  assert.strictEqual(g.switch(), 'goes on');
  assert.strictEqual(g.switch('end'), 'end');
});

test('a request that is dropped before another value is yielded is an error there', only, () => {
  const g = new Greenlet(function* () {
    main.switch('dropped');
    yield 'something else';
  });
  assert.throws(() => g.switch(), refused('GL_EINVAL', /not yielded/));
});

test('a request that is dropped before the end makes the body fail', only, () => {
  const g = new Greenlet(function* () {
    [1, 2].forEach((value) => main.switch(value));
  });
  assert.throws(() => g.switch(), refused('GL_EINVAL', /not yielded/));
  const last = new Greenlet(function* () {
    main.switch('dropped');
    return 'result';
  });
  assert.throws(() => last.switch(), refused('GL_EINVAL', /not yielded/));
});

test('an error that leaves the body is told rather than a dropped request', only, () => {
  const g = new Greenlet(function* () {
    main.switch('dropped');
    throw new RangeError('the reason');
  });
  assert.throws(() => g.switch(), { name: 'RangeError', message: 'the reason' });
});

test('a request counts once, and for the body that made it', only, () => {
  let kept;
  const g = new Greenlet(function* () {
    kept = main.switch('first');
    yield kept;
    yield kept;
  });
  assert.strictEqual(g.switch(), 'first');
  assert.throws(() => g.switch(), refused('GL_EINVAL', /has been carried out/));
  const other = new Greenlet(function* () { yield kept; });
  assert.throws(() => other.switch(), refused('GL_EINVAL', /another body/));
});

test('what is yielded and is no request comes back', only, () => {
  const g = new Greenlet(function* () { return [yield 1, yield undefined, yield { a: 1 }]; });
  assert.deepStrictEqual(g.switch(), [1, undefined, { a: 1 }]);
});

test('a refused request is thrown where it is yielded (rule 9)', only, () => {
  const g = new Greenlet(function* () {
    try {
      yield getCurrent().kill();
    } catch ({ code }) {
      return code;
    }
  });
  assert.strictEqual(g.switch(), 'GL_EINVAL');
});

test('inside a body go starts its function when the body has waited', only, async () => {
  const order = [];
  await go(function* () {
    const child = go(function* () { order.push('child'); });
    order.push('maker');
    yield wait(child);
  });
  assert.deepStrictEqual(order, ['maker', 'child']);
});

test('a wait that is not yielded is an error', only, async () => {
  await assert.rejects(go(function* () { wait(Promise.resolve(1)); }), refused('GL_EINVAL', /not yielded/));
});

test('a tracer cannot make a request (rule 26)', only, () => {
  const codes = new Set();
  const stop = trace(() => {
    try {
      main.switch();
    } catch ({ code }) {
      codes.add(code);
    }
  });
  const g = new Greenlet(function* () { yield main.switch(1); });
  g.switch();
  g.switch();
  stop();
  assert.deepStrictEqual([...codes], ['GL_EBUSY']);
});

test('deep chains of generators and many switches take no stack of main', only, () => {
  function* deep(depth) {
    return depth === 0 ? yield main.switch('bottom') : yield* deep(depth - 1);
  }
  const g = new Greenlet(function* () { return yield* deep(500); });
  assert.strictEqual(g.switch(), 'bottom');
  assert.strictEqual(g.switch('up'), 'up');

  let left = 100_000;
  const ping = new Greenlet(function* () { while (left-- > 0) yield pong.switch(); });
  const pong = new Greenlet(function* () { for (;;) yield ping.switch(); });
  ping.switch();
  assert.ok(ping.dead);
});
