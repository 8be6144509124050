// SPDX-License-Identifier: MIT
'use strict';
// An HTTP server in blocking style, with a database: node examples/server.js [PORT [FILE]]
//
//     curl -d '{"text": "buy milk"}' localhost:8080/notes
//     curl localhost:8080/notes
//
// Each request has a greenlet. Its functions wait for the client and for the database where they stand, and none of them is async.
const http = require('node:http');
const { json } = require('node:stream/consumers');
const { carrier } = require('libgreenlet');
const { go, wait } = require('libgreenlet/async');
const { Database } = require('./database.js');

class HttpError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function addNote(request) {
  const { text } = readJson(request);
  if (typeof text !== 'string' || text === '') throw new HttpError(400, 'a note needs a text');
  const { lastInsertRowid } = database.run('INSERT INTO notes (text) VALUES (?)', text);
  return { id: lastInsertRowid, text };
}

function readJson(request) {
  try {
    return wait(json(request));
  } catch (error) {
    throw error instanceof SyntaxError ? new HttpError(400, 'the body is no JSON') : error;
  }
}

function findNote(id) {
  const [note] = database.all('SELECT id, text FROM notes WHERE id = ?', id);
  if (!note) throw new HttpError(404, 'there is no such note');
  return note;
}

function handle(request) {
  const [, collection, id] = request.url.split('/');
  if (collection !== 'notes') throw new HttpError(404, 'there are only /notes');
  if (request.method === 'POST') return addNote(request);
  if (request.method !== 'GET') throw new HttpError(405, 'GET or POST');
  return id ? findNote(Number(id)) : database.all('SELECT id, text FROM notes ORDER BY id');
}

function answer(request, response) {
  let status = 200;
  let body;
  try {
    body = handle(request);
  } catch (error) {
    status = error.status ?? 500;
    body = { error: error.message };
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}

const [port = '8080', file = ':memory:'] = process.argv.slice(2);
if (carrier === 'generator') throw new Error('plain functions cannot wait on the carrier "generator"');
if (!process.getBuiltinModule?.('node:sqlite')) throw new Error('this example needs node:sqlite, which comes with Node 22.13 and later');

const database = new Database(file);
const server = http.createServer((request, response) => go(() => answer(request, response)));

go(() => {
  database.run('CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)');
  server.listen(Number(port), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/notes`));
});
process.on('SIGTERM', () => {
  server.close(() => database.close());
  server.closeIdleConnections();
});
