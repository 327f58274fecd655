import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClosedError, DroppedError, TimeoutError, UnknownHandlerError, WorkerDiedError } from '../errors.ts';
import { loading, rejection, startHandlers, within } from './fixtures/start.ts';
import { ManagedWorker, type WorkerLike } from './managed-worker.ts';

const limit = 20_000;
let worker: ManagedWorker;
beforeAll(async () => {
  worker = await within(limit, startHandlers());
});
afterAll(async () => {
  await worker.shutdown(0);
});

/** A worker from code, seen from outside as well. */
function inline(code: string): { options: Parameters<typeof ManagedWorker.start>[0]; native: () => Worker } {
  let native: Worker | undefined;
  return {
    native: () => native!, // asked for after the start
    options: {
      module: 'inline',
      spawn: () => {
        native = new Worker(code, { eval: true });
        return native as unknown as WorkerLike;
      },
    },
  };
}

const listeners = (native: Worker): number[] =>
  ['message', 'messageerror', 'error', 'exit'].map((event) => native.listenerCount(event));

describe('C-1: start', () => {
  it('resolves when the worker serves, and it is then ready', async () => {
    expect(worker.state).toBe('ready');
    expect(await within(limit, worker.request('add', [2, 3]))).toBe(5);
  });

  it('S3: rejects at once when the worker throws at load, and leaves nothing behind', async () => {
    const { options, native } = inline(
      'throw Object.assign(new TypeError("broken module"), { code: "EBROKEN" })',
    );
    const error = (await within(limit, rejection(ManagedWorker.start(options)))) as WorkerDiedError;
    expect(error).toBeInstanceOf(WorkerDiedError);
    expect(error.message).toContain(
      'worker inline ended by itself with exit code 1 before it answered its start',
    );
    expect(error.cause).toMatchObject({ name: 'TypeError', message: 'broken module', code: 'EBROKEN' });
    expect([native().threadId, listeners(native())]).toEqual([-1, [0, 0, 0, 0]]);
  });

  it('rejects at once when the worker exits at load, or its module is not there', async () => {
    const { options } = inline('process.exit(3)');
    expect(await within(limit, rejection(ManagedWorker.start(options)))).toMatchObject({ exitCode: 3 });
    const absent = await within(limit, rejection(ManagedWorker.start({ module: '/absent/worker.js' })));
    expect((absent as Error).cause).toMatchObject({ code: 'MODULE_NOT_FOUND' });
    await expect(ManagedWorker.start({ module: 'relative.js' })).rejects.toThrow(/relative/);
  });

  it('rejects after the time limit when the worker never serves, and ends it', async () => {
    const { options, native } = inline('setInterval(() => {}, 1000)');
    const started = performance.now();
    const error = await within(limit, rejection(ManagedWorker.start({ ...options, startLimitMs: 50 })));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(String(error)).toContain('did not serve within 50 ms');
    expect(performance.now() - started).toBeLessThan(5_000);
    expect([native().threadId, listeners(native())]).toEqual([-1, [0, 0, 0, 0]]);
    await expect(ManagedWorker.start({ module: 'x', startLimitMs: -1 })).rejects.toThrow(RangeError);
  });
});

describe('C-3: ping', () => {
  it('1,000 pings in flight at once and 1,000 one after the other: each settles by its own number', async () => {
    const before = worker.stats();
    const together = await within(limit, Promise.all(Array.from({ length: 1000 }, () => worker.ping(limit))));
    expect(together.filter((ms) => ms >= 0)).toHaveLength(1000);
    for (let i = 0; i < 1000; i += 1) await worker.ping(limit);
    const after = worker.stats();
    expect(after.answered - before.answered).toBe(2000);
    expect(after).toMatchObject({
      open: 0,
      late: 0,
      duplicate: 0,
      unknown: 0,
      repeated: 0,
      outOfOrder: 0,
      foreign: 0,
    });
  });

  it('a ping of a worker that computes rejects after its limit; its late pong settles no other', async () => {
    const before = worker.stats();
    const computing = worker.request('compute', { ms: 150, heeds: false });
    expect(await within(limit, rejection(worker.ping(20)))).toBeInstanceOf(TimeoutError);
    expect(await within(limit, worker.ping(limit))).toBeGreaterThanOrEqual(0);
    expect(await within(limit, computing)).toBe('computed');
    const after = worker.stats();
    expect([after.late - before.late, after.abandoned - before.abandoned, after.open]).toEqual([1, 1, 0]);
  });
});

