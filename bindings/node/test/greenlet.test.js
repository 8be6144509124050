// SPDX-License-Identifier: MIT
'use strict';
// The rules (docs/rules.md), with generator bodies: these wait on every carrier.
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { Greenlet, getCurrent, getMain, GreenletError, GreenletExit, GreenletLocal, configure, carrier, trace } = require('libgreenlet');

const main = getMain();
const refused = (code) => (error) => error instanceof GreenletError && error instanceof Error && error.code === code && error.message.length > 0;

test('main has no parent and is what runs first (rule 1)', () => {
  assert.equal(getCurrent(), main);
  assert.equal(main.parent, null);
  assert.equal(main.state, 'running');
  assert.throws(() => (main.parent = new Greenlet(function* () {})), refused('GL_EINVAL'));
});

test('a new one is unstarted, a child of whoever made it, or of whom the options name (rule 2)', () => {
  const g = new Greenlet(function* () {}, { name: 'g' });
  assert.deepEqual([g.state, g.dead, g.name, g.parent === main], ['unstarted', false, 'g', true]);
  assert.equal(new Greenlet(function* () {}, { parent: g }).parent, g);
  assert.equal(new Greenlet(function* () {}, null).name, '');
});

test('the first switch brings the arguments, the end brings the result (rules 3, 4)', () => {
  const g = new Greenlet(function* (...values) {
    return values;
  });
  assert.deepEqual(g.switch(1, 'two', 3), [1, 'two', 3]);
  assert.equal(g.state, 'dead');
});

test('one value comes as it is, several as an array, none as undefined (rule 6)', () => {
  const got = [];
  const g = new Greenlet(function* () {
    for (;;) got.push(yield main.switch());
  });
  g.switch();
  g.switch([1, 2]);
  g.switch(1, 2);
  g.switch();
  g.switch(null);
  assert.deepEqual(got, [[1, 2], [1, 2], undefined, null]);
  g.kill();
});

test('any value passes unchanged, also when it is thrown (rules 4, 6)', () => {
  for (const value of [undefined, null, 0, -0, 1.5, NaN, 'text', true, Symbol.iterator, 10n, {}, [], () => 1]) {
    assert.ok(Object.is(new Greenlet(function* (x) { return x; }).switch(value), value));
    const thrower = new Greenlet(function* (x) { throw x; });
    let caught = 'nothing';
    try {
      thrower.switch(value);
    } catch (error) {
      caught = error;
    }
    assert.ok(Object.is(caught, value));
  }
});

test('the outcome goes to the parent as it is then (rule 4)', () => {
  const g = new Greenlet(function* () {
    yield main.switch();
    return 'result';
  });
  const parent = new Greenlet(function* (value) {
    return `parent got ${value}`;
  });
  g.switch();
  g.parent = parent;
  assert.equal(g.parent, parent);
  assert.equal(g.switch(), 'parent got result'); // an unstarted parent is started (rule 5)
});

test('a switch to the current one returns at once, one to a dead one goes to its parent (rules 7, 8)', () => {
  assert.equal(main.switch('here'), 'here');
  const g = new Greenlet(function* () {});
  g.switch();
  assert.equal(g.switch('back'), 'back');
});

test('a throw arrives in the pending call, one into an unstarted one passes by (rules 10, 11)', () => {
  const g = new Greenlet(function* () {
    try {
      yield main.switch();
    } catch (error) {
      return `caught ${error.message}`;
    }
  });
  g.switch();
  assert.equal(g.throw(new Error('it')), 'caught it');
  const unstarted = new Greenlet(function* () { assert.fail('runs'); });
  assert.throws(() => unstarted.throw(new RangeError('past')), /past/);
  assert.equal(unstarted.state, 'dead');
});

test('throw() without an error throws GreenletExit, whose value is a result (rule 4)', () => {
  const g = new Greenlet(function* () { yield main.switch(); });
  g.switch();
  assert.equal(g.throw(), undefined);
  assert.equal(new Greenlet(function* () { throw new GreenletExit('value'); }).switch(), 'value');
});

