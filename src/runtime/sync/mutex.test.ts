import { describe, expect, it } from 'vitest';
import { BoundsError, NotOwnerError, PoisonedError, RelockError } from '../errors.ts';
import { currentThreadId } from '../thread.ts';
import { Mutex } from './mutex.ts';

const MAXIMUM_OWNER = 2 ** 28 - 1;

/** One mutex in cell 1, with the handles of three threads. */
function threads() {
  const view = new Int32Array(new SharedArrayBuffer(16));
  const one = Mutex.create(view, 1, 1);
  return { view, one, two: Mutex.attach(view, 1, 2), three: Mutex.attach(view, 1, MAXIMUM_OWNER) };
}

/** Lets settled promises run their continuations. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('W-6 Mutex', () => {
  it('is held by one thread at a time', () => {
    const { view, one, two, three } = threads();
    expect(one.holder()).toBe(0);
    one.lock();
    expect([one.holder(), two.tryLock(), three.lockFor(0), three.lockFor(2)]).toEqual([
      1,
      false,
      false,
      false,
    ]);
    one.unlock();
    expect(three.tryLock()).toBe(true);
    expect([one.holder(), two.tryLock()]).toEqual([MAXIMUM_OWNER, false]);
    three.unlock();
    expect(two.lockFor(5)).toBe(true);
    two.unlock();
    expect([...view]).toEqual([0, 0, 0, 0]);
  });

  it('is one word: 0, owner << 1, and the bit of the waiters', () => {
    const { view, one, two, three } = threads();
    three.lock();
    expect(view[1]).toBe(MAXIMUM_OWNER * 2);
    expect(one.lockFor(1)).toBe(false);
    expect(view[1]).toBe(MAXIMUM_OWNER * 2 + 1);
    three.unlock();
    expect(view[1]).toBe(0);
    two.lock();
    expect(view[1]).toBe(4);
  });

  it('W-17: attach changes nothing, create frees', () => {
    const { view, one } = threads();
    one.lock();
    Mutex.attach(view, 1, 5);
    expect(one.holder()).toBe(1);
    Mutex.create(view, 1, 5);
    expect(one.holder()).toBe(0);
  });

  it('belongs to the calling thread unless told otherwise', () => {
    const view = new Int32Array(new SharedArrayBuffer(4));
    Mutex.create(view, 0).lock();
    expect(Mutex.attach(view, 0, 77).holder()).toBe(currentThreadId());
  });

  it('relock by the owner is an error in every form', async () => {
    const { one, two } = threads();
    one.lock();
    const error = new RelockError(
      'thread 1 holds the Mutex at index 1 already: unlock it before it is locked again',
    );
    expect(() => one.lock()).toThrow(error);
    expect(() => one.tryLock()).toThrow(error);
    expect(() => one.lockFor(5)).toThrow(error);
    expect(() => one.guard()).toThrow(error);
    await expect(one.lockAsync()).rejects.toThrow(error);
    expect(two.lockFor(1)).toBe(false);
    expect(() => one.lock()).toThrow(error);
    one.unlock();
  });

  it('M2: unlock by another, or twice, is an error and changes nothing', () => {
    const { one, two } = threads();
    one.lock();
    expect(() => two.unlock()).toThrow(
      new NotOwnerError(
        'thread 2 unlocks the Mutex at index 1, but thread 1 holds it: only the holder may unlock, once',
      ),
    );
    expect(one.holder()).toBe(1);
    one.unlock();
    expect(() => one.unlock()).toThrow(
      'thread 1 unlocks the Mutex at index 1, but it is free: only the holder may unlock, once',
    );
  });

  it('the guard unlocks at the end of its block', () => {
    const { one, two } = threads();
    {
      using _held = one.guard();
      expect(two.tryLock()).toBe(false);
    }
    expect(two.tryLock()).toBe(true);
  });

  it.each([[-1], [NaN], [-Infinity]])('B8: refuses the limit %s', (limit) => {
    const { one } = threads();
    expect(() => one.lockFor(limit)).toThrow(
      `got ${limit}: pass Infinity (or nothing) to wait without limit`,
    );
    expect(one.holder()).toBe(0);
  });

  it.each([[0], [-1], [2 ** 28], [1.5], [NaN]])('refuses the owner %s', (owner) => {
    const view = new Int32Array(new SharedArrayBuffer(4));
    const error = new RangeError(
      `the owner of a Mutex handle is a thread id from 1 to 268435455, got ${owner}: ` +
        'pass a positive integer that no other thread uses, or nothing',
    );
    expect(() => Mutex.create(view, 0, owner)).toThrow(error);
    expect(() => Mutex.attach(view, 0, owner)).toThrow(error);
  });

  it('refuses cells that are not there, or not shared', () => {
    expect(() => Mutex.create(new Int32Array(new SharedArrayBuffer(4)), 1, 1)).toThrow(
      new BoundsError(
        'a Mutex takes a cell from index 1, but the view has 1: pass an integer index from 0 to 0',
      ),
    );
    const plain = new Int32Array(1) as unknown as Int32Array<SharedArrayBuffer>;
    expect(() => Mutex.attach(plain, 0, 1)).toThrow('a Mutex needs memory that threads share');
  });
});

describe('lockAsync', () => {
  it('takes a free lock at once', async () => {
    const { one } = threads();
    const taken = one.lockAsync();
    expect(one.holder()).toBe(1);
    await taken;
  });

  it('waits for unlock, and each unlock lets one in', async () => {
    const { one, two, three } = threads();
    one.lock();
    const order: number[] = [];
    const second = two.lockAsync().then(() => order.push(2));
    const third = three.lockAsync().then(() => order.push(3));
    await turn();
    expect(order).toEqual([]);
    one.unlock();
    await second;
    await turn();
    expect([order, two.holder()]).toEqual([[2], 2]);
    two.unlock();
    await third;
    expect(order).toEqual([2, 3]);
    three.unlock();
    expect(one.holder()).toBe(0);
  });

  it('sleeps again when another thread was faster, which must then wake it', async () => {
    const { one, two, three } = threads();
    one.lock();
    const second = two.lockAsync();
    await turn();
    one.unlock();
    expect(three.tryLock()).toBe(true);
    await turn();
    expect(three.holder()).toBe(MAXIMUM_OWNER);
    three.unlock();
    await second;
    expect(two.holder()).toBe(2);
  });

  it('a woken waiter that gives up leaves the others their wake-up', async () => {
    const { one, two, three } = threads();
    one.lock();
    const first = two.lockAsync();
    const twice = two.lockAsync().then(
      () => 'taken',
      (error: Error) => error.name,
    );
    const third = three.lockAsync();
    await turn();
    one.unlock();
    await first;
    two.unlock();
    // The second call of thread 2 is woken, and finds that its thread took the lock in the meantime.
    expect(two.tryLock()).toBe(true);
    expect(await twice).toBe('RelockError');
    two.unlock();
    await third;
    expect(three.holder()).toBe(MAXIMUM_OWNER);
  });

  it('retries at once when the word changes under it', async () => {
    const { view, one, two } = threads();
    one.lock();
    const { waitAsync } = Atomics;
    let calls = 0;
    Atomics.waitAsync = ((...parameters: Parameters<typeof waitAsync>) => {
      calls += 1;
      one.unlock();
      return waitAsync(...parameters);
    }) as typeof waitAsync;
    try {
      await two.lockAsync();
    } finally {
      Atomics.waitAsync = waitAsync;
    }
    expect([calls, view[1]]).toEqual([1, 5]);
  });
});

describe('R5 poison', () => {
  it('of the holder refuses everybody until it is cleared', async () => {
    const { one, two } = threads();
    one.lock();
    const waiting = two.lockAsync();
    await turn();
    expect(two.poison(1)).toBe(true);
    const error = new PoisonedError(
      'the Mutex at index 1 is poisoned: thread 1 died while it held it; ' +
        'repair what it guards, then call clearPoison()',
    );
    await expect(waiting).rejects.toThrow(error);
    expect([two.isPoisoned(), two.holder()]).toEqual([true, 1]);
    expect(() => two.lock()).toThrow(error);
    expect(() => two.tryLock()).toThrow(error);
    expect(() => two.lockFor(5)).toThrow(error);
    expect(() => one.unlock()).toThrow(error);
    await expect(two.lockAsync()).rejects.toThrow(error);
    expect(two.poison(1)).toBe(false);
    expect(two.clearPoison()).toBe(true);
    expect(two.clearPoison()).toBe(false);
    expect(two.isPoisoned()).toBe(false);
    two.lock();
    two.unlock();
  });

  it('works for the largest owner', () => {
    const { one, three } = threads();
    three.lock();
    expect(one.poison(MAXIMUM_OWNER)).toBe(true);
    expect(one.holder()).toBe(MAXIMUM_OWNER);
  });

  it('of others changes nothing', () => {
    const { one, two } = threads();
    expect([one.poison(0), one.poison(1)]).toEqual([false, false]);
    one.lock();
    expect([two.poison(2), two.poison(0), two.clearPoison()]).toEqual([false, false, false]);
    one.unlock();
  });

  it('of a thread that died with a wake-up in its hands wakes the next', async () => {
    const { view, one, two } = threads();
    one.lock();
    const waiting = two.lockAsync();
    await turn();
    // Thread 1 dies inside unlock, between the store and the notify.
    Atomics.store(view, 1, 0);
    expect(two.poison(1)).toBe(false);
    await waiting;
    expect(two.holder()).toBe(2);
  });
});
