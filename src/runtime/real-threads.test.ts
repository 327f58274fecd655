import { afterAll, expect, it } from 'vitest';
import { AtomicInt32 } from './atomics/atomic-int32.ts';
import { Crew } from './fixtures/crew.ts';
import { Allocator } from './memory/allocator.ts';
import { SharedMemory } from './memory/shared-memory.ts';
import { Mutex } from './sync/mutex.ts';

const PAGE = 65_536;

const crew = new Crew();
afterAll(() => crew[Symbol.asyncDispose]());

it('W-6: a plain counter under the mutex loses nothing', async () => {
  const view = new Int32Array(new SharedArrayBuffer(256));
  Mutex.create(view, 0);
  await crew.run(
    3,
    `const mutex = runtime.Mutex.attach(data, 0);
     for (let i = 0; i < 20000; i += 1) {
       if (i % 3 === 0) while (!mutex.lockFor(0.01));
       else mutex.lock();
       data[32] += 1;
       mutex.unlock();
     }`,
    view,
  );
  expect([view[0], view[32]]).toEqual([0, 60_000]);
});

it('W-8: exactly one leader a generation, and nobody runs ahead', async () => {
  const view = new Int32Array(new SharedArrayBuffer(256));
  const { Barrier } = await import('./index.ts');
  const barrier = Barrier.create(view, 0, 3);
  const leads = await crew.run(
    3,
    `const barrier = runtime.Barrier.attach(data, 0);
     let leads = 0;
     for (let round = 1; round <= 2000; round += 1) {
       Atomics.add(data, 32, 1);
       if (barrier.wait(20000) === 'leader') leads += 1;
       if (Atomics.load(data, 32) !== 3 * round) throw new Error('round ' + round);
       barrier.wait(20000);
     }
     return leads;`,
    view,
  );
  expect((leads as number[]).reduce((sum, lead) => sum + lead)).toBe(2000);
  expect([barrier.generation(), barrier.isBroken()]).toEqual([4000, false]);
});

it('W-2, L1: blocks of several threads never overlap', async () => {
  const allocator = Allocator.create(new SharedArrayBuffer(16_384));
  await crew.run(
    3,
    `const allocator = runtime.Allocator.attach(data);
     const words = new Int32Array(data.buffer);
     for (let round = 0; round < 500; round += 1) {
       const blocks = Array.from({ length: 8 }, (_, i) => allocator.allocate(64 * (1 + (i % 3))));
       for (const block of blocks) words[block / 4] = index * 1000 + round;
       for (const block of blocks) {
         if (words[block / 4] !== index * 1000 + round) throw new Error('shared block at ' + block);
         allocator.free(block);
       }
     }`,
    allocator.handle,
  );
  expect(allocator.stats()).toMatchObject({ usedBytes: 0, blocks: 0 });
});

it('W-1, G1: threads that grow one memory at once all see the largest, in one buffer', async () => {
  const memory = SharedMemory.create({ initialBytes: PAGE, maximumBytes: 64 * PAGE });
  const cell = AtomicInt32.create(memory.int32(0, 1), 0);
  await crew.run(
    3,
    `const memory = runtime.SharedMemory.attach(data);
     const cell = runtime.AtomicInt32.attach(memory.int32(0, 1), 0);
     for (let pages = 2; pages <= 64; pages += 1) {
       if (memory.grow(pages * ${PAGE}) < pages * ${PAGE}) throw new Error('too small');
       memory.writeInt32(pages * ${PAGE} - 16 + 4 * index, pages);
       cell.add(1);
     }`,
    memory.handle,
  );
  expect([memory.byteLength, cell.load()]).toEqual([64 * PAGE, 3 * 63]);
  for (const index of [0, 1, 2]) expect(memory.readInt32(64 * PAGE - 16 + 4 * index)).toBe(64);
});

