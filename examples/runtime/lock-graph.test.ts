import { explore } from 'threadproof';
import { DebugMutex, LockGraph, Mutex } from 'threadproof/runtime';
import { expect, test } from 'vitest';

const ACCOUNTS = LockGraph.cells();
const ORDERS = ACCOUNTS + 1;
const REFUSED = ACCOUNTS + 2;

// Two threads take two locks in opposite order. What would be a deadlock is an error for one of them, and the other goes on.
test('a deadlock is reported with who holds and who waits, in every schedule that has one', () => {
  const result = explore(
    {
      threads: 2,
      setup() {
        const view = new Int32Array(new SharedArrayBuffer(4 * (ACCOUNTS + 3)));
        LockGraph.create(view, 0);
        for (const cell of [ACCOUNTS, ORDERS]) Mutex.create(view, cell);
        return view;
      },
      attach(view, id) {
        const graph = LockGraph.attach(view, 0, id + 1);
        const debugged = (cell: number, number: number, name: string) =>
          new DebugMutex(graph, Mutex.attach(view, cell, id + 1), number, name);
        return { view, locks: [debugged(ACCOUNTS, 0, 'accounts'), debugged(ORDERS, 1, 'orders')] as const };
      },
      thread(id, { view, locks }) {
        const [first, second] = id === 0 ? locks : ([locks[1], locks[0]] as const);
        first.lock();
        try {
          second.lock();
          second.unlock();
        } catch (error) {
          if (!/^deadlock: thread . holds (accounts|orders) and waits for/.test((error as Error).message))
            throw error;
          Atomics.add(view, REFUSED, 1);
        } finally {
          first.unlock();
        }
      },
      check: (view) => expect(view[REFUSED]).toBeLessThanOrEqual(1),
    },
    { executions: 1_000 },
  );
  expect(result.outcome, result.report ?? '').toBe('passed');
});

test('an order that could deadlock is found in a run that did not', () => {
  const view = new Int32Array(new SharedArrayBuffer(4 * (ACCOUNTS + 2)));
  const graph = LockGraph.create(view, 0, {}, 1);
  const [accounts, orders] = [ACCOUNTS, ORDERS].map(
    (cell, number) => new DebugMutex(graph, Mutex.create(view, cell, 1), number),
  );
  for (const [first, second] of [
    [accounts!, orders!], // there are two, here and below
    [orders!, accounts!],
  ] as const) {
    first.lock();
    second.lock();
    second.unlock();
    first.unlock();
  }
  expect(graph.inversions()).toEqual([
    { first: 0, second: 1, thread: 1 },
    { first: 1, second: 0, thread: 1 },
  ]);
});
