/**
 * The worker channel (C-1 to C-7), both ends of it over a simulated worker and clock: every call is settled once, by its own answer, its
 * limit, its signal or the end of the worker; what comes late, twice, out of order or unasked is counted and settles nothing; nothing is
 * left behind. Faults: crashes, messages twice, answers twice, messages that change places.
 */
import * as fc from 'fast-check';
import { checkCalls } from '../models/channel.ts';
import type { Operation, Plan } from '../src/generate/plan.ts';
import {
  type ChannelStats,
  type Clock,
  type HandlerContext,
  ManagedWorker,
  type ManagedWorkerOptions,
  type RequestOptions,
  serve,
} from '../src/runtime/index.ts';
import { promiseProgram, type Turns } from './promises.ts';
import type { Property } from './property.ts';
import { SimulatedClock, SimulatedWorker } from './simulated.ts';

interface Channel {
  readonly state: string;
  ping(timeoutMs?: number): Promise<number>;
  request(handler: string, input?: unknown, options?: RequestOptions): Promise<unknown>;
  shutdown(graceMs?: number): Promise<unknown>;
  stats(): ChannelStats;
}

export interface ChannelSubject {
  start(options: ManagedWorkerOptions): Promise<Channel>;
}

/** Limits in virtual milliseconds. */
const limits = { start: 5_000, call: 50, grace: 100 } as const;

interface World {
  readonly worker: SimulatedWorker;
  readonly clock: SimulatedClock;
  readonly started: Promise<Channel>;
  readonly turns: Turns;
  /** How the start was refused. */
  refused?: { readonly name: string; readonly at: number };
  /** What the channel says of itself after everything. */
  end?: { readonly stateAfterCrash: string | undefined; readonly stats: ChannelStats | undefined };
}

function makeWorld(subject: ChannelSubject, turns: Turns): World {
  const clock = new SimulatedClock(turns);
  const worker = new SimulatedWorker(turns, clock, 'worker', (port) =>
    serve(handlers(turns), { port, clock: clock as Clock }),
  );
  const started = subject.start({
    module: 'simulated',
    name: 'w',
    spawn: () => worker,
    clock,
    startLimitMs: limits.start,
    stuckAfterMs: Infinity,
  });
  const world: World = { worker, clock, started, turns };
  started.catch((error: Error) => {
    world.refused = { name: error.name, at: clock.now() };
  });
  return world;
}

const handlers = (turns: Turns) => ({
  echo: (value: number) => value,
  slow: async (value: number) => {
    await turns.next('handler');
    return value;
  },
  fail: (value: number) => {
    throw new RangeError(`${value}`);
  },
  refine: async (value: number, { part }: HandlerContext) => {
    part(-value);
    await turns.next('handler');
    return value;
  },
  line: {
    queue: 1,
    run: async (value: number) => {
      await turns.next('handler');
      return value;
    },
  },
});

const request = async ({ started }: World, name: string, value: number, options: RequestOptions = {}) =>
  (await started).request(name, value, options);

const operations = {
  ping: {
    run: async ({ started }: World) => {
      const roundTripMs = await (await started).ping(limits.call);
      return roundTripMs >= 0 ? 'pong' : roundTripMs;
    },
  },
  echo: {
    run: (world: World, _: number, value: number) =>
      request(world, 'echo', value, { timeoutMs: limits.call }),
  },
  slow: {
    run: (world: World, _: number, value: number) =>
      request(world, 'slow', value, { timeoutMs: limits.call }),
  },
  patient: { run: (world: World, _: number, value: number) => request(world, 'slow', value) },
  fail: { run: (world: World, _: number, value: number) => request(world, 'fail', value) },
  line: { run: (world: World, _: number, value: number) => request(world, 'line', value) },
  refine: {
    run: async (world: World, _: number, value: number) => {
      const parts: unknown[] = [];
      const result = await request(world, 'refine', value, { onPart: (part) => parts.push(part) });
      return parts.every((part) => part === -value) && parts.length <= 1 ? result : parts;
    },
  },
  aborted: {
    run: async (world: World, thread: number, value: number) => {
      const abort = new AbortController();
      const result = request(world, 'slow', value, { signal: abort.signal });
      void world.turns.next('abort', thread).then(() => abort.abort(new EvalError('given up')));
      return result;
    },
  },
  shutdown: { run: async ({ started }: World) => void (await (await started).shutdown(limits.grace)) },
  crash: { run: ({ worker }: World) => worker.crash() },
  repeat: { run: ({ worker }: World) => worker.repeat() },
  answerAgain: { run: ({ worker }: World) => worker.answerAgain() },
  losePong: { run: ({ worker }: World) => worker.losePong() },
  swap: { run: ({ worker }: World) => worker.swap() },
};

