// SPDX-License-Identifier: MIT
'use strict';
// What debuggers, profilers and stack traces see of greenlets.
const test = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const inspector = require('node:inspector');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { Worker } = require('node:worker_threads');
const { Greenlet, carrier, getMain } = require('libgreenlet');
const { needsPlain } = require('./helper.js');

const main = getMain();
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'libgreenlet-debugging-'));
test.after(() => fs.rmSync(folder, { recursive: true }));

// --- Breakpoints and stepping: this thread pauses, and the listener says how it goes on ------------------------------------------------------

/** Runs fn with a debugger attached. At each pause `onPause(post, frames)` answers with a command, such as 'stepOver'. */
function debugged(fn, onPause) {
  const session = new inspector.Session();
  session.connect();
  const post = (method, params) => {
    let answer;
    session.post(method, params, (error, result) => {
      if (error) throw new Error(`${method}: ${error.message}`);
      answer = result;
    });
    return answer;
  };
  let failed;
  session.on('Debugger.paused', ({ params: { callFrames } }) => {
    let command = 'resume';
    try {
      command = onPause(post, callFrames) ?? 'resume';
    } catch (error) {
      failed ??= error;
    }
    post(`Debugger.${command}`);
  });
  try {
    post('Debugger.enable');
    fn(post);
  } finally {
    session.disconnect();
  }
  if (failed) throw failed;
}

const value = (post, frame, expression) => post('Debugger.evaluateOnCallFrame', { callFrameId: frame.callFrameId, expression, returnByValue: true }).result.value;

test('debugger statements pause inside of greenlets, with their frames and variables', () => {
  function inner(secret) {
    debugger; // eslint-disable-line no-debugger
    return secret;
  }
  const g = new Greenlet(function* body() {
    inner('first');
    yield main.switch();
    inner('second');
  });
  const seen = [];
  debugged(
    () => {
      g.switch();
      inner('main');
      g.switch();
    },
    (post, [top, caller]) => {
      seen.push([top.functionName, caller.functionName || 'test', value(post, top, 'secret')]);
    },
  );
  assert.deepStrictEqual(seen, [
    ['inner', 'body', 'first'],
    ['inner', 'test', 'main'],
    ['inner', 'body', 'second'],
  ]);
});

test('a breakpoint by line is hit in each greenlet that comes by', () => {
  const greenlets = [1, 2, 3].map((number) => new Greenlet(function* () {
    yield main.switch();
    return number; // BREAKPOINT
  }));
  const seen = [];
  const [lineNumber] = fs.readFileSync(__filename, 'utf8').split('\n').flatMap((line, i) => (line.includes('return number; // BREAK') ? [i] : []));
  debugged(
    (post) => {
      post('Debugger.setBreakpointByUrl', { lineNumber, urlRegex: 'debugging\\.test\\.js$' });
      for (let round = 0; round < 2; ++round) for (const g of greenlets) g.switch();
    },
    (post, [top]) => {
      seen.push(value(post, top, 'number'));
    },
  );
  assert.deepStrictEqual(seen, [1, 2, 3]);
});

test('stepping goes from line to line, also over a switch', needsPlain, () => {
  const g = new Greenlet(() => {
    debugger; // eslint-disable-line no-debugger
    let a = 1;
    main.switch();
    a += 1;
    return a;
  });
  const lines = [];
  let first;
  debugged(
    () => {
      g.switch();
      g.switch();
    },
    (post, [{ location: { lineNumber } }]) => {
      first ??= lineNumber;
      lines.push(lineNumber - first);
      return lineNumber - first < 4 ? 'stepOver' : 'resume';
    },
  );
  assert.deepStrictEqual(lines.filter((line) => line >= 0 && line <= 4), [0, 1, 2, 3, 4], String(lines));
});

test('step into and step out', needsPlain, () => {
  const inner = () => {
    return 'inner';
  };
  const g = new Greenlet(function body() {
    debugger; // eslint-disable-line no-debugger
    inner();
    return 'end';
  });
  const names = [];
  const commands = ['stepOver', 'stepInto', 'stepOut'];
  debugged(() => g.switch(), (_, [top]) => {
    names.push(top.functionName);
    return commands.shift();
  });
  assert.deepStrictEqual(names, ['body', 'body', 'inner', 'body']);
});

