// SPDX-License-Identifier: MIT
'use strict';
// Bodies that are function*, and yield each switch, do the same on every carrier.
const test = require('node:test');
const assert = require('node:assert');
const { Greenlet, GreenletExit, getCurrent, getMain } = require('libgreenlet');

const main = getMain();

test('arguments go in, the result comes out (rules 3, 4)', () => {
  const g = new Greenlet(function* (...values) { return values; });
  assert.deepStrictEqual(g.switch(1, 'b', null), [1, 'b', null]);
  assert.ok(g.dead);
});

test('values go both ways (rule 6)', () => {
  const g = new Greenlet(function* (value) {
    for (;;) value = yield main.switch(2 * value);
  });
  assert.deepStrictEqual([g.switch(1), g.switch(7), g.switch(21)], [2, 14, 42]);
  g.kill();
});

test('no value is undefined, several are an array', () => {
  const g = new Greenlet(function* () {
    const received = [];
    for (let i = 0; i < 3; ++i) received.push(yield main.switch());
    return received;
  });
  g.switch();
  g.switch();
  g.switch(1);
  assert.deepStrictEqual(g.switch(1, 2), [undefined, 1, [1, 2]]);
});

test('greenlets switch among themselves', () => {
  const order = [];
  const a = new Greenlet(function* () {
    order.push('a');
    yield b.switch('to b');
    order.push('a again');
  });
  const b = new Greenlet(function* (value) {
    order.push(value);
    yield a.switch();
  });
  a.switch();
  assert.deepStrictEqual(order, ['a', 'to b', 'a again']);
  assert.ok(a.dead);
  assert.strictEqual(b.state, 'suspended');
});

test('an error is thrown where the parent waits (rule 4)', () => {
  const inner = new Error('inner');
  const outer = new Greenlet(function* () {
    try {
      yield new Greenlet(function* () { throw inner; }).switch();
    } catch (error) {
      return error;
    }
  });
  assert.strictEqual(outer.switch(), inner);
});

test('throw comes out of the pending switch (rule 10)', () => {
  const g = new Greenlet(function* () {
    try {
      yield main.switch();
    } catch (error) {
      return `caught ${error}`;
    }
  });
  g.switch();
  assert.strictEqual(g.throw('it'), 'caught it');
});

test('kill lets finally run, and comes back to the killer (rule 13)', () => {
  const order = [];
  const g = new Greenlet(function* () {
    try {
      yield main.switch();
    } catch (error) {
      order.push(error instanceof GreenletExit);
      throw error;
    } finally {
      order.push('finally');
    }
  });
  g.switch();
  assert.strictEqual(g.kill(), undefined);
  assert.deepStrictEqual(order, [true, 'finally']);
  assert.ok(g.dead);
});

test('a victim may wait while it is being killed, and lives (rule 13)', () => {
  const g = new Greenlet(function* () {
    try {
      yield main.switch();
    } finally {
      yield main.switch('not yet');
    }
  });
  g.switch();
  assert.strictEqual(g.kill(), 'not yet');
  assert.strictEqual(g.state, 'suspended');
  assert.strictEqual(g.kill(), undefined);
  assert.ok(g.dead);
});

test('yield* calls a part of the body', () => {
  function* twice(value) {
    return (yield main.switch(value)) + (yield main.switch(value));
  }
  const g = new Greenlet(function* () { return yield* twice('part'); });
  assert.deepStrictEqual([g.switch(), g.switch(1), g.switch(2)], ['part', 'part', 3]);
});

test('a bound generator function is a body', () => {
  const g = new Greenlet(function* (value) { return [this.name, value, yield main.switch()]; }.bind({ name: 'bound' }));
  g.switch('first');
  assert.deepStrictEqual(g.switch('second'), ['bound', 'first', 'second']);
});

test('what its arguments throw before the first step is the outcome', () => {
  const g = new Greenlet(function* (value = (() => { throw new RangeError('default'); })()) { yield value; });
  assert.throws(() => g.switch(), RangeError);
  assert.ok(g.dead);
});

test('a new parent gets the outcome (rules 4, 15)', () => {
  const got = [];
  const heir = new Greenlet(function* () { got.push(yield main.switch()); });
  heir.switch();
  const g = new Greenlet(function* () { return 'result'; });
  g.parent = heir;
  g.switch();
  assert.deepStrictEqual(got, ['result']);
});

test('an unstarted ancestor is started by an outcome (rule 5)', () => {
  const heir = new Greenlet(function* (value) { return `heir got ${value}`; });
  const g = new Greenlet(function* () { return 'result'; }, { parent: heir });
  assert.strictEqual(g.switch(), 'heir got result');
});

test('the current greenlet is the one that runs', () => {
  const g = new Greenlet(function* () {
    const before = getCurrent();
    yield main.switch();
    return before === g && getCurrent() === g;
  });
  g.switch();
  assert.strictEqual(getCurrent(), main);
  assert.strictEqual(g.switch(), true);
});
