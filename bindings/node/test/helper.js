// SPDX-License-Identifier: MIT
'use strict';
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { carrier } = require('libgreenlet');

/** For tests whose bodies are plain functions. */
const needsPlain = { skip: carrier === 'generator' && 'plain functions cannot wait on this carrier' };

/** Runs a program in a process of its own. `require('libgreenlet')` is this package. */
function runProgram(source, ...flags) {
  const options = { cwd: path.dirname(__dirname), encoding: 'utf8', timeout: 120_000 };
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...flags, '-e', source], options);
  return { status, signal, stdout, stderr };
}

module.exports = { needsPlain, runProgram };
