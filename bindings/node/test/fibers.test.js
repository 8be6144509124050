// SPDX-License-Identifier: MIT
'use strict';
// libgreenlet/fibers: the tests of `fibers` 5 itself, as `./dev setup node` has fetched them, and what those leave open.
const test = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { carrier } = require('libgreenlet');
const { needsPlain, runProgram } = require('./helper.js');

const Fiber = require('libgreenlet/fibers');

// --- Its own tests -----------------------------------------------------------------------------------------------------------------------

const cache = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
const theirs = path.join(cache, 'libgreenlet/node/fibers/node_modules/fibers/test');
const programs = fs.existsSync(theirs) ? fs.readdirSync(theirs).filter((name) => name.endsWith('.js')) : [];

// Those that compare what they measure on a busy machine have several tries.
const tries = { 'cleanup.js': 5 };

// Away from their package, and with a folder in which require('fibers'), 'fibers/future' and 'future' are ours.
const stage = fs.mkdtempSync(path.join(os.tmpdir(), 'libgreenlet-fibers-'));
test.after(() => fs.rmSync(stage, { recursive: true }));
const modules = { 'fibers/index.js': 'libgreenlet/fibers', 'fibers/future.js': 'libgreenlet/fibers/future', 'future.js': 'libgreenlet/fibers/future' };
fs.mkdirSync(path.join(stage, 'fibers'));
if (programs.length) fs.cpSync(theirs, path.join(stage, 'test'), { recursive: true });
for (const [file, ours] of Object.entries(modules)) {
  fs.writeFileSync(path.join(stage, file), `module.exports = require(${JSON.stringify(require.resolve(ours))});\n`);
}

function runTheirs(name) {
  const env = { ...process.env, NODE_PATH: stage };
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(stage, 'test', name)], { env, encoding: 'utf8', timeout: 120_000 });
  return { status, stdout, stderr };
}

test("fibers' own tests were fetched", { skip: !fs.existsSync(path.join(cache, 'libgreenlet/node')) && 'no ./dev setup node here' }, () => {
  assert.strictEqual(programs.length, 19, theirs);
});

for (const name of programs) {
  test(`fibers 5: test/${name}`, needsPlain, () => {
    let result;
    for (let left = tries[name] ?? 1; left > 0; --left) {
      result = runTheirs(name);
      if (result.stdout === 'pass\n') break;
    }
    assert.deepStrictEqual(result, { status: 0, stdout: 'pass\n', stderr: '' });
  });
}

// --- A program for `fibers` moves by changing one line -------------------------------------------------------------------------------------

const program = `
  const Fiber = require('fibers');

  function sleep(ms) {
    const fiber = Fiber.current;
    setTimeout(() => fiber.run(), ms);
    Fiber.yield();
  }

  const words = Fiber((prefix) => {
    for (const word of ['one', 'two']) Fiber.yield(prefix + word);
    return 'end';
  });

  Fiber(() => {
    console.log('wait...');
    sleep(1);
    for (let word = words.run('number '); words.started; word = words.run()) console.log(word);
    try {
      Fiber(() => { throw new Error('oh'); }).run();
    } catch ({ message }) {
      console.log('caught', message);
    }
  }).run();
  console.log('back in main');
`;

test('a program for fibers runs with one line changed', needsPlain, () => {
  const { status, stdout, stderr } = runProgram(program.replace("require('fibers')", "require('libgreenlet/fibers')"));
  assert.deepStrictEqual(
    { status, stdout, stderr },
    { status: 0, stdout: 'wait...\nback in main\nnumber one\nnumber two\ncaught oh\n', stderr: '' },
  );
});

test('an import has the Fiber as its default', async () => {
  assert.strictEqual((await import('libgreenlet/fibers')).default, Fiber);
});

// --- What its tests leave open -----------------------------------------------------------------------------------------------------------

test('on a carrier that cannot leave plain functions, run says so', { skip: carrier !== 'generator' && 'plain functions can wait here' }, () => {
  assert.throws(() => Fiber(() => {}).run(), { code: 'GL_ENOTSUP', message: /"fiber" or "thread"/ });
});

test('Fiber, with and without new, takes one function', () => {
  assert.ok(Fiber(() => {}) instanceof Fiber);
  assert.ok(new Fiber(() => {}) instanceof Fiber);
  for (const bad of [[], [1], [() => {}, 1]]) {
    assert.throws(() => Fiber(...bad), TypeError);
    assert.throws(() => new Fiber(...bad), TypeError);
  }
});

test('a fiber can be run again after its end', needsPlain, () => {
  const fiber = Fiber((value) => {
    const next = Fiber.yield(value);
    return value + next;
  });
  for (let round = 0; round < 3; ++round) {
    assert.strictEqual(fiber.started, false);
    assert.strictEqual(fiber.run(1), 1);
    assert.strictEqual(fiber.started, true);
    assert.strictEqual(fiber.run(2), 3);
  }
});

test('current is the innermost fiber that runs', needsPlain, () => {
  assert.strictEqual(Fiber.current, undefined);
  const seen = [];
  const inner = Fiber(() => {
    seen.push(Fiber.current === inner);
    Fiber.yield();
    seen.push(Fiber.current === inner);
  });
  const outer = Fiber(() => {
    inner.run();
    seen.push(Fiber.current === outer);
    inner.run();
    seen.push(Fiber.current === outer);
  });
  outer.run();
  assert.deepStrictEqual(seen, [true, true, true, true]);
  assert.strictEqual(Fiber.current, undefined);
});

