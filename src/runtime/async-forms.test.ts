/** The forms of every blocking call for threads that must not block. `Atomics.wait` throws here, as it does on such a thread. */
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  AtomicFlag,
  AtomicUint32,
  Barrier,
  BrokenBarrierError,
  ClosedError,
  Condition,
  codecs,
  Inbox,
  Latch,
  MpmcQueue,
  Mutex,
  NotCreatedError,
  Once,
  PoisonedError,
  RelockError,
  RwLock,
  Semaphore,
  SpscRing,
  TimeoutError,
} from './index.ts';

beforeEach(() => {
  vi.spyOn(Atomics, 'wait').mockImplementation(() => {
    throw new TypeError('Atomics.wait cannot be called in this context');
  });
});
afterEach(() => vi.restoreAllMocks());

const cells = (count = 512) => new Int32Array(new SharedArrayBuffer(4 * count));
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

/** Whether a promise is settled, as far as one can see from outside. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = (): void => {
    settled = true;
  };
  promise.then(settle, settle);
  await turn();
  return !settled;
}

/** Each: begins the wait, and what another thread does to end it. */
const forms: readonly [
  string,
  (view: Int32Array<SharedArrayBuffer>) => [Promise<unknown>, () => void, unknown],
][] = [
  [
    'Mutex.lockAsync',
    (view) => {
      const other = Mutex.create(view, 0, 99);
      other.lock();
      return [Mutex.attach(view, 0, 1).lockAsync(), () => other.unlock(), undefined];
    },
  ],
  [
    'Mutex.runAsync',
    (view) => {
      const other = Mutex.create(view, 0, 99);
      other.lock();
      return [Mutex.attach(view, 0, 1).runAsync(() => 7), () => other.unlock(), 7];
    },
  ],
  [
    'Condition.waitAsync',
    (view) => {
      const mutex = Mutex.create(view, 0);
      const condition = Condition.create(view, 2);
      mutex.lock();
      return [condition.waitAsync(mutex), () => condition.notifyOne(), undefined];
    },
  ],
  [
    'Barrier.waitAsync',
    (view) => {
      const barrier = Barrier.create(view, 0, 2);
      return [barrier.waitAsync(), () => barrier.wait(), 'follower'];
    },
  ],
  [
    'RwLock.lockSharedAsync',
    (view) => {
      const other = RwLock.create(view, 0, 99);
      other.lockExclusive();
      return [RwLock.attach(view, 0, 1).lockSharedAsync(), () => other.unlock(), undefined];
    },
  ],
  [
    'RwLock.lockExclusiveAsync',
    (view) => {
      const other = RwLock.create(view, 0, 99);
      other.lockShared();
      return [RwLock.attach(view, 0, 1).lockExclusiveAsync(), () => other.unlock(), undefined];
    },
  ],
  [
    'Semaphore.acquireAsync',
    (view) => {
      const semaphore = Semaphore.create(view, 0, 1);
      return [semaphore.acquireAsync(2), () => semaphore.release(), undefined];
    },
  ],
  [
    'Latch.waitAsync',
    (view) => {
      const latch = Latch.create(view, 0, 1);
      return [latch.waitAsync(), () => latch.countDown(), undefined];
    },
  ],
  [
    'Once.runAsync',
    (view) => {
      const other = Once.create(view, 0, 99);
      let finish = (): void => {};
      void other.runAsync(
        () =>
          new Promise<void>((resolve) => {
            finish = resolve;
          }),
      );
      return [Once.attach(view, 0, 1).runAsync(() => {}), () => finish(), false];
    },
  ],
  [
    'MpmcQueue.takeAsync',
    (view) => {
      const queue = MpmcQueue.create(view, 0, 2, codecs.int32);
      return [queue.takeAsync(), () => queue.put(5), 5];
    },
  ],
  [
    'MpmcQueue.putAsync',
    (view) => {
      const queue = MpmcQueue.create(view, 0, 1, codecs.int32);
      queue.put(1);
      return [queue.putAsync(2), () => queue.take(), undefined];
    },
  ],
  [
    'SpscRing.takeAsync',
    (view) => {
      const ring = SpscRing.create(view, 0, 2, codecs.int32);
      return [ring.takeAsync(), () => SpscRing.attach(ring.handle, codecs.int32).put(5), 5];
    },
  ],
  [
    'SpscRing.putAsync',
    (view) => {
      const ring = SpscRing.create(view, 0, 1, codecs.int32);
      ring.put(1);
      return [ring.putAsync(2), () => SpscRing.attach(ring.handle, codecs.int32).take(), undefined];
    },
  ],
  [
    'Inbox.takeAsync',
    (view) => {
      const inbox = Inbox.create(view, 0, 2, codecs.int32);
      return [inbox.takeAsync(), () => inbox.offer(5), 5];
    },
  ],
  [
    'Inbox.offerAsync',
    (view) => {
      const inbox = Inbox.create(view, 0, 1, codecs.int32, 1);
      const other = Inbox.attach(inbox.handle, codecs.int32, 99);
      inbox.offer(1);
      other.mutex.lock();
      return [inbox.offerAsync(2), () => other.mutex.unlock(), true];
    },
  ],
  [
    'AtomicUint32.waitAsync',
    (view) => {
      const cell = AtomicUint32.create(view, 0, 2 ** 32 - 1);
      return [cell.waitAsync(2 ** 32 - 1), () => cell.notify(), 'ok'];
    },
  ],
  [
    'AtomicFlag.waitAsync',
    (view) => {
      const flag = AtomicFlag.create(view, 0);
      return [flag.waitAsync(), () => flag.set(), true];
    },
  ],
];

