// SPDX-License-Identifier: MIT
// What tsd, which reads CommonJS, does not see: the declarations for ESM.
import greenlet, { Greenlet, type GreenletState, getMain } from 'libgreenlet';
import { go, wait } from 'libgreenlet/async';
import Fiber from 'libgreenlet/fibers';
import Future from 'libgreenlet/fibers/future';

export const same: typeof Greenlet = greenlet.Greenlet;
export const state: GreenletState = getMain().state;
export const waited: Promise<number> = go(() => wait(Promise.resolve(1)));
export const fiber: Fiber = Fiber(() => Fiber.yield(1));
export const created: number = Fiber.fibersCreated;
export const future: Future<number> = Future.task(() => 1);
// @ts-expect-error a switch takes place on a greenlet
export const wrong = Greenlet.switch();
