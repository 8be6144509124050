// SPDX-License-Identifier: MIT
'use strict';
// Measures the carrier that GREENLET_CARRIER names, and prints what it found as JSON.
const { createHook } = require('node:async_hooks');
const { Greenlet, carrier } = require('libgreenlet');
const { go } = require('libgreenlet/async');
const { best } = require('./measure.js');
const { plain, generators } = require('./bodies.js');

const LEVELS = [1, 10, 50];
const bodies = carrier === 'generator' ? generators : plain;

/** One way, between main and a greenlet that waits so deep. */
async function switching(depth) {
  const g = new Greenlet(bodies.echo(depth));
  const round = await best((count) => {
    for (let i = 0; i < count; ++i) g.switch();
  });
  g.kill();
  return round / 2;
}

const life = () =>
  best((count) => {
    for (let i = 0; i < count; ++i) new Greenlet(bodies.returns).switch();
  });

async function main() {
  const found = { carrier, switch: await switching(0), 'switch, 100 calls deep': await switching(100), life: await life() };
  for (const levels of LEVELS) {
    found[`wait ${levels}`] = await best((count) => go(bodies.waits(count, levels)));
    found[`call ${levels}`] = await best((count) => go(bodies.calls(count, levels)));
  }
  createHook({ init() {}, before() {}, after() {}, destroy() {} }).enable();
  found['switch, async_hooks on'] = await switching(0);
  console.log(JSON.stringify(found));
}

main();
