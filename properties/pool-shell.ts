/**
 * The pool's shell (W-13, W-14): what stands around the board on the owner's thread, over simulated workers, clock and event loop. Several callers run, map, stream,
 * abort and limit tasks, with more of them than there is room; workers die in tasks and are killed; somebody drains, closes or terminates it. Every
 * promise settles once, by its own result or for a reason that occurred; every task runs as often as it may; the counts are those that the callers saw; nothing
 * begins after close, and nothing is left behind.
 */
import * as fc from 'fast-check';
import { checkPoolCalls } from '../models/pool-calls.ts';
import type { Operation, Plan } from '../src/generate/plan.ts';
import { ThreadPool } from '../src/runtime/index.ts';
import type { Equipment } from '../src/runtime/pool/equipment.ts';
import type { PoolPlatform } from '../src/runtime/pool/platform.ts';
import type { ThreadPoolOptions } from '../src/runtime/pool/pool-options.ts';
import { promiseProgram, type Turns } from './promises.ts';
import type { Property } from './property.ts';
import { SimulatedPlatform, type SimulatedTask, type TaskContext } from './simulated-pool.ts';

type Pool = Pick<
  ThreadPool,
  'run' | 'map' | 'stream' | 'drain' | 'close' | 'terminate' | 'metrics' | 'broadcast'
>;

export type ShellSubject = new (
  options: ThreadPoolOptions,
  equip: (() => Equipment) | undefined,
  platform: PoolPlatform,
) => Pool;

interface World {
  readonly pool: Pool;
  readonly platform: SimulatedPlatform;
  readonly turns: Turns;
  /** Times that the task of each number was begun. */
  readonly begun: Map<number, number>;
  closed: boolean;
  beganLate: boolean;
}

function tasksOf(world: () => World): Readonly<Record<string, SimulatedTask>> {
  const counted =
    (task: SimulatedTask): SimulatedTask =>
    (context: TaskContext) => {
      const { begun, closed } = world();
      begun.set(context.value, (begun.get(context.value) ?? 0) + 1);
      if (closed) world().beganLate = true;
      return task(context);
    };
  const slow: SimulatedTask = async ({ value, turn }) => {
    await turn();
    return value;
  };
  return {
    same: counted(({ value }) => value),
    slow: counted(slow),
    large: counted(({ value }) => [{ value }]),
    fails: counted(({ value }) => {
      throw new RangeError(`${value}`);
    }),
    dies: counted(({ exit }) => exit(3)),
    diesOnce: counted((context) =>
      world().begun.get(context.value) === 1 ? context.exit(3) : context.value,
    ),
    stubborn: counted(({ forEver }) => forEver()),
    parts: counted(async ({ value, part, turn }) => {
      part(-value);
      await turn();
      part(-value - 1);
      return value;
    }),
  };
}

function makeWorld(Subject: ShellSubject, turns: Turns, { threads }: Plan): World {
  const size = threads.reduce((sum, list) => sum + list.length, 0);
  const platform = new SimulatedPlatform(
    turns,
    tasksOf(() => world),
  );
  const options: ThreadPoolOptions = {
    module: 'file:///simulated.mjs',
    minThreads: 1,
    maxThreads: size % 4 === 0 ? 1 : 2,
    queueLimit: 1 + (size % 3),
    idleMs: Infinity,
    spinMs: 0,
    graceMs: 10,
    mostRepeats: 1,
  };
  const world: World = {
    pool: new Subject(options, undefined, platform),
    platform,
    turns,
    begun: new Map(),
    closed: false,
    beganLate: false,
  };
  return world;
}

const plainly = (name: string) => ({
  run: ({ pool }: World, _: number, value: number) => pool.run(name, [value]),
});

/** Aborts in a turn of its own. */
const abortable = (name: string) => ({
  run: ({ pool, turns }: World, thread: number, value: number) => {
    const abort = new AbortController();
    void turns.next('abort', thread).then(() => abort.abort(new EvalError('given up')));
    return pool.run(name, [value], { signal: abort.signal });
  },
});

