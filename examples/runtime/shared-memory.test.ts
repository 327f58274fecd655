import { SharedMemory } from 'threadproof/runtime';
import { expect, test } from 'vitest';

test('one memory for all threads, which grows in place', () => {
  const memory = SharedMemory.create({ initialBytes: 65_536, maximumBytes: 131_072 });
  const temperatures = memory.float64(1024, 100);
  temperatures[3] = 21.5;

  // Another thread attaches by the handle, which postMessage carries over. Both see one memory.
  const theirs = SharedMemory.attach(structuredClone(memory.handle));
  expect(theirs.readFloat64(1024 + 3 * 8)).toBe(21.5);

  // Growth keeps the buffer: views that were made before stay valid, in all threads.
  theirs.grow(131_072);
  temperatures[4] = 22;
  memory.writeInt32(131_068, 7);
  expect([theirs.readFloat64(1024 + 4 * 8), theirs.readInt32(131_068)]).toEqual([22, 7]);
});

test('accesses out of bounds or not aligned are errors', () => {
  const memory = SharedMemory.create({ initialBytes: 65_536, maximumBytes: 65_536 });
  expect(() => memory.writeInt32(5, 1)).toThrow('the nearest are 4 and 8');
  expect(() => memory.readFloat64(65_536)).toThrow('but the memory has 65536 bytes');
  expect(() => memory.grow(65_537)).toThrow('its maximumBytes allows 65536 at most');
});
