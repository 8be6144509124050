// SPDX-License-Identifier: MIT
'use strict';
// The API of npm's `fibers` 5 on greenlets. A fiber is a greenlet that returns to whoever ran it last, and that can be run again after
// its end. The stack of a suspended one holds its Life, never its Fiber: a Fiber that nobody holds can be collected, and is then unwound.
const greenlets = require('../../index.js');

const { Greenlet, GreenletError, GreenletExit, getCurrent, getMain } = greenlets;
const STATE = Symbol('state');

let current; // the Fiber that runs

// What `fibers` tells of its pool of stacks: how many it has made, when so many idle ones are kept.
const pool = { size: 120, idle: 0, created: 0 };

function Fiber(fn) {
  if (arguments.length !== 1) throw new TypeError('Fiber expects 1 argument');
  if (typeof fn !== 'function') throw new TypeError('Fiber expects a function');
  if (!new.target) return new Fiber(fn);
  Object.defineProperty(this, STATE, { value: { fn, greenlet: null, life: null } });
}

function stateOf(fiber) {
  const state = fiber?.[STATE];
  if (!state) throw new TypeError('Illegal invocation');
  return state;
}

/** From a fiber's start to its end. */
class Life {
  over = false;
  yielding = false;
  entry = null; // whoever runs it
  zombie = null; // what each yield() throws while it is being unwound

  /** The outcome goes to whoever runs the fiber now. */
  live(fn, args) {
    try {
      return Reflect.apply(fn, globalThis, args);
    } catch (error) {
      if (error !== this.zombie) throw error;
    } finally {
      this.over = true;
      if (pool.idle < pool.size) ++pool.idle;
      if (this.entry) getCurrent().parent = this.entry;
    }
  }

  suspend(value) {
    this.yielding = true;
    try {
      return this.entry.switch(value);
    } catch (error) {
      if (!(error instanceof GreenletExit)) throw error;
      throw (this.zombie = new Error('This Fiber is a zombie', { cause: error }));
    } finally {
      this.yielding = false;
    }
  }
}

function start(state, args) {
  if (greenlets.carrier === 'generator') {
    throw new GreenletError('GL_ENOTSUP', 'fibers are plain functions: they need the carrier "fiber" or "thread"');
  }
  if (pool.idle > 0) --pool.idle;
  else ++pool.created;
  const { fn } = state;
  const life = new Life();
  state.life = life;
  state.greenlet = new Greenlet(() => life.live(fn, args), { parent: getMain(), name: 'Fiber' });
}

const isAlive = ({ life }) => life !== null && !life.over;

/** Runs `fiber` by `transfer` until it yields or ends. */
function enter(fiber, { greenlet, life }, transfer) {
  const last = current;
  current = fiber;
  life.entry = getCurrent();
  try {
    return transfer(greenlet);
  } finally {
    life.entry = null;
    current = last;
  }
}

function requireYielding(state) {
  if (!isAlive(state) || !state.life.yielding) throw new Error('This Fiber is not yielding');
}

Fiber.prototype.run = function run(...args) {
  const state = stateOf(this);
  if (isAlive(state) && !state.life.yielding) throw new Error('This Fiber is already running');
  if (args.length > 1) throw new TypeError('run() expects 1 or no arguments');
  if (!isAlive(state)) start(state, args);
  return enter(this, state, (greenlet) => greenlet.switch(...args));
};

Fiber.prototype.throwInto = function throwInto(...args) {
  const state = stateOf(this);
  requireYielding(state);
  if (args.length > 1) throw new TypeError('throwInto() expects 1 or no arguments');
  return enter(this, state, (greenlet) => greenlet.throw(args[0]));
};

Fiber.prototype.reset = function reset(...args) {
  const state = stateOf(this);
  if (!isAlive(state)) return undefined;
  requireYielding(state);
  if (args.length) throw new TypeError('reset() expects no arguments');
  return enter(this, state, (greenlet) => greenlet.kill());
};

Object.defineProperty(Fiber.prototype, 'started', {
  get() {
    return this[STATE] && isAlive(this[STATE]);
  },
});

Fiber.yield = function (...args) {
  if (!current) throw new Error('yield() called with no fiber running');
  const { life } = current[STATE];
  if (life.zombie) throw life.zombie;
  if (args.length > 1) throw new TypeError('yield() expects 1 or no arguments');
  return life.suspend(args[0]);
};

Object.defineProperties(Fiber, {
  current: { get: () => current, enumerable: true },
  fibersCreated: { get: () => pool.created, enumerable: true },
  poolSize: {
    get: () => pool.size,
    set(size) {
      pool.size = Number(size);
      pool.idle = Math.min(pool.idle, pool.size);
    },
    enumerable: true,
  },
});

module.exports = Fiber;
