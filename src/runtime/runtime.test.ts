import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { codecs, type Primitives, ThreadLocal, ThreadRuntime } from './index.ts';

const tasks = new URL('./pool/fixtures/runtime-tasks.mjs', import.meta.url);
const small = { initialBytes: 65_536, workers: 1, threads: 3, bytesPerThread: 64 };

describe('W-16 ThreadRuntime', () => {
  it('has 16 MiB, 4 workers, 16 threads and 1 KiB of storage each by default', () => {
    using runtime = ThreadRuntime.create();
    expect(runtime.configuration).toEqual({
      initialBytes: 16 * 1024 ** 2,
      maximumBytes: 1024 ** 3,
      workers: 4,
      threads: 16,
      bytesPerThread: 1024,
    });
    expect(runtime.memory.byteLength).toBe(16 * 1024 ** 2);
    expect(runtime.allocator.stats()).toMatchObject({ blocks: 1 });
    expect(runtime.storage.handle).toMatchObject({ threads: 16, bytesPerThread: 1024 });
  });

  it('takes what it is given, and leaves out what is undefined', () => {
    using runtime = ThreadRuntime.create({ ...small, maximumBytes: 131_072 });
    expect(runtime.memory.maximumBytes).toBe(131_072);
    expect(ThreadRuntime.create({ workers: undefined as never }).configuration.workers).toBe(4);
    expect(ThreadRuntime.create({ initialBytes: 2 ** 31 }).configuration.maximumBytes).toBe(2 ** 31);
  });

  it('creates every primitive on lines of its own, opens it elsewhere without initialising it, and frees it', () => {
    using runtime = ThreadRuntime.create(small, 1);
    using other = ThreadRuntime.attach(structuredClone(runtime.handle), 2);
    const { blocks } = runtime.allocator.stats();
    const made: readonly Primitives[keyof Primitives][] = [
      runtime.int32(7),
      runtime.uint32(2 ** 32 - 1),
      runtime.int64(7n),
      runtime.flag(),
      runtime.counter(7),
      runtime.mutex(),
      runtime.condition(),
      runtime.barrier(7),
      runtime.rwLock(),
      runtime.semaphore(3, 7),
      runtime.latch(7),
      runtime.once(),
      runtime.lockGraph({ threads: 2, locks: 2 }),
    ];
    const handles = made.map((primitive) => runtime.handleOf(primitive));
    expect(new Set(handles.map(({ offset }) => offset)).size).toBe(made.length);
    expect(handles.every(({ offset }) => offset % 64 === 0)).toBe(true);
    const before = new Uint8Array(runtime.memory.buffer.slice(0));
    const opened = handles.map((handle) => other.open(structuredClone(handle)));
    expect(opened.map((primitive) => primitive.constructor)).toEqual(
      made.map((primitive) => primitive.constructor),
    );
    expect(new Uint8Array(runtime.memory.buffer.slice(0))).toEqual(before);
    expect(opened.map((primitive) => other.handleOf(primitive))).toEqual(handles);
    for (const handle of handles) other.free(handle);
    expect(runtime.allocator.stats().blocks).toBe(blocks);
  });

  it('the primitives of two threads are the same ones', () => {
    using runtime = ThreadRuntime.create(small, 1);
    using other = ThreadRuntime.attach(runtime.handle, 2);
    const [mutex, sum, wide] = [runtime.mutex(), runtime.int32(), runtime.int64()];
    mutex.lock();
    const theirs = other.open(runtime.handleOf(mutex));
    expect([theirs.tryLock(), theirs.holder()]).toEqual([false, 1]);
    mutex.unlock();
    expect([theirs.tryLock(), mutex.holder()]).toEqual([true, 2]);
    sum.add(4);
    expect(other.open(runtime.handleOf(sum)).add(1)).toBe(4);
    wide.add(4n);
    expect(other.open(runtime.handleOf(wide)).load()).toBe(4n);
    const queue = runtime.mpmcQueue(4, codecs.int32);
    queue.put(1);
    expect(queue.take()).toBe(1);
    const ring = runtime.spscRing(4, codecs.int32);
    ring.put(2);
    expect(ring.take()).toBe(2);
    const inbox = runtime.inbox(4, codecs.int32);
    inbox.offer(3);
    expect(inbox.take()).toBe(3);
    const mine = runtime.threadLocal(codecs.int32);
    mine.set(5);
    expect(ThreadLocal.attach(other.storage, mine.key, codecs.int32).get()).toBeUndefined();
  });

  it('when a primitive is refused nothing stays allocated', () => {
    using runtime = ThreadRuntime.create(small);
    const before = runtime.allocator.stats();
    expect(() => runtime.barrier(0)).toThrow('got 0');
    expect(() => runtime.semaphore(2, 1)).toThrow('got 2');
    expect(() => runtime.int32(0.5)).toThrow('got 0.5');
    expect(() => runtime.mpmcQueue(3, codecs.int32)).toThrow('got 3');
    expect(() => runtime.lockGraph({ locks: 0 })).toThrow('got 0');
    expect(runtime.allocator.stats()).toEqual(before);
  });

  it('its pool and spawned threads have it as their own: one memory, an id each, freed whatever becomes of them', async () => {
    await using runtime = ThreadRuntime.create({ ...small, threads: 4, pool: { module: tasks } });
    const [mutex, count, mine] = [runtime.mutex(), runtime.int32(), runtime.threadLocal(codecs.int32)];
    const handles = [runtime.handleOf(mutex), runtime.handleOf(count), mine.key] as const;
    expect(runtime.pool).toBe(runtime.pool);
    const ids = await Promise.all(Array.from({ length: 20 }, () => runtime.pool.run('countsUp', handles)));
    const id = runtime.threads.spawn(tasks, 'countsUp', handles);
    expect(await runtime.threads.join(id)).toEqual({ thread: 2, times: 1 });
    expect(ids).toEqual(ids.map((_, index) => ({ thread: 1, times: index + 1 })));
    expect(count.load()).toBe(21);
    // No id is lost with its thread; who dies leaves its thread-local values to nobody.

    await expect(runtime.pool.run('countsUpAndDies', handles)).rejects.toMatchObject({ exitCode: 9 });
    expect(await runtime.pool.run('countsUp', handles)).toEqual({ thread: 1, times: 1 });
    expect(runtime.threads).toBe(runtime.threads);
    expect(runtime.pool.metrics()).toMatchObject({ completed: 21, crashed: 1, threads: 1 });
  });

  it('shutdown lets what was begun end; close ends it', async () => {
    const runtime = ThreadRuntime.create({ ...small, pool: { module: tasks } });
    const { pool } = runtime;
    const begun = pool.run('sleeps', [20]);
    const ended = runtime.shutdown();
    await expect(pool.run('sleeps', [0])).rejects.toThrow('is closed');
    await ended;
    expect([await begun, runtime.isClosed, pool.metrics().threads]).toEqual([20, true, 0]);
    const other = ThreadRuntime.create({ ...small, pool: { module: tasks } });
    const running = other.pool.run('sleeps', [60_000]);
    other.close();
    await expect(running).rejects.toThrow('terminated');
    expect(() => other.pool).toThrow('has closed its ThreadRuntime');
  });

  it('as many threads join as it is for; who closes makes room', () => {
    const runtimes = [ThreadRuntime.create(small)];
    const [first] = runtimes;
    for (let i = 0; i < 2; i += 1) runtimes.push(ThreadRuntime.attach(first!.handle));
    expect(runtimes.map(({ storage }) => storage.thread)).toEqual([0, 1, 2]);
    expect(() => ThreadRuntime.attach(first!.handle)).toThrow('all 3 thread ids are in use');
    runtimes[1]!.close();
    runtimes[1]!.close();
    expect(runtimes[1]!.isClosed).toBe(true);
    expect(ThreadRuntime.attach(first!.handle).storage.thread).toBe(1);
  });

  it('a real worker attaches, and both keep a count under a lock', async () => {
    using runtime = ThreadRuntime.create(small);
    const [mutex, barrier, count] = [runtime.mutex(), runtime.barrier(2), runtime.int32()];
    const code = `
      const { workerData: { door, data } } = require('node:worker_threads');
      import('tsx/esm/api').then(({ register }) => (register(), import(door))).then(({ ThreadRuntime }) => {
        const runtime = ThreadRuntime.attach(data.runtime);
        const [mutex, barrier, count] = data.handles.map((handle) => runtime.open(handle));
        for (let i = 0; i < 1000; i += 1) { mutex.lock(); count.store(count.load() + 1); mutex.unlock(); }
        runtime.close();
        barrier.wait();
      });`;
    const door = new URL('./index.ts', import.meta.url).href;
    const data = {
      runtime: runtime.handle,
      handles: [runtime.handleOf(mutex), runtime.handleOf(barrier), runtime.handleOf(count)],
    };
    const worker = new Worker(code, { eval: true, workerData: { door, data } });
    for (let i = 0; i < 1000; i += 1) {
      await mutex.runAsync(() => count.store(count.load() + 1));
    }
    await barrier.waitAsync(20_000);
    expect(count.load()).toBe(2000);
    await worker.terminate();
    expect(ThreadRuntime.attach(runtime.handle).storage.thread).toBe(1);
  });
});
