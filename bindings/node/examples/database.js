// SPDX-License-Identifier: MIT
'use strict';
// SQLite in a thread of its own. run() and all() wait for it in the caller's greenlet: nobody else waits.
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const { wait } = require('libgreenlet/async');

class Database {
  #worker;
  #pending = []; // {resolve, reject} of each statement that was sent, in order

  constructor(file) {
    this.#worker = new Worker(__filename, { workerData: file });
    this.#worker.on('message', ({ error, result }) => {
      const { resolve, reject } = this.#pending.shift();
      if (error) reject(error);
      else resolve(result);
    });
    this.#worker.on('error', (error) => {
      for (const { reject } of this.#pending.splice(0)) reject(error);
    });
  }

  /** Runs a statement; returns { changes, lastInsertRowid }. */
  run(sql, ...parameters) {
    return this.#ask('run', sql, parameters);
  }

  /** Runs a query; returns all its rows. */
  all(sql, ...parameters) {
    return this.#ask('all', sql, parameters);
  }

  close() {
    this.#worker.postMessage(null);
  }

  #ask(method, sql, parameters) {
    this.#worker.postMessage({ method, sql, parameters });
    return wait(new Promise((resolve, reject) => this.#pending.push({ resolve, reject })));
  }
}

function serve(file) {
  const { DatabaseSync } = require('node:sqlite');
  const database = new DatabaseSync(file);
  const statements = new Map();
  const prepare = (sql) => statements.get(sql) ?? statements.set(sql, database.prepare(sql)).get(sql);
  parentPort.on('message', (question) => {
    if (!question) {
      database.close();
      parentPort.close();
      return;
    }
    try {
      parentPort.postMessage({ result: prepare(question.sql)[question.method](...question.parameters) });
    } catch (error) {
      parentPort.postMessage({ error });
    }
  });
}

if (isMainThread) module.exports = { Database };
else serve(workerData);
