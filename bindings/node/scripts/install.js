// SPDX-License-Identifier: MIT
'use strict';
// What `npm install` runs: takes the prebuilt binary if one loads here, else builds from source, else says what to install.
const { spawnSync } = require('child_process');
const path = require('path');
const nodedir = require('./headers.js');

const root = path.dirname(__dirname);

function prebuiltLoads() {
  if (process.env.npm_config_build_from_source) return false;
  try {
    require('node-gyp-build')(root);
    return true;
  } catch {
    return false;
  }
}

/** npm tells where its own node-gyp is. */
function build() {
  const own = process.env.npm_config_node_gyp;
  const [command, ...args] = own ? [process.execPath, own] : ['node-gyp'];
  const env = { ...process.env, npm_config_nodedir: nodedir };
  const done = spawnSync(command, [...args, 'rebuild'], { cwd: root, env, stdio: 'inherit', shell: process.platform === 'win32' && !own });
  return done.status === 0;
}

const runs = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;

/** What a build needs and is not there, in words for people. */
function missing() {
  if (process.platform === 'win32') return [];
  const compilers = process.env.CXX ? [process.env.CXX] : ['g++', 'c++', 'clang++'];
  return [
    [compilers.some(runs), 'a C++20 compiler (GCC 11 or Clang 14, or later)'],
    [runs('make'), 'make'],
    [[process.env.npm_config_python, process.env.PYTHON, 'python3', 'python'].some((python) => python && runs(python)), 'Python 3'],
  ]
    .filter(([there]) => !there)
    .map(([, what]) => what);
}

const recipes = {
  linux: [
    'Debian, Ubuntu:  apt-get install g++ make python3',
    'Fedora, RHEL:    dnf install gcc-c++ make python3',
    'Alpine:          apk add g++ make python3 linux-headers',
  ],
  darwin: ['macOS:           xcode-select --install'],
  win32: ['Windows:         Visual Studio Build Tools with "Desktop development with C++", and Python 3'],
};

if (!prebuiltLoads() && !build()) {
  const lacks = missing();
  console.error(
    [
      '',
      `libgreenlet: no prebuilt binary works on ${process.platform}-${process.arch} with ${process.release.name} ${process.version}, and building it from source failed.`,
      lacks.length ? `Missing here: ${lacks.join(', ')}. Install what is missing, then run: npm rebuild libgreenlet` : 'The compiler\'s messages are above.',
      ...(recipes[process.platform] || []).map((recipe) => `  ${recipe}`),
      '',
    ].join('\n'),
  );
  process.exitCode = 1;
}
