import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import * as P from './protocol.ts';

/** Notifies word 0 for as long as word 1 is 0, and then changes it; says in word 2 that it runs. */
const restless = `
const { workerData: words } = require('node:worker_threads');
Atomics.store(words, 2, 1);
Atomics.notify(words, 2);
while (Atomics.load(words, 1) === 0) Atomics.notify(words, 0);
Atomics.store(words, 3, 1);
Atomics.store(words, 0, 1);
Atomics.notify(words, 0);
`;

describe('waiting for the other side', () => {
  const started: Worker[] = [];
  afterEach(() => Promise.all(started.splice(0).map((worker) => worker.terminate())));

  test('a wake-up without a change is no turn: a notify may come late, and meet the next sleep', async () => {
    const words = new Int32Array(new SharedArrayBuffer(16));
    const worker = new Worker(restless, { eval: true, workerData: words });
    started.push(worker);
    await once(worker, 'online');
    Atomics.wait(words, 2, 0);
    // Until then it is woken again and again.
    const timer = new Worker(
      `const { workerData: words } = require('node:worker_threads'); setTimeout(() => Atomics.store(words, 1, 1), 100);`,
      { eval: true, workerData: words },
    );
    started.push(timer);
    expect(P.awaitChange(Atomics, words, 0, 0, 0, 10_000)).toBe(true);
    expect([words[0], words[3]]).toEqual([1, 1]);
  });

  test('without a change in time it says so', () => {
    const words = new Int32Array(new SharedArrayBuffer(4));
    expect(P.awaitChange(Atomics, words, 0, 0, 3, 5)).toBe(false);
    expect(P.awaitChange(Atomics, words, 0, 1, 3, 5)).toBe(true);
  });
});
