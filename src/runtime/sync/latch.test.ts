import { describe, expect, it } from 'vitest';
import { BoundsError, CountUnderflowError, NotCreatedError } from '../errors.ts';
import { Latch } from './latch.ts';

const cells = () => new Int32Array(new SharedArrayBuffer(16));
const CREATED = 1 << 30;

type Wait = typeof Atomics.wait;

/** Runs `step` when a thread is about to sleep: what other threads do meanwhile. Without an answer the wait goes on. */
function asleep<T>(step: () => ReturnType<Wait> | undefined, body: () => T): T {
  const { wait } = Atomics;
  Atomics.wait = ((...parameters: Parameters<Wait>) => step() ?? wait(...parameters)) as Wait;
  try {
    return body();
  } finally {
    Atomics.wait = wait;
  }
}

describe('W-10 Latch', () => {
  it('X1: false at 1 of 2, true at 2 of 2, and true for ever', () => {
    const view = cells();
    const latch = Latch.create(view, 1, 2);
    const partner = Latch.attach(view, 1);
    expect([latch.tryWait(), partner.waitFor(0), latch.count()]).toEqual([false, false, 2]);
    expect([partner.countDown(), latch.tryWait(), latch.waitFor(1), latch.count()]).toEqual([
      1,
      false,
      false,
      1,
    ]);
    expect([latch.countDown(), latch.tryWait(), partner.waitFor(0), partner.count()]).toEqual([
      0,
      true,
      true,
      0,
    ]);
    latch.wait();
    expect([...view]).toEqual([0, CREATED, 0, 0]);
  });

  it('counts down by several', () => {
    const latch = Latch.create(cells(), 0, 2 ** 30 - 1);
    expect(latch.countDown(2 ** 30 - 2)).toBe(1);
    expect(latch.countDown()).toBe(0);
  });

  it('of 0 is open', () => {
    const latch = Latch.create(cells(), 0, 0);
    latch.wait();
    expect(latch.tryWait()).toBe(true);
  });

  it('sleeps until the last count, whatever wakes it before', () => {
    const latch = Latch.create(cells(), 0, 3);
    let sleeps = 0;
    asleep(
      () => {
        sleeps += 1;
        latch.countDown();
        // The second time no answer of ours: the true wait finds another word.
        return sleeps === 2 ? undefined : 'ok';
      },
      () => latch.wait(),
    );
    expect(sleeps).toBe(3);
  });

  it('sees that it opened with the end of its limit', () => {
    const latch = Latch.create(cells(), 0, 1);
    const open = asleep(
      () => {
        latch.countDown();
        return 'timed-out';
      },
      () => latch.waitFor(5),
    );
    expect(open).toBe(true);
  });

  it('wakes those who wait once, with the last count', () => {
    const { notify } = Atomics;
    const woken: unknown[] = [];
    const latch = Latch.create(cells(), 0, 3);
    Atomics.notify = ((...parameters: Parameters<typeof notify>) => {
      woken.push(parameters[2]);
      return notify(...parameters);
    }) as typeof notify;
    try {
      latch.countDown();
      expect(woken).toEqual([]);
      latch.countDown(2);
    } finally {
      Atomics.notify = notify;
    }
    expect(woken).toEqual([undefined]);
  });

  it('counts again when another was faster', () => {
    const latch = Latch.create(cells(), 0, 3);
    const { compareExchange } = Atomics;
    let first = true;
    Atomics.compareExchange = ((...parameters: Parameters<typeof compareExchange>) => {
      if (first) {
        first = false;
        expect(latch.countDown()).toBe(2);
      }
      return compareExchange(...parameters);
    }) as typeof compareExchange;
    try {
      expect(latch.countDown()).toBe(1);
    } finally {
      Atomics.compareExchange = compareExchange;
    }
  });

  it('refuses to count below 0, and changes nothing', () => {
    const latch = Latch.create(cells(), 1, 2);
    expect(() => latch.countDown(3)).toThrow(
      new CountUnderflowError(
        'the Latch at index 1 has 2 left to count and cannot count down by 3: create it for as many events as happen',
      ),
    );
    latch.countDown(2);
    expect(() => latch.countDown()).toThrow('has 0 left to count and cannot count down by 1');
    expect(latch.count()).toBe(0);
  });

  it.each([[0], [-1], [1.5], [NaN]])('refuses to count down by %s', (by) => {
    const latch = Latch.create(cells(), 0, 3);
    expect(() => latch.countDown(by)).toThrow(
      new RangeError(`a Latch counts down by 1 or more, got ${by}: pass the number of events that happened`),
    );
    expect(latch.count()).toBe(3);
  });

  it.each([[-1], [2 ** 30], [0.5], [NaN]])('refuses the count %s', (count) => {
    expect(() => Latch.create(cells(), 0, count)).toThrow(
      new RangeError(
        `a Latch counts down from 0 to 1073741823, got ${count}: pass the number of events that it waits for`,
      ),
    );
  });

  it.each([[-1], [NaN], [-Infinity]])('B8: refuses the limit %s', (limit) => {
    expect(() => Latch.create(cells(), 0, 1).waitFor(limit)).toThrow(
      `got ${limit}: pass Infinity (or nothing) to wait without limit`,
    );
  });

  it('W-17: attach changes nothing; use before create is an error', async () => {
    const view = cells();
    const latch = Latch.attach(view, 1);
    const error = new NotCreatedError(
      'there is no Latch at index 1 (word: 0): one thread must call Latch.create first',
    );
    expect(() => latch.wait()).toThrow(error);
    expect(() => latch.waitFor(5)).toThrow(error);
    expect(() => latch.tryWait()).toThrow(error);
    expect(() => latch.count()).toThrow(error);
    expect(() => latch.countDown()).toThrow(error);
    await expect(latch.waitAsync()).rejects.toThrow(error);
    expect([...view]).toEqual([0, 0, 0, 0]);
    Latch.create(view, 1, 1);
    expect(latch.count()).toBe(1);
  });

  it('refuses cells that are not there, or not shared', () => {
    expect(() => Latch.create(cells(), 4, 1)).toThrow(
      new BoundsError(
        'a Latch takes a cell from index 4, but the view has 4: pass an integer index from 0 to 3',
      ),
    );
    const plain = new Int32Array(1) as unknown as Int32Array<SharedArrayBuffer>;
    expect(() => Latch.attach(plain, 0)).toThrow('a Latch needs memory that threads share');
  });
});

describe('waitAsync', () => {
  it('resolves with the last count', async () => {
    const latch = Latch.create(cells(), 0, 2);
    let open = false;
    const waiting = latch.waitAsync().then(() => {
      open = true;
    });
    latch.countDown();
    await new Promise((resolve) => setImmediate(resolve));
    expect(open).toBe(false);
    latch.countDown();
    await waiting;
    await latch.waitAsync();
  });

  it('looks again at once when a count comes before its sleep', async () => {
    const latch = Latch.create(cells(), 0, 2);
    const { waitAsync } = Atomics;
    Atomics.waitAsync = ((...parameters: Parameters<typeof waitAsync>) => {
      latch.countDown();
      return waitAsync(...parameters);
    }) as typeof waitAsync;
    try {
      await latch.waitAsync();
    } finally {
      Atomics.waitAsync = waitAsync;
    }
    expect(latch.tryWait()).toBe(true);
  });
});