describe.each(forms)('%s', (_name, begin) => {
  it('waits without blocking, and goes on when another thread lets it', async () => {
    const [pending, release, result] = begin(cells());
    expect(await isPending(pending)).toBe(true);
    release();
    expect(await pending).toEqual(result);
  });
});

describe('who waits asynchronously is not left counted', () => {
  it('in a barrier that breaks, that is aborted, or whose limit passes', async () => {
    const view = cells();
    const barrier = Barrier.create(view, 0, 2);
    const aborted = barrier.waitAsync();
    barrier.abort();
    await expect(aborted).rejects.toThrow(BrokenBarrierError);
    barrier.reset();
    await expect(barrier.waitAsync(2)).rejects.toThrow(TimeoutError);
    await expect(barrier.waitAsync(-1)).rejects.toThrow('got -1');
    expect(barrier.isBroken()).toBe(true);
    barrier.reset();
    const roles = [barrier.waitAsync(1000), barrier.waitAsync()];
    expect(await Promise.all(roles)).toEqual(['follower', 'leader']);
  });

  it('in a queue that closes', async () => {
    const view = cells(1024);
    const queue = MpmcQueue.create(view, 0, 1, codecs.int32);
    const ring = SpscRing.create(view, 256, 1, codecs.int32);
    const inbox = Inbox.create(view, 512, 1, codecs.int32);
    const takes = [queue.takeAsync(), ring.takeAsync(), inbox.takeAsync()];
    for (const each of [queue, ring, inbox]) each.close();
    for (const taken of await Promise.allSettled(takes))
      expect(taken).toMatchObject({ status: 'rejected', reason: expect.any(ClosedError) });
    await expect(queue.putAsync(1)).rejects.toThrow('nothing more goes in');
    await expect(inbox.offerAsync(1)).rejects.toThrow('nothing more goes in');
    // The sleepers of the event counts: the second cell of each.
    expect([view[49], view[65], view[512 + 33]]).toEqual([0, 0, 0]);
    expect(inbox.mutex.holder()).toBe(0);
  });

  it('in a mutex whose holder dies, and one that this thread holds', async () => {
    const view = cells();
    const mutex = Mutex.create(view, 0, 1);
    const other = Mutex.attach(view, 0, 99);
    other.lock();
    const [locked, run] = [mutex.lockAsync(), mutex.runAsync(() => 1)];
    other.poison(99);
    for (const refused of await Promise.allSettled([locked, run]))
      expect(refused).toMatchObject({ status: 'rejected', reason: expect.any(PoisonedError) });
    mutex.clearPoison();
    mutex.lock();
    await expect(mutex.runAsync(() => 1)).rejects.toThrow(RelockError);
    mutex.unlock();
    await expect(
      mutex.runAsync(() => {
        throw new Error('inside');
      }),
    ).rejects.toThrow('inside');
    expect(mutex.holder()).toBe(0);
  });

  it('where nothing was created', async () => {
    const view = cells().fill(0);
    const handle = { view, index: 0, capacity: 1, words: 1 };
    await expect(Barrier.attach(view, 0).waitAsync()).rejects.toThrow(NotCreatedError);
    await expect(MpmcQueue.attach(handle, codecs.int32).takeAsync()).rejects.toThrow(NotCreatedError);
    await expect(SpscRing.attach(handle, codecs.int32).putAsync(1)).rejects.toThrow(NotCreatedError);
    await expect(Inbox.attach(handle, codecs.int32).takeAsync()).rejects.toThrow(NotCreatedError);
    await expect(Inbox.attach(handle, codecs.int32).offerAsync(1)).rejects.toThrow(NotCreatedError);
    view[0] = 7;
    await expect(AtomicFlag.attach(view, 0).waitAsync()).rejects.toThrow(NotCreatedError);
    await expect(AtomicFlag.create(view, 0).waitAsync(-1)).rejects.toThrow('got -1');
    expect(await AtomicFlag.attach(view, 0).waitAsync(1)).toBe(false);
    expect(view.subarray(1).every((cell) => cell === 0)).toBe(true);
  });
});

