// SPDX-License-Identifier: MIT
'use strict';
// The public classes and functions: arguments are checked here, the rest is for the realm and its carrier.
const { use } = require('./addon.js');
const { GreenletExit } = require('./errors.js');
const native = require('./native.js');
const { Record, Several } = require('./realm.js');

let recordOf; // a Greenlet's record
let reviving; // a record for which a Greenlet is being made

class Greenlet {
  #record;

  static {
    recordOf = (greenlet) => greenlet.#record;
  }

  /**
   * Makes a greenlet that has not started. Its first switch calls `body`.
   * @param body a function, or a generator function, in which `yield g.switch()` works on every carrier
   * @param options `parent`: who gets the outcome, by default the current greenlet; `name`: a string that tools show; `stackSize`: bytes (carriers fiber and thread), at least 1.125 MiB
   */
  constructor(body, options) {
    if (reviving !== undefined) {
      this.#record = reviving;
      return;
    }
    const realm = use();
    if (typeof body !== 'function') throw new TypeError('a greenlet needs a function to run');
    let parent, name, stackSize;
    if (options !== undefined && options !== null) ({ parent, name, stackSize } = check(options));
    parent ??= realm.greenletOf(realm.carrier.current());
    this.#record = new Record(this, body, parent.#record, parent, name, stackSize);
  }

  /**
   * Lets it run until somebody switches back here. One that has not started starts with the values as arguments; in one that waits, its pending call returns the value: an array
   * if there are several, undefined if there is none. A dead one passes them to its parent.
   * @returns what comes back
   * @throws what somebody throws here, or a GreenletExit when somebody kills this greenlet
   */
  switch(value) {
    return use().carrier.switch(this.#record, arguments.length > 1 ? new Several(Array.from(arguments)) : value);
  }

  /** As switch(), but its pending call throws `error`: by default a GreenletExit. One that has not started dies without running, and `error` goes to its parent. */
  throw(error) {
    return use().carrier.throw(this.#record, arguments.length === 0 ? new GreenletExit() : error);
  }

  /**
   * Asks it to end: its pending call throws a GreenletExit, and until it has ended the caller is its parent. One that has not started dies without running.
   * @returns what comes back: usually undefined; what it sends here if it does not end
   */
  kill() {
    return use().carrier.kill(this.#record);
  }

  /** Who gets the outcome; null of main. During a kill: who kills it. */
  get parent() {
    const parent = use().parentOf(this.#record);
    return parent === undefined ? null : use().greenletOf(parent);
  }

  set parent(parent) {
    if (!(parent instanceof Greenlet)) throw new TypeError('a parent is a Greenlet');
    use().setParent(this.#record, parent.#record);
  }

  /** "unstarted", "suspended", "running" or "dead" */
  get state() {
    return use().stateOf(this.#record);
  }

  get dead() {
    return this.state === 'dead';
  }

  get name() {
    return this.#record.name;
  }
}

function check({ parent, name = '', stackSize = 0 }) {
  if (parent !== undefined && !(parent instanceof Greenlet)) throw new TypeError('options.parent is a Greenlet');
  if (typeof name !== 'string') throw new TypeError('options.name is a string');
  if (!Number.isInteger(stackSize) || stackSize < 0) throw new TypeError('options.stackSize is a number of bytes');
  if (stackSize > 2 ** 31 - 1) throw new RangeError('options.stackSize is at most 2 GiB');
  return { parent, name, stackSize };
}

/** A Greenlet for a record: main's, or when the first one was collected. */
function revive(record) {
  reviving = record;
  try {
    return new Greenlet();
  } finally {
    reviving = undefined;
  }
}

/** The greenlet that runs. */
function getCurrent() {
  const realm = use();
  return realm.greenletOf(realm.carrier.current());
}

/** The main greenlet: the one that runs the event loop of this thread. */
function getMain() {
  const realm = use();
  return realm.greenletOf(realm.main);
}

/**
 * Calls `tracer(event, from, to)` before each transfer: "switch", "throw" (kills, too), "start" after the switch that starts `to`, "end" before the transfer that carries the
 * outcome of `from`. A tracer cannot switch; an error that it throws is reported as uncaught.
 * @returns a function that ends this
 */
function trace(tracer) {
  if (typeof tracer !== 'function') throw new TypeError('a tracer is a function');
  return use().trace(tracer);
}

module.exports = native.greenlet ??= { Greenlet, getCurrent, getMain, trace, recordOf, revive };
