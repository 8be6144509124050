// SPDX-License-Identifier: MIT
'use strict';
const { use } = require('./addon.js');
const { recordOf } = require('./greenlet.js');

/** A value that each greenlet has of its own. It goes with the greenlet. */
class GreenletLocal {
  #initial;

  /** @param initial the value in greenlets that have not set one; a function is called for it, once in each greenlet that asks */
  constructor(initial) {
    this.#initial = initial;
  }

  /** The value of `greenlet`, by default of the current one. */
  get(greenlet) {
    const record = recordFor(greenlet);
    if (record.locals !== undefined && record.locals.has(this)) return record.locals.get(this);
    if (typeof this.#initial !== 'function') return this.#initial;
    const value = this.#initial();
    this.set(value, greenlet);
    return value;
  }

  /** Sets the value of `greenlet`, by default of the current one. */
  set(value, greenlet) {
    const record = recordFor(greenlet);
    record.locals ??= new WeakMap();
    record.locals.set(this, value);
  }

  /** As if it had never been set. */
  delete(greenlet) {
    recordFor(greenlet).locals?.delete(this);
  }
}

const recordFor = (greenlet) => (greenlet === undefined ? use().carrier.current() : recordOf(greenlet));

module.exports = { GreenletLocal };
