import { describe, expect, it } from 'vitest';
import { BoundsError, NotOwnerError, PoisonedError, RelockError } from '../errors.ts';
import { Condition } from './condition.ts';
import { Mutex } from './mutex.ts';

/** A mutex in cell 0 and a condition in cells 1 and 2, with the handles of two threads. */
function threads() {
  const view = new Int32Array(new SharedArrayBuffer(16));
  return {
    view,
    mutex: Mutex.create(view, 0, 1),
    other: Mutex.attach(view, 0, 2),
    condition: Condition.create(view, 1),
    partner: Condition.attach(view, 1),
  };
}

type Wait = typeof Atomics.wait;

/** Runs `step` when a thread is about to sleep on the condition: what other threads do meanwhile. Without an answer the wait goes on. */
function asleep<T>(step: () => ReturnType<Wait> | undefined, body: () => T): T {
  const { wait } = Atomics;
  Atomics.wait = ((...parameters: Parameters<Wait>) => step() ?? wait(...parameters)) as Wait;
  try {
    return body();
  } finally {
    Atomics.wait = wait;
  }
}

/** Lets settled promises run their continuations. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('W-7 Condition', () => {
  it('gives the mutex away while it sleeps, and has it again when it returns', () => {
    const { view, mutex, other, condition, partner } = threads();
    mutex.lock();
    asleep(
      () => {
        expect([mutex.holder(), view[2]]).toEqual([0, 1]);
        other.lock();
        partner.notifyOne();
        other.unlock();
        return 'ok';
      },
      () => condition.wait(mutex),
    );
    expect([mutex.holder(), ...view.subarray(1)]).toEqual([1, 1, 0, 0]);
    mutex.unlock();
  });

  it.each(['notifyOne', 'notifyAll'] as const)('V1: %s just before the sleep is not lost', (notify) => {
    const { mutex, condition, partner } = threads();
    mutex.lock();
    // No answer of ours: the true wait finds another word.
    const wake = asleep(
      () => {
        partner[notify]();
        return undefined;
      },
      () => condition.waitFor(mutex, 10_000),
    );
    expect(wake).toBe('notified');
  });

  it('V3: tells a time-out from a notification', () => {
    const { view, mutex, condition } = threads();
    mutex.lock();
    expect([condition.waitFor(mutex, 2), condition.waitFor(mutex, 0)]).toEqual(['timed-out', 'timed-out']);
    expect(
      asleep(
        () => 'ok',
        () => condition.waitFor(mutex, 1),
      ),
    ).toBe('notified');
    expect([mutex.holder(), ...view.subarray(1)]).toEqual([1, 0, 0, 0]);
  });

  it('notifying nobody changes nothing', () => {
    const { view, condition } = threads();
    condition.notifyOne();
    condition.notifyAll();
    expect([...view]).toEqual([0, 0, 0, 0]);
  });

  it('the sequence wraps', () => {
    const { view, mutex, condition, partner } = threads();
    view[1] = 2 ** 31 - 1;
    mutex.lock();
    asleep(
      () => {
        partner.notifyAll();
        return undefined;
      },
      () => condition.wait(mutex),
    );
    expect(view[1]).toBe(-(2 ** 31));
  });

  it('refuses a mutex that the caller does not hold, and changes nothing', async () => {
    const { view, mutex, other, condition } = threads();
    const free = new NotOwnerError(
      'thread 1 unlocks the Mutex at index 0, but it is free: only the holder may unlock, once',
    );
    expect(() => condition.wait(mutex)).toThrow(free);
    expect(() => condition.waitFor(mutex, 5)).toThrow(free);
    await expect(condition.waitAsync(mutex)).rejects.toThrow(free);
    other.lock();
    expect(() => condition.wait(mutex)).toThrow(
      'thread 1 unlocks the Mutex at index 0, but thread 2 holds it: only the holder may unlock, once',
    );
    expect([other.holder(), ...view.subarray(1)]).toEqual([2, 0, 0, 0]);
  });

  it('a poisoned mutex ends the wait with PoisonedError, before and after the sleep', () => {
    const { view, mutex, other, condition, partner } = threads();
    mutex.lock();
    const error = 'the Mutex at index 0 is poisoned: thread 2 died while it held it; ';
    expect(() =>
      asleep(
        () => {
          other.lock();
          mutex.poison(2);
          partner.notifyAll();
          return 'ok';
        },
        () => condition.wait(mutex),
      ),
    ).toThrow(error);
    expect(() => condition.wait(mutex)).toThrow(PoisonedError);
    expect(() => condition.waitFor(mutex, 1)).toThrow(error);
    expect(view[2]).toBe(0);
  });

  it('on a thread that must not block: TypeError, nobody counted, the mutex given away', () => {
    const { view, mutex, condition } = threads();
    mutex.lock();
    expect(() =>
      asleep(
        () => {
          throw new TypeError('Atomics.wait cannot be called in this context');
        },
        () => condition.wait(mutex),
      ),
    ).toThrow(TypeError);
    expect([mutex.holder(), view[2]]).toEqual([0, 0]);
  });

  it.each([[-1], [NaN], [-Infinity]])('B8: refuses the limit %s, the mutex still held', (limit) => {
    const { view, mutex, condition } = threads();
    mutex.lock();
    expect(() => condition.waitFor(mutex, limit)).toThrow(
      new RangeError(
        `a time limit is a number of milliseconds from 0 on, got ${limit}: pass Infinity (or nothing) to wait without limit`,
      ),
    );
    expect([mutex.holder(), view[2]]).toEqual([1, 0]);
  });

  it('W-17: attach changes nothing, create begins anew', () => {
    const view = new Int32Array(new SharedArrayBuffer(16)).fill(7);
    Condition.attach(view, 1);
    expect([...view]).toEqual([7, 7, 7, 7]);
    Condition.create(view, 1);
    expect([...view]).toEqual([7, 0, 0, 7]);
  });

  it('refuses cells that are not there, or not shared', () => {
    const error = new BoundsError(
      'a Condition takes 2 cells from index 3, but the view has 4: pass an integer index from 0 to 2',
    );
    expect(() => Condition.create(new Int32Array(new SharedArrayBuffer(16)), 3)).toThrow(error);
    expect(() => Condition.attach(new Int32Array(new SharedArrayBuffer(16)), 3)).toThrow(error);
    const plain = new Int32Array(2) as unknown as Int32Array<SharedArrayBuffer>;
    expect(() => Condition.create(plain, 0)).toThrow('a Condition needs memory that threads share');
  });
});

describe('waitAsync', () => {
  it('resolves after a notification, with the mutex held', async () => {
    const { view, mutex, other, condition, partner } = threads();
    mutex.lock();
    let awake = false;
    const waiting = condition.waitAsync(mutex).then(() => {
      awake = true;
    });
    await turn();
    expect([awake, mutex.holder(), view[2]]).toEqual([false, 0, 1]);
    other.lock();
    partner.notifyOne();
    await turn();
    expect([awake, mutex.holder()]).toEqual([false, 2]);
    other.unlock();
    await waiting;
    expect([mutex.holder(), view[2]]).toEqual([1, 0]);
  });

  it('notifyOne wakes one, notifyAll the others', async () => {
    const { view, mutex, other, condition } = threads();
    const third = Mutex.attach(view, 0, 3);
    const awake: number[] = [];
    const waiting = [mutex, other, third].map((own, index) => {
      own.lock();
      return condition.waitAsync(own).then(() => {
        awake.push(index);
        own.unlock();
      });
    });
    condition.notifyOne();
    await waiting[0];
    await turn();
    expect(awake).toEqual([0]);
    condition.notifyAll();
    await Promise.all(waiting);
    expect([awake, view[2]]).toEqual([[0, 1, 2], 0]);
  });

  it('goes on at once when the notification comes before its sleep', async () => {
    const { mutex, condition, partner } = threads();
    mutex.lock();
    const { waitAsync } = Atomics;
    Atomics.waitAsync = ((...parameters: Parameters<typeof waitAsync>) => {
      partner.notifyOne();
      return waitAsync(...parameters);
    }) as typeof waitAsync;
    try {
      await condition.waitAsync(mutex);
    } finally {
      Atomics.waitAsync = waitAsync;
    }
    expect(mutex.holder()).toBe(1);
  });

  it('rejects with RelockError when its thread took the mutex meanwhile', async () => {
    const { view, mutex, condition, partner } = threads();
    mutex.lock();
    const waiting = condition.waitAsync(mutex);
    mutex.lock();
    partner.notifyAll();
    await expect(waiting).rejects.toThrow(RelockError);
    expect([mutex.holder(), view[2]]).toEqual([1, 0]);
  });
});
