/** Listeners that throw, arguments that are wrong, answers that are odd: each has its own error, and the channel goes on. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loading, rejection, startHandlers, within } from './fixtures/start.ts';
import { gather } from './gather.ts';
import { ManagedWorker, type RequestOptions } from './managed-worker.ts';
import { type Supervised, Supervisor } from './supervisor.ts';
import { SupervisorState } from './supervisor-state.ts';

const limit = 20_000;
let worker: ManagedWorker;
beforeAll(async () => {
  worker = await startHandlers();
});
afterAll(async () => {
  await worker.shutdown(0);
});

/** What is thrown outside of any call meanwhile. */
async function uncaught(run: () => Promise<void>): Promise<unknown[]> {
  const thrown: unknown[] = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => thrown.push(error));
  try {
    await run();
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
  return thrown;
}

const throws = (): never => {
  throw new RangeError('listener');
};

it('C-4: wrong options of a request reject, and the next request is answered', async () => {
  const wrong: readonly [unknown, RegExp][] = [
    [null, /options of a request are an object, got null/],
    [{ onPart: 5 }, /onPart of a request is a function, got 5/],
    [{ signal: {} }, /signal of a request is an AbortSignal/],
    [{ timeoutMs: 5n }, /time limit/],
  ];
  for (const [options, message] of wrong)
    expect(String(await rejection(worker.request('add', [1, 2], options as RequestOptions)))).toMatch(
      message,
    );
  expect(await rejection(worker.request(Symbol('x') as unknown as string))).toBeInstanceOf(Error);
  expect(await within(limit, worker.request('add', [1, 2]))).toBe(3);
});

it('C-14: a listener of parts that throws is an uncaught exception; the answer comes', async () => {
  const thrown = await uncaught(async () => {
    expect(await within(limit, worker.request('refine', 1, { onPart: throws }))).toBe(100);
  });
  expect(thrown).toMatchObject([{ message: 'listener' }, { message: 'listener' }]);
});

it('C-9: a listener of results that throws changes no decision', async () => {
  const thrown = await uncaught(async () => {
    const gathered = await within(
      limit,
      gather([['a', worker]], 'add', [1, 2], { windowMs: limit, onResult: throws }),
    );
    expect(gathered.results).toEqual(new Map([['a', 3]]));
  });
  expect(thrown).toHaveLength(1);
});

it('C-4: a result whose then throws is an error of its request only', async () => {
  const beside = worker.request('later', { ms: 20, value: 'sound' });
  expect(await rejection(worker.request('badThen'))).toMatchObject({ message: 'no then' });
  expect(await within(limit, beside)).toBe('sound');
});

it('C-4: one signal serves many requests, without a warning', async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): unknown => warnings.push(warning);
  process.on('warning', onWarning);
  const { signal } = new AbortController();
  await within(
    limit,
    Promise.all(Array.from({ length: 50 }, (_, n) => worker.request('add', [n, 1], { signal }))),
  );
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});

it('C-1: a limit that is none leaves no worker behind', async () => {
  for (const more of [{ startLimitMs: 5n }, { stuckAfterMs: '5' }]) {
    let spawned = 0;
    const spawn = (): never => {
      spawned += 1;
      throw new Error('spawned');
    };
    expect(await rejection(ManagedWorker.start({ ...loading('x'), ...more, spawn } as never))).toBeInstanceOf(
      RangeError,
    );
    expect(spawned).toBe(0);
  }
});

it('C-7: a later shutdown may be shorter', async () => {
  const other = await startHandlers();
  const pending = rejection(other.request('later', { ms: 60_000, value: 0 }));
  const patient = other.shutdown(Infinity);
  expect((await within(limit, other.shutdown(0))).reason).toBe('forced');
  expect((await within(limit, patient)).reason).toBe('forced');
  expect(await within(limit, pending)).toMatchObject({ name: 'ClosedError' });
});

it('C-8: a listener that throws, or a start that brings nothing, is a failure like the others', async () => {
  let starts = 0;
  const sound: Supervised = { ended: new Promise(() => {}), shutdown: () => Promise.resolve() };
  const thrown = await uncaught(async () => {
    const supervisor = new Supervisor({
      backOffMs: 0,
      start: async () => {
        starts += 1;
        if (starts === 1) throw new Error('no start');
        return (starts === 2 ? undefined : sound) as Supervised;
      },
      onFailure: throws,
    });
    expect(await within(limit, supervisor.start('a'))).toBe(sound);
  });
  expect([starts, thrown.length]).toEqual([3, 2]);
});

it('C-8: without a back-off there is none, however often it fails', () => {
  const state = new SupervisorState({
    backOffMs: 0,
    maxBackOffMs: 10,
    stableAfterMs: 10,
    recycleAfterMs: Infinity,
  });
  state.want('a');
  for (let generation = 1; generation <= 2_000; generation += 1) {
    state.ended('a', generation, 5);
    expect(state.nextDue()).toBe(5);
    expect(state.tick(5)).toHaveLength(1);
  }
});
