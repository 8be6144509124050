// SPDX-License-Identifier: MIT
'use strict';
// The API of `fibers/future`: a value that is yet to come, for which a fiber can wait. Loading it adds Function.prototype.future(), as it
// always did.
const Fiber = require('./index.js');
const { addWaitingStack, captureStack } = require('../waiting_stack.js');

function Future() {}

// Calls back; what a callback throws goes to the event loop, so that the others are called, too.
function settle(future) {
  const { callbacks } = future;
  delete future.callbacks;
  for (const [target, onValue] of callbacks ?? []) {
    try {
      deliver(future, target, onValue);
    } catch (error) {
      process.nextTick(() => { throw error; });
    }
  }
}

function deliver(future, target, onValue) {
  if (!onValue) target(future.error, future.value);
  else if (future.error) target.throw(future.error);
  else onValue(future.value);
}

function requireOpen(future) {
  if (future.resolved) throw new Error('Future resolved more than once');
}

Object.assign(Future.prototype, {
  get() {
    if (!this.resolved) throw new Error('Future must resolve before value is ready');
    if (!this.error) return this.value;
    addWaitingStack(this.error, captureStack(Future.prototype.get));
    throw this.error;
  },

  return(value) {
    requireOpen(this);
    this.value = value;
    this.resolved = true;
    settle(this);
  },

  throw(error) {
    requireOpen(this);
    if (!error) throw new Error('Must throw non-empty error');
    this.error = error;
    this.resolved = true;
    settle(this);
  },

  isResolved() {
    return this.resolved === true;
  },

  resolver() {
    return (error, value) => {
      if (error) this.throw(error);
      else this.return(value);
    };
  },

  // resolve(function (error, value) {}), or resolve(futureForErrors, function (value) {})
  resolve(target, onValue) {
    if (this.resolved) deliver(this, target, onValue);
    else (this.callbacks ??= []).push([target, onValue]);
    return this;
  },

  resolveSuccess(onValue) {
    return this.resolve((error, value) => {
      if (!error) onValue(value);
    });
  },

  proxy(future) {
    this.resolve(future.resolver());
  },

  proxyErrors(futures) {
    return this.resolve((error) => {
      if (error) for (const future of [futures].flat()) future.throw(error);
    });
  },

  // Nobody will look at the outcome: an error goes to the event loop.
  detach() {
    this.resolve((error) => {
      if (error) throw error;
    });
  },

  promise() {
    return new Promise((resolve, reject) => {
      this.resolve((error, value) => (error ? reject(error) : resolve(value)));
    });
  },

  wait() {
    if (!this.isResolved()) Future.wait(this);
    return this.get();
  },
});

// A call that runs in a fiber of its own, from the next tick on.
class Task extends Future {
  started = false;
  #call;

  constructor(call) {
    super();
    this.#call = call;
    process.nextTick(() => {
      if (!this.started) new Fiber(() => this.runHere()).run();
    });
  }

  runHere() {
    this.started = true;
    let value;
    try {
      value = this.#call();
    } catch (error) {
      this.throw(error);
      return;
    }
    this.return(value);
  }
}

/** One function: a future of its value. Several: a future of all their values, or of the last error. Each runs in a fiber of its own. */
Future.task = function (...functions) {
  const tasks = functions.map((fn) => new Task(fn));
  if (tasks.length === 1) return tasks[0];
  const all = new Future();
  let pending = tasks.length;
  let failed;
  for (const task of tasks) {
    task.resolve((error) => {
      failed = error || failed;
      if (--pending) return;
      if (failed) all.throw(failed);
      else all.return(tasks.map(({ value }) => value));
    });
  }
  return all;
};

/**
 * Makes a function that takes a callback return a future instead. For an object, makes one that inherits from it and has such a function
 * beside each, named with the suffix. `multi`: the callback gets several values, and the future an array of them. What the function
 * itself returned is the future's property `_`.
 */
Future.wrap = function (wrapped, multi, suffix = 'Future', stop) {
  if (typeof wrapped === 'object') {
    const object = Object.create(wrapped);
    for (const name in wrapped) {
      if (typeof wrapped[name] === 'function') object[name + suffix] = Future.wrap(wrapped[name], multi, suffix, stop);
    }
    return object;
  }
  if (typeof wrapped !== 'function') return undefined;
  const returnsFuture = function (...args) {
    const future = new Future();
    const resolver = future.resolver();
    future._ = wrapped.call(this, ...args, multi ? (error, ...values) => resolver(error, values) : resolver);
    return future;
  };
  // Some modules are functions that have functions as properties.
  if (!stop) Object.setPrototypeOf(returnsFuture, Future.wrap(Object.assign(Object.create(wrapped), wrapped), multi, suffix, true));
  return returnsFuture;
};

/** Waits for all the futures and arrays of them. Throws none of their errors: get() does. */
Future.wait = function (...futures) {
  const open = futures.flat().filter((future) => {
    if (!(future instanceof Future)) throw new Error(`${future} is not a future`);
    return !future.isResolved();
  });
  const fiber = Fiber.current;
  if (!fiber) throw new Error("Can't wait without a fiber");
  // This fiber has nothing else to do, so it can run one of the tasks itself.
  const own = open.find((future) => future instanceof Task && !future.started);
  let pending = open.length;
  let yielded = false;
  for (const future of open) {
    future.resolve(() => {
      if (--pending === 0 && yielded) fiber.run();
    });
  }
  own?.runHere();
  if (pending === 0) return;
  yielded = true;
  Fiber.yield();
};

/** @returns a future of the promise's value */
Future.fromPromise = function (promise) {
  const future = new Future();
  promise.then((value) => future.return(value), (error) => future.throw(error));
  return future;
};

Object.defineProperty(Function.prototype, 'future', {
  value(detach) {
    const fn = this;
    const returnsFuture = function (...args) {
      const task = new Task(() => fn.apply(this, args));
      if (detach) task.detach();
      return task;
    };
    returnsFuture.toString = () => `<<Future ${fn}.future()>>`;
    return returnsFuture;
  },
  writable: true,
  configurable: true,
});

module.exports = Future;
