/** Calls and tasks that are wrong: each has its own error, and the pool goes on as if they had not been. */
import { expect, it } from 'vitest';
import { checkCounts } from '../../../models/pool.ts';
import { endPoolsAfterEach, errorOf, poolOf, within } from './fixtures/pools.ts';
import type { RunOptions } from './pool-types.ts';
import type { ThreadPool } from './thread-pool.ts';

endPoolsAfterEach();

/** It runs what comes next, and ends. */
async function goesOn(pool: ThreadPool): Promise<void> {
  expect(await within(pool.run('add', [1, 2]))).toBe(3);
  await within(pool.close());
  expect(checkCounts(pool.metrics())).toBeUndefined();
}

const wrongCalls: readonly [what: string, args: unknown, options: unknown, message: RegExp][] = [
  ['a number for the arguments', 5, {}, /arguments of a task are an array.*got 5/],
  ['a string for the arguments', 'ab', {}, /arguments of a task are an array.*got ab/],
  ['null for the arguments', null, {}, /arguments of a task are an array.*got null/],
  ['what only looks like an array', { length: -1 }, {}, /arguments of a task are an array/],
  ['an onPart that is no function', [], { onPart: null }, /onPart.*function.*got null/],
  ['a signal that is none', [], { signal: {} }, /signal.*AbortSignal/],
  ['a time limit that is no number', [], { timeoutMs: 5n }, /time limit.*number.*got 5/],
  ['an unknown priority', [], { priority: 10 }, /priority.*'high', 'normal' or 'low'.*got 10/],
  ['a transfer that is no array', [], { transfer: 5 }, /transfer.*array.*got 5/],
  ['null for the options', [], null, /options of a task are an object, got null/],
];

it.each(wrongCalls)('W-14: %s rejects, with room and without', async (_, args, options, message) => {
  const pool = poolOf({ queueLimit: 1 });
  const wrong = (): Promise<unknown> => pool.run('same', args as unknown[], options as RunOptions);
  expect(String(await errorOf(wrong()))).toMatch(message);
  const first = pool.run('sleeps', [20]);
  const second = wrong();
  expect(String(await errorOf(second))).toMatch(message);
  expect(await within(first)).toBe(20);
  await goesOn(pool);
});

it('W-14: one signal serves many tasks, without a warning, also those that wait for room', async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): unknown => warnings.push(warning);
  process.on('warning', onWarning);
  const pool = poolOf({ queueLimit: 64 });
  const abort = new AbortController();
  const { signal } = abort;
  await within(Promise.all(Array.from({ length: 200 }, (_, n) => pool.run('same', [n], { signal }))));
  const aborted = Array.from({ length: 200 }, () => errorOf(pool.run('sleeps', [60_000], { signal })));
  abort.abort('enough');
  expect(await within(Promise.all(aborted))).toEqual(aborted.map(() => 'enough'));
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
  await goesOn(pool);
});

it('W-14: a stream with wrong options rejects once, and is over', async () => {
  const pool = poolOf();
  const stream = pool.stream('same', [], { signal: {} as AbortSignal });
  expect(await errorOf(stream.next())).toMatchObject({ name: 'TypeError' });
  expect(await within(stream.next())).toEqual({ done: true, value: undefined });
  await goesOn(pool);
});

it('W-14: arguments that cannot be read reject, also when they wait for room', async () => {
  const pool = poolOf({ queueLimit: 1 });
  const args = Object.defineProperty([0], 0, {
    get: () => {
      throw new RangeError('unreadable');
    },
  });
  const first = pool.run('sleeps', [20]);
  expect(await errorOf(pool.run('same', args))).toMatchObject({ message: 'unreadable' });
  expect(await within(first)).toBe(20);
  await goesOn(pool);
});

it('W-14: a name of a task that is no string rejects, and workers start as before', async () => {
  const pool = poolOf();
  expect(String(await errorOf(pool.run({ export: Symbol('x') as unknown as string })))).toMatch(
    /task is the name of an export.*got Symbol\(x\)/,
  );
  expect(String(await errorOf(pool.run(undefined as unknown as string)))).toMatch(/got undefined/);
  expect(await errorOf(pool.run('exits', [1]))).toMatchObject({ exitCode: 1 });
  await goesOn(pool);
});

it('W-14: unknown options and relative modules are refused with what there is', async () => {
  expect(() => poolOf({ maxThread: 2 } as never)).toThrow(
    /a ThreadPool has no option maxThread: it has module, minThreads/,
  );
  expect(() => poolOf({ module: './tasks.mjs' })).toThrow(
    /"\.\/tasks\.mjs" is relative to nothing.*new URL\('\.\/tasks\.mjs', import\.meta\.url\)/,
  );
  const pool = poolOf();
  expect(String(await errorOf(pool.run({ module: '../x.mjs', export: 'y' })))).toMatch(
    /is relative to nothing/,
  );
  expect(String(await errorOf(pool.run('same', [1], { timeout: 5 } as never)))).toMatch(
    /a task has no option timeout: it has signal, timeoutMs/,
  );
  await goesOn(pool);
});

