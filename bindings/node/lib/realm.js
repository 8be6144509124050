// SPDX-License-Identifier: MIT
'use strict';
// What all carriers share: a record for each greenlet, ids for records, values on their way, and what the core is asked about families and states.
const { isGeneratorFunction } = require('./drive.js');
const { GreenletError, GreenletExit } = require('./errors.js');

const GL_OK = 0;
const GL_THROWN = 1;
const GL_KILLED = 2;
const GL_ALIVE = 3;
const TERMINATED = 100;

const STATES = ['unstarted', 'suspended', 'running', 'dead'];
const EVENTS = ['switch', 'throw', 'start', 'end'];

/** Several values of one switch: the arguments of a body that starts, an array for one that waits. */
class Several {
  constructor(values) {
    this.values = values;
  }
}
const SEVERAL = 1 << 30; // set in the number of such values

/** The inside of a greenlet. README.md here tells why it is apart from the Greenlet. */
class Record {
  constructor(greenlet, body, parent, holds, name = '', stackSize = 0) {
    this.id = -1;
    this.dead = false;
    this.kept = false; // is a parent, or was killed: its id stays beyond its end
    this.context = undefined; // of async_context.js
    this.greenlet = greenlet; // until it is watched
    this.weak = undefined; // from then on
    this.body = body; // until the start
    this.generator = isGeneratorFunction(body);
    this.parent = parent; // a record
    this.holds = holds; // its Greenlet: a child keeps its parent (rule 16)
    this.name = name;
    this.stackSize = stackSize;
    this.locals = undefined; // of local.js
  }
}

class Realm {
  constructor(native, leastStack) {
    this.native = native;
    this.leastStack = leastStack;
    this.words = native.words;
    this.carrier = undefined; // whoever opens the realm sets it
    this.revive = undefined; // makes a Greenlet for a record; set by greenlet.js
    this.records = [];
    this.nothing = Symbol('nothing');
    this.first = this.nothing; // the value with number 1
    this.further = new Map();
    this.lastNumber = 1;
    this.tracers = new Set();
    this.telling = false; // what happens has not happened yet
    this.registry = new FinalizationRegistry((record) => this.collected(record));
    this.main = new Record(undefined, undefined, undefined, undefined, 'main');
    this.main.id = 0;
    this.records[0] = this.main;
  }

  // --- Values ------------------------------------------------------------------------------------------------------------------------------

  /** A number for a value, which `take` gives back once. 0 is undefined. */
  put(value) {
    if (value === undefined) return 0;
    if (typeof value === 'object' && value instanceof Several) return this.putError(value.values) | SEVERAL;
    if (this.first !== this.nothing) return this.putError(value);
    this.first = value;
    return 1;
  }

  /** The same for what is thrown, where 0 is the library's own. */
  putError(value) {
    this.further.set(++this.lastNumber, value);
    return this.lastNumber;
  }

  take(number) {
    if (number === 0) return undefined;
    if (number === 1) {
      const value = this.first;
      this.first = this.nothing;
      return value;
    }
    number &= ~SEVERAL;
    const value = this.further.get(number);
    this.further.delete(number);
    if (this.further.size === 0) this.lastNumber = 1;
    return value;
  }

  /** The same as the arguments of a body. */
  takeArguments(number) {
    if (number === 0) return [];
    const value = this.take(number);
    return number & SEVERAL ? value : [value];
  }

  /** How a body ended, as a status, and the number of its result. */
  outcome(thrown, result) {
    if (!thrown) return [GL_OK, this.put(result)];
    return result instanceof GreenletExit ? [GL_KILLED, this.put(result.value)] : [GL_THROWN, this.putError(result)];
  }

  /** What arrived with the number `value`: returns it, or throws it. */
  received(status, number) {
    const value = this.take(number);
    switch (status) {
      case GL_OK:
      case GL_ALIVE:
        return value;
      case GL_THROWN:
        throw number === 0 ? new GreenletError('GL_ENOMEM', 'a greenlet on the way could not be started') : value;
      case GL_KILLED:
        throw new GreenletExit();
      case TERMINATED:
        this.native.terminate();
        // V8 looks in loops.
        for (let i = 0; i < 1e9; i++);
    }
    throw this.refused(status);
  }

  refused(status) {
    const [name, text] = this.native.statusText(status);
    return new GreenletError(name, text);
  }

  // --- Lives -------------------------------------------------------------------------------------------------------------------------------

