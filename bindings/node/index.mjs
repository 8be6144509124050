// SPDX-License-Identifier: MIT
import greenlet from './index.js';
import { onChoice } from './lib/addon.js';

export const { Greenlet, getCurrent, getMain, trace, GreenletExit, GreenletError, GreenletLocal, configure } = greenlet;

/** "fiber", "thread" or "generator": what carries greenlets in this thread, or will. */
export let carrier;
onChoice((name) => (carrier = name));

export default greenlet;
