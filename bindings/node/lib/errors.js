// SPDX-License-Identifier: MIT
'use strict';
const native = require('./native.js');

/** A call that the library refused. Nothing has changed: not who runs, not the target. `code` is the name that the C library gives it, such as "GL_ECYCLE". */
class GreenletError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}
Object.defineProperty(GreenletError.prototype, 'name', { value: 'GreenletError', configurable: true, writable: true });

/**
 * What `kill()` throws at the place where a greenlet waits: let it pass, and clean up in `finally`. A body that it leaves has not failed: whoever gets the outcome receives
 * `value`, or undefined. Throw one yourself to end the greenlet that runs.
 */
class GreenletExit extends Error {
  constructor(value) {
    super('the greenlet ends');
    this.value = value;
  }
}
Object.defineProperty(GreenletExit.prototype, 'name', { value: 'GreenletExit', configurable: true, writable: true });

module.exports = native.errors ??= { GreenletError, GreenletExit };
