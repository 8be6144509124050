// SPDX-License-Identifier: MIT
'use strict';
// libgreenlet/fibers/future
const test = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const Fiber = require('libgreenlet/fibers');
const Future = require('libgreenlet/fibers/future');
const { needsPlain, runProgram } = require('./helper.js');

const inFiber = (name, body) => test(name, needsPlain, () => new Promise((resolve, reject) => Future.task(body).resolve((error) => (error ? reject(error) : resolve()))));
const later = (value, error) => {
  const future = new Future();
  setImmediate(future.resolver(), error, value);
  return future;
};

inFiber('wait returns the value, or throws the error', () => {
  assert.strictEqual(later(7).wait(), 7);
  const error = new Error('no');
  assert.throws(() => later(0, error).wait(), (caught) => caught === error);
});

inFiber('an error has the frames of who waits', () => {
  function reader() {
    later(0, new Error('far')).wait();
  }
  assert.throws(reader, ({ stack }) => /Error: far[^]*at reader/.test(stack));
});

inFiber('Future.wait waits for all, in arguments and arrays, and throws no errors', () => {
  const futures = [later(1), later(2, new Error('two')), later(3)];
  Future.wait(futures[0], futures.slice(1));
  assert.deepStrictEqual(futures.map((future) => future.isResolved()), [true, true, true]);
  assert.strictEqual(futures[2].get(), 3);
  assert.throws(() => futures[1].get(), /two/);
  assert.throws(() => Future.wait(1), /not a future/);
});

test('outside of a fiber there is no waiting', () => {
  assert.throws(() => new Future().wait(), /without a fiber/);
  assert.throws(() => new Future().get(), /must resolve/);
});

test('a future is resolved once', () => {
  const future = new Future();
  future.return(1);
  assert.throws(() => future.return(2), /more than once/);
  assert.throws(() => future.throw(new Error()), /more than once/);
  assert.throws(() => new Future().throw(), /non-empty/);
  assert.strictEqual(future.get(), 1);
});

test('resolve calls back, also for what is resolved already', () => {
  const calls = [];
  const future = new Future();
  future.resolve((...all) => calls.push(all));
  future.resolve(new Future(), (value) => calls.push([value]));
  future.resolveSuccess((value) => calls.push([value]));
  future.return(5);
  future.resolve((...all) => calls.push(all));
  assert.deepStrictEqual(calls, [[undefined, 5], [5], [5], [undefined, 5]]);
});

test('errors go where they are sent', () => {
  const failed = new Future();
  const [to, proxied, one, two] = [new Future(), new Future(), new Future(), new Future()];
  failed.resolve(to, () => assert.fail('a value'));
  failed.proxy(proxied);
  failed.proxyErrors([one, two]).proxyErrors(new Future());
  failed.resolveSuccess(() => assert.fail('a value'));
  failed.throw(new Error('sent'));
  for (const future of [to, proxied, one, two]) assert.throws(() => future.get(), /sent/);
  const value = new Future();
  value.proxy(failed.constructor === Future ? (failed.copy = new Future()) : null);
  value.return(1);
  assert.strictEqual(failed.copy.get(), 1);
});

inFiber('promises both ways', () => {
  assert.strictEqual(Future.fromPromise(Promise.resolve(1)).wait(), 1);
  assert.throws(() => Future.fromPromise(Promise.reject(new Error('rejected'))).wait(), /rejected/);
  assert.strictEqual(Future.fromPromise(later(2).promise()).wait(), 2);
  assert.throws(() => Future.fromPromise(later(0, new Error('failed')).promise()).wait(), /failed/);
});

inFiber('wrap makes futures of functions with callbacks', () => {
  assert.strictEqual(Future.wrap(fs.readFile)(__filename, 'utf8').wait(), fs.readFileSync(__filename, 'utf8'));
  const wrapped = Future.wrap(fs);
  assert.ok(wrapped.statFuture(__filename).wait().isFile());
  assert.strictEqual(wrapped.existsSync, fs.existsSync);
  assert.ok('statLater' in Future.wrap(fs, false, 'Later'));
  const many = Future.wrap((a, callback) => {
    setImmediate(callback, null, a, a + 1);
    return 'returned';
  }, true);
  const future = many(1);
  assert.strictEqual(future._, 'returned');
  assert.deepStrictEqual(future.wait(), [1, 2]);
  const withProperties = Object.assign((callback) => setImmediate(callback, null, 'call'), { get: (callback) => setImmediate(callback, null, 'get') });
  assert.strictEqual(Future.wrap(withProperties)().wait(), 'call');
  assert.strictEqual(Future.wrap(withProperties).getFuture().wait(), 'get');
});

inFiber('Function.prototype.future runs in a fiber of its own', () => {
  const outer = Fiber.current;
  const sum = function (a, b) {
    return [this.base + later(a).wait() + b, Fiber.current === outer];
  }.future();
  const futures = [sum.call({ base: 1 }, 2, 3), sum.call({ base: 10 }, 20, 30)];
  later().wait();
  assert.deepStrictEqual(futures.map((future) => future.wait()), [[6, false], [60, false]]);
  assert.match(String(sum), /^<<Future function/);
});

inFiber('a task that has not begun is run by the fiber that waits for it', () => {
  const outer = Fiber.current;
  assert.strictEqual(Future.task(() => Fiber.current).wait(), outer);
});

inFiber('several tasks', () => {
  assert.deepStrictEqual(Future.task(() => later('a').wait(), () => 'b').wait(), ['a', 'b']);
  assert.throws(() => Future.task(() => 1, () => later(0, new Error('failed')).wait()).wait(), /failed/);
});

test('the error of what is detached is uncaught', needsPlain, () => {
  const { status, stderr } = runProgram(`
    const Future = require('libgreenlet/fibers/future');
    Future.task(() => { throw new Error('nobody looks'); }).detach();
  `);
  assert.strictEqual(status, 1);
  assert.match(stderr, /nobody looks/);
});

test('what a callback throws is uncaught, and the others are called', () => {
  const { stdout } = runProgram(`
    const Future = require('libgreenlet/fibers/future');
    process.on('uncaughtException', ({ message }) => console.log('uncaught', message));
    const future = new Future();
    future.resolve(() => { throw new Error('in a callback'); });
    future.resolve((_, value) => console.log('called', value));
    future.return(1);
  `);
  assert.strictEqual(stdout, 'called 1\nuncaught in a callback\n');
});

test('an import has the Future as its default', async () => {
  assert.strictEqual((await import('libgreenlet/fibers/future')).default, Future);
});
