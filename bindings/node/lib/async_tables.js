// SPDX-License-Identifier: MIT
'use strict';
// Node's own tables of async contexts: `async_wrap`, as lib/internal/async_hooks.js has it. Slot i of async_ids_stack holds the ids that
// were current *below* entry i; the topmost ones are in async_id_fields.
const { executionAsyncId } = require('node:async_hooks');

class Tables {
  #wrap;
  #fields;
  #ids;
  #resources;
  #kLength;
  #kId;
  #kTrigger;

  constructor(wrap) {
    this.#wrap = wrap;
    this.#fields = wrap.async_hook_fields;
    this.#ids = wrap.async_id_fields;
    this.#resources = wrap.execution_async_resources;
    this.#kLength = wrap.constants.kStackLength;
    this.#kId = wrap.constants.kExecutionAsyncId;
    this.#kTrigger = wrap.constants.kTriggerAsyncId;
  }

  get depth() {
    return this.#fields[this.#kLength];
  }

  /** Whether one entry is above this index, with that resource. */
  hasOnly(index, resource) {
    return this.depth === index + 1 && this.#resources[index] === resource;
  }

  idBelow(index) {
    return this.#wrap.async_ids_stack[2 * index];
  }

  /** The entries from this index to the top, lowest first. */
  entriesFrom(index) {
    const stack = this.#wrap.async_ids_stack;
    const top = this.depth - 1;
    const entries = [];
    for (let i = index; i < top; ++i) entries.push({ id: stack[2 * i + 2], triggerId: stack[2 * i + 3], resource: this.#resources[i] });
    entries.push({ id: this.#ids[this.#kId], triggerId: this.#ids[this.#kTrigger], resource: this.#resources[top] });
    return entries;
  }

  /** Leaves the entries from this index on. */
  cut(index) {
    const stack = this.#wrap.async_ids_stack;
    this.#ids[this.#kId] = stack[2 * index];
    this.#ids[this.#kTrigger] = stack[2 * index + 1];
    this.#fields[this.#kLength] = index;
    const resources = this.#resources;
    while (resources.length > index) resources.pop(); // to set the length is a call into V8's runtime
  }

  push({ id, triggerId, resource }) {
    const { depth } = this;
    const stack = this.#wrap.async_ids_stack;
    this.#resources[depth] = resource;
    if (2 * depth >= stack.length) return this.#wrap.pushAsyncContext(id, triggerId); // makes it longer
    stack[2 * depth] = this.#ids[this.#kId];
    stack[2 * depth + 1] = this.#ids[this.#kTrigger];
    this.#ids[this.#kId] = id;
    this.#ids[this.#kTrigger] = triggerId;
    this.#fields[this.#kLength] = depth + 1;
  }
}

// Up to Node 22 `process.binding` knows them. It warns that it is deprecated, which is none of the user's business.
function byBinding() {
  const quiet = process.noDeprecation;
  process.noDeprecation = true;
  try {
    return process.binding('async_wrap');
  } catch {
    return null;
  } finally {
    process.noDeprecation = quiet;
  }
}

// Later the only way is to look, as a debugger does, into the scope of a function that uses them.
function byInspector() {
  let session;
  const key = Symbol.for('libgreenlet.async_wrap');
  try {
    session = new (require('node:inspector').Session)();
    session.connect();
    const post = (method, params) => {
      let answer;
      session.post(method, params, (error, result) => { if (!error) answer = result; });
      return answer;
    };
    const properties = (objectId) => post('Runtime.getProperties', { objectId, ownProperties: true });
    globalThis[key] = { looked: executionAsyncId, found: null };
    const { objectId } = post('Runtime.evaluate', { expression: `globalThis[Symbol.for('libgreenlet.async_wrap')].looked` }).result;
    const scopes = properties(objectId).internalProperties.find(({ name }) => name === '[[Scopes]]').value;
    for (const scope of properties(scopes.objectId).result.filter(({ value }) => value?.objectId)) {
      const wrap = properties(scope.value.objectId).result.find(({ name }) => name === 'async_wrap');
      if (!wrap?.value?.objectId) continue;
      const functionDeclaration = `function () { globalThis[Symbol.for('libgreenlet.async_wrap')].found = this; }`;
      post('Runtime.callFunctionOn', { objectId: wrap.value.objectId, functionDeclaration });
      break;
    }
    return globalThis[key].found;
  } catch {
    return null; // built without the inspector, or not permitted
  } finally {
    delete globalThis[key];
    session?.disconnect();
  }
}

const complete = (wrap) =>
  wrap?.constants?.kStackLength !== undefined && wrap.constants.kExecutionAsyncId !== undefined && wrap.constants.kTriggerAsyncId !== undefined &&
  wrap.async_hook_fields && wrap.async_id_fields && wrap.async_ids_stack && Array.isArray(wrap.execution_async_resources) &&
  typeof wrap.pushAsyncContext === 'function';

/** @returns the tables; null where this Node has none of this form */
function findTables() {
  for (const find of [byBinding, byInspector]) {
    const wrap = find();
    if (complete(wrap)) return new Tables(wrap);
  }
  return null;
}

module.exports = { findTables };