const plain = (...names: string[]): fc.Arbitrary<Operation> =>
  fc.constantFrom(...names).map((name) => ({ name, args: [] }));
const withValue = fc.tuple(
  fc.constantFrom('echo', 'slow', 'slow', 'patient', 'fail', 'line', 'refine', 'aborted'),
  fc.nat(9),
);
const call: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 2, arbitrary: plain('ping') },
  { weight: 5, arbitrary: withValue.map(([name, value]) => ({ name, args: [value] })) },
);
const client = fc.array(call, { minLength: 1, maxLength: 3 });
const faults = fc.oneof(
  { weight: 2, arbitrary: fc.array(plain('repeat', 'answerAgain', 'swap'), { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.tuple(plain('crash')) },
  { weight: 1, arbitrary: fc.tuple(plain('shutdown')) },
  { weight: 1, arbitrary: fc.constant([]) },
);
/** Values differ in a program: an answer shows which request it belongs to. */
const mixed: fc.Arbitrary<Plan> = fc
  .tuple(fc.array(client, { minLength: 1, maxLength: 3 }), faults)
  .map(([clients, fault]) => {
    let value = 0;
    const numbered = clients.map((list) =>
      list.map(({ name, args }) => {
        value += 10;
        return { name, args: args.length === 0 ? [] : [value + (args[0] as number)] };
      }),
    );
    return { prefix: [], threads: fault.length > 0 ? [...numbered, fault] : numbered };
  });

/** Pings to a worker that is silent now and then: a pong for one is none for the others. */
const pings: fc.Arbitrary<Plan> = fc
  .tuple(
    fc.array(fc.array(plain('ping'), { minLength: 1, maxLength: 2 }), { minLength: 2, maxLength: 3 }),
    fc.array(plain('losePong'), { minLength: 1, maxLength: 2 }),
  )
  .map(([clients, fault]) => ({ prefix: [], threads: [...clients, fault] }));
const plans = fc.oneof({ weight: 4, arbitrary: mixed }, { weight: 1, arbitrary: pings });

export const channelCalls: Property<ChannelSubject> = {
  name: 'channel-calls',
  about:
    'every call of a ManagedWorker is settled once, by its own answer, its limit, its signal or the end of the worker; nothing is left behind',
  ids: ['C-1', 'C-2', 'C-3', 'C-4', 'C-5', 'C-7', 'C-14'],
  subject: ManagedWorker,
  cases: (subject) =>
    promiseProgram<World>({
      name: 'channel-calls',
      plans,
      world: (turns) => makeWorld(subject, turns),
      operations,
      finish: async (world) => {
        const channel = await world.started.catch(() => undefined);
        // A crash is known when the exit has come.
        while (world.worker.crashed && world.worker.alive) await world.turns.next('exit');
        const stateAfterCrash = world.worker.crashed ? channel?.state : undefined;
        await channel?.shutdown(limits.grace);
        world.end = { stateAfterCrash, stats: channel?.stats() };
      },
      judge: ({ world: { worker, clock, end, refused }, history, stuck }) => {
        const fault = checkCalls(history, worker.crashed, refused?.name);
        if (fault !== undefined) return fault;
        if (refused !== undefined && worker.crashed && refused.at !== worker.endedAt)
          return `the worker crashed at ${worker.endedAt} ms, and its start was refused at ${refused.at} ms`;
        if (stuck) return 'a call, or the shutdown, was never settled';
        if (worker.alive) return 'the worker is left behind';
        if (worker.listenerCount() > 0) return `${worker.listenerCount()} listeners are left behind`;
        if (clock.pending > 0) return `${clock.pending} timers are left behind`;
        if (end?.stateAfterCrash !== undefined && end.stateAfterCrash !== 'ended')
          return `the worker has crashed, and its state is ${end.stateAfterCrash}`;
        const pongs = history.filter(({ result }) => result === 'pong').length;
        if (pongs > worker.delivered.pongs)
          return `${pongs} pings succeeded, but ${worker.delivered.pongs} pongs came`;
        return end?.stats === undefined ? undefined : checkStats(end.stats, worker.delivered);
      },
    }),
};

function checkStats(stats: ChannelStats, came: SimulatedWorker['delivered']): string | undefined {
  const { opened, answered, abandoned, drained, open, late, duplicate, unknown, repeated } = stats;
  if (open !== 0 || opened !== answered + abandoned + drained)
    return `calls do not add up: ${JSON.stringify(stats)}`;
  if (answered + late + duplicate + unknown !== came.answers)
    return `${came.answers} answers came, and it counts ${JSON.stringify(stats)}`;
  if (repeated !== came.repeated) return `${came.repeated} messages came twice, and it counts ${repeated}`;
  return undefined;
}
