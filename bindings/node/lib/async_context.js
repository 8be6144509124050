// SPDX-License-Identifier: MIT
'use strict';
// Node keeps a stack of async contexts for async_hooks. It belongs to the thread, and each call that entered a context must leave it in
// turn, or Node aborts the process. So what a greenlet has entered on a stack of its own is set aside while it waits:
//
//     entries of main | entries of the greenlet that runs
//                     ^ floor
//
// Up to Node 22, AsyncLocalStorage keeps its stores on the resource of the topmost entry. There each greenlet runs in a resource of its
// own, as each has a store of its own in ContinuationPreservedEmbedderData from Node 24 on.
const { AsyncLocalStorage, AsyncResource, executionAsyncId, executionAsyncResource } = require('node:async_hooks');
const { GreenletError } = require('./errors.js');
const { findTables } = require('./async_tables.js');

const storesOnResources = (() => {
  const probe = new AsyncLocalStorage();
  const store = {};
  const found = probe.run(store, () => Object.getOwnPropertySymbols(executionAsyncResource()).some((key) => executionAsyncResource()[key] === store));
  probe.disable();
  return found;
})();

let tables = storesOnResources ? findTables() : null; // costly to find from Node 24 on: when they are needed
let floor = 0; // main's entries, while a greenlet runs
let mainId = 0; // main's id then: all that is known without the tables

/**
 * Sets aside what the current greenlet has entered, right before a switch away from it.
 * @returns what arrive() needs; null if nothing was set aside
 * @throws {GreenletError} `EBUSY` inside a native callback that runs on this greenlet's stack; nothing has changed then
 */
function leave(isMain) {
  if (isMain) {
    if (tables) floor = tables.depth;
    else mainId = executionAsyncId();
    return null;
  }
  if (tables ? tables.depth === floor : executionAsyncId() === mainId) return null;
  if (!tables) findFloor();
  return setAside();
}

function findFloor() {
  tables = findTables();
  if (!tables) throw new GreenletError('ENOTSUP', 'this Node does not let a greenlet wait inside runInAsyncScope()');
  floor = tables.depth - 1;
  while (floor > 0 && tables.idBelow(floor) !== mainId) --floor;
}

// Native scopes keep pointers into the stack that they were entered on, so only those of AsyncResource can be set aside.
function setAside() {
  const entries = tables.entriesFrom(floor);
  for (const { id, resource } of entries) {
    if (resource instanceof AsyncResource && resource.asyncId() === id) continue;
    throw new GreenletError('EBUSY', 'a greenlet cannot wait inside a native callback that runs on its own stack');
  }
  tables.cut(floor);
  return entries;
}

/** Enters again what leave() has set aside, right after control has come back. */
function arrive(entries) {
  if (entries) for (const { id, triggerId, resource } of entries) tables.push(id, triggerId, resource);
}

/** Calls a greenlet's body with async contexts of its own: at first those of whoever started it. */
function enter(body, ...args) {
  return storesOnResources ? new AsyncResource('Greenlet').runInAsyncScope(body, undefined, ...args) : body(...args);
}

module.exports = { leave, arrive, enter };
