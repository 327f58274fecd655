import { describe, expect, it } from 'vitest';
import { BoundsError, NotOwnerError, PoisonedError, RelockError, TooManyThreadsError } from '../errors.ts';
import { currentThreadId } from '../thread.ts';
import { RwLock } from './rwlock.ts';

const CELLS = 4;

/** One lock in cells 1 to 4, with the handles of three threads. */
function threads() {
  const view = new Int32Array(new SharedArrayBuffer(4 * (CELLS + 2)));
  const one = RwLock.create(view, 1, 1);
  return { view, one, two: RwLock.attach(view, 1, 2), three: RwLock.attach(view, 1, 3) };
}

/** Lets settled promises run their continuations. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Runs `steps`, one at each sleep, in place of the sleep: what other threads do meanwhile. */
function asleep<T>(steps: (() => 'ok' | 'timed-out' | undefined)[], body: () => T): T {
  const { wait } = Atomics;
  Atomics.wait = (() => {
    const step = steps.shift();
    if (step === undefined) throw new Error('it sleeps once too often');
    return step() ?? 'ok';
  }) as typeof wait;
  try {
    return body();
  } finally {
    Atomics.wait = wait;
  }
}

const late = () => 'timed-out' as const;
/** A step that only does something. */
const does =
  (...acts: (() => unknown)[]) =>
  () => {
    for (const act of acts) act();
    return undefined;
  };

/** As on a thread that must not block. */
function unableToSleep<T>(body: () => T): T {
  const { wait } = Atomics;
  Atomics.wait = (() => {
    throw new TypeError('Atomics.wait cannot be called in this context');
  }) as typeof wait;
  try {
    return body();
  } finally {
    Atomics.wait = wait;
  }
}

