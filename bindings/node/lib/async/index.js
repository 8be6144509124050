// SPDX-License-Identifier: MIT
'use strict';
const { getCurrent } = require('../../index.js');
const { drive } = require('../drive.js');
const { later } = require('../generator.js');
const { captureStack, addWaitingStack } = require('../waiting_stack.js');
const { Task } = require('./task.js');

function go(fn, { signal, ...options } = {}) {
  if (typeof fn !== 'function') throw new TypeError('go() expects a function');
  const task = new Task(signal);
  task.start(fn, options);
  return task.promise;
}

function wait(value, options) {
  return perform(waiting(Task.current(), value, options), wait);
}

function sleep(milliseconds = 0, options) {
  return perform(sleeping(Task.current(), milliseconds, options), sleep);
}

function all(values, options) {
  return perform(waiting(Task.current(), Promise.all(values), options), all);
}

function race(values, options) {
  return perform(waiting(Task.current(), Promise.race(values), options), race);
}

// Runs the steps for `entry`, which the user has called. On the carrier "generator" the result is what to yield.
function perform(steps, entry) {
  const request = later(() => traced(steps, captureStack(entry)));
  if (request) return request;
  try {
    return drive(steps);
  } catch (error) {
    addWaitingStack(error, captureStack(entry));
    throw error;
  }
}

function* traced(steps, stack) {
  try {
    return yield* steps;
  } catch (error) {
    addWaitingStack(error, stack);
    throw error;
  }
}

// The steps of a wait. They end when it is settled, and also when somebody throws at the greenlet; a mere switch to it lets it wait on.
function* waiting(task, value, { signal = task.signal } = {}) {
  const settlement = settled(task, getCurrent(), value, signal); // first, so that nobody reports what it is rejected with
  try {
    signal?.throwIfAborted();
    while (!settlement.is) yield task.back.switch();
  } finally {
    settlement.is = true;
    settlement.forget();
  }
  if (settlement.failed) throw settlement.outcome;
  return settlement.outcome;
}

/** Settled by the promise, or by the signal: that gives the greenlet a turn. */
function settled(task, greenlet, value, signal) {
  const settlement = { is: false, failed: false, outcome: undefined, forget: () => signal?.removeEventListener('abort', abort) };
  const settle = (failed, outcome) => {
    if (settlement.is) return;
    Object.assign(settlement, { is: true, failed, outcome });
    task.turn(greenlet);
  };
  const abort = () => queueMicrotask(() => settle(true, signal.reason)); // not inside the call of abort()
  Promise.resolve(value).then((result) => settle(false, result), (error) => settle(true, error));
  signal?.addEventListener('abort', abort);
  return settlement;
}

function* sleeping(task, milliseconds, options) {
  let cancel;
  const over = new Promise((resolve) => {
    const timer = milliseconds > 0 ? setTimeout(resolve, milliseconds) : setImmediate(resolve);
    cancel = () => (milliseconds > 0 ? clearTimeout(timer) : clearImmediate(timer));
  });
  try {
    yield* waiting(task, over, options);
  } finally {
    cancel();
  }
}

module.exports = { go, wait, sleep, all, race };
