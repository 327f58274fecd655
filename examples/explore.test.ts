import { explore } from 'threadproof';
import { Mutex } from 'threadproof/runtime';
import { expect, test } from 'vitest';

test('two threads with a mutex never lose an update', () => {
  const result = explore({
    threads: 2,
    setup: () => new Int32Array(new SharedArrayBuffer(8)),
    attach: (view, id) => ({ view, mutex: Mutex.attach(view, 0, id + 1) }),
    thread(_id, { view, mutex }) {
      using _guard = mutex.guard();
      Atomics.store(view, 1, Atomics.load(view, 1) + 1);
    },
    check: (view) => expect(view[1]).toBe(2),
  });
  expect(result.outcome, result.report ?? '').toBe('passed');
  expect(result.executions).toBe(10_000);
});
