import { codecs, MpmcQueue, ThreadLocal, ThreadRuntime } from 'threadproof/runtime';
import { expect, test } from 'vitest';

test('one object for the shared memory of a program', () => {
  using runtime = ThreadRuntime.create({ initialBytes: 1024 ** 2, workers: 2, threads: 4 });
  const mutex = runtime.mutex();
  const jobs = runtime.mpmcQueue(64, codecs.int32);
  const name = runtime.threadLocal(codecs.int32);
  const message = {
    runtime: runtime.handle,
    mutex: runtime.handleOf(mutex),
    jobs: jobs.handle,
    name: name.key,
  };

  // In another thread, with what postMessage has carried over:
  const data = structuredClone(message);
  using theirs = ThreadRuntime.attach(data.runtime, 99);
  const theirMutex = theirs.open(data.mutex);
  const theirJobs = MpmcQueue.attach(data.jobs, codecs.int32);
  const theirName = ThreadLocal.attach(theirs.storage, data.name, codecs.int32);

  theirMutex.lock();
  expect([mutex.tryLock(), mutex.holder()]).toEqual([false, 99]);
  theirMutex.unlock();
  jobs.put(7);
  expect(theirJobs.take()).toBe(7);
  name.set(1);
  expect(theirName.get()).toBeUndefined(); // each thread has its own

  runtime.free(data.mutex); // its lines can be used again
});

test('its pool: in a task, the runtime is at hand', async () => {
  await using runtime = ThreadRuntime.create({
    workers: 2,
    pool: {
      module: new URL('./tasks/deposit.mjs', import.meta.url),
      worker: { execArgv: ['--conditions=threadproof-source'] }, // in this repository: no build is needed
    },
  });
  const balance = runtime.int32();
  const account = { account: runtime.handleOf(balance), lock: runtime.handleOf(runtime.mutex()) };

  // In the module: const runtime = ThreadRuntime.current(); const mutex = runtime.open(account.lock); ...
  await Promise.all([1, 2, 3, 4].map((amount) => runtime.pool.run('deposit', [amount, account])));

  expect(balance.load()).toBe(10);
}); // what was begun has ended here, and the workers are gone

test('what makes no sense is refused before anything is built', () => {
  expect(() => ThreadRuntime.create({ threads: 4 })).toThrow('4 workers needs at least 5 threads');
});
