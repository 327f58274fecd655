/** As broken.test.ts: these broken conditions, semaphores, latches and Onces do what they should while threads take turns at whole calls. */
import { describe, expect, it } from 'vitest';
import {
  CountOverflowError,
  CountUnderflowError,
  ReentryError,
  TimeoutError,
} from '../../src/runtime/errors.ts';
import { Mutex } from '../../src/runtime/sync/mutex.ts';
import { AlwaysNotifiedCondition } from './condition-always-notified.ts';
import { ClockCondition } from './condition-clock.ts';
import { ConstantWordCondition } from './condition-constant-word.ts';
import { LateCountCondition } from './condition-late-count.ts';
import { LateReadCondition } from './condition-late-read.ts';
import { OldCountLatch } from './latch-old-count.ts';
import { StaleFlagLatch } from './latch-stale-flag.ts';
import { EarlyReturnOnce } from './once-early-return.ts';
import { PlainCheckOnce } from './once-plain-check.ts';
import { SilentFailureOnce } from './once-silent-failure.ts';
import { TwiceOnce } from './once-twice.ts';
import { OversoldSemaphore } from './semaphore-oversold.ts';
import { ReleasedNotifySemaphore } from './semaphore-released-notify.ts';

const cells = () => new Int32Array(new SharedArrayBuffer(32));

/** Runs `step` when a thread is about to sleep, in place of the sleep: what other threads do meanwhile. */
function asleep<T>(step: () => void, body: () => T): T {
  const { wait } = Atomics;
  Atomics.wait = (() => {
    step();
    return 'ok';
  }) as typeof wait;
  try {
    return body();
  } finally {
    Atomics.wait = wait;
  }
}

describe.each([
  ['V1a', LateReadCondition],
  ['V1b', ConstantWordCondition],
  ['V1c', LateCountCondition],
  ['V3a', AlwaysNotifiedCondition],
  ['V3b', ClockCondition],
] as const)('%s %o', (id, Condition) => {
  it('wakes who sleeps, which has the mutex again', () => {
    const view = cells();
    const mutex = Mutex.create(view, 0, 1);
    const condition = Condition.create(view, 1);
    const partner = Condition.attach(view, 1);
    mutex.lock();
    const meanwhile = () => {
      expect(mutex.holder()).toBe(0);
      partner.notifyOne();
      partner.notifyAll();
    };
    asleep(meanwhile, () => condition.wait(mutex));
    expect(asleep(meanwhile, () => condition.waitFor(mutex, 10_000))).toBe('notified');
    expect(mutex.holder()).toBe(1);
  });

  it('ends with its limit', () => {
    const view = cells();
    const mutex = Mutex.create(view, 0, 1);
    mutex.lock();
    const wake = Condition.create(view, 1).waitFor(mutex, 1);
    expect(wake).toBe(id === 'V3a' ? 'notified' : 'timed-out');
  });
});

describe.each([
  ['SEM-WAKE', ReleasedNotifySemaphore],
  ['SEM-SOLD', OversoldSemaphore],
] as const)('%s %o', (_id, Semaphore) => {
  it('takes and gives permits', () => {
    const view = cells();
    const semaphore = Semaphore.create(view, 1, 2, 3);
    const partner = Semaphore.attach(view, 1);
    semaphore.acquire(2);
    expect([partner.tryAcquire(1), partner.acquireFor(1, 1), partner.available()]).toEqual([false, false, 0]);
    asleep(
      () => semaphore.release(1),
      () => partner.acquire(2),
    );
    expect(partner.available()).toBe(0);
    semaphore.release(3);
    expect([partner.acquireFor(5, 3), ...view.subarray(0, 5)]).toEqual([true, 0, 0, 0, 3, 0]);
  });

  it('refuses wrong numbers', () => {
    const semaphore = Semaphore.create(cells(), 0, 2, 3);
    for (const count of [0, 4, NaN]) expect(() => semaphore.tryAcquire(count)).toThrow(RangeError);
    expect(() => semaphore.release(2)).toThrow(CountOverflowError);
  });
});

describe.each([
  ['X1', OldCountLatch],
  ['X1b', StaleFlagLatch],
] as const)('%s %o', (id, Latch) => {
  it('counts down, and by no more than there is', () => {
    const view = cells();
    const latch = Latch.create(view, 1, 3);
    expect([latch.countDown(1), Latch.attach(view, 1).count(), latch.tryWait()]).toEqual([2, 2, false]);
    expect(latch.waitFor(1)).toBe(false);
    expect(() => latch.countDown(3)).toThrow(CountUnderflowError);
    expect(latch.countDown(2)).toBe(0);
    expect(latch.tryWait()).toBe(id === 'X1b');
  });

  it('lets through when it is open', () => {
    const open = Latch.create(cells(), 0, 0);
    open.wait();
    expect([open.tryWait(), open.waitFor(1)]).toEqual([true, true]);
    const latch = Latch.create(cells(), 0, 2);
    const counts = id === 'X1b' ? 2 : 1;
    let counted = 0;
    asleep(
      () => {
        if (counted++ < counts) latch.countDown(1);
      },
      () => latch.wait(),
    );
    expect(counted).toBe(counts);
  });
});

describe.each([
  ['ONCE-TWICE', TwiceOnce],
  ['ONCE-EARLY', EarlyReturnOnce],
  ['ONCE-FAIL', SilentFailureOnce],
  ['ONCE-PLAIN', PlainCheckOnce],
] as const)('%s %o', (_id, Once) => {
  it('runs once, and again when it threw', () => {
    const view = cells();
    const one = Once.create(view, 1, 1);
    const two = Once.attach(view, 1, 2);
    const ran: number[] = [];
    const fails = () => {
      throw new Error('no luck');
    };
    expect(() => one.run(fails)).toThrow('no luck');
    expect(one.isDone()).toBe(false);
    expect([two.run(() => void ran.push(2)), one.run(() => void ran.push(1))]).toEqual([true, false]);
    expect([ran, one.isDone()]).toEqual([[2], true]);
  });

  it('refuses re-entry, and gives up after its limit', () => {
    const view = cells();
    const one = Once.create(view, 1, 1);
    const two = Once.attach(view, 1, 2);
    one.run(() => {
      expect(() => one.run(() => {})).toThrow(ReentryError);
      expect(() => two.run(() => {}, 1)).toThrow(TimeoutError);
    });
    expect(two.run(() => {})).toBe(false);
  });
});
