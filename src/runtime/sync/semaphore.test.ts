import { describe, expect, it } from 'vitest';
import { BoundsError, CountOverflowError, NotCreatedError } from '../errors.ts';
import { Semaphore } from './semaphore.ts';

const cells = () => new Int32Array(new SharedArrayBuffer(24));

/** A semaphore in cells 1 to 3, with the handles of two threads. */
function threads(permits: number, maximum?: number) {
  const view = cells();
  return { view, one: Semaphore.create(view, 1, permits, maximum), two: Semaphore.attach(view, 1) };
}

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

/** How many each notify may wake, while `body` runs. */
function notified(body: () => void): (number | undefined)[] {
  const { notify } = Atomics;
  const counts: (number | undefined)[] = [];
  Atomics.notify = ((...parameters: Parameters<typeof notify>) => {
    counts.push(parameters[2]);
    return notify(...parameters);
  }) as typeof notify;
  try {
    body();
  } finally {
    Atomics.notify = notify;
  }
  return counts;
}

/** Lets settled promises run their continuations. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('W-10 Semaphore', () => {
  it('takes and gives permits, one or several at a time', () => {
    const { view, one, two } = threads(3, 5);
    one.acquire();
    two.acquire(2);
    expect([one.available(), two.tryAcquire(), one.acquireFor(0), two.acquireFor(2, 3)]).toEqual([
      0,
      false,
      false,
      false,
    ]);
    two.release(2);
    expect([two.tryAcquire(3), two.tryAcquire(2), two.available()]).toEqual([false, true, 0]);
    one.release(5);
    expect([one.acquireFor(5, 4), one.available(), two.maximum()]).toEqual([true, 1, 5]);
    expect([...view]).toEqual([0, 1, 0, 5, 0, 0]);
  });

  it('has as many as an integer holds unless told otherwise', () => {
    const { one, two } = threads(0);
    expect(two.maximum()).toBe(2 ** 31 - 1);
    one.release(2 ** 31 - 1);
    expect(() => one.release()).toThrow(CountOverflowError);
    two.acquire(2 ** 31 - 1);
    expect(one.available()).toBe(0);
  });

  it('sleeps until there are enough, and takes none before', () => {
    const { view, one, two } = threads(1, 4);
    let sleeps = 0;
    asleep(
      () => {
        sleeps += 1;
        expect([view[2], two.available()]).toEqual([1 << 16, sleeps]);
        two.release();
        return sleeps === 1 ? 'ok' : undefined;
      },
      () => one.acquire(3),
    );
    expect([sleeps, two.available(), view[2]]).toEqual([2, 0, 0]);
  });

  it('takes what came with the end of its limit', () => {
    const { view, one, two } = threads(0);
    const taken = asleep(
      () => {
        two.release();
        return 'timed-out';
      },
      () => one.acquireFor(5),
    );
    expect([taken, two.available(), view[2]]).toEqual([true, 0, 0]);
  });

  it('gives up when the limit has passed, however often it wakes', () => {
    const { view, one } = threads(1);
    let sleeps = 0;
    const start = performance.now();
    const taken = asleep(
      () => {
        sleeps += 1;
        return sleeps < 3 ? 'ok' : undefined;
      },
      () => one.acquireFor(10, 2),
    );
    expect([taken, view[1], view[2]]).toEqual([false, 1, 0]);
    expect(performance.now() - start).toBeGreaterThan(8);
  });

  it('is not late when woken for nothing after its limit', () => {
    const { view, one } = threads(0);
    const taken = asleep(
      () => {
        const end = performance.now() + 2;
        while (performance.now() < end);
        return 'ok';
      },
      () => one.acquireFor(1),
    );
    expect([taken, view[2]]).toEqual([false, 0]);
  });

  it('wakes nobody for nobody, as many as permits for ones, all when somebody wants more', () => {
    const { one, two } = threads(0);
    expect(notified(() => one.release(2))).toEqual([]);
    one.acquire(2);
    const wakes: unknown[] = [];
    asleep(
      () => void wakes.push(...notified(() => two.release(2))),
      () => one.acquire(1),
    );
    one.acquire(1);
    asleep(
      () => void wakes.push(...notified(() => two.release(2))),
      () => one.acquire(2),
    );
    expect(wakes).toEqual([2, undefined]);
    expect(notified(() => one.recover())).toEqual([undefined]);
  });

  it('nobody stays counted when the thread must not block', () => {
    const { view, one } = threads(0);
    expect(() =>
      asleep(
        () => {
          throw new TypeError('Atomics.wait cannot be called in this context');
        },
        () => one.acquire(),
      ),
    ).toThrow(TypeError);
    expect([...view.subarray(1, 3)]).toEqual([0, 0]);
  });

  it('refuses more permits than it may have, and changes nothing', () => {
    const { one, two } = threads(2, 3);
    expect(() => two.release(2)).toThrow(
      new CountOverflowError(
        'the Semaphore at index 1 has 2 free permits of at most 3, and cannot take 2 more: ' +
          'release as often as you acquired, or create it with a larger maximum',
      ),
    );
    expect(one.available()).toBe(2);
  });

  it.each([[0], [-1], [1.5], [NaN], [4], [Infinity]])('refuses to take or give %s permits', async (count) => {
    const { view, one } = threads(2, 3);
    const error = (does: string) =>
      new RangeError(
        `a thread ${does} ${count} permits of the Semaphore at index 1: pass an integer from 1 to 3`,
      );
    expect(() => one.acquire(count)).toThrow(error('acquires'));
    expect(() => one.tryAcquire(count)).toThrow(error('acquires'));
    expect(() => one.acquireFor(5, count)).toThrow(error('acquires'));
    await expect(one.acquireAsync(count)).rejects.toThrow(error('acquires'));
    expect(() => one.release(count)).toThrow(error('releases'));
    expect([...view]).toEqual([0, 2, 0, 3, 0, 0]);
  });

  it.each([[-1], [NaN], [-Infinity]])('B8: refuses the limit %s', (limit) => {
    expect(() => threads(1).one.acquireFor(limit)).toThrow(
      `got ${limit}: pass Infinity (or nothing) to wait without limit`,
    );
  });

  it.each([[-1], [4], [0.5], [NaN]])('refuses to begin with %s permits of 3', (permits) => {
    expect(() => Semaphore.create(cells(), 0, permits, 3)).toThrow(
      new RangeError(`a Semaphore begins with 0 to 3 permits, got ${permits}: pass an integer of that range`),
    );
  });

  it.each([[0], [2 ** 31], [0.5], [NaN]])('refuses a maximum of %s', (maximum) => {
    expect(() => Semaphore.create(cells(), 0, 0, maximum)).toThrow(
      new RangeError(
        `a Semaphore has at most 1 to 2147483647 permits, got ${maximum}: pass an integer of that range, or nothing`,
      ),
    );
  });

  it('W-17: attach changes nothing; use before create is an error', async () => {
    const view = cells();
    const semaphore = Semaphore.attach(view, 1);
    const error = new NotCreatedError(
      'there is no Semaphore at index 1 (maximum: 0): one thread must call Semaphore.create first',
    );
    expect(() => semaphore.acquire()).toThrow(error);
    expect(() => semaphore.tryAcquire()).toThrow(error);
    expect(() => semaphore.acquireFor(1)).toThrow(error);
    await expect(semaphore.acquireAsync()).rejects.toThrow(error);
    expect(() => semaphore.release()).toThrow(error);
    expect([...view]).toEqual([0, 0, 0, 0, 0, 0]);
    Semaphore.create(view, 1, 1);
    expect([semaphore.tryAcquire(), Semaphore.attach(view, 1).available()]).toEqual([true, 0]);
  });

  it('refuses cells that are not there, or not shared', () => {
    expect(() => Semaphore.create(new Int32Array(new SharedArrayBuffer(16)), 2, 1)).toThrow(
      new BoundsError(
        'a Semaphore takes 3 cells from index 2, but the view has 4: pass an integer index from 0 to 1',
      ),
    );
    const plain = new Int32Array(3) as unknown as Int32Array<SharedArrayBuffer>;
    expect(() => Semaphore.attach(plain, 0)).toThrow('a Semaphore needs memory that threads share');
  });
});

describe('acquireAsync', () => {
  it('takes what is there at once', async () => {
    const { view, one } = threads(2);
    const taken = one.acquireAsync(2);
    expect([...view.subarray(1, 3)]).toEqual([0, 0]);
    await taken;
  });

  it('waits until there are enough; one that wants less may be faster', async () => {
    const { view, one, two } = threads(0);
    const order: string[] = [];
    const many = one.acquireAsync(2).then(() => order.push('two'));
    const few = one.acquireAsync(1).then(() => order.push('one'));
    await turn();
    expect([order, view[2]]).toEqual([[], 2 << 16]);
    two.release();
    await few;
    expect(order).toEqual(['one']);
    two.release(2);
    await many;
    expect([order, ...view.subarray(1, 3)]).toEqual([['one', 'two'], 0, 0]);
  });

  it('retries at once when the permits change under it', async () => {
    const { view, one, two } = threads(0);
    const { waitAsync } = Atomics;
    Atomics.waitAsync = ((...parameters: Parameters<typeof waitAsync>) => {
      two.release();
      return waitAsync(...parameters);
    }) as typeof waitAsync;
    try {
      await one.acquireAsync();
    } finally {
      Atomics.waitAsync = waitAsync;
    }
    expect([...view.subarray(1, 3)]).toEqual([0, 0]);
  });
});
