// SPDX-License-Identifier: MIT
/** A function that stops and goes on. */
interface Fiber<Yielded = any, Sent = any> {
  /**
   * Starts the fiber, or lets it go on.
   * @param value the function's argument, or what its `Fiber.yield()` returns
   * @returns what the fiber yields or returns
   * @throws what its function throws; an Error if it is running already
   * @throws {GreenletError} `GL_ENOTSUP` on the carrier "generator"; `GL_ENOMEM` if there is no stack
   */
  run(value?: Sent): Yielded;

  /**
   * Makes the `Fiber.yield()` in which it waits throw.
   * @returns what the fiber yields or returns
   * @throws what its function throws; an Error if it does not wait
   */
  throwInto(error?: any): Yielded;

  /**
   * Ends a fiber: its `Fiber.yield()` throws, and goes on to throw until its function has ended. One that is not running is left alone. A
   * Fiber that nobody holds any more is ended like this, some time after it has been collected.
   * @returns what its function returns
   */
  reset(): Yielded | undefined;

  /** Whether it has begun and not ended. */
  readonly started: boolean;
}

interface FiberConstructor {
  /**
   * Makes a fiber, with or without `new`.
   * @param fn runs on a stack of its own when {@link Fiber.run} is called for the first time. After its end the fiber can be run again
   * @throws {TypeError} for anything but one function
   */
  new <Yielded = any, Sent = any>(fn: (value: Sent) => Yielded | void): Fiber<Yielded, Sent>;
  <Yielded = any, Sent = any>(fn: (value: Sent) => Yielded | void): Fiber<Yielded, Sent>;

  readonly prototype: Fiber;

  /**
   * Stops the fiber that runs, and lets its `run()` return.
   * @returns what the next `run()` is called with
   * @throws what `throwInto()` is called with; an Error outside of a fiber, and in a fiber that is being reset
   */
  yield(value?: any): any;

  /** The fiber that runs; undefined outside. */
  readonly current: Fiber | undefined;

  /** How many stacks the fibers so far would have needed, when at most `poolSize` idle ones are kept. */
  readonly fibersCreated: number;

  /** See {@link FiberConstructor.fibersCreated}. 120 at first. The library's own cache of stacks does not depend on it. */
  poolSize: number;
}

/**
 * The API of the package `fibers` 5. A program moves by changing `require('fibers')` to `require('libgreenlet/fibers')`.
 *
 * Fibers are plain functions, so they need the carrier "fiber" or "thread".
 *
 * @example
 * ```js
 * const Fiber = require('libgreenlet/fibers');
 *
 * const counter = Fiber(function (step) {
 *   let total = step;
 *   for (;;) total += Fiber.yield(total);
 * });
 * counter.run(1); // 1
 * counter.run(2); // 3
 * ```
 */
declare const Fiber: FiberConstructor;
export = Fiber;
