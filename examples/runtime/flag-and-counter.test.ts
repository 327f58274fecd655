import { AtomicCounter, AtomicFlag, AtomicUint32, SharedMemory } from 'threadproof/runtime';
import { expect, test } from 'vitest';

test('work to go, a stop request, and a hash', () => {
  const view = SharedMemory.create({ initialBytes: 65_536 }).int32(0, 16);
  const toGo = AtomicCounter.create(view, 0, 2);
  const stop = AtomicFlag.create(view, 1);
  const hash = AtomicUint32.create(view, 2);

  expect([toGo.decrement(), toGo.decrement()]).toEqual([1, 0]); // exactly one thread gets 0
  expect(() => toGo.decrement()).toThrow('below 0');

  expect([stop.set(), stop.set(), stop.wait(5)]).toEqual([true, false, true]); // one thread was the first

  hash.xor(0xdeadbeef);
  expect(hash.load()).toBe(0xdeadbeef);
});
