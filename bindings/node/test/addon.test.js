// SPDX-License-Identifier: MIT
'use strict';
// Greenlets wait inside callbacks of another addon (test/addon).
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, test } = require('node:test');
const { Greenlet, getMain } = require('libgreenlet');
const { needsPlain } = require('./helper.js');

const folder = path.join(__dirname, 'addon');
const binary = path.join(folder, 'build/Release/callbacks.node');
const main = getMain();
let addon;

before(() => {
  const source = path.join(folder, 'callbacks.cc');
  if (!fs.existsSync(binary) || fs.statSync(binary).mtimeMs < fs.statSync(source).mtimeMs) {
    const gyp = require.resolve('node-gyp/bin/node-gyp.js');
    const env = { ...process.env, npm_config_nodedir: require('../scripts/headers.js') };
    execFileSync(process.execPath, [gyp, 'rebuild', '--silent'], { cwd: folder, env, stdio: 'ignore' });
  }
  addon = require(binary);
});

test('a greenlet waits in a callback, and in a callback of a callback', needsPlain, () => {
  const g = new Greenlet(() => addon.callNow((x) => main.switch(x) + addon.callNow(() => main.switch('inner')), 'outer'));
  assert.deepEqual([g.switch(), g.switch(1), g.switch(2)], ['outer', 'inner', 3]);
});

test('what is thrown passes through the addon', needsPlain, () => {
  const g = new Greenlet(() => addon.callNow(() => main.switch()));
  g.switch();
  assert.throws(() => g.throw(new RangeError('through')), /through/);
  const killed = new Greenlet(() => addon.callNow(() => main.switch()));
  killed.switch();
  killed.kill();
  assert.equal(killed.dead, true);
});

test('main runs greenlets from inside a callback', needsPlain, () => {
  const g = new Greenlet(() => main.switch(1) + 1);
  assert.equal(addon.callNow(() => g.switch()), 1);
  assert.equal(addon.callNow((x) => g.switch(x), 2), 3);
});

test('a thread of the addon resumes a greenlet by way of the event loop', needsPlain, async () => {
  const seen = await new Promise((resolve) => {
    const g = new Greenlet(() => {
      const seen = [];
      while (seen.length < 3) seen.push(main.switch());
      resolve(seen);
    });
    g.switch();
    addon.callLater((n) => g.switch(n));
  });
  assert.deepEqual(seen, [0, 1, 2]);
});
