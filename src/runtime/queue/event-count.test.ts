import { describe, expect, it } from 'vitest';
import { EventCount } from './event-count.ts';

describe('EventCount', () => {
  it('counts sleepers, and wakes only when there are some', () => {
    const view = new Int32Array(new SharedArrayBuffer(16));
    const count = new EventCount(view, 1);
    count.wake(1);
    expect([...view]).toEqual([0, 0, 0, 0]);
    count.enter();
    expect(count.epoch()).toBe(0);
    count.wake(1);
    expect([...view]).toEqual([0, 1, 1, 0]);
    count.leave();
    expect([...view]).toEqual([0, 1, 0, 0]);
  });

  it('a wake between the epoch and the sleep keeps a thread from sleeping', () => {
    const view = new Int32Array(new SharedArrayBuffer(16));
    const count = new EventCount(view, 1);
    count.enter();
    const epoch = count.epoch();
    count.wake(1);
    count.sleep(epoch, Infinity);
  });

  it('a sleep ends with its limit', () => {
    const count = new EventCount(new Int32Array(new SharedArrayBuffer(16)), 1);
    count.sleep(count.epoch(), 1);
  });
});
