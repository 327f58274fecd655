/**
 * Every broken subject does what it should while its threads take turns at whole calls, which is what makes it
 * dangerous: tests of this kind pass. That the harness catches them is for properties/broken.ts to show.
 */
import { describe, expect, it } from 'vitest';
import {
  AlignmentError,
  NotCreatedError,
  NotOwnerError,
  OutOfMemoryError,
  RelockError,
} from '../../src/runtime/errors.ts';
import { UnsynchronisedAllocator } from './allocator-unsynchronised.ts';
import { BusyBarrier } from './barrier-busy.ts';
import { CrowdedBarrier } from './barrier-crowded.ts';
import { EarlyGenerationBarrier } from './barrier-early-generation.ts';
import { LateGenerationBarrier } from './barrier-late-generation.ts';
import { ReinitialisingBarrier } from './barrier-reinitialising.ts';
import { UncheckedWakeBarrier } from './barrier-unchecked-wake.ts';
import { LostUpdateCounter } from './counter-lost-update.ts';
import { TornInt64 } from './int64-torn.ts';
import { EarlyNotifyMutex } from './mutex-early-notify.ts';
import { SilentUnlockMutex } from './mutex-silent-unlock.ts';
import { UnownedUnlockMutex } from './mutex-unowned-unlock.ts';

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
  ['B1', LateGenerationBarrier],
  ['B2', EarlyGenerationBarrier],
  ['B3', CrowdedBarrier],
  ['B5', ReinitialisingBarrier],
  ['B7', UncheckedWakeBarrier],
  ['B8', BusyBarrier],
] as const)('%s %o', (_fault, Barrier) => {
  it('of one party: leader each time', () => {
    const barrier = Barrier.create(cells(), 1, 1);
    expect([barrier.wait(), barrier.wait(), barrier.wait()]).toEqual(['leader', 'leader', 'leader']);
  });

  it('of three parties: the last leads, the others follow, time and again', () => {
    const view = cells().fill(-1);
    const first = Barrier.create(view, 1, 3);
    const [second, third] = [Barrier.attach(view, 1), Barrier.attach(view, 1)];
    for (let round = 0; round < 3; round += 1) {
      const roles: string[] = [];
      const meanwhile = () => {
        roles.push(
          asleep(
            () => roles.push(third.wait()),
            () => second.wait(),
          ),
        );
      };
      roles.push(asleep(meanwhile, () => first.wait()));
      expect(roles).toEqual(['leader', 'follower', 'follower']);
    }
    expect([view[0], view[4]]).toEqual([-1, -1]);
  });

  it('refuses less than one party, and cells without a barrier', () => {
    expect(() => Barrier.create(cells(), 1, 0)).toThrow('got 0');
    expect(() => Barrier.create(cells(), 1, 1.5)).toThrow('got 1.5');
    expect(() => Barrier.attach(cells(), 1)).toThrow('got 0');
  });
});

