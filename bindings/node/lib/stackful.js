// SPDX-License-Identifier: MIT
'use strict';
// Carriers "fiber" and "thread": a transfer is one call into C++, which comes back when control does.
const { leave, arrive, begin, cutDown } = require('./async_context.js');
const { drive } = require('./drive.js');
const { TERMINATED } = require('./realm.js');

/** Makes the carrier of a realm whose native side is open. */
function stackful(realm) {
  const { native, words } = realm;
  const { OP, TARGET, VALUE, STATUS, NEXT, STACK_SIZE, ENDED, PENDING } = native.word;
  const { SWITCH, THROW, KILL, RELEASE } = native.op;
  const { transfer } = native;
  let current = realm.main;

  // `words` has what came until somebody else transfers, so whoever calls this takes it at once.
  function perform(op, id, number) {
    const me = current;
    if (me.weak === undefined) realm.watch(me);
    words[OP] = op;
    words[TARGET] = id;
    words[VALUE] = number;
    transfer();
    current = me;
  }

  /** Lets others run, until control comes back with what this returns or throws. */
  function pass(op, record, number) {
    const me = current;
    perform(op, record.id, number);
    number = words[VALUE];
    if ((words[STATUS] | words[ENDED] | words[PENDING]) !== 0) return receive(me, record, number);
    if (me.context !== undefined) arrive(me);
    return realm.take(number);
  }

  /** The same, where there is more to it; apart, so that V8 inlines the rest. */
  function receive(me, record, number) {
    const status = words[STATUS];
    if ((words[ENDED] | words[PENDING]) !== 0) realm.settle();
    if (status === TERMINATED) cutDown();
    arrive(me);
    if (status < 0 && record.id >= 0) realm.watch(record); // a start that failed: nobody but its Greenlet keeps it
    return realm.received(status, number);
  }

  native.onBegin(() => {
    const number = words[VALUE];
    const me = realm.records[words[NEXT]];
    current = me;
    if ((words[ENDED] | words[PENDING]) !== 0) realm.settle();
    const body = me.generator ? driven(me.body) : me.body;
    me.body = undefined; // it may hold the Greenlet
    let thrown = false;
    let result;
    try {
      result = begin(me, body, realm.takeArguments(number));
    } catch (error) {
      thrown = true;
      result = error;
    }
    [words[STATUS], words[VALUE]] = realm.outcome(thrown, result);
  });

  return {
    current: () => current,
    switch(record, value) {
      const target = record.id >= 0 ? record : realm.targetOf(record);
      leave(current);
      return pass(SWITCH, target, realm.put(value));
    },
    throw(record, error) {
      const target = realm.targetOf(record);
      leave(current);
      return pass(THROW, target, realm.putError(error));
    },
    kill(record) {
      if (record.dead && record.id < 0) return undefined;
      realm.keep(record);
      realm.enter(record);
      leave(current);
      return pass(KILL, record, 0);
    },
    release(id) {
      this.perform(RELEASE, id, 0, 0);
    },
    /** What is no transfer, but may kill (rule 18). Returns the status. */
    perform(op, id, number, stackSize) {
      const me = current;
      leave(me);
      words[STACK_SIZE] = stackSize;
      perform(op, id, number);
      const status = words[STATUS];
      const next = words[NEXT];
      if ((words[ENDED] | words[PENDING]) !== 0) realm.settle();
      if (status === TERMINATED) cutDown();
      arrive(me);
      words[NEXT] = next;
      return status === TERMINATED ? realm.received(status, 0) : status;
    },
  };
}

const driven =
  (body) =>
  (...args) =>
    drive(body(...args));

module.exports = { open: stackful };