test('a debugger in another thread pauses a greenlet of this one', needsPlain, async () => {
  const worker = new Worker(
    `
    const { Session } = require('node:inspector');
    const { parentPort } = require('node:worker_threads');
    const session = new Session();
    session.connectToMainThread();
    parentPort.on('message', () => {}); // stays
    session.on('Debugger.paused', ({ params: { callFrames } }) => {
      parentPort.postMessage(callFrames.slice(0, 2).map(({ functionName }) => functionName));
      session.post('Debugger.resume');
    });
    session.post('Debugger.enable', () => parentPort.postMessage('ready'));
  `,
    { eval: true },
  );
  const messages = [];
  const next = () => new Promise((resolve) => worker.once('message', resolve));
  messages.push(await next());
  const g = new Greenlet(function body() {
    (function inner() {
      debugger; // eslint-disable-line no-debugger
    })();
    return 'end';
  });
  const paused = next();
  assert.strictEqual(g.switch(), 'end');
  messages.push(await paused);
  await worker.terminate();
  assert.deepStrictEqual(messages, ['ready', ['inner', 'body']]);
});

// --- Programs --------------------------------------------------------------------------------------------------------------------------------

const ours = JSON.stringify(require.resolve('libgreenlet'));
const tasks = JSON.stringify(require.resolve('libgreenlet/async'));

function runFile(name, source, ...flags) {
  const file = path.join(folder, name);
  fs.writeFileSync(file, source);
  return spawnSync(process.execPath, [...flags, file], { cwd: folder, encoding: 'utf8', timeout: 120_000 });
}

test("source maps apply to frames of greenlets, and to those of who waits", () => {
  // Each line of the program stands for the line of original.ts that is a hundred further down.
  const map = { version: 3, sources: ['original.ts'], names: [], mappings: `AAoGA${';AACA'.repeat(20)}` };
  const { stdout, stderr } = runFile(
    'mapped.js',
    `const { Greenlet } = require(${ours});
const { go, wait } = require(${tasks});
function* body() {
  throw new Error('in a greenlet');
}
try { new Greenlet(body).switch(); } catch ({ stack }) { console.log(stack); }
function* waiter() {
  yield wait(Promise.reject(new Error('elsewhere')));
}
go(waiter).catch(({ stack }) => console.log(stack));
//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}
`,
    '--enable-source-maps',
  );
  assert.match(stdout, /in a greenlet\n[^]*original\.ts:104/, stderr);
  assert.match(stdout, /waited for at[^]*original\.ts:108/, stderr);
});

test('--cpu-prof writes a profile that has what main ran', () => {
  const { status, stderr } = runFile(
    'profiled.js',
    `const { Greenlet, getMain } = require(${ours});
    const spin = () => { for (const end = performance.now() + 300; performance.now() < end;); };
    function hotInMain() { spin(); }
    function hotInGreenlet() { spin(); }
    const g = new Greenlet(function* () {
      hotInGreenlet();
      yield getMain().switch();
      hotInGreenlet();
    });
    g.switch();
    hotInMain();
    g.switch();
    `,
    '--cpu-prof',
    '--cpu-prof-name=profile',
  );
  assert.strictEqual(status, 0, stderr);
  const { nodes } = JSON.parse(fs.readFileSync(path.join(folder, 'profile'), 'utf8'));
  const names = new Set(nodes.map(({ callFrame }) => callFrame.functionName));
  assert.ok(names.has('hotInMain'), [...names].join());
  // V8's profiler takes no samples of other stacks than the thread's, so on the other carriers they are lost (README).
  if (carrier === 'generator') assert.ok(names.has('hotInGreenlet'), [...names].join());
});

test('an error thrown in a greenlet has the frames of the greenlet, and not those of main', needsPlain, () => {
  function inGreenlet() {
    throw new Error('here');
  }
  function inMain() {
    new Greenlet(() => inGreenlet()).switch();
  }
  assert.throws(inMain, ({ stack }) => /at inGreenlet/.test(stack) && !/at inMain/.test(stack));
});

test('an error that leaves a greenlet and main is reported as uncaught, with its stack', () => {
  const { status, stderr } = runFile('uncaught.js', `
    const { Greenlet, getMain } = require(${ours});
    const g = new Greenlet(function* theBody() { yield getMain().switch(); throw new Error('fatal'); });
    g.switch();
    setImmediate(() => g.switch());
  `);
  assert.strictEqual(status, 1);
  assert.match(stderr, /Error: fatal\n\s+at theBody/);
});

test('after uncaughtException has handled it, greenlets go on', () => {
  const { status, stdout, stderr } = runFile('handled.js', `
    const { Greenlet, getMain } = require(${ours});
    process.on('uncaughtException', ({ message }, origin) => console.log(message, origin));
    const other = new Greenlet(function* () { yield getMain().switch(); return 'goes on'; });
    other.switch();
    setImmediate(() => new Greenlet(function* () { throw new Error('lost'); }).switch());
    setImmediate(() => setImmediate(() => console.log(other.switch())));
  `);
  assert.deepStrictEqual({ status, stdout, stderr }, { status: 0, stdout: 'lost uncaughtException\ngoes on\n', stderr: '' });
});
