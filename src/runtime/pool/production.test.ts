/**
 * Scenarios of production on pools and threads, in the runtime as it ships: exact counts, and a watchdog outside of what is tested. Those that need no
 * pool are in production.test.ts of the folder above; the optimiser of D-4 is examples/swarm.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCounts } from '../../../models/pool.ts';
import { drawSeed } from '../../explore.ts';
import { within } from '../channel/fixtures/start.ts';
import { builtRuntime, type Runtime } from '../fixtures/built.ts';
import type { PrimitiveHandle, ThreadRuntime } from '../runtime.ts';
import type { ThreadLocalKey } from '../tls/thread-storage.ts';
import type { ThreadPool } from './thread-pool.ts';

const limit = 25_000;
const module = new URL('./fixtures/scenario-tasks.mjs', import.meta.url);
const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const cells = (count: number): Int32Array<SharedArrayBuffer> =>
  new Int32Array(new SharedArrayBuffer(4 * count));

let built: Runtime;
let door: string;
beforeAll(async () => {
  ({ runtime: built, door } = await builtRuntime());
});

describe('on a pool of four workers', () => {
  let pool: ThreadPool;
  let shared: ThreadRuntime;
  beforeAll(() => {
    pool = new built.ThreadPool({ module, minThreads: 4 });
    shared = built.ThreadRuntime.create({ initialBytes: 1024 ** 2 });
  });
  afterAll(async () => {
    shared.close();
    await within(limit, pool.terminate());
  });

  /** Runs a scenario's tasks all at once; the pool must have completed exactly so many more, and failed none. */
  async function all<Result>(runs: readonly (() => Promise<Result>)[]): Promise<Result[]> {
    const { completed, failed } = pool.metrics();
    const results = await within(limit, Promise.all(runs.map((run) => run())));
    const after = pool.metrics();
    expect(after).toMatchObject({ completed: completed + runs.length, failed, cancelled: 0, pending: 0 });
    expect(checkCounts(after)).toBeUndefined();
    return results;
  }

  it('D-1: 100 objects that 50 tasks create at once: every one is there, and none is another', async () => {
    const before = shared.allocator.stats();
    interface Made {
      readonly task: number;
      readonly mutex: PrimitiveHandle<'mutex'>;
      readonly key: ThreadLocalKey;
      readonly seen: readonly unknown[];
    }
    const made = await all(range(50).map((n) => () => pool.run<Made>('creates', [door, shared.handle, n])));
    expect(made.map(({ seen }) => seen)).toEqual(range(50).map((n) => [undefined, n]));
    expect(new Set(made.map(({ task }) => task)).size).toBe(50);
    // Locks that were one would refuse the second; variables that were one would have the last value.
    const locks = made.map(({ mutex }) => shared.open(mutex));
    expect(locks.map((lock) => lock.tryLock())).toEqual(new Array(50).fill(true));
    const variables = made.map(({ key }) =>
      built.ThreadLocal.attach(shared.storage, key, built.codecs.int32),
    );
    variables.forEach((variable, n) => {
      variable.set(n);
    });
    expect(variables.map((variable) => variable.get())).toEqual(range(50));
    expect(shared.allocator.stats().blocks).toBe(before.blocks + 50);
    for (const { mutex } of made) shared.free(mutex);
    expect(shared.allocator.stats()).toEqual(before);
  });

  it('D-2: 80 tasks of 4 kinds: none fails, 20 of each kind ran, each with its own result', async () => {
    const kinds = ['compute', 'memory', 'atomic', 'sleep'] as const;
    const counted = cells(16);
    const before = shared.allocator.stats();
    const results = await all(
      range(80).map((n) => () => pool.run<number>('works', [door, shared.handle, kinds[n % 4], n, counted])),
    );
    const hashed = (n: number): number => range(10_000).reduce((hash, i) => (Math.imul(hash, 31) + i) | 0, n);
    const expected = [hashed, (n: number) => 64 * n, (n: number) => n, (n: number) => n];
    expect(results).toEqual(range(80).map((n) => expected[n % 4]!(n))); // four kinds
    expect([...counted.subarray(0, 4), counted[8]]).toEqual([20, 20, 20, 20, 20_000]);
    expect(shared.allocator.stats()).toEqual(before);
  });

  /** Lays all particles down in their places, then has all of them iterate at once: how far each came. */
  async function iterate(
    particles: number,
    placeOf: (particle: number) => number,
  ): Promise<PromiseSettledResult<number>[]> {
    const view = cells(8 * particles);
    for (const particle of range(particles)) await pool.run('enters', [view, placeOf(particle), particle]);
    const runs = range(particles).map(async (particle) => {
      let iteration = 0;
      while (iteration < 10)
        iteration = await pool.run<number>('moves', [view, placeOf(particle), particle, iteration]);
      return iteration;
    });
    return within(limit, Promise.allSettled(runs));
  }

  it("D-5: 20 particles of 10 iterations: none ever sees another's state, and it would be seen", async () => {
    const { completed, failed } = pool.metrics();
    const alone = await iterate(20, (particle) => particle);
    expect(alone).toEqual(new Array(20).fill({ status: 'fulfilled', value: 10 }));
    expect(pool.metrics()).toMatchObject({ completed: completed + 20 * 11, failed });
    // The canary can sing: of two particles in one place, the one that came first finds the other's.
    const [first] = await iterate(2, () => 0);
    expect(first).toMatchObject({
      reason: { message: 'particle 0 in iteration 0: a canary is not its own' },
    });
  });

  it('D-8: 100 objects are created beside an optimiser that runs, under one lock: nobody waits for ever', async () => {
    const before = shared.allocator.stats();
    const [lock, best] = [shared.mutex(), shared.int32(2 ** 30)];
    const at = { lock: shared.handleOf(lock), best: shared.handleOf(best) };
    const manager = new built.ThreadManager({ maxThreads: 1 });
    const thread = manager.spawn(module, 'churnsAlone', [door, shared.handle, at, 20]);
    const optimiser = async (): Promise<number> => {
      for (let iteration = 0; iteration < 5; iteration += 1) {
        const candidates = range(10).map((particle) => 1000 - 10 * iteration - particle);
        const steps = candidates.map((candidate) =>
          pool.run('optimises', [door, shared.handle, at, candidate]),
        );
        expect(await Promise.all(steps)).toEqual(candidates);
      }
      return 50;
    };
    const { completed, failed } = pool.metrics();
    const churns = range(8).map(() => pool.run<number>('churns', [door, shared.handle, at, 10]));
    const outcome = Promise.all([optimiser(), manager.join(thread), ...churns]);
    expect(await within(limit, outcome)).toEqual([50, 20, ...new Array(8).fill(10)]);
    expect(pool.metrics()).toMatchObject({ completed: completed + 58, failed, pending: 0 });
    expect([best.load(), lock.tryLock()]).toEqual([951, true]);
    for (const each of [lock, best]) shared.free(shared.handleOf(each));
    expect(shared.allocator.stats()).toEqual(before);
  });
});