describe('W-9 RwLock', () => {
  it.each(['lockShared', 'lockExclusive'] as const)(
    '%s on a thread that must not block: TypeError, and nobody stays counted',
    (method) => {
      const { view, one, two } = threads();
      one.lockExclusive();
      const before = [...view];
      expect(() => unableToSleep(() => two[method]())).toThrow(TypeError);
      expect([...view]).toEqual(before);
      expect([one.waitingReaders(), one.waitingWriters(), two.hold]).toEqual([0, 0, 'none']);
      one.unlockExclusive();
      expect(two.tryLockShared()).toBe(true);
    },
  );

  it('is held by many readers, or by one writer', () => {
    const { one, two, three } = threads();
    one.lockShared();
    expect([two.tryLockShared(), three.tryLockExclusive(), three.lockExclusiveFor(0)]).toEqual([
      true,
      false,
      false,
    ]);
    expect([three.readers(), three.holder()]).toEqual([2, 0]);
    one.unlockShared();
    expect([three.readers(), three.tryLockExclusive()]).toEqual([1, false]);
    two.unlockShared();
    expect(three.tryLockExclusive()).toBe(true);
    expect([one.readers(), one.holder()]).toEqual([0, 3]);
    expect([
      one.tryLockShared(),
      two.tryLockExclusive(),
      two.lockSharedFor(1),
      two.lockExclusiveFor(1),
    ]).toEqual([false, false, false, false]);
    three.unlockExclusive();
    expect([one.lockSharedFor(1), two.lockExclusiveFor(1)]).toEqual([true, false]);
    one.unlock();
    expect(two.lockExclusiveFor(1)).toBe(true);
    two.unlock();
  });

  it('nothing is left behind by waits that gave up', () => {
    const { view, one, two, three } = threads();
    one.lockExclusive();
    expect([two.lockSharedFor(1), two.lockExclusiveFor(1), three.lockExclusiveFor(1)]).toEqual([
      false,
      false,
      false,
    ]);
    expect([one.waitingReaders(), one.waitingWriters()]).toEqual([0, 0]);
    one.unlockExclusive();
    expect(view[1]).toBe(0);
    expect([view[0], view[5]]).toEqual([0, 0]);
  });

  it('the handle knows what it holds', () => {
    const { one } = threads();
    expect(one.hold).toBe('none');
    one.lockShared();
    expect(one.hold).toBe('shared');
    expect([one.tryUpgrade(), one.hold]).toEqual([true, 'exclusive']);
    one.downgrade();
    expect(one.hold).toBe('shared');
    one.unlock();
    expect(one.hold).toBe('none');
  });

  it('W-17: attach changes nothing, create frees', () => {
    const { view, one } = threads();
    one.lockExclusive();
    RwLock.attach(view, 1, 5);
    expect(one.holder()).toBe(1);
    RwLock.create(view, 1, 5);
    expect(one.holder()).toBe(0);
    expect(() => one.unlockExclusive()).toThrow(
      new NotOwnerError(
        'thread 1 ends the writer of the RwLock at index 1, but its handle holds nothing: only who holds it alone may',
      ),
    );
  });

  it('belongs to the calling thread unless told otherwise', () => {
    const view = new Int32Array(new SharedArrayBuffer(4 * CELLS));
    RwLock.create(view, 0).lockExclusive();
    expect(RwLock.attach(view, 0, 77).holder()).toBe(currentThreadId());
  });

  it('tells threads apart modulo 8,191', () => {
    const view = new Int32Array(new SharedArrayBuffer(4 * CELLS));
    const lock = RwLock.create(view, 0, 2 ** 28 - 1);
    lock.lockExclusive();
    expect(lock.holder()).toBe(((2 ** 28 - 2) % 8191) + 1);
    lock.unlockExclusive();
    const largest = RwLock.attach(view, 0, 8191);
    largest.lockExclusive();
    expect(largest.holder()).toBe(8191);
  });

  it('R4: a second lock through a handle is an error in every form', async () => {
    for (const hold of ['shared', 'exclusive'] as const) {
      const { one } = threads();
      if (hold === 'shared') one.lockShared();
      else one.lockExclusive();
      const error = new RelockError(
        `thread 1 holds the RwLock at index 1 already (${hold}): ` +
          'unlock it before it is locked again, or call tryUpgrade() or downgrade()',
      );
      for (const form of [
        () => one.lockShared(),
        () => one.tryLockShared(),
        () => one.lockSharedFor(5),
        () => one.lockExclusive(),
        () => one.tryLockExclusive(),
        () => one.lockExclusiveFor(5),
        () => one.sharedGuard(),
        () => one.exclusiveGuard(),
      ]) {
        expect(form).toThrow(error);
      }
      await expect(one.lockSharedAsync()).rejects.toThrow(error);
      await expect(one.lockExclusiveAsync()).rejects.toThrow(error);
      expect(one.hold).toBe(hold);
    }
  });

  it('R2, R3: giving back what one does not hold is an error and changes nothing', () => {
    const { one, two, three } = threads();
    one.lockExclusive();
    expect(() => two.unlockExclusive()).toThrow(
      new NotOwnerError(
        'thread 2 unlocks (exclusive) the RwLock at index 1, but its handle holds nothing: only who holds it alone may',
      ),
    );
    expect(() => two.downgrade()).toThrow(
      'thread 2 downgrades the RwLock at index 1, but its handle holds nothing',
    );
    expect(() => two.unlock()).toThrow(
      'thread 2 unlocks the RwLock at index 1, but its handle holds nothing',
    );
    expect(() => one.unlockShared()).toThrow(
      'thread 1 unlocks (shared) the RwLock at index 1, but its handle holds it alone: only who holds a share may',
    );
    expect(() => one.tryUpgrade()).toThrow(
      'thread 1 upgrades the RwLock at index 1, but its handle holds it alone',
    );
    one.unlockExclusive();
    one.lockShared();
    two.lockShared();
    expect(() => one.unlockExclusive()).toThrow('its handle holds a share: only who holds it alone may');
    one.unlockShared();
    expect(() => one.unlockShared()).toThrow(NotOwnerError);
    expect([three.readers(), three.tryLockExclusive()]).toEqual([1, false]);
  });

  it('R6: the 128th reader is refused, and nothing overflows', () => {
    const { view, one } = threads();
    const readers = Array.from({ length: 127 }, (_, i) => RwLock.attach(view, 1, 100 + i));
    for (const reader of readers) reader.lockShared();
    const error = new TooManyThreadsError(
      '127 readers are inside or wait at the RwLock at index 1 already, the most that it can count: ' +
        'use it from fewer threads at a time',
    );
    expect(() => one.lockShared()).toThrow(error);
    expect(() => one.tryLockShared()).toThrow(error);
    expect([one.readers(), one.holder(), one.hold]).toEqual([127, 0, 'none']);
    for (const reader of readers) reader.unlockShared();
    expect(view[1]).toBe(0);
  });

  it('the 64th waiting reader and writer are refused', () => {
    const { view, one, two } = threads();
    one.lockExclusive();
    const deep = (exclusive: boolean, depth: number): void => {
      const lock = RwLock.attach(view, 1, 100 + depth);
      const refused = (): void => {
        expect(() => (exclusive ? two.lockExclusiveFor(5) : two.lockSharedFor(5))).toThrow(
          `63 ${exclusive ? 'writers' : 'readers'} wait at the RwLock at index 1 already`,
        );
      };
      const meanwhile = () => {
        if (depth < 63) deep(exclusive, depth + 1);
        else refused();
        return 'timed-out' as const;
      };
      expect(asleep([meanwhile], () => (exclusive ? lock.lockExclusiveFor(5) : lock.lockSharedFor(5)))).toBe(
        false,
      );
    };
    deep(true, 1);
    deep(false, 1);
    expect([one.waitingReaders(), one.waitingWriters()]).toEqual([0, 0]);
  });

  it.each([[-1], [NaN], [-Infinity]])('B8: refuses the limit %s', (limit) => {
    const { one } = threads();
    expect(() => one.lockSharedFor(limit)).toThrow(`got ${limit}: pass Infinity`);
    expect(() => one.lockExclusiveFor(limit)).toThrow(`got ${limit}: pass Infinity`);
    expect(one.hold).toBe('none');
  });

  it.each([[0], [-1], [2 ** 28], [1.5], [NaN]])('refuses the owner %s', (owner) => {
    const view = new Int32Array(new SharedArrayBuffer(4 * CELLS));
    const error = new RangeError(
      `the owner of an RwLock handle is a thread id from 1 to 268435455, got ${owner}: ` +
        'pass a positive integer that no other thread uses, or nothing',
    );
    expect(() => RwLock.create(view, 0, owner)).toThrow(error);
    expect(() => RwLock.attach(view, 0, owner)).toThrow(error);
  });

  it('refuses cells that are not there, or not shared', () => {
    expect(() => RwLock.create(new Int32Array(new SharedArrayBuffer(16)), 1, 1)).toThrow(
      new BoundsError(
        'an RwLock takes 4 cells from index 1, but the view has 4: pass an integer index from 0 to 0',
      ),
    );
    const plain = new Int32Array(4) as unknown as Int32Array<SharedArrayBuffer>;
    expect(() => RwLock.attach(plain, 0, 1)).toThrow('an RwLock needs memory that threads share');
  });
});

