import { describe, expect, it } from 'vitest';
import { WakeUps } from './wake-ups.ts';

const make = () => {
  const view = new Int32Array(new SharedArrayBuffer(16));
  return { view, wakeUps: new WakeUps(view, 1) };
};

describe('WakeUps', () => {
  it('gives none while nobody may sleep', () => {
    const { view, wakeUps } = make();
    wakeUps.wake(1);
    wakeUps.wake(Infinity);
    expect([...view]).toEqual([0, 0, 0, 0]);
  });

  it('gives each sleeper one at most', () => {
    const { view, wakeUps } = make();
    wakeUps.enter();
    wakeUps.enter();
    wakeUps.enter();
    for (const [count, due] of [
      [1, 1],
      [1, 2],
      [5, 3],
      [1, 3],
      [Infinity, 3],
    ] as const) {
      wakeUps.wake(count);
      expect([...view]).toEqual([0, due, 3, 0]);
    }
    wakeUps.leave();
    expect([...view]).toEqual([0, 3, 2, 0]);
  });

  it('gives all of them one', () => {
    const { view, wakeUps } = make();
    wakeUps.enter();
    wakeUps.enter();
    wakeUps.wake(Infinity);
    expect([...view]).toEqual([0, 2, 2, 0]);
  });

  it('a wake-up that is due keeps a thread from sleeping, once', () => {
    const { view, wakeUps } = make();
    wakeUps.enter();
    wakeUps.wake(1);
    wakeUps.sleep(Infinity);
    expect([...view]).toEqual([0, 0, 1, 0]);
    const start = performance.now();
    wakeUps.sleep(2);
    expect(performance.now() - start).toBeGreaterThanOrEqual(1.5);
  });

  it('all that sleep without blocking in one thread are woken together, and share what is due', async () => {
    const { view, wakeUps } = make();
    wakeUps.enter();
    wakeUps.enter();
    const sleeps = Promise.all([wakeUps.sleepAsync(), wakeUps.sleepAsync()]);
    wakeUps.wake(1);
    await sleeps;
    expect([...view]).toEqual([0, 0, 2, 0]);
    wakeUps.wake(1);
    await wakeUps.sleepAsync();
    expect([...view]).toEqual([0, 0, 2, 0]);
  });
});
