import { explore } from 'threadproof';
import { Condition, Mutex } from 'threadproof/runtime';
import { expect, test } from 'vitest';

// Cells: 0 the mutex, 1 and 2 the condition, 3 a mailbox that the mutex guards (0: empty), 4 what was received.
const create = () => {
  const view = new Int32Array(new SharedArrayBuffer(20));
  Mutex.create(view, 0);
  Condition.create(view, 1);
  return view;
};

test('a letter is received, whoever comes first', () => {
  const result = explore({
    threads: 2,
    setup: create,
    attach: (view, id) => ({ view, mutex: Mutex.attach(view, 0, id + 1), filled: Condition.attach(view, 1) }),
    thread(id, { view, mutex, filled }) {
      using _held = mutex.guard();
      if (id === 0) {
        while (view[3] === 0) filled.wait(mutex);
        view[4] = view[3]!; // inside the view
      } else {
        view[3] = 42;
        filled.notifyOne();
      }
    },
    check: (view) => expect(view[4]).toBe(42),
  });
  expect(result.outcome, result.report ?? '').toBe('passed');
});

test('who waits with a limit learns how the wait ended', () => {
  const view = create();
  const mutex = Mutex.attach(view, 0);
  mutex.lock();
  expect(Condition.attach(view, 1).waitFor(mutex, 1)).toBe('timed-out');
  expect(mutex.holder()).not.toBe(0);
  mutex.unlock();
});
