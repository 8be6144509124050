// SPDX-License-Identifier: MIT
'use strict';
// Chooses the carrier, and opens the realm of this thread on a carrier, once.
const { isMainThread, resourceLimits } = require('node:worker_threads');
const { GreenletError } = require('./errors.js');
const native = require('./native.js');
const { Realm } = require('./realm.js');

const CARRIERS = ['fiber', 'thread', 'generator'];
const KNOWN_NODES = { from: 18, to: 26 }; // where the tests of the stackful carriers have run
const NEEDS_BELOW_LIMIT = 168 * 1024; // what V8's own functions may use below the limit that it sets for JavaScript

let chosen; // by configure()

/** Why a carrier cannot be had here; undefined: it can. */
function missing(carrier) {
  if (carrier === 'generator') return undefined;
  const { node, electron, bun, deno } = process.versions;
  const other = Object.entries({ Electron: electron, Bun: bun, Deno: deno }).find(([, version]) => version);
  if (other) return `it needs Node, and this is ${other[0]}`;
  const major = parseInt(node, 10);
  if (!(major >= KNOWN_NODES.from && major <= KNOWN_NODES.to)) return `it has not been tried on Node ${major}`;
  return native.check(carrier);
}

function known(carrier, where) {
  if (!CARRIERS.includes(carrier)) throw new TypeError(`${where}: a carrier is one of ${CARRIERS.join(', ')}`);
  const why = missing(carrier);
  if (why) throw new GreenletError('GL_ENOTSUP', `the carrier "${carrier}" does not work here: ${why}`);
  return carrier;
}

/** The carrier that is in use, or will be: as configured, as GREENLET_CARRIER says, or the best that works. */
function choose() {
  if (native.realm) return native.realm.carrier.name;
  if (chosen) return chosen;
  const wanted = process.env.GREENLET_CARRIER;
  return wanted ? known(wanted, 'GREENLET_CARRIER') : CARRIERS.find((carrier) => !missing(carrier));
}

/**
 * Chooses how greenlets are carried in this thread, before the first use.
 * @throws {GreenletError} GL_ENOTSUP if that does not work here; GL_EBUSY if it is too late
 */
function configure({ carrier } = {}) {
  if (carrier === undefined) return;
  known(carrier, 'configure()');
  if (native.realm && native.realm.carrier.name !== carrier) {
    throw new GreenletError('GL_EBUSY', `this thread has greenlets on the carrier "${native.realm.carrier.name}" already`);
  }
  chosen = carrier;
  tell(carrier);
}

let tell = () => {};

/** Calls `listener` with the carrier's name, now and when it changes. What GREENLET_CARRIER has wrong is thrown at the first use. */
function onChoice(listener) {
  tell = listener;
  try {
    tell(choose());
  } catch {
    tell(undefined);
  }
}

function open() {
  const name = choose();
  if (name !== 'generator') {
    // V8 ends the process when it collects WebAssembly code while threads of it wait.
    require('node:v8').setFlagsFromString('--no-wasm-code-gc');
  }
  if (!native.open(name)) throw new GreenletError('GL_ENOMEM', `the carrier "${name}" found no memory`);
  const realm = new Realm(native, leastStack());
  const { open } = name === 'generator' ? require('./generator.js') : require('./stackful.js');
  realm.carrier = { name, ...open(realm) };
  realm.revive = require('./greenlet.js').revive;
  native.realm = realm;
  realm.main.greenlet = realm.revive(realm.main);
  return realm;
}

/** Bytes. V8 measures its limit from where a greenlet's stack begins. */
function leastStack() {
  const flags = [...process.execArgv, ...(process.env.NODE_OPTIONS || '').split(/\s+/)].join(' ');
  const kilobytes = [...flags.matchAll(/--stack[-_]size[= ](\d+)/g)].map(([, number]) => Number(number));
  const megabytes = isMainThread ? 0 : resourceLimits.stackSizeMb || 0;
  return Math.max(984 * 1024, megabytes * 1024 * 1024, ...kilobytes.map((k) => k * 1024)) + NEEDS_BELOW_LIMIT;
}

let used;

/** The realm of this thread. */
const use = () => (used ??= native.realm || open());

module.exports = { use, configure, choose, onChoice };
