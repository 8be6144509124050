// SPDX-License-Identifier: MIT
/** The callbacks of Node's own functions. */
type Callback<T> = (error: any, value?: T) => void;

/**
 * The API of the package `fibers` 5, `fibers/future`: a value that is yet to come, for which a fiber can wait. Loading it also adds
 * `Function.prototype.future()`.
 *
 * @example
 * ```js
 * const Future = require('libgreenlet/fibers/future');
 * const fs = Future.wrap(require('node:fs'));
 *
 * Future.task(function () {
 *   console.log(fs.readdirFuture('.').wait().length);
 * }).detach();
 * ```
 */
declare class Future<T = any> {
  /**
   * The value, which must have come.
   * @throws the future's error; an Error if it is not resolved yet
   */
  get(): T;

  /**
   * Waits until it is resolved. Inside of a fiber.
   * @returns its value
   * @throws its error, with the frames of whoever waits added to its stack; an Error outside of a fiber
   */
  wait(): T;

  /** Resolves it with a value. @throws {Error} if it is resolved already */
  return(value?: T): void;

  /** Resolves it with an error. @throws {Error} if it is resolved already, or without an error */
  throw(error: any): void;

  isResolved(): boolean;

  /** A function that resolves it, in the form of Node's callbacks. */
  resolver(): Callback<T>;

  /** Calls back when it is resolved, or at once. */
  resolve(callback: Callback<T>): this;
  /** Calls back with a value; an error goes to another future. */
  resolve(errors: Future, onValue: (value: T) => void): this;

  /** Calls back with a value; an error is dropped. */
  resolveSuccess(onValue: (value: T) => void): this;

  /** Resolves another future as this one is. */
  proxy(future: Future<T>): void;

  /** Passes an error on to another future, or to several. */
  proxyErrors(futures: Future | Future[]): this;

  /** Nobody will look at it: an error goes to the event loop, as an uncaught exception. */
  detach(): void;

  /** The same as a promise. */
  promise(): Promise<T>;

  /** Waits for all of them. Throws none of their errors: {@link get} does. */
  static wait(...futures: (Future | Future[])[]): void;

  /** A function in a fiber of its own, from the next tick on. @returns a future of what it returns */
  static task<T>(fn: () => T): Future<T>;
  /** Several. @returns a future of all their values, or of an error */
  static task(...functions: (() => any)[]): Future<any[]>;

  /**
   * Makes a function that takes a callback return a future. What the function itself returns is the future's property `_`.
   * @param multi the callback gets several values, and the future an array of them
   */
  static wrap<A extends any[]>(fn: (...args: A) => any, multi?: boolean, suffix?: string): (...args: any[]) => Future & { _: any };
  /** Makes an object that inherits from this one, with such a function beside each of its functions, named with the suffix, "Future". */
  static wrap<T extends object>(object: T, multi?: boolean, suffix?: string): T & Record<string, any>;

  static fromPromise<T>(promise: PromiseLike<T>): Future<T>;
}

declare global {
  interface Function {
    /**
     * Makes a function that runs this one in a fiber of its own and returns a future.
     * @param detach whether each of these futures is detached at once
     */
    future(detach?: boolean): (...args: any[]) => Future;
  }
}

export = Future;