describe('order', () => {
  it('R1: a writer that waits keeps new readers out, and gets in when the readers are gone', () => {
    const { one, two, three } = threads();
    one.lockShared();
    asleep(
      [
        does(
          () => {
            expect([one.waitingWriters(), three.tryLockShared(), three.lockSharedFor(0)]).toEqual([
              1,
              false,
              false,
            ]);
          },
          () => one.unlockShared(),
        ),
      ],
      () => two.lockExclusive(),
    );
    expect([one.holder(), one.waitingWriters()]).toEqual([2, 0]);
  });

  it('readers that wait get in when the writer leaves, before the next writer', () => {
    const { one, two, three } = threads();
    one.lockExclusive();
    const writer = does(() => {
      expect(two.waitingReaders()).toBe(1);
      one.unlockExclusive();
      // Admitted: nobody else gets in before.
      expect([one.tryLockExclusive(), one.waitingReaders(), one.readers()]).toEqual([false, 0, 0]);
    });
    asleep([does(() => asleep([late], () => expect(three.lockExclusiveFor(5)).toBe(false)), writer)], () =>
      two.lockShared(),
    );
    expect([one.readers(), two.hold]).toEqual([1, 'shared']);
  });

  it('a reader that is admitted at the last moment is in', () => {
    const { one, two } = threads();
    one.lockExclusive();
    const admitted = () => {
      one.unlockExclusive();
      return 'timed-out' as const;
    };
    expect(asleep([admitted], () => two.lockSharedFor(5))).toBe(true);
    two.unlockShared();
    one.lockShared();
    const freed = () => {
      one.unlockShared();
      return 'timed-out' as const;
    };
    expect(asleep([freed], () => two.lockExclusiveFor(5))).toBe(true);
  });

  it('a writer that gives up wakes the readers that it kept out', () => {
    const { view, one, two, three } = threads();
    one.lockShared();
    const readersTurn = () => Atomics.load(view, 2);
    // A reader waits, too: it joins while the writer sleeps.
    const join = () => {
      Atomics.add(view, 1, 1 << 13);
      return 'timed-out' as const;
    };
    const before = readersTurn();
    expect(asleep([join], () => two.lockExclusiveFor(5))).toBe(false);
    expect([readersTurn() - before, two.waitingReaders()]).toEqual([1, 1]);
    expect(three.tryLockShared()).toBe(true);
  });

  it('a reader whose writer gave up gets in without being admitted', () => {
    const { one, two, three } = threads();
    one.lockShared();
    // The writer is there when the reader comes, and gone when it wakes.
    const writer = does(() =>
      asleep([does(() => expect(three.poison(9)).toBe(false))], () => two.lockShared()),
    );
    const gone = late;
    expect(asleep([writer, gone], () => three.lockExclusiveFor(5))).toBe(false);
    expect([one.readers(), two.hold]).toEqual([2, 'shared']);
  });

  it('a downgrade lets the waiting readers in beside, and no writer', () => {
    const { one, two, three } = threads();
    one.lockExclusive();
    asleep([does(() => one.downgrade())], () => two.lockShared());
    expect([one.hold, one.readers(), three.tryLockExclusive()]).toEqual(['shared', 2, false]);
    one.unlockShared();
    two.unlockShared();
    expect(three.tryLockExclusive()).toBe(true);
  });

  it('an upgrade succeeds alone, and is refused beside others', () => {
    const { one, two } = threads();
    one.lockShared();
    two.lockShared();
    expect([one.tryUpgrade(), two.tryUpgrade(), one.readers()]).toEqual([false, false, 2]);
    two.unlockShared();
    expect([one.tryUpgrade(), one.holder(), one.hold]).toEqual([true, 1, 'exclusive']);
    one.unlockExclusive();
  });

  it('the guards give back at the end of their block, through upgrade and downgrade', () => {
    const { one, two } = threads();
    {
      using _held = one.sharedGuard();
      expect([two.tryLockExclusive(), two.readers()]).toEqual([false, 1]);
      expect(one.tryUpgrade()).toBe(true);
    }
    expect(two.tryLockExclusive()).toBe(true);
    two.unlock();
    {
      using _held = one.exclusiveGuard();
      expect(two.tryLockShared()).toBe(false);
      one.downgrade();
      expect(two.tryLockShared()).toBe(true);
    }
    expect(two.readers()).toBe(1);
  });
});