async function partsOf(parts: AsyncIterable<unknown>, most: number): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const part of parts) {
    all.push(part);
    if (all.length === most) break;
  }
  return all;
}

const operations = {
  same: plainly('same'),
  slow: plainly('slow'),
  large: plainly('large'),
  fails: plainly('fails'),
  dies: plainly('dies'),
  again: {
    run: ({ pool }: World, _: number, value: number) => pool.run('diesOnce', [value], { repeatable: true }),
  },
  aborted: abortable('slow'),
  abortedLate: abortable('stubborn'),
  timed: {
    run: ({ pool }: World, _: number, value: number) => pool.run('stubborn', [value], { timeoutMs: 20 }),
  },
  map: {
    run: ({ pool }: World, _: number, value: number) =>
      pool.map([value, value + 1, value + 2], 'slow', { concurrency: 2 }),
  },
  stream: {
    run: ({ pool }: World, _: number, value: number) => partsOf(pool.stream('parts', [value]), Infinity),
  },
  left: { run: ({ pool }: World, _: number, value: number) => partsOf(pool.stream('parts', [value]), 1) },
  drain: { run: ({ pool }: World) => pool.drain() },
  close: {
    run: async (world: World) => {
      await world.pool.close();
      world.closed = true;
    },
  },
  terminate: {
    run: async (world: World) => {
      await world.pool.terminate();
      world.closed = true;
    },
  },
  kill: {
    run: async ({ platform }: World, _: number, number: number) => {
      const alive = platform.workers.filter((worker) => worker.alive);
      await alive[number % Math.max(alive.length, 1)]?.terminate();
    },
  },
};

const names = ['same', 'slow', 'large', 'fails', 'dies', 'again', 'aborted', 'abortedLate'] as const;
const more = ['timed', 'map', 'map', 'map', 'stream', 'left', 'same', 'slow', 'aborted'] as const;
const client = fc.array(fc.constantFrom(...names, ...more), { minLength: 1, maxLength: 2 });
const call = (name: string, ...args: number[]): Operation => ({ name, args });
const end: fc.Arbitrary<readonly Operation[]> = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 4, arbitrary: fc.constant([call('close')]) },
  { weight: 1, arbitrary: fc.constant([call('drain'), call('close')]) },
  { weight: 1, arbitrary: fc.constant([call('terminate')]) },
  { weight: 1, arbitrary: fc.nat(3).map((number) => [call('kill', number)]) },
);

/** Values differ in a program: a result shows which call it belongs to. */
const plans: fc.Arbitrary<Plan> = fc
  .tuple(fc.array(client, { minLength: 1, maxLength: 3 }), end)
  .map(([clients, last]) => {
    let value = 0;
    const numbered = clients.map((list) =>
      list.map((name) => {
        value += 10;
        return call(name, value);
      }),
    );
    return { prefix: [], threads: last.length > 0 ? [...numbered, last] : numbered };
  });

export const poolShell: Property<ShellSubject> = {
  name: 'pool-shell',
  about:
    'every promise of a pool settles once, by its own result or for a reason that occurred; who waits for room is let in; the counts are what callers saw',
  ids: ['W-13', 'W-14', 'C-14'],
  subject: ThreadPool,
  cases: (subject) =>
    promiseProgram<World>({
      name: 'pool-shell',
      plans,
      world: (turns, plan) => makeWorld(subject, turns, plan),
      operations,
      finish: async (world) => {
        await world.pool.close();
        world.closed = true;
      },
      judge: ({ world, history, stuck }) => {
        if (stuck) return 'a call, or close, was never settled';
        const metrics = world.pool.metrics();
        const fault = checkPoolCalls(history, metrics);
        if (fault !== undefined) return fault;
        if (world.beganLate) return 'a task began after the pool was closed';
        for (const [value, times] of world.begun)
          if (times > 2) return `the task of ${value} was begun ${times} times`;
        if (metrics.threads > 0 || world.platform.workers.some(({ alive }) => alive))
          return 'a worker is left behind';
        return world.platform.holds === 0 ? undefined : 'the process is kept alive';
      },
    }),
};
