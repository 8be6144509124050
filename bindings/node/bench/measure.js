// SPDX-License-Identifier: MIT
'use strict';

// Many short rounds: on a busy machine some of them are not interrupted.
const ROUNDS = 400;
const ROUND_NS = 2e6;

/**
 * Nanoseconds that one operation takes: the best round, for whatever else runs on the machine only adds to it.
 * @param round  runs that many operations; may return a promise
 */
async function best(round) {
  let count = 16;
  let taken = await time(round, count);
  while (taken < ROUND_NS) {
    count *= Math.min(8, Math.max(2, Math.ceil(ROUND_NS / Math.max(taken, 1))));
    taken = await time(round, count);
  }
  let least = taken;
  for (let i = 1; i < ROUNDS; ++i) least = Math.min(least, await time(round, count));
  return least / count;
}

async function time(round, count) {
  const start = process.hrtime.bigint();
  await round(count);
  return Number(process.hrtime.bigint() - start);
}

module.exports = { best };
