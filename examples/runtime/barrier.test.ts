import { explore } from 'threadproof';
import { Barrier } from 'threadproof/runtime';
import { expect, test } from 'vitest';

// Cells: 0 and 1 the barrier, 2 to 4 what each thread has made, 5 to 7 what it saw of all.
test('three threads meet between two halves of the work', () => {
  const result = explore(
    {
      threads: 3,
      setup() {
        const view = new Int32Array(new SharedArrayBuffer(32));
        Barrier.create(view, 0, 3);
        return view;
      },
      attach: (view) => ({ view, barrier: Barrier.attach(view, 0) }),
      thread(id, { view, barrier }) {
        view[2 + id] = 1;
        barrier.wait();
        view[5 + id] = view[2]! + view[3]! + view[4]!; // cells of the view
      },
      check: (view) => expect([...view.subarray(5)]).toEqual([3, 3, 3]),
    },
    { executions: 1_000 },
  );
  expect(result.outcome, result.report ?? '').toBe('passed');
});

test('one gives up: the barrier is broken for all, until it is reset', () => {
  const view = new Int32Array(new SharedArrayBuffer(8));
  const barrier = Barrier.create(view, 0, 2);
  expect(() => barrier.wait(1)).toThrow('did not all arrive within 1 ms');
  expect(() => barrier.wait()).toThrow('is broken');
  barrier.reset();
  expect(barrier.isBroken()).toBe(false);
});
