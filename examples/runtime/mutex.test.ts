import { explore } from 'threadproof';
import { Mutex } from 'threadproof/runtime';
import { expect, test } from 'vitest';

// Cells: 0 the mutex, 1 and 2 two balances that together are always 10.
test('a transfer under the mutex is never seen half done', () => {
  const result = explore(
    {
      threads: 3,
      setup() {
        const view = new Int32Array(new SharedArrayBuffer(12));
        Mutex.create(view, 0);
        view[1] = 10;
        return view;
      },
      attach: (view, id) => ({ view, mutex: Mutex.attach(view, 0, id + 1) }),
      thread(id, { view, mutex }) {
        using _held = mutex.guard();
        if (id < 2) {
          Atomics.sub(view, 1, 3);
          Atomics.add(view, 2, 3);
        } else if (Atomics.load(view, 1) + Atomics.load(view, 2) !== 10) {
          throw new Error('half a transfer');
        }
      },
      check: (view) => expect([...view]).toEqual([0, 4, 6]),
    },
    { executions: 1_000 },
  );
  expect(result.outcome, result.report ?? '').toBe('passed');
});

test('a thread that must not block awaits the lock', async () => {
  const view = new Int32Array(new SharedArrayBuffer(4));
  const [mine, theirs] = [Mutex.create(view, 0, 1), Mutex.attach(view, 0, 2)];
  theirs.lock();
  const balance = mine.runAsync(() => 'mine'); // nothing of this thread runs between lock, action and unlock
  theirs.unlock();
  expect(await balance).toBe('mine');
});

test('who dies with the lock in its hands is known to those who come later', () => {
  const view = new Int32Array(new SharedArrayBuffer(4));
  const [mine, theirs] = [Mutex.create(view, 0, 1), Mutex.attach(view, 0, 2)];
  theirs.lock();
  mine.poison(2); // thread 2 has ended
  expect(() => mine.lock()).toThrow('thread 2 died while it held it');
  mine.clearPoison(); // what it guards is repaired
  expect(mine.tryLock()).toBe(true);
});
