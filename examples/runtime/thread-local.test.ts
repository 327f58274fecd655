import { codecs, SharedMemory, ThreadLocal, ThreadStorage } from 'threadproof/runtime';
import { expect, test } from 'vitest';

test('each thread has its own last error', () => {
  const memory = SharedMemory.create({ initialBytes: 65_536 });
  const storage = ThreadStorage.create(memory.int32(0, ThreadStorage.cells()), 0);
  storage.claim(); // this thread's id, 0

  const lastError = ThreadLocal.create(storage, codecs.int32);
  lastError.set(5);

  // In another thread, with the handle and the key:
  const theirs = ThreadStorage.attach(storage.handle);
  theirs.claim();
  const theirError = ThreadLocal.attach(theirs, lastError.key, codecs.int32);
  expect([theirError.get(), lastError.get()]).toEqual([undefined, 5]);
  theirs.release();
});