describe('on twenty threads', () => {
  /** Mutexes in pairs, a readers-writer lock, a semaphore and a barrier of 20; cells 0 to 4 are what they guard, 8 to 12 count. */
  function sharedBy20() {
    const runtime = built.ThreadRuntime.create({ initialBytes: 1024 ** 2, threads: 21 });
    const [first, second, table] = [runtime.mutex(), runtime.mutex(), runtime.rwLock()];
    const [permits, round] = [runtime.semaphore(3), runtime.barrier(20)];
    const handles = {
      first: runtime.handleOf(first),
      second: runtime.handleOf(second),
      table: runtime.handleOf(table),
      permits: runtime.handleOf(permits),
      round: runtime.handleOf(round),
      cells: cells(16),
    };
    return { runtime, handles };
  }

  const ended = { guarded: [20, 20, 20, 0, 1], counted: [20, 20, 20, 20, 20] };
  const endOf = (view: Int32Array): typeof ended => ({
    guarded: [...view.subarray(0, 5)],
    counted: [...view.subarray(8, 13)],
  });

  it('D-9: 100 mixed operations on 20 workers of a pool: nobody waits for ever, and all are counted', async () => {
    const { runtime, handles } = sharedBy20();
    const pool = new built.ThreadPool({ module, minThreads: 20 });
    try {
      const runs = range(100).map((n) => pool.run('operates', [door, runtime.handle, handles, n]));
      expect(await within(limit, Promise.all(runs))).toEqual(range(100).map((n) => n % 5));
      expect(endOf(handles.cells)).toEqual(ended);
      expect(pool.metrics()).toMatchObject({
        submitted: 100,
        completed: 100,
        failed: 0,
        threads: 20,
        deaths: 0,
      });
    } finally {
      await within(limit, pool.terminate());
      runtime.close();
    }
  });

  it('D-9: 100 mixed operations on 20 threads of a ThreadManager: nobody waits for ever, and all are counted', async () => {
    const { runtime, handles } = sharedBy20();
    const manager = new built.ThreadManager({ maxThreads: 20 });
    try {
      const numbers = (thread: number): number[] => range(5).map((n) => 5 * thread + ((n + thread) % 5));
      for (const thread of range(20))
        manager.spawn(module, 'operatesAll', [door, runtime.handle, handles, numbers(thread)]);
      const outcomes = await within(limit, manager.joinAll());
      expect([...outcomes.values()]).toEqual(
        range(20).map((thread) => ({ status: 'fulfilled', value: range(5).map((n) => (n + thread) % 5) })),
      );
      expect(endOf(handles.cells)).toEqual(ended);
      expect(manager.size).toBe(0);
    } finally {
      await within(limit, manager.terminate());
      runtime.close();
    }
  });
});

