// SPDX-License-Identifier: MIT
'use strict';
// The examples in the declarations run, and what the declarations name is there. That they fit is for test-d/.
const test = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { needsPlain, runProgram } = require('./helper.js');

const folder = path.join(__dirname, '../types');
const read = (name) => fs.readFileSync(path.join(folder, name), 'utf8');

for (const name of fs.readdirSync(folder).filter((file) => file.endsWith('.d.ts'))) {
  const examples = [...read(name).matchAll(/```js\n([^]*?)```/g)].map(([, code]) => code.replace(/^ *\* ?/gm, ''));
  test(`the examples of ${name}`, needsPlain, () => {
    assert.ok(examples.length > 0);
    for (const example of examples) {
      const { status, stderr } = runProgram(example);
      assert.deepStrictEqual({ status, stderr }, { status: 0, stderr: '' }, example);
    }
  });
}

const exported = (declarations) => [...declarations.matchAll(/^export (?:const|function|class) (\w+)/gm)].map(([, name]) => name);

for (const [file, entry] of [['index.d.ts', 'libgreenlet'], ['async.d.ts', 'libgreenlet/async']]) {
  test(`${entry} exports what ${file} declares, by require and by import`, async () => {
    const declared = [...new Set(exported(read(file)))].sort();
    assert.deepStrictEqual(Object.keys(require(entry)).sort(), declared);
    assert.deepStrictEqual(Object.keys(await import(entry)).filter((name) => name !== 'default').sort(), declared);
  });
}
