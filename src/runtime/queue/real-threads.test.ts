/** Queues, storage and batches with real workers on real cores: what schedules of steps cannot show. */
import { afterAll, expect, it } from 'vitest';
import { AtomicBatch } from '../atomics/atomic-batch.ts';
import { codecs } from '../codec.ts';
import { Crew } from '../fixtures/crew.ts';
import { ThreadStorage } from '../tls/thread-storage.ts';
import { Inbox } from './inbox.ts';
import { MpmcQueue } from './mpmc-queue.ts';
import { SpscRing } from './spsc-ring.ts';

const cells = (count: number) => new Int32Array(new SharedArrayBuffer(count * 4));

const crew = new Crew();
afterAll(() => crew[Symbol.asyncDispose]());

it('W-11: two producers and two consumers of an MpmcQueue lose and double nothing, in order of each producer', async () => {
  const queue = MpmcQueue.create(cells(1024), 0, 4, codecs.int32);
  const done = MpmcQueue.create(cells(1024), 0, 4, codecs.int32);
  const taken = await crew.run(
    4,
    `const queue = runtime.MpmcQueue.attach(data.queue, codecs.int32);
     const done = runtime.MpmcQueue.attach(data.done, codecs.int32);
     if (index < 2) {
       for (let i = 0; i < 20000; i += 1) {
         if (i % 7 === 0) while (!queue.putFor(index * 100000 + i, 0.05));
         else queue.put(index * 100000 + i);
       }
       done.put(1);
       if (done.size() === 2) queue.close();
       return [];
     }
     const taken = [];
     try { for (;;) taken.push(queue.take()); } catch (error) { if (error.name !== 'ClosedError') throw error; }
     return taken;`,
    { queue: queue.handle, done: done.handle },
  );
  const lists = taken as number[][];
  const all = lists.flat();
  expect([all.length, new Set(all).size]).toEqual([40_000, 40_000]);
  for (const list of lists) {
    for (const producer of [0, 1]) {
      const own = list.filter((item) => Math.floor(item / 100_000) === producer);
      expect(own).toEqual([...own].sort((a, b) => a - b));
    }
  }
});

it('W-11: an SpscRing brings every record, whole and in order', async () => {
  const record = { id: codecs.int32, check: codecs.float64 };
  const ring = SpscRing.create(cells(1024), 0, 8, codecs.struct(record));
  const [, result] = await crew.run(
    2,
    `const ring = runtime.SpscRing.attach(data, codecs.struct({ id: codecs.int32, check: codecs.float64 }));
     if (index === 0) {
       for (let id = 0; id < 100000; id += 1) ring.put({ id, check: id / 3 });
       return ring.close();
     }
     let next = 0;
     try {
       for (;;) {
         const { id, check } = ring.take();
         if (id !== next || check !== id / 3) return 'got ' + id + ', ' + check + ' for ' + next;
         next += 1;
       }
     } catch (error) { if (error.name !== 'ClosedError') throw error; }
     return next;`,
    ring.handle,
  );
  expect(result).toBe(100_000);
});

it('C-11: an Inbox accounts for every item', async () => {
  const inbox = Inbox.create(cells(1024), 0, 2, codecs.int32);
  const results = await crew.run(
    3,
    `const inbox = runtime.Inbox.attach(data, codecs.int32);
     let dropped = 0;
     if (index < 2) {
       for (let i = 0; i < 5000; i += 1) if (inbox.offer(index * 10000 + i)) dropped += 1;
       return { dropped };
     }
     const taken = [];
     for (let item; (item = inbox.takeFor(300)) !== undefined; ) taken.push(item);
     return { taken };`,
    inbox.handle,
  );
  const [a, b, c] = results as [{ dropped: number }, { dropped: number }, { taken: number[] }];
  const dropped = a.dropped + b.dropped;
  expect(new Set(c.taken).size).toBe(c.taken.length);
  expect(inbox.stats()).toEqual({ offered: 10_000, taken: c.taken.length, dropped, queued: 0 });
});

it('W-12: threads claim ids of their own, and keep their values', async () => {
  const storage = ThreadStorage.create(cells(4096), 0, { threads: 3, bytesPerThread: 64 });
  const ids = await crew.run(
    3,
    `const storage = runtime.ThreadStorage.attach(data);
     const variable = runtime.ThreadLocal.create(storage, codecs.int32);
     for (let i = 0; i < 2000; i += 1) {
       const id = storage.claim();
       if (variable.get() !== undefined) throw new Error('set before it was set');
       variable.set(index);
       if (variable.get() !== index) throw new Error('not mine');
       storage.release();
     }
     return variable.key.offset;`,
    storage.handle,
  );
  expect([...ids].sort()).toEqual([0, 2, 4]);
});

declare const WebAssembly: {
  readonly Memory: new (shape: {
    initial: number;
    maximum: number;
    shared: true;
  }) => {
    readonly buffer: SharedArrayBuffer;
  };
};

it.each([['JavaScript'], ['WebAssembly']])('W-5: batches in %s lose no update', async (where) => {
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
  await crew.run(
    3,
    `const view = new Int32Array(data.memory.buffer, 0, 4);
     const offset = (1 + index) * 65536;
     const kernel = data.where === 'WebAssembly' ? { kernel: { memory: data.memory, offset } } : {};
     const batch = runtime.AtomicBatch.create(view, { capacity: 100, ...kernel });
     for (let round = 0; round < 1000; round += 1) {
       for (let i = 0; i < 50; i += 1) { batch.add(0, 1); batch.sub(1, 2); }
       batch.execute();
     }`,
    { memory, where },
  );
  const batch = AtomicBatch.create(new Int32Array(memory.buffer, 0, 4));
  batch.load(0);
  batch.load(1);
  batch.execute();
  expect([batch.result(0), batch.result(1)]).toEqual([150_000, -300_000]);
});