/** Mulberry32: numbers below a bound, by a seed. */
function numbersBy(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  };
}

describe('on workers that die at random points', () => {
  const killTasks = new URL('./fixtures/kill-tasks.mjs', import.meta.url);
  const threads = process.getBuiltinModule('node:worker_threads');
  const { Worker } = threads;
  /** Every worker that is started, by its thread id: the pool lets nobody have them. */
  const started = new Map<number, InstanceType<typeof Worker>>();
  beforeAll(() => {
    threads.Worker = class extends Worker {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args);
        const { threadId } = this;
        started.set(threadId, this);
        this.once('exit', () => started.delete(threadId));
      }
    };
  });
  afterAll(() => {
    threads.Worker = Worker;
  });

  it('W-14: 600 tasks with 3 % exits, 3 % throws, 2 % late errors and 2 % aborts: today’s pools leave 288 pending for ever, here every one settles', async () => {
    const late: unknown[] = [];
    const log = { begun: cells(600), thread: cells(1) };
    const pool = new built.ThreadPool({
      module: killTasks,
      minThreads: 2,
      onLateError: (error) => late.push(error),
    });
    const names: Readonly<Record<number, string>> = {
      10: 'exits',
      43: 'exits',
      76: 'exits',
      20: 'throws',
      53: 'throws',
      86: 'throws',
      30: 'leavesError',
      63: 'leavesError',
      40: 'aborted',
      73: 'aborted',
    };
    try {
      const runs = range(600).map((n) => {
        const name = names[n % 100] ?? 'works';
        if (name !== 'aborted') return pool.run(name, [log, n]);
        const abort = new AbortController();
        const run = pool.run('works', [log, n], { signal: abort.signal });
        setTimeout(() => abort.abort(new EvalError('given up')), n % 5);
        return run;
      });
      const outcomes = await within(limit, Promise.allSettled(runs));
      const errors: Readonly<Record<string, string>> = { exits: 'WorkerDiedError', throws: 'RangeError' };
      const wrong = outcomes.flatMap((outcome, n) => {
        const name = names[n % 100] ?? 'works';
        const found = outcome.status === 'fulfilled' ? outcome.value : (outcome.reason as Error).name;
        if (name === 'aborted') return found === n || found === 'EvalError' ? [] : [{ n, name, found }];
        return found === (errors[name] ?? n) ? [] : [{ n, name, found }];
      });
      expect(wrong).toEqual([]);
      const metrics = pool.metrics();
      expect(metrics).toMatchObject({ submitted: 600, failed: 36, crashed: 18, rejected: 0, pending: 0 });
      expect(checkCounts(metrics)).toBeUndefined();
      // An error that is left behind is nobody's; that of the last task may go with its worker.
      expect(late.length).toBeLessThanOrEqual(12);
      expect(late.every((error) => error instanceof TypeError)).toBe(true);
      expect(await within(limit, pool.map(range(20), 'echoes'))).toEqual(range(20));
    } finally {
      await within(limit, pool.terminate());
    }
  });

  it('W-14: of 70,000 tasks in flight none is lost, more than there is room for; and a module may be TypeScript', async () => {
    const pool = new built.ThreadPool({ module: killTasks, minThreads: 2 });
    const typed = new built.ThreadPool({
      module: new URL('./fixtures/typed-task.ts', import.meta.url),
      minThreads: 1,
    });
    try {
      const doubled = typed.run('doubled', [21]);
      const runs = range(70_000).map((n) => pool.run<number>('echoes', [n]));
      const results = await within(limit, Promise.all(runs));
      expect(results.every((result, n) => result === n)).toBe(true);
      expect(pool.metrics()).toMatchObject({ submitted: 70_000, completed: 70_000, rejected: 0, pending: 0 });
      expect(await within(limit, doubled)).toBe(42);
    } finally {
      await within(limit, Promise.all([pool.terminate(), typed.terminate()]));
    }
  });

  const seed = drawSeed();
  it(`W-14: process.exit, out of memory and kills from outside fail the tasks in those workers only (seed ${seed})`, async () => {
    const tasks = 1_200;
    const below = numbersBy(seed);
    const some = (count: number): Set<number> => new Set(range(count).map(() => below(tasks)));
    const [exiting, exhausting, kills] = [some(8), some(2), some(10)];
    const log = { begun: cells(tasks), thread: cells(1) };
    const pool = new built.ThreadPool({
      module: killTasks,
      minThreads: 2,
      mostRepeats: 20,
      worker: { resourceLimits: { maxOldGenerationSizeMb: 24 } },
    });
    let killed = 0;
    /** From outside, whatever it does: the worker in which a task has begun last, half of the time after a moment. */
    const kill = (): void => {
      const victim = started.get(log.thread[0]!); // one cell
      if (victim === undefined) return;
      killed += 1;
      void victim.terminate();
    };
    const deadly = (n: number): boolean => exiting.has(n) || exhausting.has(n);
    const repeatable = (n: number): boolean => !deadly(n) && n % 2 === 0;
    const nameOf = (n: number): string => {
      if (exhausting.has(n)) return 'exhausts';
      if (exiting.has(n)) return 'exits';
      return n % 5 === 0 ? 'awaits' : 'works';
    };
    try {
      let settled = 0;
      const run = async (n: number): Promise<unknown> => {
        try {
          return await pool.run(nameOf(n), [log, n], { repeatable: repeatable(n) });
        } finally {
          settled += 1;
          if (kills.has(settled)) {
            if (below(2) === 0) kill();
            else setTimeout(kill, below(3));
          }
        }
      };
      const outcomes = await within(limit, Promise.allSettled(range(tasks).map(run)));
      const failed = outcomes.flatMap((outcome, n) => (outcome.status === 'rejected' ? [n] : []));
      const victims = failed.filter((n) => !deadly(n));
      // All that kill, at most one healthy task for each kill, and none that may run again.
      expect(failed.filter(deadly)).toEqual(range(tasks).filter(deadly));
      expect(victims.length).toBeLessThanOrEqual(killed);
      expect(victims.filter(repeatable)).toEqual([]);
      for (const n of failed) {
        const { reason } = outcomes[n] as PromiseRejectedResult;
        expect(reason).toMatchObject({
          name: 'WorkerDiedError',
          message: expect.stringMatching(/^the worker of task \d+ \(".*"\) died in it, with exit code \d/),
        });
        // Unless it was killed before.
        if (exhausting.has(n)) expect(['ERR_WORKER_OUT_OF_MEMORY', undefined]).toContain(reason.cause?.code);
      }
      expect(outcomes.flatMap((outcome) => ('value' in outcome ? [outcome.value] : []))).toEqual(
        range(tasks).filter((n) => !failed.includes(n)),
      );
      // Once; again because a worker has died in it; or never, when its worker was killed between claiming and beginning it.
      const odd = range(tasks).flatMap((n) => {
        const count = log.begun[n]!; // one for each task
        if (count === 1 || (count > 1 && repeatable(n)) || (count === 0 && victims.includes(n))) return [];
        return [{ task: n, count, outcome: outcomes[n]?.status }];
      });
      expect(odd).toEqual([]);
      const runs = log.begun.reduce((sum, count) => sum + count, 0);
      const metrics = pool.metrics();
      expect(metrics).toMatchObject({
        submitted: tasks,
        completed: tasks - failed.length,
        failed: failed.length,
        crashed: failed.length,
        cancelled: 0,
        rejected: 0,
        pending: 0,
      });
      expect(runs - tasks).toBeLessThanOrEqual(metrics.repeated);
      expect(metrics.repeated + victims.length).toBeLessThanOrEqual(killed);
      expect(checkCounts(metrics)).toBeUndefined();
      // The pool is whole again.
      expect(await within(limit, pool.map(range(20), 'echoes'))).toEqual(range(20));
      expect(pool.metrics()).toMatchObject({ threads: 2, pending: 0 });
      expect(killed).toBeGreaterThan(0);
    } finally {
      await within(limit, pool.terminate());
    }
    expect(started.size).toBe(0);
  });
});
