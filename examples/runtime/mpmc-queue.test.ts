import { codecs, MpmcQueue, SharedMemory } from 'threadproof/runtime';
import { expect, test } from 'vitest';

test('jobs go to whoever is free', () => {
  const memory = SharedMemory.create({ initialBytes: 65_536 });
  const job = codecs.struct({ id: codecs.int32, deadline: codecs.float64 });
  const queue = MpmcQueue.create(memory.int32(0, MpmcQueue.cells(64, job)), 0, 64, job);

  // Any number of threads attach by the handle, which postMessage carries over. All may put and take.
  const worker = MpmcQueue.attach(queue.handle, job);
  queue.put({ id: 1, deadline: 0.5 });
  expect(worker.take()).toEqual({ id: 1, deadline: 0.5 });
  expect(worker.takeFor(5)).toBeUndefined(); // nothing came within 5 ms

  queue.close();
  expect(() => worker.take()).toThrow('closed');
});
