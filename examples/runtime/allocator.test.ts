import { Allocator, Mutex, SharedMemory } from 'threadproof/runtime';
import { expect, test } from 'vitest';

test('blocks of shared memory, for any thread', () => {
  const memory = SharedMemory.create({ initialBytes: 65_536 });
  const allocator = Allocator.create(memory.buffer);

  const block = allocator.allocate(100); // whole cache lines: 128 bytes that nobody else has
  const lock = Mutex.create(memory.int32(block, 1), 0);
  expect([block % 64, lock.tryLock()]).toEqual([0, true]);

  // Another thread attaches by the handle; it allocates and frees in the same memory.
  const theirs = Allocator.attach(structuredClone(allocator.handle));
  expect(theirs.allocate(8, { alignment: 4096 }) % 4096).toBe(0);
  theirs.free(block);
  expect(() => theirs.free(block)).toThrow('it was freed already');
  expect(theirs.stats().blocks).toBe(1);
});
