// SPDX-License-Identifier: MIT
'use strict';
// What is measured on a carrier, once as plain functions and once as generator functions.
const { getMain } = require('libgreenlet');
const { wait } = require('libgreenlet/async');

const main = getMain();
const ready = Promise.resolve();

const plain = {
  /** Switches back for ever, from so many calls below its body. */
  echo: (depth) => () => {
    const below = (levels) => (levels ? below(levels - 1) : main.switch());
    for (;;) below(depth);
  },
  returns: () => {},
  /** Calls a function so many times that waits so many calls below. */
  waits: (count, depth) => () => {
    const below = (levels) => (levels > 1 ? below(levels - 1) : wait(ready));
    for (let i = 0; i < count; ++i) below(depth);
  },
  /** The same call, which does not wait this time. */
  calls: (count, depth) => () => {
    const below = (levels) => (levels > 1 ? below(levels - 1) : undefined);
    for (let i = 0; i < count; ++i) below(depth);
  },
};

const generators = {
  echo: (depth) =>
    function* () {
      function* below(levels) {
        return levels ? yield* below(levels - 1) : yield main.switch();
      }
      for (;;) yield* below(depth);
    },
  *returns() {},
  waits: (count, depth) =>
    function* () {
      function* below(levels) {
        return levels > 1 ? yield* below(levels - 1) : yield wait(ready);
      }
      for (let i = 0; i < count; ++i) yield* below(depth);
    },
  calls: (count, depth) =>
    function* () {
      function* below(levels) {
        if (levels > 1) yield* below(levels - 1);
      }
      for (let i = 0; i < count; ++i) yield* below(depth);
    },
};

module.exports = { plain, generators };
