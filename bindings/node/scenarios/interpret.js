// SPDX-License-Identifier: MIT
'use strict';
// Runs scenarios (docs/scenarios.md) on this package and prints their events: interpret.js FILE...
// Bodies are generator functions, which every carrier runs, so one interpreter serves all. Each scenario has a worker, and so a main greenlet, of its own.
const fs = require('node:fs');
const path = require('node:path');
const { Worker, isMainThread, workerData } = require('node:worker_threads');
const { Greenlet, GreenletError, GreenletExit, GreenletLocal, getCurrent, getMain, trace } = require('..');

/** What `throw` and `raise` throw. */
class Payload extends Error {
  constructor(value) {
    super(value);
    this.value = value;
  }
}

const bodies = new Map();
const greenlets = new Map();
const locals = new Map();
const tracers = new Map();
let recording = true;

// --- Events ---------------------------------------------------------------------------------------------------------------------------

const text = (value) => value ?? '-';
const nameOf = (g) => (g === getMain() ? 'main' : text(g?.name));

function recordOf(who, ...words) {
  if (recording) fs.writeSync(1, `${[nameOf(who), ...words.map(text)].join(' ')}\n`);
}
const record = (...words) => recordOf(getCurrent(), ...words);

/** The name of the status behind a refusal; anything else is a bug here. */
function refusal(error) {
  if (error instanceof GreenletError) return error.code.slice('GL_'.length);
  throw error;
}

// --- Bodies ---------------------------------------------------------------------------------------------------------------------------

const transfers = {
  *switch(name, value) {
    return ['ok', yield find(name).switch(value)];
  },
  *throw(name, value) {
    return ['ok', yield find(name).throw(new Payload(value))];
  },
  *kill(name) {
    const target = find(name);
    const value = yield target.kill();
    return [target.dead ? 'ok' : 'alive', value];
  },
  *call(body) {
    return ['ok', yield* run(body)];
  },
};

function* run(body) {
  for (const words of bodies.get(body)) {
    const caught = words[0] === 'try';
    const [step, ...args] = words.slice(caught).map((word) => (word === '-' ? undefined : word));
    if (step === 'end') return args[0];
    if (step === 'raise') throw new Payload(args[0]);
    if (step === 'exit') throw new GreenletExit(args[0]);
    if (step in transfers) yield* transfer(step, args, caught);
    else attempt(step, args);
  }
}

function* transfer(step, args, caught) {
  try {
    record(step, ...(yield* transfers[step](...args)));
  } catch (error) {
    if (error instanceof Payload) record(step, 'thrown', error.value);
    else if (error instanceof GreenletExit) record(step, 'killed', '-');
    else return record(step, refusal(error));
    if (!caught || !recording) throw error;
  }
}

function attempt(step, args) {
  try {
    steps[step](...args);
  } catch (error) {
    record(step, refusal(error));
  }
}

/** Runs a body outside of greenlets' bodies: as main, or in a callback. There a transfer has happened when its call returns. */
function runToEnd(body) {
  const running = run(body);
  for (let step = running.next(); !step.done; ) step = running.next(step.value);
}

// --- Steps ----------------------------------------------------------------------------------------------------------------------------

const find = (name) => (name === 'self' ? getCurrent() : name === 'main' ? getMain() : greenlets.get(name));

const steps = {
  make(name, ...words) {
    const options = {};
    for (let i = 0; i < words.length; i += 2) options[words[i]] = words[i + 1];
    const body = options.runs ?? name;
    function* enter(value) {
      record('start', value);
      return yield* run(body);
    }
    greenlets.set(name, new Greenlet(enter, { name, parent: options.under && find(options.under) }));
  },
  reparent(name, parent) {
    find(name).parent = find(parent);
  },
  state: (name) => record('state', name, find(name).state),
  parent: (name) => record('parent', name, nameOf(find(name).parent)),
  say: (...words) => record('say', ...words),
  key: (key) => locals.set(key, new GreenletLocal()),
  'set-local': (name, key, value) => locals.get(key).set(value, find(name)),
  local: (name, key) => record('local', name, key, locals.get(key).get(find(name))),
  trace(tracer, body, ...events) {
    tracers.set(
      tracer,
      trace((event, from, to) => {
        if (!events.includes(event)) return;
        recordOf(from, 'trace', tracer, event, nameOf(to));
        if (body) runToEnd(body);
      }),
    );
  },
  untrace: (tracer) => tracers.get(tracer)(),
};

// --- Scenarios ------------------------------------------------------------------------------------------------------------------------

function load(file) {
  let into;
  for (const line of fs.readFileSync(file, 'utf8').split('\n')) {
    const words = line.trim().split(/\s+/);
    if (words[0] === 'events:') return;
    if (words[0] === 'body:') bodies.set(words[1], (into = []));
    else if (words[0] && !words[0].startsWith('#')) into?.push(words);
  }
}

function runScenario(file) {
  load(file);
  try {
    runToEnd('main');
  } catch (error) {
    if (!(error instanceof Payload || error instanceof GreenletExit)) throw error; // how a main ends matters to nobody
  }
  recording = false;
}

function runAll([file, ...rest]) {
  if (!file) return;
  fs.writeSync(1, `scenario ${path.parse(file).name}\n`);
  new Worker(__filename, { workerData: file }).on('exit', () => runAll(rest)); // an error in it ends this process
}

if (isMainThread) runAll(process.argv.slice(2));
else runScenario(workerData);
