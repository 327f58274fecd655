import { explore } from 'threadproof';
import { Latch } from 'threadproof/runtime';
import { expect, test } from 'vitest';

// Cells: 0 the latch, 1 and 2 the results of the workers, 3 their sum.
test('who waits for two workers sees the results of both', () => {
  const result = explore({
    threads: 3,
    setup() {
      const view = new Int32Array(new SharedArrayBuffer(16));
      Latch.create(view, 0, 2);
      return view;
    },
    attach: (view) => ({ view, ready: Latch.attach(view, 0) }),
    thread(id, { view, ready }) {
      if (id === 0) {
        ready.wait();
        view[3] = view[1]! + view[2]!; // inside the view
      } else {
        view[id] = 10 * id;
        ready.countDown();
      }
    },
    check: (view) => expect(view[3]).toBe(30),
  });
  expect(result.outcome, result.report ?? '').toBe('passed');
});
