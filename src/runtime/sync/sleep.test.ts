import { execFileSync } from 'node:child_process';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { gaveUp, sleep, sleepAsync } from './sleep.ts';

const cells = () => new Int32Array(new SharedArrayBuffer(16));
const soon = (ms: number) => performance.now() + ms;
/** Lets promises that are settled, and notified waits, run their continuations. */
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

afterEach(() => vi.restoreAllMocks());

describe('sleep', () => {
  it('ends at once when the cell has changed, late when the deadline has passed', () => {
    const view = cells();
    expect(sleep(view, 1, 7, Infinity)).toBe('woken');
    expect(sleep(view, 1, 0, soon(2))).toBe('late');
    expect(sleep(view, 1, 7, soon(-1))).toBe('late');
  });

  it('hands over the error of a thread that must not block; gaveUp throws it', () => {
    const error = new TypeError('Atomics.wait cannot be called in this context');
    vi.spyOn(Atomics, 'wait').mockImplementation(() => {
      throw error;
    });
    const end = sleep(cells(), 0, 0, Infinity);
    expect(end).toBe(error);
    expect(() => gaveUp(end)).toThrow(error);
    expect([gaveUp('late'), gaveUp('woken')]).toEqual([false, false]);
  });
});

describe('sleepAsync', () => {
  it('ends at once when the cell has changed, late when the deadline has passed', async () => {
    const view = cells();
    expect(await sleepAsync(view, 1, 7)).toBe('woken');
    expect(await sleepAsync(view, 1, 0, soon(2))).toBe('late');
    expect(await sleepAsync(view, 1, 0, soon(-1))).toBe('late');
  });

  it('has one wait a cell, whose end wakes all who wait there', async () => {
    const view = cells();
    const waitAsync = vi.spyOn(Atomics, 'waitAsync');
    const [a, b] = [sleepAsync(view, 0, 0), sleepAsync(view, 0, 0)];
    // By another view of the same cell; and another cell.
    const c = sleepAsync(new Int32Array(view.buffer, 0, 1), 0, 0);
    const other = sleepAsync(view, 1, 0);
    expect(waitAsync).toHaveBeenCalledTimes(2);
    expect(Atomics.notify(view, 0)).toBe(1);
    expect(await Promise.all([a, b, c])).toEqual(['woken', 'woken', 'woken']);
    Atomics.notify(view, 1);
    expect(await other).toBe('woken');
  });

  it('does not wait beside others for a value that the cell no longer has', async () => {
    const view = cells();
    const first = sleepAsync(view, 0, 0);
    Atomics.store(view, 0, 1);
    expect(await sleepAsync(view, 0, 0)).toBe('woken');
    const second = sleepAsync(view, 0, 1);
    Atomics.notify(view, 0, 1);
    expect(await Promise.all([first, second])).toEqual(['woken', 'woken']);
  });

  it('passes a notification on when all who waited have given up', async () => {
    const view = cells();
    expect(await sleepAsync(view, 0, 0, soon(1))).toBe('late');
    const next = Atomics.waitAsync(view, 0, 0);
    expect(Atomics.notify(view, 0, 1)).toBe(1);
    expect(await next.value).toBe('ok');
  });

  it('one gives up, another waits on', async () => {
    const view = cells();
    let woken = false;
    const patient = sleepAsync(view, 0, 0).then(() => {
      woken = true;
    });
    expect(await sleepAsync(view, 0, 0, soon(1))).toBe('late');
    await turn();
    expect(woken).toBe(false);
    Atomics.notify(view, 0, 1);
    await patient;
    expect(woken).toBe(true);
  });

  it('sleeps beyond the longest timer', async () => {
    const view = cells();
    const timeout = vi.spyOn(globalThis, 'setTimeout');
    const sleeping = sleepAsync(view, 0, 0, soon(2 ** 40));
    await Promise.resolve();
    expect(timeout.mock.calls.at(-1)?.[1]).toBe(2 ** 31 - 1);
    Atomics.notify(view, 0);
    expect(await sleeping).toBe('woken');
  });

  it('keeps the process alive as long as somebody waits, and no longer', () => {
    const module = new URL('./sleep.ts', import.meta.url).href;
    const code = `
      const { Worker } = require('node:worker_threads');
      const view = new Int32Array(new SharedArrayBuffer(4));
      new Worker(
        "const view = require('node:worker_threads').workerData;" +
        "setTimeout(() => { Atomics.store(view, 0, 1); Atomics.notify(view, 0); }, 100); setTimeout(() => {}, 60000);",
        { eval: true, workerData: view },
      ).unref();
      import('tsx/esm/api').then(({ register }) => (register(), import('${module}'))).then(async ({ sleepAsync }) => {
        console.log(await sleepAsync(view, 0, 0), await sleepAsync(view, 0, 1, performance.now() + 20));
      });`;
    expect(execFileSync(process.execPath, ['-e', code], { encoding: 'utf8', timeout: 20_000 })).toBe(
      'woken late\n',
    );
  });
});