it('W-14: errors of a death, a deadlock and a full pool name the task and say what to do', async () => {
  const pool = poolOf({ queueLimit: 1, whenFull: 'reject' });
  const dies = errorOf(pool.run('exits', [3]));
  expect(String(await errorOf(pool.run('same')))).toMatch(/holds 1 task \(queueLimit\).*whenFull: 'wait'/);
  expect(String(await dies)).toMatch(/the worker of task \d+ \("exits"\) died in it, with exit code 3/);
  const other = poolOf();
  const view = new Int32Array(new SharedArrayBuffer(4));
  const waits = errorOf(other.run('waits', [view]));
  const behind = other.run('releases', [view]);
  expect(String(await waits)).toMatch(
    /the only worker is in a task that waits, and 1 task is queued.*\("waits"\) was given up/,
  );
  await within(behind);
  await goesOn(pool);
});

it('W-14: a listener of late errors that throws is an uncaught exception; the pool goes on', async () => {
  const uncaught: unknown[] = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.once('uncaughtException', (error) => uncaught.push(error));
  try {
    const pool = poolOf({
      onLateError: () => {
        throw new RangeError('not now');
      },
    });
    await within(pool.run('leavesError', [1]));
    while (pool.metrics().lateErrors === 0) await within(pool.run('sleeps', [5]));
    await goesOn(pool);
    expect(uncaught).toMatchObject([{ message: 'not now' }]);
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
});

it.each(['getter', 'call'])('W-14: a result whose then throws (%s) rejects each time', async (kind) => {
  const pool = poolOf();
  for (let time = 0; time < 3; time += 1)
    expect(await errorOf(pool.run('badThen', [kind]))).toMatchObject({
      name: 'RangeError',
      message: 'no then',
    });
  await goesOn(pool);
});

it.each(['revoked', 'tag', 'keys'])('W-14: what cannot be looked at (%s) is thrown', async (kind) => {
  const pool = poolOf();
  await errorOf(pool.run('throwsOddly', [kind]));
  await goesOn(pool);
});

it('W-14: what moves to a worker moves once the task has begun: the death of the worker before takes nothing along', async () => {
  const pool = poolOf();
  // From then on tasks are dealt ahead.
  for (let round = 0; round < 20; round += 1)
    await within(Promise.all(Array.from({ length: 500 }, (_, n) => pool.run('same', [n]))));
  for (let round = 0; round < 3; round += 1) {
    const dies = errorOf(pool.run('exits', [1]));
    const buffer = new ArrayBuffer(1024);
    const healthy = pool.run('length', [buffer], { transfer: [buffer] });
    expect(await dies).toMatchObject({ name: 'WorkerDiedError' });
    expect(await within(healthy)).toBe(1024);
    expect(buffer.byteLength).toBe(0);
  }
  await goesOn(pool);
});

it('W-14: what has moved already cannot move again', async () => {
  const pool = poolOf();
  const buffer = new ArrayBuffer(8);
  const moves = (): Promise<unknown> => pool.run('length', [buffer], { transfer: [buffer] });
  const [first, second] = [moves(), errorOf(moves())];
  expect(await within(first)).toBe(8);
  expect(String(await second)).toMatch(/moved already/);
  await goesOn(pool);
});

it('P14: a task that waits for one outside of a full pool is given up, too', async () => {
  const pool = poolOf({ queueLimit: 1 });
  const view = new Int32Array(new SharedArrayBuffer(4));
  const waits = errorOf(pool.run('waits', [view]));
  const releases = pool.run('releases', [view]);
  expect(await waits).toMatchObject({ name: 'DeadlockError' });
  await within(releases);
  await goesOn(pool);
});

it('P14: blocking counts until a promise has settled, and no longer than the task', async () => {
  const pool = poolOf();
  const view = new Int32Array(new SharedArrayBuffer(4));
  const waits = errorOf(pool.run('waitsAsync', [view]));
  const releases = pool.run('releases', [view]);
  expect(await waits).toMatchObject({ name: 'DeadlockError' });
  await within(releases);
  // Not awaited: the tasks after it are in no wait.
  expect(await within(pool.run('afterBlocking'))).toBe('not awaited');
  const [long, behind] = [pool.run('sleeps', [200]), pool.run('same', [1])];
  expect(await within(Promise.all([long, behind]))).toEqual([200, 1]);
  await goesOn(pool);
});

it('W-14: 100,000 tasks wait outside of a small pool in about the time of as many inside', async () => {
  const pool = poolOf({ queueLimit: 64 });
  const results = await within(
    Promise.all(Array.from({ length: 100_000 }, (_, n) => pool.run<number>('same', [n]))),
    30_000,
  );
  expect(results.every((result, n) => result === n)).toBe(true);
  await goesOn(pool);
});
