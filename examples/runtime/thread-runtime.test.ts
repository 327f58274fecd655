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

test('what makes no sense is refused before anything is built', () => {
  expect(() => ThreadRuntime.create({ threads: 4 })).toThrow('4 workers needs at least 5 threads');
});