describe('C-4: request', () => {
  it('synchronous and asynchronous handlers answer, several at the same time, each its own', async () => {
    const answers = await within(
      limit,
      Promise.all(
        Array.from({ length: 100 }, (_, i) =>
          i % 2 === 0 ? worker.request('add', [i, 1]) : worker.request('later', { ms: i % 7, value: i + 1 }),
        ),
      ),
    );
    expect(answers).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  it('an error rejects with class, name, code, fields, cause and stack of the worker', async () => {
    const error = (await within(limit, rejection(worker.request('fail', 'no luck')))) as RangeError;
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({
      name: 'Refused',
      className: 'Refused',
      message: 'no luck',
      code: 'EREFUSED',
      tries: 3,
    });
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(error.stack).toContain('handlers.ts');
    expect(await within(limit, rejection(worker.request('failLater')))).toBeNull();
  });

  it('a name without a handler, an input and a result that cannot be cloned reject; the worker goes on', async () => {
    const unknown = await within(limit, rejection(worker.request('absent')));
    expect(unknown).toBeInstanceOf(UnknownHandlerError);
    expect(String(unknown)).toContain('it has add, later');
    expect(await within(limit, rejection(worker.request('add', () => {})))).toMatchObject({
      name: 'DataCloneError',
    });
    expect(await within(limit, rejection(worker.request('uncloneable')))).toMatchObject({
      name: 'DataCloneError',
    });
    expect(await within(limit, worker.request('add', [1, 1]))).toBe(2);
    expect(worker.stats().open).toBe(0);
  });

  it('an aborted request rejects with the reason, and its handler is told', async () => {
    const before = worker.stats();
    const abort = new AbortController();
    const request = rejection(worker.request('abortable', 0, { signal: abort.signal }));
    await within(limit, worker.ping(limit));
    abort.abort(new Error('changed my mind'));
    expect(await within(limit, request)).toMatchObject({ message: 'changed my mind' });
    await within(limit, worker.ping(limit));
    expect(worker.stats().late - before.late).toBe(1);
    const aborted = worker.request('add', [1, 2], { signal: AbortSignal.abort(new Error('before')) });
    expect(await rejection(aborted)).toMatchObject({ message: 'before' });
    expect(worker.stats().opened - before.opened).toBe(3);
  });

  it('buffers move in both directions', async () => {
    const buffer = new ArrayBuffer(8);
    const back = await within(limit, worker.request('move', buffer, { transfer: [buffer] }));
    expect([buffer.byteLength, (back as ArrayBuffer).byteLength]).toEqual([0, 8]);
  });

  it('messages of others are counted, and disturb nothing', async () => {
    const before = worker.stats().foreign;
    await within(limit, worker.request('foreign'));
    expect(worker.stats().foreign - before).toBe(1);
  });
});

describe('C-5: long work', () => {
  it('blocks neither this thread nor pings to others; a handler that is given up is left, and the worker goes on', async () => {
    const other = await within(limit, startHandlers());
    const long = worker.request('compute', { ms: 30_000, heeds: true }, { timeoutMs: 200 });
    let turns = 0;
    const ticking = setInterval(() => {
      turns += 1;
    }, 5);
    const settled = rejection(long);
    for (let i = 0; i < 20; i += 1) expect(await within(limit, other.ping(limit))).toBeGreaterThanOrEqual(0);
    expect(await within(limit, settled)).toBeInstanceOf(TimeoutError);
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(5);
    expect(await within(limit, worker.request('add', [20, 2]))).toBe(22);
    expect((await within(limit, other.shutdown())).reason).toBe('shut down');
  });

  it('a handler that waits and does not heed is left alone: its worker answers others', async () => {
    const waiting = rejection(worker.request('later', { ms: 100, value: 1 }, { timeoutMs: 10 }));
    expect(await within(limit, waiting)).toBeInstanceOf(TimeoutError);
    expect(await within(limit, worker.request('add', [1, 2]))).toBe(3);
  });

  it('a handler that computes and does not heed: its worker is ended, and everything that is pending rejects', async () => {
    const stuck = await within(limit, startHandlers({ stuckAfterMs: 50 }));
    const computing = rejection(stuck.request('compute', { ms: 60_000, heeds: false }, { timeoutMs: 50 }));
    const behind = rejection(stuck.request('add', [1, 2]));
    expect(await within(limit, computing)).toBeInstanceOf(TimeoutError);
    expect(String(await within(limit, behind))).toContain('did not let go');
    expect(await within(limit, stuck.ended)).toMatchObject({ reason: 'stuck' });
  });
});

describe('C-7: shutdown', () => {
  it('lets running requests finish, takes no new ones, and leaves nothing', async () => {
    const one = await within(limit, startHandlers());
    const running = one.request('later', { ms: 50, value: 'done' });
    const end = one.shutdown(limit);
    expect(one.state).toBe('stopping');
    expect(await rejection(one.request('add', [1, 2]))).toBeInstanceOf(ClosedError);
    expect(await within(limit, running)).toBe('done');
    expect(await within(limit, end)).toEqual({ reason: 'shut down', exitCode: 0 });
    expect(one.state).toBe('ended');
    expect(await within(limit, one.shutdown())).toEqual({ reason: 'shut down', exitCode: 0 });
    expect(await rejection(one.ping())).toBeInstanceOf(ClosedError);
    expect(one.stats()).toMatchObject({ opened: 1, answered: 1, drained: 0, open: 0 });
  });

  it('S10: is forced after its grace, and every pending request settles', async () => {
    const one = await within(limit, startHandlers());
    const pending = Array.from({ length: 10 }, () => rejection(one.request('sleepUncancelled')));
    pending.push(rejection(one.request('compute', { ms: 60_000, heeds: false })));
    await Promise.resolve();
    const end = await within(limit, one.shutdown(100));
    for (const error of await within(limit, Promise.all(pending))) expect(error).toBeInstanceOf(ClosedError);
    expect(end.reason).toBe('forced');
    expect(one.stats()).toMatchObject({ opened: 11, drained: 11, open: 0 });
  });

  it('S9: a worker that exits or throws outside its handlers is ended, and says so', async () => {
    const [one, two] = await within(limit, Promise.all([startHandlers(), startHandlers()]));
    const exited = rejection(one.request('exit', 7));
    expect(await within(limit, exited)).toMatchObject({ name: 'WorkerDiedError', exitCode: 7 });
    expect(one.state).toBe('ended');
    expect(await rejection(one.ping())).toBeInstanceOf(WorkerDiedError);
    await within(limit, two.request('throwOutside'));
    expect(await within(limit, two.ended)).toMatchObject({ reason: 'died', error: { message: 'outside' } });
  });

  it('S9: a worker that runs out of memory ends with the reason, and what was pending rejects', async () => {
    const load = new URL('./fixtures/handlers.ts', import.meta.url).href;
    const worker = { workerData: { load }, resourceLimits: { maxOldGenerationSizeMb: 48 } };
    const one = await within(limit, startHandlers({ worker }));
    const pending = [rejection(one.request('fill')), rejection(one.request('add', [1, 2]))];
    for (const error of await within(limit, Promise.all(pending))) {
      expect(error).toBeInstanceOf(WorkerDiedError);
      expect((error as Error).cause).toMatchObject({ code: 'ERR_WORKER_OUT_OF_MEMORY' });
    }
    expect((await within(limit, one.ended)).reason).toBe('died');
  });

  it('S6: the listeners of a worker are gone with it, and 100 requests add none', async () => {
    let native: Worker | undefined;
    const options = loading(new URL('./fixtures/handlers.ts', import.meta.url));
    const spawn = (): WorkerLike => {
      native = new Worker(options.module, options.worker as object);
      return native as unknown as WorkerLike;
    };
    const one = await within(limit, ManagedWorker.start({ ...options, spawn }));
    const before = listeners(native!);
    for (let i = 0; i < 100; i += 1) await one.request('add', [i, i]);
    expect(listeners(native!)).toEqual(before);
    await within(limit, one.shutdown());
    expect(listeners(native!)).toEqual([0, 0, 0, 0]);
  });

  it('an idle worker does not keep the process alive', () => {
    const start = fileURLToPath(new URL('./fixtures/idle.ts', import.meta.url));
    const output = execFileSync(process.execPath, ['--import', 'tsx', start], {
      encoding: 'utf8',
      timeout: limit,
    });
    expect(output).toBe('3\n');
  });
});

describe('C-12: no busy waiting', () => {
  it('an idle worker sleeps', async () => {
    let native: Worker | undefined;
    const options = loading(new URL('./fixtures/handlers.ts', import.meta.url));
    const spawn = (): WorkerLike => {
      native = new Worker(options.module, options.worker as object);
      return native as unknown as WorkerLike;
    };
    const one = await within(limit, ManagedWorker.start({ ...options, spawn }));
    const before = native!.performance.eventLoopUtilization(); // it was made just now
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { idle, active } = native!.performance.eventLoopUtilization(before); // as above
    expect(idle).toBeGreaterThan(active);
    await within(limit, one.shutdown());
  });
});

describe('C-11, C-13, C-14', () => {
  it('X2: in a line of one the oldest that waits is dropped, and never processed', async () => {
    const answers = await within(
      limit,
      Promise.allSettled([1, 2, 3, 4, 5].map((value) => worker.request('line', value))),
    );
    expect(
      answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : answer.reason.name)),
    ).toEqual([1, 'DroppedError', 'DroppedError', 'DroppedError', 5]);
    expect(answers[1]).toMatchObject({ reason: expect.any(DroppedError) });
    expect(await within(limit, worker.request('seen'))).toEqual([1, 5]);
  });

  it('delays are recorded for every answered request', async () => {
    const before = worker.delays().total.count;
    await within(limit, worker.request('later', { ms: 20, value: 0 }));
    const { queue, processing, total } = worker.delays();
    expect([queue.count, processing.count, total.count]).toEqual([before + 1, before + 1, before + 1]);
    expect(processing.maxMs).toBeGreaterThanOrEqual(15);
    expect(total.maxMs).toBeGreaterThanOrEqual(processing.minMs);
  });

  it('a quick answer comes before the deep one', async () => {
    const parts: unknown[] = [];
    const onPart = (value: unknown, index: number): void => void parts.push([index, value]);
    expect(await within(limit, worker.request('refine', 7, { onPart }))).toBe(700);
    expect(parts).toEqual([
      [0, 7],
      [1, 70],
    ]);
    const streamed: unknown[] = [];
    for await (const value of worker.stream('refine', 2)) streamed.push(value);
    expect(streamed).toEqual([2, 20, 200]);
    const before = worker.stats().abandoned;
    for await (const value of worker.stream('refine', 3)) {
      expect(value).toBe(3);
      break;
    }
    expect(worker.stats().abandoned - before).toBe(1);
    await expect(worker.stream('fail', 'x').next()).rejects.toThrow('x');
  });
});
