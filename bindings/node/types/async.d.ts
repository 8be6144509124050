// SPDX-License-Identifier: MIT
/**
 * Plain functions that wait for promises at any depth, without `async` in the signatures above them.
 *
 * The event loop is never blocked: while a task waits, everything else goes on. Tasks do not preempt each other, so between two waits
 * nothing else runs. Tasks whose promises are settled go on in the order of their settling, as `await` has it, through the microtask
 * queue; so a task that waits only for what is settled already keeps timers and I/O waiting, as a loop of `await` does. `sleep(0)` lets
 * them run.
 *
 * On the carrier "generator" the functions are `function*`, and each wait is yielded: `const text = yield wait(promise)`.
 *
 * @example
 * ```js
 * const { readFile } = require('node:fs/promises');
 * const { go, wait } = require('libgreenlet/async');
 *
 * const read = (path) => JSON.parse(wait(readFile(path, 'utf8'))); // waits, and is a plain function
 *
 * go(() => {
 *   for (const path of ['package.json']) console.log(read(path).name);
 * });
 * ```
 *
 * @packageDocumentation
 */

/** Options of {@link go}. */
export interface GoOptions {
  /**
   * When it is aborted, the wait that is going on throws the signal's reason, and so does each later one. A wait with a signal of its own,
   * or with `signal: null`, does not heed it: for cleaning up.
   */
  signal?: AbortSignal | null;
  /** The greenlet's name, for traces and dumps. */
  name?: string;
  /** The bytes of its stack, as for `new Greenlet()`. */
  stackSize?: number;
}

/** Options of the functions that wait. */
export interface WaitOptions {
  /** Aborting it makes this wait throw its reason. In place of the signal that {@link go} was given; `null`: none. */
  signal?: AbortSignal | null;
}

/**
 * Runs a function as a task: in a greenlet of its own, at once, up to where it first waits.
 *
 * The contexts of AsyncLocalStorage are those of the caller, and stay the task's own across its waits. A greenlet that the function makes
 * may wait too, on behalf of the task. A task that waits for what never comes stays in memory, as its stack does.
 *
 * Inside a body on the carrier "generator", the function starts in a microtask instead.
 *
 * @returns a promise of what `fn` returns. It is rejected with what `fn` throws, and if nobody handles that, Node reports it as any other
 * unhandled rejection. When the task's greenlet is killed, it is rejected with the GreenletExit, which is not reported.
 * @throws {TypeError} if `fn` is no function
 */
export function go<T>(fn: () => Generator<any, T, any>, options?: GoOptions): Promise<Awaited<T>>;
export function go<T>(fn: () => T, options?: GoOptions): Promise<Awaited<T>>;

/**
 * Waits until a promise is settled. Inside of {@link go}, at any depth of plain calls: also in a getter, a Proxy's trap, or a callback of
 * Array.prototype.sort.
 *
 * A value that is no promise is waited for, too, as `await` does: others run before it comes back.
 *
 * @returns the promise's value
 * @throws what the promise is rejected with. To the stack of an Error, the frames of whoever waits are added.
 * @throws {GreenletError} `GL_EINVAL` outside of {@link go}; `GL_EBUSY` inside a native callback that runs on the greenlet's own stack
 */
export function wait<T>(value: T, options?: WaitOptions): Awaited<T>;

/**
 * Waits for at least so many milliseconds. With 0, the default: until the event loop has gone round once.
 * @throws as {@link wait} does
 */
export function sleep(milliseconds?: number, options?: WaitOptions): void;

/**
 * Waits for all, as Promise.all() does.
 * @returns their values, in order
 * @throws the first rejection; what {@link wait} throws
 *
 * @example
 * ```js
 * const { all, go, sleep } = require('libgreenlet/async');
 *
 * const slowly = (value) => go(() => (sleep(1), value));
 *
 * go(() => {
 *   const [one, two] = all([slowly('one'), slowly('two')]);
 *   console.log(one, two);
 * });
 * ```
 */
export function all<T extends readonly unknown[] | []>(values: T, options?: WaitOptions): { -readonly [K in keyof T]: Awaited<T[K]> };
export function all<T>(values: Iterable<T>, options?: WaitOptions): Awaited<T>[];

/**
 * Waits for the one that is settled first, as Promise.race() does.
 * @returns its value
 * @throws its rejection; what {@link wait} throws
 */
export function race<T>(values: Iterable<T>, options?: WaitOptions): Awaited<T>;