  /** Sees to it that the core knows the greenlet: it has an id then. */
  enter(record) {
    const strangers = [];
    for (let ancestor = record; ancestor.id < 0; ancestor = ancestor.parent) strangers.push(ancestor);
    while (strangers.length) this.introduce(strangers.pop());
  }

  introduce(record) {
    const { native, words } = this;
    const status = this.carrier.perform(native.op.CREATE, record.parent.id, record.dead ? 1 : 0, Math.max(this.leastStack, record.stackSize));
    if (status < 0) throw this.refused(status);
    this.keep(record.parent);
    record.id = words[native.word.NEXT];
    this.records[record.id] = record;
    if (record.dead) {
      this.keep(record);
      this.carrier.perform(native.op.KILL, record.id, 0, 0);
    }
  }

  keep(record) {
    record.kept = true;
    this.watch(record);
  }

  /** From now on the record does not keep its Greenlet: when that one is collected, the core's handle is given back. */
  watch(record) {
    if (record.weak !== undefined) return;
    const greenlet = record.greenlet;
    record.weak = new WeakRef(greenlet);
    if (record === this.main) return;
    record.greenlet = undefined;
    this.registry.register(greenlet, record);
  }

  collected(record) {
    if (record.id < 0) return;
    const { id } = record;
    if (record.dead) this.remove(record);
    else record.kept = false;
    this.carrier.release(id);
  }

  remove(record) {
    this.records[record.id] = undefined;
    record.id = -1;
  }

  /** To be called when ENDED or PENDING is not 0, before anything else happens. */
  settle() {
    if (this.telling) return;
    const { native, words } = this;
    const { ENDED, PENDING } = native.word;
    const id = words[ENDED];
    words[ENDED] = 0;
    if (id !== 0) this.ended(id);
    if (words[PENDING] === 0) return;
    const pending = native.pending();
    pending.ended.forEach((id) => this.ended(id));
    pending.discarded.forEach((number) => this.take(number));
    pending.unhandled.forEach((number) => report(this.take(number)));
  }

  ended(id) {
    const record = this.records[id];
    record.dead = true;
    record.body = undefined;
    if (!record.kept) this.remove(record);
  }

  // --- Questions ---------------------------------------------------------------------------------------------------------------------------

  greenletOf(record) {
    if (record.greenlet !== undefined) return record.greenlet;
    const greenlet = record.weak.deref();
    if (greenlet !== undefined) return greenlet;
    record.weak = undefined;
    record.greenlet = this.revive(record);
    this.carrier.perform(this.native.op.RETAIN, record.id, 0, 0);
    this.watch(record);
    return record.weak.deref();
  }

  stateOf(record) {
    if (record.id >= 0) return STATES[this.native.state(record.id)];
    return record.dead ? 'dead' : 'unstarted';
  }

  /** The record that is shown as its parent: during a kill, the killer. */
  parentOf(record) {
    if (record.id < 0) return record.parent;
    const id = this.native.parent(record.id);
    return id < 0 ? undefined : this.records[id];
  }

  setParent(record, parent) {
    this.enter(parent);
    if (record !== this.main) this.enter(record);
    const status = this.carrier.perform(this.native.op.SET_PARENT, record.id, parent.id, 0);
    if (status < 0) throw this.refused(status);
    this.keep(parent);
    record.parent = parent;
    record.holds = this.greenletOf(parent);
  }

  /** A dead greenlet that the core has forgotten stands for its nearest ancestor (rules 8, 12). */
  targetOf(record) {
    while (record.id < 0 && record.dead) record = record.parent;
    if (record.id < 0) this.enter(record);
    return record;
  }

  // --- Tracers -----------------------------------------------------------------------------------------------------------------------------

  /** Returns what ends it. */
  trace(tracer) {
    const entry = { tracer };
    this.tracers.add(entry);
    if (this.tracers.size === 1) this.native.trace((event, from, to) => this.tell(EVENTS[event], this.records[from], this.records[to]));
    return () => {
      if (this.tracers.delete(entry) && this.tracers.size === 0) this.native.trace(undefined);
    };
  }

  tell(event, from, to) {
    this.telling = true;
    for (const { tracer } of [...this.tracers]) {
      try {
        tracer(event, this.greenletOf(from), this.greenletOf(to));
      } catch (error) {
        report(error);
      }
    }
    this.telling = false;
  }
}

/** As Node does with an error that nobody catches. */
function report(error) {
  process.nextTick(() => {
    throw error;
  });
}

module.exports = { Realm, Record, Several, TERMINATED };
