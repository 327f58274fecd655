/** The pool with real workers: what it promises, and every way in which today's pools go wrong (anchors), each with the right outcome. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setEnvironmentData } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { checkCounts } from '../../../models/pool.ts';
import { endPoolsAfterEach, errorOf, module, poolOf, within } from './fixtures/pools.ts';
import { ThreadPool } from './thread-pool.ts';

endPoolsAfterEach();

describe('W-13, W-14: a pool', () => {
  it('runs tasks, keeps values of every kind, and counts', async () => {
    const pool = poolOf();
    expect(await within(pool.run('add', [1, 2]))).toBe(3);
    const values = [undefined, null, true, false, -0, Number.NaN, 'text \u{1F600}'];
    expect(await within(pool.run('echo', values))).toEqual(values);
    for (const value of values) expect(await within(pool.run('same', [value]))).toEqual(value);
    const large = {
      map: new Map([[1, new Date(0)]]),
      list: new Float64Array([1, 2]),
      text: 'x'.repeat(1000),
      big: 1n,
    };
    expect(await within(pool.run('same', [large]))).toEqual(large);
    expect(await within(pool.run({ module, export: 'add' }, ['a', 'b']))).toBe('ab');
    expect(pool.metrics()).toMatchObject({ completed: 11, pending: 0, failed: 0 });
    expect(pool.workers()).toEqual([{ state: 'idle', tasks: 11 }]);
    expect(pool.metrics().runTime.count).toBe(11);
  });

  it('moves buffers both ways', async () => {
    const pool = poolOf();
    const buffer = new ArrayBuffer(100_000);
    expect(await within(pool.run('length', [buffer], { transfer: [buffer] }))).toBe(100_000);
    expect(buffer.byteLength).toBe(0);
    expect((await within(pool.run<ArrayBuffer>('moves', [5_000]))).byteLength).toBe(5_000);
  });

  it('maps in order, with a bound, and broadcasts', async () => {
    const pool = poolOf({ minThreads: 2 });
    const numbers = Array.from({ length: 300 }, (_, n) => n);
    expect(await within(pool.map(numbers, 'same', { concurrency: 7 }))).toEqual(numbers);
    expect(await errorOf(pool.map(numbers, 'fails'))).toMatchObject({ code: 'E_FAILED' });
    await expect(pool.map(numbers, 'same', { concurrency: 0 })).rejects.toThrow('from 1 on, got 0');
    const everywhere = await within(pool.broadcast('counts'));
    expect(everywhere).toEqual([
      { status: 'fulfilled', value: 1 },
      { status: 'fulfilled', value: 1 },
    ]);
  });

  it('keeps the class, code, fields, cause and both stacks of errors; throw null rejects', async () => {
    const pool = poolOf();
    const error = (await errorOf(pool.run('fails'))) as Error & { code: string; field: unknown };
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({
      name: 'RangeError',
      message: 'it failed',
      code: 'E_FAILED',
      field: { deep: 1 },
    });
    expect((error.cause as Error).message).toBe('the cause');
    expect(error.stack).toMatch(/tasks\.mjs[\s\S]*asked for[\s\S]*thread-pool/);
    expect(await errorOf(pool.run('throwsNull'))).toBe(null);
    expect(await errorOf(pool.run('missing'))).toMatchObject({
      message: expect.stringContaining('no function "missing"'),
    });
    expect(await errorOf(pool.run('unsendable'))).toMatchObject({ name: 'DataCloneError' });
    expect(await errorOf(pool.run('same', [() => 1]))).toMatchObject({ name: 'DataCloneError' });
    expect(await within(pool.run('add', [1, 1]))).toBe(2);
    expect(pool.metrics()).toMatchObject({ failed: 5, crashed: 0, pending: 0 });
  });

  it('cancels: queued tasks are removed, running ones are asked, then their worker is replaced', async () => {
    const pool = poolOf({ graceMs: 50 });
    await within(pool.run('add', [1, 1]));
    const [running, queued, before] = [
      new AbortController(),
      new AbortController(),
      AbortSignal.abort('before'),
    ];
    expect(await errorOf(pool.run('add', [1, 1], { signal: before }))).toBe('before');
    const spinning = pool.run('spins', [], { signal: running.signal });
    const waiting = pool.run('add', [1, 1], { signal: queued.signal });
    queued.abort('queued');
    expect(await errorOf(waiting)).toBe('queued');
    setTimeout(() => running.abort('running'), 20);
    expect(await errorOf(spinning)).toBe('running');
    expect(await within(pool.run('add', [2, 2]))).toBe(4);
    expect(pool.metrics()).toMatchObject({ cancelled: 2, deaths: 1 });
    const obedient = new AbortController();
    const obeying = pool.run('obeys', [], { signal: obedient.signal });
    setTimeout(() => obedient.abort('enough'), 20);
    expect(await errorOf(obeying)).toBe('enough');
    expect(await within(pool.run('add', [2, 2]))).toBe(4);
    expect(pool.metrics()).toMatchObject({ cancelled: 3, deaths: 1 });
  });

  it('counts time limits from the start of execution', async () => {
    const pool = poolOf({ graceMs: 20 });
    const first = pool.run('sleeps', [150]);
    const second = pool.run('sleeps', [10], { timeoutMs: 100 });
    expect(await within(Promise.all([first, second]))).toEqual([150, 10]);
    const error = await errorOf(pool.run('spins', [], { timeoutMs: 30 }));
    expect(error).toMatchObject({ name: 'TimeoutError', message: expect.stringContaining('30 ms') });
    expect(await within(pool.run('add', [1, 1]))).toBe(2);
  });

  it('goes by priority, and keeps the context of asynchronous calls', async () => {
    const pool = poolOf();
    const order: string[] = [];
    const storage = new AsyncLocalStorage<string>();
    const block = pool.run('sleeps', [50]);
    await new Promise((resolve) => setTimeout(resolve, 400));
    const blocked = pool.run('sleeps', [50]);
    await new Promise((resolve) => setTimeout(resolve, 10));
    const note = (name: string) => () => order.push(`${name} ${storage.getStore()}`);
    await within(
      Promise.all([
        block,
        blocked,
        storage.run('a', () => pool.run('add', [1, 1], { priority: 'low' }).then(note('low'))),
        storage.run('b', () => pool.run('add', [1, 1]).then(note('normal'))),
        storage.run('c', () => pool.run('add', [1, 1], { priority: 'high' }).then(note('high'))),
      ]),
    );
    expect(order).toEqual(['high c', 'normal b', 'low a']);
  });

  it('holds back what is beyond the limit of its queue, or refuses it', async () => {
    const pool = poolOf({ queueLimit: 4 });
    const results = Array.from({ length: 50 }, (_, n) => pool.run('same', [n]));
    expect(await within(Promise.all(results))).toEqual(Array.from({ length: 50 }, (_, n) => n));
    // Who waits outside counts for nothing until it is let in, can give up, and is waited for.
    const narrow = poolOf({ queueLimit: 1 });
    const given = new AbortController();
    const settled: unknown[] = [];
    void narrow.run('same', [1]).then((value) => settled.push(value));
    const gone = narrow.run('same', [2], { signal: given.signal });
    void narrow.run('same', [3]).then((value) => settled.push(value));
    given.abort('gone');
    expect(await errorOf(gone)).toBe('gone');
    await within(narrow.close());
    expect(settled).toEqual([1, 3]);
    expect(narrow.metrics()).toMatchObject({ submitted: 2, completed: 2, rejected: 0 });
    const strict = poolOf({ queueLimit: 2, whenFull: 'reject' });
    const outcomes = await within(Promise.allSettled([1, 2, 3].map((n) => strict.run('same', [n]))));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(strict.metrics()).toMatchObject({ submitted: 3, completed: 2, rejected: 1 });
  });

  it('recycles workers, and refuses bad options', async () => {
    const pool = poolOf({ tasksPerWorker: 3 });
    for (let n = 0; n < 5; n += 1) expect(await within(pool.run('counts'))).toBe((n % 3) + 1);
    expect(() => new ThreadPool({ minThreads: 0 })).toThrow(
      'minThreads of a ThreadPool is a whole number from 1',
    );
    expect(() => new ThreadPool({ minThreads: 2, maxThreads: 1 })).toThrow('maxThreads');
    expect(() => new ThreadPool({ graceMs: -1 })).toThrow('graceMs');
    const without = poolOf({ module: undefined as never });
    await expect(without.run('add')).rejects.toThrow('names no module');
  });

  it('runs hooks before the first task and after the last; workers beyond the minimum leave when they are idle', async () => {
    const counts = new Int32Array(new SharedArrayBuffer(8));
    setEnvironmentData('hooks', counts);
    const hooks = new URL('./fixtures/hooks.mjs', import.meta.url);
    const pool = poolOf({ maxThreads: 2, idleMs: 30, hooks });
    const [first] = (await within(
      Promise.all([
        pool.run({ module: hooks, export: 'counted' }),
        pool.run('sleeps', [20]),
        pool.run('sleeps', [20]),
      ]),
    )) as [number[], ...unknown[]];
    expect(first[0]).toBeGreaterThan(0);
    const until = async (isSo: () => boolean): Promise<void> => {
      while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await within(until(() => pool.metrics().threads === 1));
    expect([...counts]).toEqual([2, 1]);
    expect(await within(pool.run('add', [1, 1]))).toBe(2);
    await within(pool.close());
    expect([...counts]).toEqual([2, 2]);
    expect(pool.metrics()).toMatchObject({ deaths: 0, threads: 0 });
  });

  it('closes: what was taken runs, nothing after; terminate ends everything', async () => {
    const pool = poolOf();
    const last = pool.run('sleeps', [20]);
    const closed = pool.close();
    await expect(pool.run('add', [1, 1])).rejects.toMatchObject({ name: 'ClosedError' });
    await within(closed);
    expect(await last).toBe(20);
    expect(pool.workers()).toEqual([]);
    const other = poolOf();
    await within(other.run('add', [1, 1]));
    const spinning = other.run('spins').catch((error: unknown) => error);
    const queued = other.run('add', [1, 1]).catch((error: unknown) => error);
    await within(other.terminate());
    expect(await spinning).toMatchObject({ name: 'ClosedError' });
    expect(await queued).toMatchObject({ name: 'ClosedError' });
    expect(other.metrics()).toMatchObject({ cancelled: 2, pending: 0, threads: 0 });
  });
});

describe('W-14: when things go wrong', () => {
  it('process.exit in a task fails that task only', async () => {
    const pool = poolOf();
    const outcomes = await within(
      Promise.allSettled([
        pool.run('add', [1, 1]),
        pool.run('exits', [3]),
        pool.run('exits', [0]),
        pool.run('add', [2, 2]),
      ]),
    );
    expect(outcomes[0]).toMatchObject({ value: 2 });
    expect(outcomes[1]).toMatchObject({ reason: { name: 'WorkerDiedError', exitCode: 3 } });
    expect(outcomes[2]).toMatchObject({ reason: { name: 'WorkerDiedError', exitCode: 0 } });
    expect(outcomes[3]).toMatchObject({ value: 4 });
    expect(pool.metrics()).toMatchObject({ completed: 2, crashed: 2, failed: 2 });
  });

  it('what is broadcast fails on the worker that dies in it, and nowhere else', async () => {
    const pool = poolOf({ minThreads: 2 });
    await within(pool.broadcast('counts'));
    const view = new Int32Array(new SharedArrayBuffer(4));
    const outcomes = await within(pool.broadcast('exitsFirst', [view]));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { name: 'WorkerDiedError', exitCode: 5 },
    });
    expect(await within(pool.broadcast('add', [1, 1]))).toEqual(
      Array(2).fill({ status: 'fulfilled', value: 2 }),
    );
    expect(pool.metrics()).toMatchObject({ completed: 5, crashed: 1, deaths: 1, pending: 0 });
  });

  it('heap exhaustion fails that task only', async () => {
    const pool = poolOf({ worker: { resourceLimits: { maxOldGenerationSizeMb: 40 } } });
    expect(await errorOf(pool.run('exhausts'))).toMatchObject({
      name: 'WorkerDiedError',
      cause: { code: 'ERR_WORKER_OUT_OF_MEMORY' },
    });
    expect(await within(pool.run('add', [1, 1]))).toBe(2);
  });

  it('errors outside of calls go to the task that they are of, or to nobody that is healthy', async () => {
    const late: unknown[] = [];
    const pool = poolOf({ onLateError: (error) => late.push(error) });
    expect(await errorOf(pool.run('throwsOutside'))).toMatchObject({ name: 'TypeError', message: 'outside' });
    expect(await errorOf(pool.run('rejectsOutside'))).toMatchObject({ message: 'nobody listens' });
    expect(await within(pool.run('leavesError', [10]))).toBe('done');
    expect(await within(pool.run('sleeps', [60]))).toBe(60);
    expect(late).toMatchObject([{ name: 'TypeError', message: 'late' }]);
    expect(await within(pool.run('add', [1, 1]))).toBe(2);
    expect(pool.metrics()).toMatchObject({ lateErrors: 1, crashed: 0 });
  });

  it("a worker's event loop lives between tasks", async () => {
    const pool = poolOf();
    await within(pool.run('startTicking'));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await within(pool.run('ticked'))).toBeGreaterThan(5);
  });

  it('P14: a task that waits for a task behind it is reported, and the other runs', async () => {
    const pool = poolOf({ graceMs: 30 });
    await within(pool.run('add', [1, 1]));
    const view = new Int32Array(new SharedArrayBuffer(4));
    const waiting = pool.run('waits', [view]);
    const behind = pool.run('releases', [view]);
    expect(await errorOf(waiting)).toMatchObject({
      name: 'DeadlockError',
      message: expect.stringContaining('1 task is queued'),
    });
    await within(behind);
    const two = poolOf({ minThreads: 1, maxThreads: 2 });
    const other = new Int32Array(new SharedArrayBuffer(4));
    expect(await within(Promise.all([two.run('waits', [other]), two.run('releases', [other])]))).toEqual([
      'released',
      undefined,
    ]);
  });

  it('a long task holds nothing back that was dealt behind it among short ones, when another worker is idle', async () => {
    const pool = poolOf({ minThreads: 2 });
    await within(Promise.all(Array.from({ length: 500 }, (_, n) => pool.run('same', [n]))));
    const order: string[] = [];
    const note = (name: string) => () => order.push(name);
    await within(
      Promise.all([pool.run('sleeps', [300]).then(note('long')), pool.run('same', [1]).then(note('short'))]),
    );
    expect(order).toEqual(['short', 'long']);
  });

  it('workers that cannot start break the pool, with the cause', async () => {
    const pool = poolOf({ hooks: new URL('./fixtures/absent.mjs', import.meta.url) });
    const error = (await errorOf(pool.run('add', [1, 1]))) as Error;
    expect(error).toMatchObject({
      name: 'WorkerDiedError',
      message: expect.stringContaining('gave up: 3 workers'),
    });
    expect((error.cause as Error).message).toContain('absent.mjs');
    expect(await errorOf(pool.run('add', [1, 1]))).toBe(error);
  });

  it('1 % failing, 0.1 % killing, 5 % cancelled: the accounts are exact', async () => {
    const tasks = 6_000;
    const pool = poolOf({ minThreads: 2 });
    const begun = new Int32Array(new SharedArrayBuffer(4 * tasks));
    const tally = { completed: 0, failed: 0, crashed: 0, cancelled: 0 };
    await within(
      Promise.all(
        Array.from({ length: tasks }, async (_, n) => {
          const controller = new AbortController();
          const cancels = n % 20 === 7;
          const run = pool.run('chaos', [begun, n], cancels ? { signal: controller.signal } : {});
          if (cancels) controller.abort('cancelled');
          try {
            expect(await run).toBe(n);
            tally.completed += 1;
          } catch (error) {
            if (error === 'cancelled') tally.cancelled += 1;
            else if ((error as Error).name === 'WorkerDiedError') tally.crashed += 1;
            else if ((error as Error).message === `chaos ${n}`) tally.failed += 1;
            else throw error;
          }
        }),
      ),
      25_000,
    );
    expect(tally).toEqual({ completed: 5_634, failed: 60, crashed: 6, cancelled: 300 });
    const metrics = pool.metrics();
    expect(checkCounts(metrics)).toBe(undefined);
    expect(metrics).toMatchObject({
      submitted: tasks,
      completed: 5_634,
      failed: 66,
      crashed: 6,
      cancelled: 300,
      pending: 0,
    });
    expect(Math.max(...begun)).toBe(1);
    expect(begun.reduce((sum, count) => sum + count, 0)).toBe(tasks - 300);
  });

  it('keeps no process alive, and one with a pending task alive', () => {
    const alone = fileURLToPath(new URL('./fixtures/alone.mjs', import.meta.url));
    expect(execFileSync(process.execPath, [alone], { encoding: 'utf8', timeout: 20_000 })).toBe('30\n');
  });
});
