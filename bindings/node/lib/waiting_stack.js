// SPDX-License-Identifier: MIT
'use strict';
// An error that comes out of a wait was made elsewhere, and often its stack says nothing of who waited. So those frames are added, and
// again at each wait through which it passes, up to as many as Error.stackTraceLimit asks for.
const { isNativeError } = require('node:util').types;

const HERE = __dirname + require('node:path').sep;
const SEPARATOR = '\n    --- waited for at ---\n';

/** Where we are. @param hidden the innermost function that is not to be seen */
function captureStack(hidden) {
  const here = {};
  Error.captureStackTrace(here, hidden);
  return here;
}

function addWaitingStack(error, here) {
  if (!isNativeError(error) || typeof error.stack !== 'string') return;
  const parts = error.stack.split(SEPARATOR);
  const known = parts.slice(1).flatMap((part) => part.split('\n')).length;
  const [, ...all] = String(here.stack).split('\n');
  const library = all.findIndex((frame) => frame.includes(HERE)); // which called the user's function
  const frames = all.slice(0, Math.min(library < 0 ? all.length : library, Math.max(0, Error.stackTraceLimit - known)));
  if (frames.length === 0) return;
  try {
    const value = [...parts, frames.join('\n')].join(SEPARATOR);
    Object.defineProperty(error, 'stack', { value, writable: true, configurable: true, enumerable: false });
  } catch {
    // A frozen error keeps the stack that it has.
  }
}

module.exports = { captureStack, addWaitingStack };
