// SPDX-License-Identifier: MIT
'use strict';
const GeneratorFunction = Object.getPrototypeOf(function* () {}).constructor;

const isGeneratorFunction = (fn) => fn instanceof GeneratorFunction || fn?.[Symbol.toStringTag] === 'GeneratorFunction'; // or another realm's

/** Runs a generator where its `yield g.switch()` has switched already when it yields: each `yield x` is worth x. */
function drive(iterator) {
  let step = iterator.next();
  while (!step.done) step = iterator.next(step.value);
  return step.value;
}

module.exports = { isGeneratorFunction, drive };