test('an outcome goes to whoever ran the fiber last', needsPlain, () => {
  const inner = Fiber(() => {
    Fiber.yield('first');
    throw new RangeError('second');
  });
  assert.strictEqual(Fiber(() => inner.run()).run(), 'first');
  assert.throws(() => inner.run(), RangeError);
  assert.strictEqual(inner.started, false);
});

test('throwInto throws at the yield', needsPlain, () => {
  const fiber = Fiber(() => {
    try {
      Fiber.yield();
    } catch (error) {
      return `caught ${error}`;
    }
  });
  assert.throws(() => fiber.throwInto('early'), /not yielding/);
  fiber.run();
  assert.strictEqual(fiber.throwInto('it'), 'caught it');
});

test('reset unwinds, and returns what the function returns', needsPlain, () => {
  const order = [];
  const fiber = Fiber(() => {
    try {
      Fiber.yield();
    } finally {
      order.push('finally');
    }
  });
  assert.strictEqual(fiber.reset(), undefined);
  fiber.run();
  assert.strictEqual(fiber.reset(), undefined);
  assert.deepStrictEqual(order, ['finally']);
  assert.strictEqual(fiber.started, false);

  const stubborn = Fiber(() => {
    for (let i = 0; i < 3; ++i) {
      try {
        Fiber.yield();
      } catch ({ message }) {
        order.push(message);
      }
    }
    return 'result';
  });
  stubborn.run();
  assert.strictEqual(stubborn.reset(), 'result');
  assert.deepStrictEqual(order.slice(1), Array(3).fill('This Fiber is a zombie'));
  assert.strictEqual(stubborn.run(), undefined);
  assert.strictEqual(stubborn.run(), undefined, 'a new life, in which yield waits again');
  stubborn.reset();
});

test('an error that leaves a fiber which is being reset comes out of reset', needsPlain, () => {
  const fiber = Fiber(() => {
    try {
      Fiber.yield();
    } catch {
      throw new RangeError('cleaning up');
    }
  });
  fiber.run();
  assert.throws(() => fiber.reset(), { name: 'RangeError', message: 'cleaning up' });
});

test('a fiber that runs cannot be run, reset or thrown into', needsPlain, () => {
  const fiber = Fiber(() => {
    assert.throws(() => fiber.run(), /already running/);
    assert.throws(() => fiber.reset(), /not yielding/);
    assert.throws(() => fiber.throwInto(1), /not yielding/);
    const other = Fiber(() => fiber.run());
    assert.throws(() => other.run(), /already running/);
  });
  fiber.run();
});

test('too many arguments', needsPlain, () => {
  const fiber = Fiber(() => {
    assert.throws(() => Fiber.yield(1, 2), TypeError);
    Fiber.yield();
  });
  assert.throws(() => fiber.run(1, 2), TypeError);
  fiber.run();
  assert.throws(() => fiber.throwInto(1, 2), TypeError);
  assert.throws(() => fiber.reset(1), TypeError);
  fiber.reset();
});

test('the number of arguments is that of run', needsPlain, () => {
  assert.strictEqual(Fiber(function () { return arguments.length; }).run(), 0);
  assert.strictEqual(Fiber(function () { return arguments.length; }).run(undefined), 1);
});

test('poolSize and fibersCreated count as fibers does', needsPlain, () => {
  const { stdout } = runProgram(`
    const Fiber = require('libgreenlet/fibers');
    const counts = [Fiber.poolSize, Fiber.fibersCreated];
    const together = (n) => {
      const fibers = Array.from({ length: n }, () => Fiber(() => Fiber.yield()));
      for (const fiber of fibers) fiber.run();
      for (const fiber of fibers) fiber.run();
      counts.push(Fiber.fibersCreated);
    };
    together(3);
    together(3);
    Fiber.poolSize = 1;
    together(3);
    console.log(counts.join());
  `);
  assert.strictEqual(stdout, '120,0,3,3,5\n');
});

test('fibers inherit', needsPlain, () => {
  class Named extends Fiber {
    constructor(name, fn) {
      super(fn);
      this.name = name;
    }
  }
  const fiber = new Named('mine', () => Fiber.current.name);
  assert.strictEqual(fiber.run(), 'mine');
});

test('a fiber that nobody holds is unwound', needsPlain, () => {
  const { status, stdout, stderr } = runProgram(
    `
    const Fiber = require('libgreenlet/fibers');
    let unwound = 0;
    (function () {
      for (let i = 0; i < 10; ++i) Fiber(() => { try { Fiber.yield(); } finally { ++unwound; } }).run();
    })();
    let rounds = 0;
    setTimeout(function check() {
      gc();
      if (unwound < 10 && ++rounds < 200) setTimeout(check, 1);
      else console.log(unwound);
    }, 1);
  `,
    '--expose-gc',
  );
  assert.deepStrictEqual({ status, stdout, stderr }, { status: 0, stdout: '10\n', stderr: '' });
});
