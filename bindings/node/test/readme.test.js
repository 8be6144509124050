// SPDX-License-Identifier: MIT
'use strict';
// Every program in README.md runs, and prints what the `text` block behind it says.
const test = require('node:test');
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { carrier } = require('libgreenlet');

const root = path.dirname(__dirname);
const folder = path.join(root, 'build', 'readme', carrier); // in the package, so that its name leads to it
const readme = fs.readFileSync(path.join(root, 'README.md'), 'utf8');
const programs = [...readme.matchAll(/^```js\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?/gms)];

fs.mkdirSync(folder, { recursive: true });
assert.ok(programs.length > 0);

for (const [index, [, source, printed]] of programs.entries()) {
  const line = readme.slice(0, programs[index].index).split('\n').length;
  const skip = carrier === 'generator' && !source.includes("carrier: 'generator'") && 'it has plain functions';
  test(`the program at README.md:${line} runs`, { skip }, () => {
    const file = path.join(folder, `line_${line}.${/^import /m.test(source) ? 'mjs' : 'cjs'}`);
    fs.writeFileSync(file, source);
    const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 60_000 });
    assert.strictEqual(status, 0, stderr);
    if (printed !== undefined) assert.strictEqual(stdout, printed);
  });
}
