// SPDX-License-Identifier: MIT
'use strict';
// Carrier "generator", which needs nothing of V8: bodies are generators, and all of them are resumed from one loop on main's stack.
//
//     main: g.switch()  --> carry(): resume a generator --> body: yield h.switch()
//                              ^                                   |
//                              +-- who is next? asks the core <----+     until main is next
//
// Inside a body, g.switch() only makes a request; to yield it is to have it carried out.
const { GreenletError } = require('./errors.js');
const { inherit, within } = require('./async_context.js');

const GL_EBUSY = -6;

class Request {
  constructor(op, target, value) {
    this.op = op;
    this.target = target;
    this.value = value;
  }
}

/** A request to run a generator inside this body, as `yield*` does. */
class Subroutine extends Request {
  constructor(steps) {
    super();
    this.steps = steps;
  }
}

let requestSteps = () => null; // the carrier sets it

/**
 * Has the steps of a generator run inside the body that runs now.
 * @returns a request to yield; null where control can be given away without that, so that the steps can just be driven
 */
const later = (makeSteps) => requestSteps(makeSteps);

/** Makes the carrier of a realm whose native side is open. */
function open(realm) {
  const { native, words } = realm;
  const { OP, TARGET, VALUE, STATUS, NEXT, START, STACK_SIZE, ENDED, PENDING } = native.word;
  const { SWITCH, THROW, KILL, RELEASE, END, NEXT_ORPHAN } = native.op;
  let current = realm.main;
  let pending = null; // the request that the current body has made, and has not yielded yet
  let asking = false;
  let mayHaveOrphans = false;

  // --- Who is next

  function perform(op, id, number, stackSize) {
    words[OP] = op;
    words[TARGET] = id;
    words[VALUE] = number;
    words[STACK_SIZE] = stackSize;
    asking = true;
    native.transfer();
    asking = false;
    const answer = { status: words[STATUS], next: words[NEXT], start: words[START] !== 0, number: words[VALUE] };
    if (words[ENDED] !== 0) mayHaveOrphans = true; // its parent may have had no other handle
    if ((words[ENDED] | words[PENDING]) !== 0) realm.settle();
    words[NEXT] = answer.next;
    return answer;
  }

  // The answer is a delivery: who is next, undefined if nobody, and what that one receives.
  function ask(op, id, number) {
    const { status, next, start, number: received } = perform(op, id, number, 0);
    if (status < 0) {
      realm.take(number);
      throw realm.refused(status);
    }
    return { record: realm.records[next], start, status, number: received };
  }

  function carryOut({ op, target, value }) {
    realm.watch(current);
    if (op === KILL) realm.enter(target);
    else target = realm.targetOf(target);
    try {
      return ask(op, target.id, op === THROW ? realm.putError(value) : realm.put(value));
    } catch (error) {
      realm.watch(target); // a start that failed: nobody but its Greenlet keeps it
      throw error;
    }
  }

  // --- Who runs

  /** Resumes whom the deliveries name until one is for `until`. */
  function carry(delivery, until) {
    for (;;) {
      const { record, start } = delivery;
      const last = current;
      killOrphans(record);
      if (record === until) return delivery;
      if (start) inherit(native, record, last);
      delivery = within(native, record, resume, delivery);
    }
  }

  function killOrphans(next) {
    while (mayHaveOrphans) {
      const orphan = ask(NEXT_ORPHAN, 0, 0);
      if (orphan.record) carry(orphan, next);
      else mayHaveOrphans = false;
    }
    current = next;
  }

  /** Runs a body up to where it waits or ends. The answer is the next delivery. */
  function resume({ record, start, status, number }) {
    let threw = false;
    let value;
    try {
      if (start) {
        const { body } = record;
        record.body = undefined; // it may hold the Greenlet
        const result = body(...realm.takeArguments(number));
        if (!record.generator) return end(false, result);
        record.frames = [result];
      } else {
        value = realm.received(status, number);
      }
    } catch (error) {
      if (!record.frames) return end(true, error);
      threw = true;
      value = error;
    }
    for (;;) {
      const step = advance(record.frames, threw, value);
      if (step.done) return end(step.threw, step.value);
      try {
        threw = false;
        const request = takeRequest(step.value);
        value = request ? undefined : step.value;
        if (request instanceof Subroutine) record.frames.push(request.steps);
        else if (request) return carryOut(request);
      } catch (error) {
        threw = true;
        value = error;
      }
    }
  }

  /** Resumes the innermost generator; where one ends, the one around it. */
  function advance(frames, threw, value) {
    for (;;) {
      try {
        const step = threw ? frames.at(-1).throw(value) : frames.at(-1).next(value);
        if (!step.done) return step;
        threw = false;
        value = step.value;
      } catch (error) {
        threw = true;
        value = error;
      }
      frames.pop();
      if (frames.length === 0) return { done: true, threw, value };
    }
  }

  function end(threw, result) {
    if (pending) {
      pending = null;
      if (!threw) [threw, result] = [true, dropped()];
    }
    const [status, number] = realm.outcome(threw, result);
    words[STATUS] = status;
    return ask(END, 0, number);
  }

  // --- Requests

  function request(made) {
    if (asking) throw realm.refused(GL_EBUSY); // in a tracer
    if (!current.frames) {
      throw new GreenletError('GL_ENOTSUP', 'on the carrier "generator" a plain function cannot wait: make the body a function*, and `yield g.switch()`');
    }
    if (pending) {
      pending = null;
      throw dropped();
    }
    return (pending = made);
  }

  /** What a body yields is the request that it has made, or a mere value, which it gets back. */
  function takeRequest(yielded) {
    const made = pending;
    pending = null;
    if (made && yielded !== made) throw dropped();
    if (!made && yielded instanceof Request) {
      throw new GreenletError('GL_EINVAL', 'what was yielded is a request that another body has made, or one that has been carried out');
    }
    return made;
  }

  function dropped() {
    return new GreenletError('GL_EINVAL', 'a request was made and not yielded: on the carrier "generator" it is `yield g.switch()`, in a function* that is called by `yield*`');
  }

  requestSteps = (makeSteps) => (current === realm.main ? null : request(new Subroutine(makeSteps())));

  function transfer(op, target, value) {
    const made = new Request(op, target, value);
    if (current !== realm.main) return request(made);
    const { status, number } = carry(carryOut(made), realm.main);
    return realm.received(status, number);
  }

  return {
    current: () => current,
    switch: (record, value) => transfer(SWITCH, record, value),
    throw: (record, error) => transfer(THROW, record, error),
    kill(record) {
      if (record.dead && record.id < 0) return undefined;
      realm.keep(record);
      return transfer(KILL, record);
    },
    release(id) {
      perform(RELEASE, id, 0, 0);
      mayHaveOrphans = true;
      if (current === realm.main && !asking) killOrphans(current);
    },
    perform: (op, id, number, stackSize) => perform(op, id, number, stackSize).status,
  };
}

module.exports = require('./native.js').generator ??= { open, later };