it('several calls of one thread wait at a time, and each puts what it was given', async () => {
  const view = cells();
  const queue = MpmcQueue.create(view, 0, 1, codecs.words(1));
  const item = Int32Array.of(1);
  const puts = [0, 1, 2].map((value) => {
    item[0] = value;
    return queue.putAsync(item);
  });
  item[0] = 9;
  const taken = [await queue.takeAsync(), await queue.takeAsync(), await queue.takeAsync()];
  await Promise.all(puts);
  expect(taken.map(([value]) => value).sort()).toEqual([0, 1, 2]);
  const inbox = Inbox.create(view, 256, 4, codecs.int32);
  await Promise.all([1, 2, 3, 4].map((value) => inbox.offerAsync(value)));
  expect(await Promise.all([0, 1, 2, 3].map(() => inbox.takeAsync()))).toEqual([1, 2, 3, 4]);
});

describe('with a real thread', () => {
  const view = cells(1024);
  const requests = MpmcQueue.create(view, 0, 8, codecs.int32);
  const answers = SpscRing.create(view, 256, 8, codecs.int32);
  const barrier = Barrier.create(view, 512, 2);
  const code = `
    const { parentPort, workerData: { door, requests, answers, view } } = require('node:worker_threads');
    import('tsx/esm/api').then(({ register }) => (register(), import(door))).then((runtime) => {
      const { int32 } = runtime.codecs;
      const [from, to] = [runtime.MpmcQueue.attach(requests, int32), runtime.SpscRing.attach(answers, int32)];
      for (let item; (item = from.take()) !== 0; ) to.put(2 * item);
      runtime.Barrier.attach(view, 512).wait();
    });`;
  const door = new URL('./index.ts', import.meta.url).href;
  const worker = new Worker(code, {
    eval: true,
    workerData: { door, requests: requests.handle, answers: answers.handle, view },
  });
  afterAll(async () => void (await worker.terminate()));

  it('requests go out and answers come in, none is lost, and the end is met at a barrier', async () => {
    let sum = 0;
    const receive = (async () => {
      for (let i = 0; i < 2000; i += 1) sum += await answers.takeAsync();
    })();
    for (let i = 1; i <= 2000; i += 1) await requests.putAsync(i);
    await receive;
    await requests.putAsync(0);
    await barrier.waitAsync();
    expect(sum).toBe(2000 * 2001);
  });
});
