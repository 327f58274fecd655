import { explore } from 'threadproof';
import { RwLock } from 'threadproof/runtime';
import { expect, test } from 'vitest';

// Cells: 0 to 3 the lock, 4 and 5 a pair of values that are always equal.
test('readers see whole states, and can read together', () => {
  const result = explore(
    {
      threads: 3,
      setup() {
        const view = new Int32Array(new SharedArrayBuffer(24));
        RwLock.create(view, 0);
        return view;
      },
      attach: (view, id) => ({ view, lock: RwLock.attach(view, 0, id + 1) }),
      thread(id, { view, lock }) {
        if (id === 0) {
          using _alone = lock.exclusiveGuard();
          Atomics.add(view, 4, 1);
          Atomics.add(view, 5, 1);
        } else {
          using _shared = lock.sharedGuard();
          if (Atomics.load(view, 4) !== Atomics.load(view, 5)) throw new Error('half a state');
        }
      },
    },
    { executions: 1_000 },
  );
  expect(result.outcome, result.report ?? '').toBe('passed');
});

test('a reader that wants to write asks for an upgrade, and a writer keeps reading', () => {
  const view = new Int32Array(new SharedArrayBuffer(16));
  const [one, two] = [RwLock.create(view, 0, 1), RwLock.attach(view, 0, 2)];
  one.lockShared();
  two.lockShared();
  expect(one.tryUpgrade()).toBe(false); // two is inside as well
  two.unlockShared();
  expect([one.tryUpgrade(), two.tryLockShared()]).toEqual([true, false]);
  one.downgrade(); // no writer gets in between
  expect(two.tryLockShared()).toBe(true);
});