test('a kill unwinds, and comes back to the killer (rule 13)', () => {
  const seen = [];
  const g = new Greenlet(function* () {
    try {
      yield main.switch();
    } catch (error) {
      seen.push(error instanceof GreenletExit, error instanceof Error);
      throw error;
    } finally {
      seen.push(getCurrent() === g, g.parent === main);
    }
  });
  g.switch();
  assert.equal(g.kill(), undefined);
  assert.deepEqual([seen, g.state], [[true, true, true, true], 'dead']);
  assert.equal(g.kill(), undefined);
  const unstarted = new Greenlet(function* () { assert.fail('runs'); });
  assert.equal(unstarted.kill(), undefined);
  assert.equal(unstarted.dead, true);
  assert.throws(() => main.kill(), refused('GL_EINVAL'));
});

test('one that will not end when killed stays alive (rule 13)', () => {
  const g = new Greenlet(function* () {
    try {
      yield main.switch();
    } catch {
      yield main.switch('no');
    }
  });
  g.switch();
  assert.equal(g.kill(), 'no');
  assert.equal(g.state, 'suspended');
  g.kill();
});

test('a cycle of parents is refused, and nothing changes (rules 9, 15)', () => {
  const a = new Greenlet(function* () {});
  const b = new Greenlet(function* () {}, { parent: a });
  assert.throws(() => (a.parent = b), refused('GL_ECYCLE'));
  assert.equal(a.parent, main);
  assert.throws(() => (a.parent = a), refused('GL_ECYCLE'));
});

test('a long line of unstarted parents is no deep recursion', () => {
  let g = new Greenlet(function* (value) { return value + 1; });
  for (let i = 0; i < 2000; i++) g = new Greenlet(function* (value) { return value + 1; }, { parent: g });
  assert.equal(g.switch(0), 2001);
});

test('bad arguments are refused as JavaScript does it', () => {
  assert.throws(() => new Greenlet(), TypeError);
  assert.throws(() => new Greenlet(5), TypeError);
  assert.throws(() => Greenlet(() => {}), TypeError);
  for (const options of [{ parent: {} }, { name: 5 }, { stackSize: -1 }, { stackSize: 'big' }]) assert.throws(() => new Greenlet(() => {}, options), TypeError);
  assert.throws(() => new Greenlet(() => {}, { stackSize: 2 ** 40 }), RangeError);
  assert.throws(() => (new Greenlet(() => {}).parent = null), TypeError);
  assert.throws(() => trace(null), TypeError);
  assert.throws(() => Greenlet.prototype.switch.call({}), TypeError);
});

test('tracers see where control goes, and cannot switch (rules 26, 27)', () => {
  const seen = [];
  const g = new Greenlet(function* () {}, { name: 'g' });
  const end = trace((event, from, to) => {
    assert.throws(() => main.switch.call(g), refused('GL_EBUSY'));
    seen.push(`${event} ${from.name} ${to.name}`);
  });
  g.switch();
  end();
  end();
  main.switch();
  assert.deepEqual(seen, ['switch main g', 'start main g', 'end g main', 'switch g main']);
});

test('a local has a value in each greenlet (rule 28)', () => {
  const local = new GreenletLocal(() => []);
  const plain = new GreenletLocal('initial');
  const g = new Greenlet(function* () {
    local.get().push('g');
    plain.set('mine');
    yield main.switch();
    return [local.get(), plain.get()];
  });
  g.switch();
  assert.deepEqual([local.get(), plain.get(), plain.get(g)], [[], 'initial', 'mine']);
  assert.deepEqual(g.switch(), [['g'], 'mine']);
  plain.set(1);
  plain.delete();
  assert.equal(plain.get(), 'initial');
});

test('a class may extend Greenlet, and getCurrent() answers with it', () => {
  class Mine extends Greenlet {
    field = 'field';
  }
  const g = new Mine(function* () {
    return getCurrent().field;
  });
  assert.equal(g.switch(), 'field');
});

test('the carrier is fixed at the first use', () => {
  assert.equal(carrier, process.env.GREENLET_CARRIER || carrier);
  configure({ carrier });
  configure({});
  assert.throws(() => configure({ carrier: 'bicycle' }), TypeError);
  assert.throws(() => configure({ carrier: carrier === 'generator' ? 'thread' : 'generator' }), refused('GL_EBUSY'));
});
