// SPDX-License-Identifier: MIT
'use strict';
const test = require('node:test');
const assert = require('node:assert');
const { spawn, spawnSync } = require('node:child_process');
const http = require('node:http');
const path = require('node:path');
const { once } = require('node:events');
const { json } = require('node:stream/consumers');
const { carrier } = require('libgreenlet');

const example = (name) => path.join(__dirname, '..', 'examples', name);
const plain = carrier !== 'generator';

test('two_greenlets.js: two loops take turns', { skip: !plain && 'it has plain functions' }, () => {
  const { stdout, stderr } = spawnSync(process.execPath, [example('two_greenlets.js')], { encoding: 'utf8' });
  assert.strictEqual(stdout, 'one\ntwo\nthree\nfour\nfive\nsix\n', stderr);
});

const CLIENTS = 20;
const NOTES = 15; // of each client
const agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS });
test.after(() => agent.destroy());

const hasSqlite = process.getBuiltinModule?.('node:sqlite') !== undefined;

test('server.js: says what it needs where it cannot run', { skip: plain && hasSqlite && 'it can run here' }, () => {
  const { status, stderr } = spawnSync(process.execPath, [example('server.js'), '0'], { encoding: 'utf8', timeout: 60_000 });
  assert.strictEqual(status, 1);
  assert.match(stderr, plain ? /needs node:sqlite, which comes with Node 22/ : /plain functions cannot wait/);
});

test('server.js: many clients at once, each of which finds what it has stored', { skip: !(plain && hasSqlite) && 'it cannot run here' }, async () => {
  const server = spawn(process.execPath, [example('server.js'), '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(server, 'exit');
  try {
    const url = new URL(String((await once(server.stdout, 'data'))[0]).trim());
    await Promise.all(Array.from({ length: CLIENTS }, (_, client) => storeAndFind(url, client)));
    const { body } = await ask(url, 'GET', url.pathname);
    assert.strictEqual(body.length, CLIENTS * NOTES);
    assert.strictEqual((await ask(url, 'GET', '/notes/0')).status, 404);
    assert.strictEqual((await ask(url, 'POST', '/notes', 'no json')).status, 400);
    assert.strictEqual((await ask(url, 'DELETE', '/notes')).status, 405);
  } finally {
    server.kill();
  }
  assert.deepStrictEqual(await exit, [0, null]);
});

async function storeAndFind(url, client) {
  for (let i = 0; i < NOTES; ++i) {
    const text = `note ${i} of client ${client}`;
    const stored = await ask(url, 'POST', url.pathname, JSON.stringify({ text }));
    assert.deepStrictEqual(stored, { status: 200, body: { id: stored.body.id, text } });
    assert.deepStrictEqual(await ask(url, 'GET', `${url.pathname}/${stored.body.id}`), stored);
  }
}

async function ask(url, method, pathname, data) {
  const request = http.request({ hostname: url.hostname, port: url.port, method, path: pathname, agent });
  request.end(data);
  const [response] = await once(request, 'response');
  return { status: response.statusCode, body: await json(response) };
}
