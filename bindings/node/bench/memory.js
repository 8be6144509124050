// SPDX-License-Identifier: MIT
'use strict';
// Resident memory of greenlets that wait, on the carrier that GREENLET_CARRIER names: node --expose-gc memory.js COUNT
const { Greenlet, carrier } = require('libgreenlet');
const { plain, generators } = require('./bodies.js');

const count = Number(process.argv[2]);
const body = (carrier === 'generator' ? generators : plain).echo(0);

function resident() {
  globalThis.gc();
  return process.memoryUsage.rss();
}

new Greenlet(body).switch(); // what the first one needs
const before = resident();
const sleepers = Array.from({ length: count }, () => new Greenlet(body));
for (const sleeper of sleepers) sleeper.switch();
console.log(JSON.stringify({ carrier, memory: (resident() - before) / sleepers.length }));
process.exit(); // and nobody is unwound