describe.each([
  ['M2', UnownedUnlockMutex],
  ['M5a', SilentUnlockMutex],
  ['M5b', EarlyNotifyMutex],
] as const)('%s %o', (_fault, Mutex) => {
  it('lets one in at a time', () => {
    const view = cells();
    const first = Mutex.create(view, 1, 1);
    const second = Mutex.attach(view, 1, 2);
    first.lock();
    expect([second.tryLock(), second.lockFor(0), second.lockFor(1)]).toEqual([false, false, false]);
    first.unlock();
    expect(second.tryLock()).toBe(true);
    expect(first.tryLock()).toBe(false);
    second.unlock();
    expect(first.lockFor(1)).toBe(true);
    first.unlock();
    expect([...view]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('a thread that finds it free when it wakes takes it', () => {
    const view = cells();
    const first = Mutex.create(view, 1, 1);
    const second = Mutex.attach(view, 1, 2);
    first.lock();
    asleep(
      () => first.unlock(),
      () => second.lock(),
    );
    expect(first.tryLock()).toBe(false);
    asleep(
      () => second.unlock(),
      () => expect(first.lockFor(1_000)).toBe(true),
    );
    first.unlock();
    expect(second.tryLock()).toBe(true);
  });

  it('create frees, attach does not; the owner is the calling thread by default', () => {
    const view = cells();
    Mutex.create(view, 1).lock();
    expect(() => Mutex.attach(view, 1).lock()).toThrow(RelockError);
    expect(Mutex.create(view, 1).tryLock()).toBe(true);
  });

  it('refuses to be taken twice, and limits below 0', () => {
    const mutex = Mutex.create(cells(), 1, 1);
    mutex.lock();
    for (const relock of [() => mutex.lock(), () => mutex.tryLock(), () => mutex.lockFor(1)]) {
      expect(relock).toThrow(RelockError);
    }
    expect(() => mutex.lockFor(-1)).toThrow('got -1');
  });
});

describe.each([
  ['M5a', SilentUnlockMutex],
  ['M5b', EarlyNotifyMutex],
] as const)('%s %o', (_fault, Mutex) => {
  it('refuses to be unlocked by who does not hold it', () => {
    const view = cells();
    const mutex = Mutex.create(view, 1, 1);
    expect(() => mutex.unlock()).toThrow(NotOwnerError);
    mutex.lock();
    expect(() => Mutex.attach(view, 1, 2).unlock()).toThrow(NotOwnerError);
    expect(Mutex.attach(view, 1, 3).tryLock()).toBe(false);
  });
});

describe('O2 LostUpdateCounter', () => {
  it('each operation returns the old value and leaves the new one', () => {
    const counter = LostUpdateCounter.create(cells(), 1, 0b1100);
    expect([counter.add(3), counter.load()]).toEqual([12, 15]);
    expect([counter.sub(5), counter.load()]).toEqual([15, 10]);
    expect([counter.and(0b0110), counter.load()]).toEqual([10, 2]);
    expect([counter.or(0b1001), counter.load()]).toEqual([2, 11]);
    expect([counter.xor(0b1111), counter.load()]).toEqual([11, 4]);
    expect([counter.exchange(9), counter.load()]).toEqual([4, 9]);
    expect([counter.compareExchange(8, 1), counter.load()]).toEqual([9, 9]);
    expect([counter.compareExchange(9, 1), counter.load()]).toEqual([9, 1]);
  });

  it('wraps as two’s complement', () => {
    const counter = LostUpdateCounter.create(cells(), 1, 2 ** 31 - 1);
    expect([counter.add(1), counter.load()]).toEqual([2 ** 31 - 1, -(2 ** 31)]);
    expect([counter.sub(1), counter.load()]).toEqual([-(2 ** 31), 2 ** 31 - 1]);
    expect([counter.store(2 ** 32 + 7), counter.load()]).toEqual([7, 7]);
  });

  it('create writes, attach does not', () => {
    const view = cells().fill(5);
    const attached = LostUpdateCounter.attach(view, 1);
    expect(attached.load()).toBe(5);
    LostUpdateCounter.create(view, 1);
    expect([attached.load(), view[0], view[2]]).toEqual([0, 5, 5]);
  });
});

describe('TornInt64', () => {
  const words = () => new BigInt64Array(new SharedArrayBuffer(40), 8);

  it('each operation returns the old value and leaves the new one', () => {
    const cell = TornInt64.create(words(), 1, 0b1100n);
    expect([cell.add(3n), cell.load()]).toEqual([12n, 15n]);
    expect([cell.sub(5n), cell.load()]).toEqual([15n, 10n]);
    expect([cell.and(0b0110n), cell.load()]).toEqual([10n, 2n]);
    expect([cell.or(0b1001n), cell.load()]).toEqual([2n, 11n]);
    expect([cell.xor(0b1111n), cell.load()]).toEqual([11n, 4n]);
    expect([cell.exchange(9n), cell.load()]).toEqual([4n, 9n]);
    expect([cell.compareExchange(8n, 1n), cell.load()]).toEqual([9n, 9n]);
    expect([cell.compareExchange(9n, 1n), cell.load()]).toEqual([9n, 1n]);
  });

  it.each([
    [0n, 0n],
    [-1n, -1n],
    [2n ** 31n, 2n ** 31n],
    [2n ** 32n - 1n, 2n ** 32n - 1n],
    [2n ** 32n, 2n ** 32n],
    [-(2n ** 32n), -(2n ** 32n)],
    [2n ** 63n - 1n, 2n ** 63n - 1n],
    [2n ** 63n, -(2n ** 63n)],
    [2n ** 65n + 7n, 7n],
  ])('stores %s as %s, for both halves and the whole word', (value, wrapped) => {
    const view = words();
    const cell = TornInt64.create(view, 1);
    expect([cell.store(value), cell.load(), view[1]]).toEqual([wrapped, wrapped, wrapped]);
    expect([view[0], view[2]]).toEqual([0n, 0n]);
  });

  it('create writes, attach does not', () => {
    const view = words().fill(5n);
    const attached = TornInt64.attach(view, 1);
    expect(attached.load()).toBe(5n);
    TornInt64.create(view, 1);
    expect([attached.load(), view[0], view[2]]).toEqual([0n, 5n, 5n]);
  });
});

describe('L1 UnsynchronisedAllocator', () => {
  it('blocks are aligned, inside the region, and disjoint, from whichever handle', () => {
    const buffer = new SharedArrayBuffer(4096);
    const allocator = UnsynchronisedAllocator.create(buffer, { offset: 128, byteLength: 2048 });
    const attached = UnsynchronisedAllocator.attach(structuredClone(allocator.handle));
    const requests = [
      [1, 64],
      [100, 4],
      [64, 256],
      [4, 1],
      [300, 512],
    ] as const;
    let end = 128 + 64;
    requests.forEach(([bytes, alignment], i) => {
      const offset = (i % 2 === 0 ? allocator : attached).allocate(bytes, { alignment });
      expect(offset % alignment).toBe(0);
      expect(offset % 64).toBe(0);
      expect(offset).toBeGreaterThanOrEqual(end);
      end = offset + bytes;
      if (i === 0) allocator.free(offset);
    });
    expect(end).toBeLessThanOrEqual(128 + 2048);
  });

  it('is full when it is full', () => {
    const allocator = UnsynchronisedAllocator.create(new SharedArrayBuffer(256));
    expect([allocator.allocate(64), allocator.allocate(128)]).toEqual([64, 128]);
    expect(() => allocator.allocate(1)).toThrow(OutOfMemoryError);
  });

  it('refuses wrong requests, and memory without an allocator', () => {
    const buffer = new SharedArrayBuffer(256);
    const unmade = UnsynchronisedAllocator.attach({ buffer, offset: 0, byteLength: 256 });
    expect(() => unmade.allocate(4)).toThrow(NotCreatedError);
    const allocator = UnsynchronisedAllocator.create(buffer);
    for (const bytes of [0, -1, 1.5, NaN]) expect(() => allocator.allocate(bytes)).toThrow(RangeError);
    for (const alignment of [0, 3, -4, 1.5, NaN, 2 ** 31]) {
      expect(() => allocator.allocate(4, { alignment })).toThrow(AlignmentError);
    }
    expect(allocator.allocate(4)).toBe(64);
  });
});
