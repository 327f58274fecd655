import { explore } from 'threadproof';
import { Mutex } from 'threadproof/runtime';
import { expect, test } from 'vitest';

test('two locks in either order', () => {
  const result = explore(
    {
      threads: 2,
      setup: () => new Int32Array(new SharedArrayBuffer(8)),
      attach: (view, id) => [0, 1].map((index) => Mutex.attach(view, id === 0 ? index : 1 - index, id + 1)),
      thread(_id, [first, second]) {
        first!.lock();
        second!.lock();
        second!.unlock();
        first!.unlock();
      },
    },
    { seed: 1 },
  );
  expect(result.outcome).toBe('deadlocked');
  expect(result.stuck).toMatchObject({ kind: 'cyclic deadlock', threads: [0, 1] });
  expect(result.message).toContain('T0 waits on Mutex@4, which T1 wrote last');
});
