/** Results in parts, from real workers. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { endPoolsAfterEach, errorOf, poolOf, within } from './fixtures/pools.ts';

endPoolsAfterEach();

async function all(stream: AsyncIterable<unknown>, into: unknown[] = []): Promise<unknown[]> {
  for await (const part of stream) into.push(part);
  return into;
}

describe('W-14, C-14: streamed results', () => {
  it('the parts as they come, the result last; nothing after it; every kind of end', async () => {
    const pool = poolOf();
    expect(await within(all(pool.stream('refines', [7])))).toEqual([
      0,
      { n: 1 },
      2,
      { n: 3 },
      4,
      { n: 5 },
      6,
      'deep',
    ]);
    for (let time = 0; time < 50; time += 1)
      expect(await within(all(pool.stream('refinesAtOnce')))).toEqual(['quick', 'deep']);
    expect(await within(all(pool.stream('same', [1])))).toEqual([1]);
    const moved = (await within(all(pool.stream('refinesThen', ['moves'])))) as [string, ArrayBuffer, number];
    expect([moved[1].byteLength, moved[2]]).toEqual([100, 0]);
    for (const [ending, error] of [
      ['fails', { name: 'RangeError', message: 'no deep one' }],
      ['unsendable', { name: 'DataCloneError' }],
      ['exits', { name: 'WorkerDiedError', exitCode: 4 }],
    ] as const) {
      const parts: unknown[] = [];
      expect(await errorOf(all(pool.stream('refinesThen', [ending]), parts))).toMatchObject(error);
      expect(parts).toEqual(['quick']);
    }
    const storage = new AsyncLocalStorage<string>();
    const told: unknown[] = [];
    const onPart = (value: unknown, index: number) => told.push([value, index, storage.getStore()]);
    expect(await within(storage.run('mine', () => pool.run('refines', [2], { onPart })))).toBe('deep');
    expect(told).toEqual([
      [0, 0, 'mine'],
      [{ n: 1 }, 1, 'mine'],
    ]);
    expect(pool.metrics()).toMatchObject({ completed: 54, failed: 3, crashed: 1, cancelled: 0, pending: 0 });
  });

  it('leaving the loop, return while a part is awaited, and the signal cancel the task', async () => {
    const pool = poolOf({ graceMs: 5_000 });
    const view = new Int32Array(new SharedArrayBuffer(4));
    const isOver = async (): Promise<number> => {
      await within(pool.run('add', [1, 1])); // the worker has left the task
      return Atomics.exchange(view, 0, 0);
    };
    for await (const part of pool.stream('streamsFor', [60_000, view])) if (part === 3) break;
    expect(await isOver()).toBe(1);
    const stream = pool.stream('streamsFor', [60_000, view]);
    await within(stream.next());
    const asked = [stream.next(), stream.next(), stream.next(), stream.next()];
    await within(stream.return());
    expect(await within(asked[3]!)).toEqual({ done: true, value: undefined }); // there are four
    expect(await isOver()).toBe(1);
    const controller = new AbortController();
    const aborted = all(pool.stream('streamsFor', [60_000, view], { signal: controller.signal }));
    setTimeout(() => controller.abort(new RangeError('enough')), 20);
    expect(await errorOf(aborted)).toMatchObject({ name: 'RangeError', message: 'enough' });
    expect(await isOver()).toBe(1);
    expect(pool.metrics()).toMatchObject({ completed: 3, cancelled: 3, deaths: 0, pending: 0 });
  });

  it('a listener that throws is an uncaught exception of its own; the task and the pool go on', async () => {
    const pool = poolOf();
    const uncaught = new Promise((resolve) => {
      const before = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.once('uncaughtException', (error) => {
        for (const listener of before) process.on('uncaughtException', listener);
        resolve(error);
      });
    });
    const onPart = (): never => {
      throw new RangeError('in the listener');
    };
    expect(await within(pool.run('refinesAtOnce', [], { onPart }))).toBe('deep');
    expect(await within(uncaught)).toMatchObject({ message: 'in the listener' });
    expect(await within(pool.run('add', [1, 1]))).toBe(2);
  });
});
