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
let left = null; // who has given control away

/** A record's context, where its greenlet has a stack. Entries are {id, triggerId, resource}. */
class Context {
  away = null; // the entries that are set aside
  constructor(own) {
    this.own = own; // the entries of one that has entered nothing since begin()
  }
}

/**
 * Sets aside what the greenlet has entered, right before a transfer away from it. arrive() enters it again. This and what it calls most often
 * is on the hot path, in pieces that V8 inlines.
 * @throws {GreenletError} `GL_EBUSY` inside a native callback that runs on this greenlet's stack; nothing has changed then
 */
function leave(record) {
  left = record;
  if (record.id === 0) noteMain();
  else if (tables ? tables.depth !== floor : executionAsyncId() !== mainId) setAside(record);
}

function noteMain() {
  if (tables) {
    floor = tables.depth;
  } else {
    const id = executionAsyncId();
    if (id !== mainId) mainId = id; // most often it is, and then no number is allocated
  }
}

function setAside(record) {
  const { context } = record;
  if (tables && context?.own && tables.hasOnly(floor, context.own[0].resource)) {
    tables.cut(floor);
    context.away = context.own;
  } else {
    setAllAside(record);
  }
}

function setAllAside(record) {
  if (!tables) findFloor();
  const entries = tables.entriesFrom(floor);
  for (const { id, resource } of entries) {
    // Native scopes keep pointers into the stack on which they were entered.
    if (resource instanceof AsyncResource && resource.asyncId() === id) continue;
    throw new GreenletError('GL_EBUSY', 'a greenlet cannot wait inside a native callback that runs on its own stack');
  }
  tables.cut(floor);
  record.context ??= new Context(null);
  record.context.away = entries;
}

function findFloor() {
  tables = findTables();
  if (!tables) throw new GreenletError('GL_ENOTSUP', 'this Node does not let a greenlet wait inside runInAsyncScope()');
  floor = tables.depth - 1;
  while (floor > 0 && tables.idBelow(floor) !== mainId) --floor;
}

/** One that V8 has stopped has not left what it had entered. */
function cutDown() {
  if (tables && tables.depth > floor) tables.cut(floor);
}

function arrive({ context }) {
  if (context === undefined || context.away === null) return;
  const { away } = context;
  context.away = null;
  for (let i = 0; i < away.length; ++i) tables.push(away[i]);
}

/**
 * Calls a greenlet's body. Its async contexts are, at first, those of whoever starts it. Where the tables cannot be had, it can have none of
 * its own: it would never be able to wait.
 */
function begin(record, body, args) {
  if (!storesOnResources || !tables) return body(...args);
  const starter = left.context?.away?.at(-1).resource; // undefined: main, whose contexts are in place
  const make = () => new AsyncResource('Greenlet');
  const own = starter ? starter.runInAsyncScope(make) : make();
  record.context = new Context([{ id: own.asyncId(), triggerId: own.triggerAsyncId(), resource: own }]);
  return own.runInAsyncScope(body, undefined, ...args);
}

// --- For generators, which all run on main's stack: their contexts are entered for each step

/** Gives one that starts the contexts of whoever starts it. */
function inherit(native, record, starter) {
  if (storesOnResources) record.context = within(native, starter, () => new AsyncResource('Greenlet'));
  else record.context = starter.id === 0 ? native.asyncFrame?.() : starter.context;
}

/** Calls fn in the greenlet's contexts. */
function within(native, record, fn, argument) {
  if (record.id === 0) return fn(argument);
  if (storesOnResources) return record.context.runInAsyncScope(fn, undefined, argument);
  if (!native.asyncFrame) return fn(argument);
  const outer = native.asyncFrame();
  native.setAsyncFrame(record.context);
  try {
    return fn(argument);
  } finally {
    record.context = native.asyncFrame();
    native.setAsyncFrame(outer);
  }
}

module.exports = { leave, arrive, cutDown, begin, inherit, within };