describe('async forms', () => {
  it('take a free lock at once', async () => {
    const { one, two } = threads();
    const taken = one.lockSharedAsync();
    expect(one.hold).toBe('shared');
    await taken;
    one.unlock();
    const owned = two.lockExclusiveAsync();
    expect(two.hold).toBe('exclusive');
    await owned;
  });

  it('wait for the writer, and for the readers', async () => {
    const { view, one, two, three } = threads();
    one.lockExclusive();
    const shares = [two.lockSharedAsync(), three.lockSharedAsync()];
    await turn();
    expect(two.hold).toBe('none');
    one.unlockExclusive();
    await Promise.all(shares);
    expect(one.readers()).toBe(2);
    const owned = one.lockExclusiveAsync();
    two.unlockShared();
    await turn();
    expect(one.hold).toBe('none');
    three.unlockShared();
    await owned;
    expect(one.holder()).toBe(1);
    one.unlock();
    expect(view[1]).toBe(0);
  });

  it('wake when a waiting writer gives up', async () => {
    const { one, two, three } = threads();
    one.lockShared();
    let share: Promise<void> | undefined;
    const meanwhile = () => {
      share = three.lockSharedAsync();
      return 'timed-out' as const;
    };
    expect(asleep([meanwhile], () => two.lockExclusiveFor(5))).toBe(false);
    await share;
    expect(one.readers()).toBe(2);
  });

  it('reject when the thread took the lock meanwhile', async () => {
    const { one, two } = threads();
    one.lockExclusive();
    const share = two.lockSharedAsync();
    await turn();
    one.unlockExclusive();
    two.lockShared();
    await expect(share).rejects.toThrow(RelockError);
  });

  it('try again at once when the lock opens under them', async () => {
    const { one, two } = threads();
    one.lockExclusive();
    const { waitAsync, load } = Atomics;
    let calls = 0;
    Atomics.waitAsync = ((...parameters: Parameters<typeof waitAsync>) => {
      calls += 1;
      one.unlockExclusive();
      return waitAsync(...parameters);
    }) as typeof waitAsync;
    let loads = 0;
    try {
      await two.lockSharedAsync();
      two.unlock();
      one.lockExclusive();
      // Opens between the attempt and the mark.
      Atomics.load = ((...parameters: Parameters<typeof load>) => {
        loads += 1;
        if (loads === 3) one.unlockExclusive();
        return load(...parameters);
      }) as typeof load;
      await two.lockExclusiveAsync();
    } finally {
      Atomics.waitAsync = waitAsync;
      Atomics.load = load;
    }
    expect([calls, two.hold]).toEqual([1, 'exclusive']);
  });
});

