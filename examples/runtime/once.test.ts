import { explore } from 'threadproof';
import { Once } from 'threadproof/runtime';
import { expect, test } from 'vitest';

// Cells: 0 the Once, 1 how often the table was built, 2 and 3 what each thread found in it.
test('the table is built once, and nobody sees it half built', () => {
  const result = explore({
    threads: 2,
    setup() {
      const view = new Int32Array(new SharedArrayBuffer(16));
      Once.create(view, 0);
      return view;
    },
    attach: (view, id) => ({ view, once: Once.attach(view, 0, id + 1) }),
    thread(id, { view, once }) {
      once.run(() => Atomics.add(view, 1, 1));
      view[2 + id] = view[1]!; // inside the view
    },
    check: (view) => expect([view[1], view[2], view[3]]).toEqual([1, 1, 1]),
  });
  expect(result.outcome, result.report ?? '').toBe('passed');
});
