// SPDX-License-Identifier: MIT
'use strict';
// libgreenlet/async, where the functions that wait are plain ones.
const test = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const http = require('node:http');
const vm = require('node:vm');
const { once } = require('node:events');
const { go, wait, sleep } = require('libgreenlet/async');
const { needsPlain, runProgram } = require('./helper.js');

const later = (value) => new Promise((resolve) => setImmediate(resolve, value));
const waited = (value) => wait(later(value));

const inTask = (name, body) => test(name, needsPlain, () => go(body));

inTask('wait at the bottom of many calls', () => {
  const deep = (depth) => (depth === 0 ? waited('bottom') : deep(depth - 1));
  assert.strictEqual(deep(1000), 'bottom');
});

inTask('wait in a getter and a setter', () => {
  let stored;
  const object = {
    get value() { return waited('got'); },
    set value(value) { stored = waited(value); },
  };
  assert.strictEqual(object.value, 'got');
  object.value = 'set';
  assert.strictEqual(stored, 'set');
});

inTask("wait in a Proxy's traps", () => {
  const proxy = new Proxy(function () {}, {
    get: (_, key) => waited(`get ${String(key)}`),
    has: () => waited(true),
    apply: (_, __, values) => waited(values),
    ownKeys: () => waited(['prototype']),
    construct: () => waited({ made: true }),
  });
  assert.strictEqual(proxy.name, 'get name');
  assert.ok('anything' in proxy);
  assert.deepStrictEqual(proxy(1, 2), [1, 2]);
  assert.deepStrictEqual(Reflect.ownKeys(proxy), ['prototype']);
  assert.deepStrictEqual(new proxy(), { made: true });
});

inTask('wait in the callbacks of built-in functions', () => {
  assert.deepStrictEqual([5, 3, 9, 1, 7].sort((a, b) => waited(a - b)), [1, 3, 5, 7, 9]);
  assert.deepStrictEqual([1, 2, 3].map((n) => waited(2 * n)), [2, 4, 6]);
  assert.strictEqual([1, 2, 3].reduce((sum, n) => waited(sum + n), 0), 6);
  assert.strictEqual('a-b'.replace(/[ab]/g, (letter) => waited(letter.toUpperCase())), 'A-B');
  assert.strictEqual(JSON.stringify({ toJSON: () => waited('json') }), '"json"');
  assert.strictEqual(`${{ toString: () => waited('string') }}`, 'string');
  assert.deepStrictEqual([...{ *[Symbol.iterator]() { yield waited(1); yield waited(2); } }], [1, 2]);
  assert.deepStrictEqual(Array.from({ length: 2 }, (_, i) => waited(i)), [0, 1]);
  const map = new Map([['a', 1]]);
  map.forEach((value) => assert.strictEqual(waited(value), 1));
});

inTask('wait in constructors, tagged templates and eval', () => {
  class Lazy {
    value = waited('field');
    static { waited(); }
  }
  assert.strictEqual(new Lazy().value, 'field');
  assert.strictEqual(((strings) => waited(strings[0]))`tag`, 'tag');
  assert.strictEqual((0, eval)('(f) => f(1)')(waited), 1);
});

inTask("wait in another context's code", () => {
  assert.strictEqual(vm.runInNewContext('[1, 2].map(f).join()', { f: waited }), '1,2');
});

inTask('wait inside of try, finally, loops and labels', () => {
  const order = [];
  outer: for (const i of [1, 2, 3]) {
    for (;;) {
      try {
        if (waited(i) === 2) break outer;
        continue outer;
      } finally {
        order.push(waited(i));
      }
    }
  }
  assert.deepStrictEqual(order, [1, 2]);
});

inTask('an async function that waits, and is awaited', () => {
  const both = async () => {
    const first = waited(1);
    return [first, await later(2)];
  };
  assert.deepStrictEqual(wait(both()), [1, 2]);
});

inTask('synchronous functions of Node in a task', () => {
  assert.strictEqual(fs.readFileSync(__filename, 'utf8'), wait(fs.promises.readFile(__filename, 'utf8')));
  assert.strictEqual(require('node:child_process').execFileSync(process.execPath, ['-p', '6*7'], { encoding: 'utf8' }), '42\n');
  assert.strictEqual(require('node:zlib').gunzipSync(require('node:zlib').gzipSync('x')).toString(), 'x');
  assert.strictEqual(wait(import('node:path')).sep, require('node:path').sep);
});

test('the handler of a server waits, while others are served', needsPlain, async () => {
  let waiting = 0;
  let most = 0;
  let release;
  const all = new Promise((resolve) => (release = resolve));
  const server = http.createServer((request, response) => {
    go(() => {
      most = Math.max(most, ++waiting);
      if (most === 5) release();
      wait(all);
      --waiting;
      response.end(request.url);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const get = (path) => new Promise((resolve, reject) => {
    http.get({ port: server.address().port, host: '127.0.0.1', path, agent: false }, async (response) => {
      let body = '';
      for await (const chunk of response) body += chunk;
      resolve(body);
    }).on('error', reject);
  });
  const paths = Array.from({ length: 5 }, (_, i) => `/${i}`);
  assert.deepStrictEqual(await Promise.all(paths.map((path) => go(() => wait(get(path))))), paths);
  assert.strictEqual(most, 5);
  server.close();
});

test('the event loop goes on while tasks wait', needsPlain, async () => {
  let ticks = 0;
  const timer = setInterval(() => ++ticks, 1);
  await go(() => {
    while (ticks < 5) sleep(1);
  });
  clearInterval(timer);
});

test('an exception in a callback is uncaught, as without tasks, and the tasks live on', needsPlain, () => {
  const { status, stdout } = runProgram(`
    const { go, sleep } = require('libgreenlet/async');
    process.on('uncaughtException', ({ message }, origin) => console.log(message, origin));
    go(() => {
      setImmediate(() => { throw new Error('from a callback'); });
      sleep(20);
      console.log('the task goes on');
    });
  `);
  assert.deepStrictEqual({ status, stdout }, { status: 0, stdout: 'from a callback uncaughtException\nthe task goes on\n' });
});

test('process.exit in a task ends the process, and its handlers run', needsPlain, () => {
  const { status, stdout } = runProgram(`
    const { go, wait } = require('libgreenlet/async');
    process.on('exit', (code) => console.log('exit', code));
    go(() => { wait(null); try { process.exit(7); } finally { console.log('not reached'); } });
  `);
  assert.deepStrictEqual({ status, stdout }, { status: 7, stdout: 'exit 7\n' });
});

test('a process whose tasks wait for ever ends, as one that awaits for ever', needsPlain, () => {
  const { status, stdout } = runProgram(`
    const { go, wait } = require('libgreenlet/async');
    go(() => { try { wait(new Promise(() => {})); } finally { console.log('not reached'); } });
    console.log('end');
  `);
  assert.deepStrictEqual({ status, stdout }, { status: 0, stdout: 'end\n' });
});