describe('R5 poison', () => {
  it('of the writer refuses everybody until it is cleared', async () => {
    const { view, one, two, three } = threads();
    one.lockExclusive();
    const waiting = three.lockSharedAsync();
    await turn();
    const error = new PoisonedError(
      'the RwLock at index 1 is poisoned: thread 1 died while it held it alone; ' +
        'repair what it guards, then call clearPoison()',
    );
    const bury = does(() => expect(two.poison(1)).toBe(true));
    expect(() => asleep([bury], () => two.lockExclusive())).toThrow(error);
    await expect(waiting).rejects.toThrow(error);
    expect([two.isPoisoned(), two.holder(), two.waitingWriters()]).toEqual([true, 1, 0]);
    for (const form of [
      () => two.lockShared(),
      () => two.tryLockShared(),
      () => two.lockSharedFor(5),
      () => two.lockExclusive(),
      () => two.tryLockExclusive(),
      () => two.lockExclusiveFor(5),
      () => one.unlockExclusive(),
    ]) {
      expect(form).toThrow(error);
    }
    await expect(two.lockExclusiveAsync()).rejects.toThrow(error);
    expect([two.poison(1), two.clearPoison(), two.clearPoison(), two.isPoisoned()]).toEqual([
      false,
      true,
      false,
      false,
    ]);
    two.lockExclusive();
    two.unlockExclusive();
    expect((view[1] ?? -1) & 0x0fffffff).toBe(0);
  });

  it('tells a reader that waits', () => {
    const { one, two } = threads();
    one.lockExclusive();
    const bury = does(() => expect(one.poison(1)).toBe(true));
    expect(() => asleep([bury], () => two.lockShared())).toThrow(PoisonedError);
    expect(() => one.downgrade()).toThrow(PoisonedError);
    expect(one.hold).toBe('none');
  });

  it('of others: who waits begins anew, and nobody else loses anything', () => {
    const { one, two, three } = threads();
    one.lockExclusive();
    const again = does(
      () => expect(one.poison(9)).toBe(false),
      () => expect(one.waitingReaders()).toBe(0),
    );
    const counted = does(
      () => expect(one.waitingReaders()).toBe(1),
      () => one.unlockExclusive(),
    );
    asleep([again, counted], () => two.lockShared());
    expect([one.holder(), two.hold]).toEqual([0, 'shared']);
    const writers = does(() => expect([one.poison(2), one.waitingWriters()]).toEqual([false, 0]));
    const opened = does(
      () => expect(one.waitingWriters()).toBe(1),
      () => two.unlockShared(),
    );
    asleep([writers, opened], () => three.lockExclusive());
    expect(three.holder()).toBe(3);
    expect([one.poison(0), one.poison(2), one.poison(3)]).toEqual([false, false, true]);
  });

  it('a waiting writer and an admitted reader that died keep nobody out once they are reported', () => {
    const { view, one, two } = threads();
    one.lockExclusive();
    // Thread 3 joined as a reader and thread 4 as a writer, and both died in their sleep.
    Atomics.add(view, 1, (1 << 13) + (1 << 19));
    one.unlockExclusive();
    expect([two.tryLockShared(), two.tryLockExclusive()]).toEqual([false, false]);
    expect([two.poison(3), two.poison(4)]).toEqual([false, false]);
    expect(two.tryLockExclusive()).toBe(true);
    two.unlock();
    expect(two.tryLockShared()).toBe(true);
  });

  it('a share of a dead reader can be given back by who knows of it', () => {
    const { one, two } = threads();
    expect(one.forgetReader()).toBe(false);
    one.lockShared();
    asleep([does(() => expect(two.forgetReader()).toBe(true))], () => two.lockExclusive());
    expect([two.holder(), two.forgetReader()]).toEqual([2, false]);
  });
});
