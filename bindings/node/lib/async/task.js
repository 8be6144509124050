// SPDX-License-Identifier: MIT
'use strict';
// A task is what go() runs: a greenlet, and the promise of its outcome. Greenlets that it makes may wait on its behalf.
//
//     main, in the event loop  --- turn() --->  the task's greenlet: ... wait(promise)
//                ^                                       |
//                +------------ back, to wait ------------+         another turn() when the promise is settled
//
// A task that another greenlet starts goes back to that one at its first wait, since go() has not returned there yet.
const greenlets = require('../../index.js');
const { isGeneratorFunction } = require('../drive.js');

const { Greenlet, GreenletError, GreenletExit, GreenletLocal, getCurrent, getMain } = greenlets;
const taskOf = new GreenletLocal();

class Task {
  #resumer = null; // whoever gave it the turn that it has
  #begun = false;
  #resolve;
  #reject;

  constructor(signal) {
    this.signal = signal;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Runs fn up to its first wait. Inside a generator, which cannot be left here, that happens in a microtask. */
  start(fn, options) {
    const greenlet = new Greenlet(isGeneratorFunction(fn) ? this.#steps(fn) : this.#body(fn), { ...options, parent: getMain() });
    taskOf.set(this, greenlet);
    if (greenlets.carrier === 'generator' && getCurrent() !== getMain()) queueMicrotask(() => this.#start(greenlet));
    else this.#start(greenlet);
  }

  #start(greenlet) {
    try {
      this.signal?.throwIfAborted();
      this.turn(greenlet);
    } catch (error) {
      if (this.#begun) throw error; // somebody threw at the caller of go() meanwhile
      this.#reject(error);
    }
  }

  #body(fn) {
    return () => {
      this.#begun = true;
      try {
        this.#resolve(fn());
      } catch (error) {
        this.#fail(error);
      }
      this.#end();
    };
  }

  // The same, where fn yields.
  #steps(fn) {
    const task = this;
    return function* () {
      task.#begun = true;
      try {
        const result = yield* fn();
        yield; // throws if fn has made a request and not yielded it
        task.#resolve(result);
      } catch (error) {
        task.#fail(error);
      }
      task.#end();
    };
  }

  #fail(error) {
    this.#reject(error);
    // Whoever killed it knows, so that nobody looks at the promise is no fault.
    if (error instanceof GreenletExit) this.promise.catch(() => {});
  }

  #end() {
    if (this.#resumer) getCurrent().parent = this.#resumer;
  }

  /** Lets one of its greenlets go on. */
  turn(greenlet) {
    const before = this.#resumer;
    this.#resumer = getCurrent();
    try {
      greenlet.switch();
    } finally {
      this.#resumer = before;
    }
  }

  /** Who gets control while it waits. Where nobody gave it a turn, it was thrown at or killed. */
  get back() {
    return this.#resumer ?? getMain();
  }

  /** The task on whose behalf the current greenlet waits. */
  static current() {
    for (let greenlet = getCurrent(); greenlet; greenlet = greenlet.parent) {
      const task = taskOf.get(greenlet);
      if (task) return task;
    }
    throw new GreenletError('GL_EINVAL', 'nothing can wait outside of go(): only the functions that it runs, and what they call');
  }
}

module.exports = { Task };
