import { Allocator, PaddedAtomicInt32, SharedMemory } from 'threadproof/runtime';
import { expect, test } from 'vitest';

test('a counter for each thread, none of which slows another down', () => {
  const allocator = Allocator.create(SharedMemory.create({ initialBytes: 65_536 }).buffer);
  const counters = [0, 1].map(() => PaddedAtomicInt32.create(allocator));

  const [first, second] = counters.map(({ handle }) => Math.floor(handle.offset / 64));
  expect(first).not.toBe(second);

  const attached = counters.map(({ handle }) => PaddedAtomicInt32.attach(handle)); // in the threads
  for (const counter of attached) counter.add(1);
  expect(counters.map((counter) => counter.load())).toEqual([1, 1]);
  for (const counter of counters) counter.free(allocator);
});
