/** Scenarios of production that need no pool: what is created, used and destroyed leaves nothing, whoever does it. Counts, not memory readings. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { afterAll, expect, it } from 'vitest';
import { loading, within } from './channel/fixtures/start.ts';
import type { WorkerLike } from './channel/managed-worker.ts';
import { Crew } from './fixtures/crew.ts';
import { codecs, ManagedWorker, SharedRegistry, systemClock, ThreadRuntime } from './index.ts';

const limit = 25_000;
const crew = new Crew();
afterAll(() => crew[Symbol.asyncDispose]());

it('D-3: 1,000 cycles of create, use and destroy leave no cell; 4 workers leave no worker, listener, call or timer', async () => {
  using runtime = ThreadRuntime.create({ initialBytes: 1024 ** 2 });
  const baseline = runtime.allocator.stats();
  const heapBefore = process.memoryUsage().heapUsed;
  for (let cycle = 0; cycle < 1000; cycle += 1) {
    const made = [runtime.mutex(), runtime.counter(cycle), runtime.semaphore(2), runtime.latch(1)] as const;
    const [mutex, counter, semaphore, latch] = made;
    mutex.lock();
    semaphore.acquire();
    expect([counter.increment(), latch.countDown()]).toEqual([cycle + 1, 0]);
    semaphore.release();
    mutex.unlock();
    for (const each of made) runtime.free(runtime.handleOf(each));
  }
  expect(runtime.allocator.stats()).toEqual(baseline);
  // Growth is told, not judged.
  console.log(`D-3: heap grew by ${((process.memoryUsage().heapUsed - heapBefore) / 1024).toFixed(0)} KiB`);

  let timers = 0;
  const clock = {
    now: systemClock.now,
    after: (ms: number, run: () => void, background?: boolean) => {
      if (ms === Infinity) return () => {};
      timers += 1;
      let pending = true;
      const done = (): void => {
        timers -= Number(pending);
        pending = false;
      };
      const fire = (): void => {
        done();
        run();
      };
      const cancel = systemClock.after(ms, fire, background);
      return () => {
        done();
        cancel();
      };
    },
  };
  const options = loading(new URL('./channel/fixtures/handlers.ts', import.meta.url), { clock });
  for (let cycle = 0; cycle < 4; cycle += 1) {
    const native = new Worker(options.module, options.worker as object);
    const spawn = (): WorkerLike => native as unknown as WorkerLike;
    const worker = await within(limit, ManagedWorker.start({ ...options, spawn }));
    expect(await within(limit, worker.request('add', [cycle, 1], { timeoutMs: limit }))).toBe(cycle + 1);
    expect((await within(limit, worker.shutdown())).reason).toBe('shut down');
    const events = ['message', 'messageerror', 'error', 'exit'];
    expect([native.threadId, ...events.map((event) => native.listenerCount(event))]).toEqual([
      -1, 0, 0, 0, 0,
    ]);
    expect([worker.stats().open, timers]).toEqual([0, 0]);
  }
});

it('D-10: 20 tasks of 50 cycles on 4 threads at once: blocks and bytes are back at the baseline', async () => {
  using runtime = ThreadRuntime.create({ initialBytes: 1024 ** 2 });
  const baseline = runtime.allocator.stats();
  const done: unknown[] = [];
  for (let round = 0; round < 5; round += 1) {
    done.push(
      ...(await within(
        limit,
        crew.run(
          4,
          `const own = runtime.ThreadRuntime.attach(data);
           let cycles = 0;
           for (let i = 0; i < 50; i += 1) {
             const mutex = own.mutex();
             const cell = own.int32(index);
             mutex.lock();
             if (cell.add(1) !== index) throw new Error('shared with another thread');
             mutex.unlock();
             own.free(own.handleOf(cell));
             own.free(own.handleOf(mutex));
             cycles += 1;
           }
           own.close();
           return cycles;`,
          runtime.handle,
        ),
      )),
    );
  }
  expect(done).toEqual(new Array(20).fill(50));
  expect(runtime.allocator.stats()).toEqual(baseline);
});

it('D-11: 200 tracked objects are all collected', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const view = new Int32Array(new SharedArrayBuffer(65_536));
  const references: WeakRef<object>[] = [];
  const make = (): void => {
    for (let i = 0; i < 50; i += 1) {
      const runtime = ThreadRuntime.create({ initialBytes: 65_536, workers: 1, threads: 2 });
      const registry = SharedRegistry.create(view, 0, { keys: 4, writers: 2 }, codecs.int32);
      registry.set(i % 4, i);
      for (const each of [runtime, runtime.mutex(), registry, registry.snapshot()])
        references.push(new WeakRef(each));
      runtime.close();
    }
  };
  make();
  expect(references).toHaveLength(200);
  const left = (): number => references.filter((reference) => reference.deref() !== undefined).length;
  for (let round = 0; round < 50 && left() > 0; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    collect();
  }
  expect(left()).toBe(0);
});
