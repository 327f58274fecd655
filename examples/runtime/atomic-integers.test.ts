import { AtomicInt32, AtomicInt64 } from 'threadproof/runtime';
import { expect, test } from 'vitest';

test('operations return the old value, and wrap as two’s complement', () => {
  const view = new Int32Array(new SharedArrayBuffer(64));
  const hits = AtomicInt32.create(view, 0, 5);
  expect([hits.add(3), hits.load()]).toEqual([5, 8]);
  expect([hits.compareExchange(8, 2 ** 31 - 1), hits.add(1), hits.load()]).toEqual([
    8,
    2 ** 31 - 1,
    -(2 ** 31),
  ]);

  const bytes = AtomicInt64.create(new BigInt64Array(view.buffer), 4);
  expect([bytes.add(2n ** 40n), bytes.load()]).toEqual([0n, 2n ** 40n]);
});

test('threads sleep on a cell until it changes', async () => {
  const view = new Int32Array(new SharedArrayBuffer(4));
  const state = AtomicInt32.create(view, 0);
  expect(state.wait(1)).toBe('not-equal'); // it is 0: no sleep
  expect(state.wait(0, 1)).toBe('timed-out');
  const changed = state.waitAsync(0); // for threads that must not block
  state.store(1);
  expect(state.notify()).toBe(1);
  expect(await changed).toBe('ok');
});
