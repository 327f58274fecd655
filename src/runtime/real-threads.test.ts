import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { AtomicInt32 } from './atomics/atomic-int32.ts';
import { Allocator } from './memory/allocator.ts';
import { SharedMemory } from './memory/shared-memory.ts';
import { Mutex } from './sync/mutex.ts';

const PAGE = 65_536;
const door = new URL('./index.ts', import.meta.url).href;

/**
 * Runs `body` (JavaScript; sees `runtime`, `data`, `index`) in so many workers at once, ends them, and resolves with
 * their results.
 */
async function inWorkers(count: number, body: string, data: unknown): Promise<unknown[]> {
  const code = `
    const { parentPort, workerData: { door, data, index } } = require('node:worker_threads');
    import('tsx/esm/api').then(({ register }) => (register(), import(door))).then((runtime) => {
      parentPort.postMessage((() => { ${body} })());
    });`;
  const workers = Array.from(
    { length: count },
    (_, index) => new Worker(code, { eval: true, workerData: { door, data, index } }),
  );
  const results = workers.map(
    (worker) =>
      new Promise((resolve, reject) => {
        worker.once('message', resolve).once('error', reject);
      }),
  );
  try {
    return await Promise.all(results);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

it('W-6: a plain counter under the mutex loses nothing', async () => {
  const view = new Int32Array(new SharedArrayBuffer(256));
  Mutex.create(view, 0);
  await inWorkers(
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
  const leads = await inWorkers(
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
  await inWorkers(
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
  await inWorkers(
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
  const [dead] = await inWorkers(
    1,
    'runtime.Mutex.attach(data, 0).lock(); return runtime.currentThreadId();',
    view,
  );
  expect(mutex.holder()).toBe(dead);
  expect(mutex.poison(dead as number)).toBe(true);
  expect(() => mutex.lock()).toThrow(`thread ${dead} died while it held it`);
});