it('R5: a worker that is ended while it holds the lock poisons it', async () => {
  const view = new Int32Array(new SharedArrayBuffer(4));
  const mutex = Mutex.create(view, 0);
  const [dead] = await crew.run(
    1,
    'runtime.Mutex.attach(data, 0).lock(); return runtime.currentThreadId();',
    view,
  );
  await crew.end(0);
  expect(mutex.holder()).toBe(dead);
  expect(mutex.poison(dead as number)).toBe(true);
  expect(() => mutex.lock()).toThrow(`thread ${dead} died while it held it`);
});

it('W-7: what is put is taken, once each, by threads that wait for each other', async () => {
  const view = new Int32Array(new SharedArrayBuffer(256));
  const { Condition } = await import('./index.ts');
  Mutex.create(view, 0);
  for (const cell of [2, 4]) Condition.create(view, cell);
  // Cell 16: a place for one item, 0 when it is empty. Two put, two take; one of each with a limit, over and over.
  const sums = await crew.run(
    4,
    `const mutex = runtime.Mutex.attach(data, 0);
     const [filled, emptied] = [2, 4].map((cell) => runtime.Condition.attach(data, cell));
     const sleep = index < 2 ? (c) => c.wait(mutex) : (c) => c.waitFor(mutex, 0.05);
     let sum = 0;
     for (let i = 1; i <= 5000; i += 1) {
       mutex.lock();
       if (index % 2 === 0) {
         while (data[16] !== 0) sleep(emptied);
         data[16] = i;
         filled.notifyOne();
       } else {
         while (data[16] === 0) sleep(filled);
         sum += data[16];
         data[16] = 0;
         emptied.notifyOne();
       }
       mutex.unlock();
     }
     return sum;`,
    view,
  );
  expect((sums as number[]).reduce((sum, part) => sum + part)).toBe(5000 * 5001);
  expect([view[0], view[3], view[5], view[16]]).toEqual([0, 0, 0, 0]);
});

it('W-10: a semaphore lets no more in than it has permits, and loses none', async () => {
  const view = new Int32Array(new SharedArrayBuffer(256));
  const { Semaphore } = await import('./index.ts');
  Semaphore.create(view, 0, 3, 3);
  const refused = await crew.run(
    4,
    `const semaphore = runtime.Semaphore.attach(data, 0);
     let refused = 0;
     for (let i = 0; i < 5000; i += 1) {
       const permits = 1 + ((i + index) % 3);
       if (i % 4 === 0) while (!semaphore.acquireFor(0.01, permits)) refused += 1;
       else semaphore.acquire(permits);
       if (Atomics.add(data, 32, permits) + permits > 3) throw new Error('too many inside');
       Atomics.sub(data, 32, permits);
       semaphore.release(permits);
     }
     return refused;`,
    view,
  );
  expect(refused).toHaveLength(4);
  expect([...view.subarray(0, 3)]).toEqual([3, 0, 3]);
});

it('W-10: 500 latches and 500 Onces: all pass, each ran once, everybody saw it', async () => {
  const view = new Int32Array(new SharedArrayBuffer(4 * 2000));
  const { Latch, Once } = await import('./index.ts');
  for (let i = 0; i < 500; i += 1) {
    Latch.create(view, i, 3);
    Once.create(view, 500 + i);
  }
  const ran = await crew.run(
    3,
    `let ran = 0;
     for (let i = 0; i < 500; i += 1) {
       runtime.Latch.attach(data, i).countDown();
       runtime.Latch.attach(data, i).wait();
       const once = runtime.Once.attach(data, 500 + i);
       let failed = index === i % 3;
       const run = () => once.run(() => {
         if (failed) throw new Error('at first');
         data[1000 + i] += 1;
       });
       try { ran += run(); } catch { failed = false; ran += run(); }
       if (data[1000 + i] !== 1) throw new Error('not seen: ' + i);
     }
     return ran;`,
    view,
  );
  expect((ran as number[]).reduce((sum, part) => sum + part)).toBe(500);
});
