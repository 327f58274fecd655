import { explore } from 'threadproof';
import { Semaphore } from 'threadproof/runtime';
import { expect, test } from 'vitest';

// Cells: 0 to 2 the semaphore, 3 how many threads are inside, 4 whether there ever were too many.
test('three threads share two permits: never three are inside', () => {
  const result = explore({
    threads: 3,
    setup() {
      const view = new Int32Array(new SharedArrayBuffer(20));
      Semaphore.create(view, 0, 2, 2);
      return view;
    },
    attach: (view) => ({ view, semaphore: Semaphore.attach(view, 0) }),
    thread(_id, { view, semaphore }) {
      semaphore.acquire();
      if (Atomics.add(view, 3, 1) >= 2) view[4] = 1;
      Atomics.sub(view, 3, 1);
      semaphore.release();
    },
    check: (view) => expect([...view]).toEqual([2, 0, 2, 0, 0]),
  });
  expect(result.outcome, result.report ?? '').toBe('passed');
});
