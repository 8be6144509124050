// SPDX-License-Identifier: MIT
/**
 * Greenlets: function calls that can wait. A greenlet has a stack of its own, so it stops in the middle of any call, at any depth, lets
 * others run, and goes on later where it stopped. Greenlets form a family tree: when one ends, its parent gets the outcome.
 *
 * They belong to their thread, the main one or a Worker. Exactly one runs at a time, until it says who is next.
 *
 * @example
 * ```js
 * const { Greenlet, getMain } = require('libgreenlet');
 *
 * const doubler = new Greenlet((value) => {
 *   for (;;) value = getMain().switch(2 * value);
 * });
 * doubler.switch(1); // 2
 * doubler.switch(7); // 14
 * doubler.kill();
 * ```
 *
 * @packageDocumentation
 */

/**
 * What carries greenlets in this thread:
 * - "fiber": stacks of the library's own. A switch takes some hundred nanoseconds;
 * - "thread": a thread each, of which one runs at a time;
 * - "generator": JavaScript generators, where bodies are `function*` and waiting is `yield g.switch()`. They work everywhere.
 *
 * Bodies that are `function*`, and yield each switch, work on all three.
 */
export type Carrier = 'fiber' | 'thread' | 'generator';

/** The carrier that is in use, or that will be from the first use on. */
export const carrier: Carrier;

/**
 * Chooses the carrier, before the first use in this thread. Otherwise the environment variable `GREENLET_CARRIER` names it, or it is the
 * first of "fiber", "thread" and "generator" that works here.
 * @throws {GreenletError} `GL_ENOTSUP` if that one does not work here; `GL_EBUSY` if another one is in use already
 * @throws {TypeError} if there is no such carrier
 */
export function configure(options: { carrier?: Carrier }): void;

/** Options of `new Greenlet()`. */
export interface GreenletOptions {
  /** Who gets the outcome. By default the greenlet that makes this one. */
  parent?: Greenlet;
  /** For people: traces and dumps show it. */
  name?: string;
  /**
   * Bytes of address space for its stack, on the carriers "fiber" and "thread". Less than what V8 insists on is raised to that, somewhat
   * more than a mebibyte, which is also the default. V8's limit for JavaScript stays what `--stack-size` says.
   */
  stackSize?: number;
}

/**
 * - "unstarted": its body has not been called, and will be by the first switch;
 * - "suspended": it waits in a switch();
 * - "running": it is the current one;
 * - "dead": its body has ended, or it was ended before it started.
 */
export type GreenletState = 'unstarted' | 'suspended' | 'running' | 'dead';

/** A body: its arguments are the values of the first switch, and what it returns goes to the parent. */
export type Body = ((...values: any[]) => any) | ((...values: any[]) => Generator<any, any, any>);

/** A function call that can wait. */
export class Greenlet {
  /**
   * Makes a greenlet that has not started.
   * @throws {TypeError} if `body` is no function, or an option is of the wrong type
   */
  constructor(body: Body, options?: GreenletOptions);

  /**
   * Lets this greenlet run until somebody switches back to the caller. One that has not started calls its body with the values. In one
   * that waits, its own pending call returns the value: undefined if there is none, an array if there are several. In place of a dead one,
   * its nearest living ancestor is meant.
   *
   * On the carrier "generator", inside a body, this is a request: `const answer = yield g.switch(value)`.
   *
   * @returns what comes back: the value of a switch to the caller, or what the body of a child returned
   * @throws what somebody throws at the caller; a {@link GreenletExit} when the caller is killed; the error that left the body of a child
   * @throws {GreenletError} when it is refused, such as `GL_ENOMEM` if there is no stack to start it on, or `GL_EBUSY` in a tracer. Nothing
   * has changed then
   */
  switch(...values: any[]): any;

  /**
   * Does what switch() does, except that its pending call throws `error`; by default a {@link GreenletExit}. One that has not started dies
   * without running, and the error goes to its parent.
   * @throws as {@link Greenlet.switch} does
   */
  throw(error?: unknown): any;

  /**
   * Asks this greenlet to end: its pending call throws a {@link GreenletExit}. Until it has ended, the caller is its parent, so control
   * comes back here, wherever the two stand in the family tree. One that has not started dies without running, and one that is dead is left
   * alone.
   * @returns what comes back: usually undefined
   * @throws what its body throws instead
   * @throws {GreenletError} `GL_EINVAL` for main and the current greenlet; `GL_ECYCLE` for an ancestor of the caller
   */
  kill(): any;

  /**
   * Who gets the outcome; null for main. While it is being killed, the killer.
   * @throws {GreenletError} when set: `GL_EINVAL` for main; `GL_ECYCLE` if the new parent descends from this greenlet
   * @throws {TypeError} when set to anything but a greenlet
   */
  get parent(): Greenlet | null;
  set parent(parent: Greenlet);

  readonly state: GreenletState;

  /** Whether its state is "dead". */
  readonly dead: boolean;

  /** As the options had it; "main" for main. */
  readonly name: string;
}

/** The greenlet that runs. */
export function getCurrent(): Greenlet;

/** The greenlet of this thread that was there before all others. The event loop runs in it, and it never ends. */
export function getMain(): Greenlet;

/** What happened to greenlets: `end` comes before the transfer that carries the outcome, `start` after the switch that starts one. */
export type TraceEvent = 'switch' | 'throw' | 'start' | 'end';

/**
 * Calls a function before each transfer. A kill is a "throw". The function cannot switch (`GL_EBUSY`), and an error that it throws is
 * reported as uncaught.
 * @returns a function that ends this
 */
export function trace(tracer: (event: TraceEvent, from: Greenlet, to: Greenlet) => void): () => void;

/** The names that the C library gives its errors. */
export type GreenletErrorCode =
  | 'GL_EINVAL'
  | 'GL_ENOMEM'
  | 'GL_ETHREAD'
  | 'GL_EEXPIRED'
  | 'GL_ECYCLE'
  | 'GL_EBUSY'
  | 'GL_ENOTSUP';

/** A call that the library refused. Nothing has changed: not who runs, not the target. */
export class GreenletError extends Error {
  constructor(code: GreenletErrorCode, message?: string);
  code: GreenletErrorCode;
}

/**
 * What a greenlet that is killed gets thrown where it waits. Let it pass, and clean up in `finally`. A body that it leaves has not failed:
 * whoever gets the outcome receives `value`. A greenlet may also throw one to end itself.
 */
export class GreenletExit<T = any> extends Error {
  constructor(value?: T);
  value: T | undefined;
}

/**
 * A value that each greenlet has of its own. It goes with the greenlet.
 *
 * @example
 * ```js
 * const { GreenletLocal } = require('libgreenlet');
 *
 * const depth = new GreenletLocal(0);
 * depth.set(depth.get() + 1);
 * ```
 */
export class GreenletLocal<T = any> {
  /** @param initial the value where none has been set. A function is called for it, once in each greenlet that asks */
  constructor(initial?: T | (() => T));
  /** The value of a greenlet, by default of the current one. */
  get(greenlet?: Greenlet): T;
  /** Sets it. */
  set(value: T, greenlet?: Greenlet): void;
  /** As if it had never been set. */
  delete(greenlet?: Greenlet): void;
}
