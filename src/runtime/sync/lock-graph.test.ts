import { describe, expect, it } from 'vitest';
import {
  BoundsError,
  DeadlockError,
  NotCreatedError,
  NotOwnerError,
  PoisonedError,
  RelockError,
  TooManyThreadsError,
} from '../errors.ts';
import { currentThreadId } from '../thread.ts';
import { DebugMutex, DebugRwLock } from './debug-locks.ts';
import { LockGraph } from './lock-graph.ts';
import { Mutex } from './mutex.ts';
import { RwLock } from './rwlock.ts';

const GRAPH = 32;
const options = { threads: 3, locks: 4 };

/** Mutexes 0 and 1, and readers-writer locks 2 and 3, as threads 1 to `count` see them. */
function threads(count = 3) {
  const view = new Int32Array(new SharedArrayBuffer(4 * (GRAPH + LockGraph.cells(options))));
  LockGraph.create(view, GRAPH, options, 90);
  const all = Array.from({ length: count }, (_, i) => {
    const owner = i + 1;
    const graph = LockGraph.attach(view, GRAPH, owner);
    return {
      graph,
      a: new DebugMutex(graph, Mutex.attach(view, 0, owner), 0, 'accounts'),
      b: new DebugMutex(graph, Mutex.attach(view, 1, owner), 1),
      x: new DebugRwLock(graph, RwLock.attach(view, 4, owner), 2, 'index'),
      y: new DebugRwLock(graph, RwLock.attach(view, 8, owner), 3),
    };
  });
  return { view, all: all as [(typeof all)[0], (typeof all)[0], (typeof all)[0], ...typeof all] };
}

/** Runs `steps`, one at each sleep, in place of the sleep: what other threads do meanwhile. */
function asleep<T>(steps: (() => unknown)[], body: () => T): T {
  const { wait } = Atomics;
  Atomics.wait = (() => {
    const step = steps.shift();
    if (step === undefined) throw new Error('it sleeps once too often');
    return step() === 'timed-out' ? 'timed-out' : 'ok';
  }) as typeof wait;
  try {
    return body();
  } finally {
    Atomics.wait = wait;
  }
}

const caught = (body: () => unknown): DeadlockError => {
  try {
    body();
  } catch (error) {
    if (error instanceof DeadlockError) return error;
    throw error;
  }
  throw new Error('no deadlock');
};

describe('deadlock detection', () => {
  it('of two threads says who holds and who waits, and lets the other go on', () => {
    const {
      all: [one, two],
    } = threads();
    one.a.lock();
    two.b.lock();
    let error: DeadlockError | undefined;
    const second = () => {
      error = caught(() => two.a.lock());
      two.b.unlock();
    };
    asleep([second], () => one.b.lock());
    expect(error?.message).toBe(
      'deadlock: thread 2 holds lock 1 and waits for accounts; thread 1 holds accounts and waits for lock 1: ' +
        'take locks in one order everywhere, or with a time limit',
    );
    expect(error?.threads).toEqual([
      { thread: 2, holds: ['lock 1'], waitsFor: 'accounts' },
      { thread: 1, holds: ['accounts'], waitsFor: 'lock 1' },
    ]);
    expect(one.b.holder()).toBe(1);
    one.b.unlock();
    one.a.unlock();
  });

  it('of three threads', () => {
    const {
      all: [one, two, three],
    } = threads();
    one.a.lock();
    two.b.lock();
    three.x.lockExclusive();
    let error: DeadlockError | undefined;
    const third = () => {
      error = caught(() => three.a.lock());
      three.x.unlockExclusive();
      return 'ok';
    };
    // Thread 2 gets the index when thread 3 has given up, and thread 1 lock 1 when thread 2 is done.
    const second = () =>
      asleep([third], () => {
        two.x.lockShared();
        two.x.unlock();
        two.b.unlock();
      });
    asleep([second], () => one.b.lock());
    expect(error?.threads.map(({ thread }) => thread)).toEqual([3, 1, 2]);
    expect(error?.message).toContain('thread 2 holds lock 1 and waits for index (shared)');
  });

  it('of readers, when a writer waits between them', () => {
    const {
      all: [one, two, three],
    } = threads();
    one.x.lockShared();
    two.y.lockShared();
    let error: DeadlockError | undefined;
    const asReader = () => {
      // Shares do not exclude each other, but the writers that wait come first, and wait for the shares.
      error = caught(() => one.y.lockShared());
      one.x.unlockShared();
    };
    const asWriter = () => {
      asleep([asReader], () => two.x.lockExclusive());
      two.x.unlockExclusive();
      two.y.unlockShared();
    };
    asleep([asWriter], () => three.y.lockExclusive());
    expect(error?.threads).toEqual([
      { thread: 1, holds: ['index (shared)'], waitsFor: 'lock 3 (shared)' },
      { thread: 2, holds: ['lock 3 (shared)'], waitsFor: 'index' },
    ]);
    expect(three.y.hold).toBe('exclusive');
  });

  it('waits with a limit are no deadlock', () => {
    const {
      all: [one, two],
    } = threads();
    one.a.lock();
    two.b.lock();
    const second = () => {
      expect(asleep([() => 'timed-out'], () => two.a.lockFor(5))).toBe(false);
      expect([two.a.lockFor(0), two.a.tryLock()]).toEqual([false, false]);
      two.b.unlock();
    };
    asleep([second], () => one.b.lock());
    expect(one.b.holder()).toBe(1);
  });
});

describe('lock order', () => {
  it('that goes in a circle is seen without a deadlock', () => {
    const {
      all: [one, two, three],
    } = threads();
    one.a.lock();
    one.b.lock();
    one.b.unlock();
    one.a.unlock();
    two.b.lock();
    two.x.lockShared();
    two.x.unlock();
    two.b.unlock();
    expect(three.graph.inversions()).toEqual([]);
    three.x.lockExclusive();
    expect([three.a.tryLock(), three.graph.inversions()]).toEqual([true, []]);
    three.a.unlock();
    three.a.lock();
    expect(one.graph.inversions()).toEqual([
      { first: 0, second: 1, thread: 1 },
      { first: 1, second: 2, thread: 2 },
      { first: 2, second: 0, thread: 3 },
    ]);
  });
});

describe('debug locks', () => {
  it('do what the locks do', () => {
    const {
      all: [one, two],
    } = threads();
    {
      using _held = one.a.guard();
      expect([two.a.tryLock(), two.a.holder(), two.a.isPoisoned()]).toEqual([false, 1, false]);
    }
    expect(two.a.tryLock()).toBe(true);
    {
      using _held = one.x.sharedGuard();
      expect([two.x.tryLockShared(), two.x.hold]).toEqual([true, 'shared']);
      expect(one.x.tryUpgrade()).toBe(false);
      two.x.unlock();
      expect([one.x.tryUpgrade(), two.x.tryLockShared(), two.x.lockSharedFor(0)]).toEqual([
        true,
        false,
        false,
      ]);
      one.x.downgrade();
      expect(two.x.tryLockShared()).toBe(true);
    }
    expect([one.x.hold, one.x.tryLockExclusive(), one.x.lockExclusiveFor(0)]).toEqual(['none', false, false]);
    two.x.unlockShared();
    {
      using _held = one.x.exclusiveGuard();
      expect(two.x.isPoisoned()).toBe(false);
    }
  });

  it('throw what the locks throw, and leave the graph as it was', () => {
    const {
      all: [one, two],
    } = threads();
    one.a.lock();
    expect(() => one.a.lock()).toThrow(RelockError);
    expect(() => two.a.unlock()).toThrow(NotOwnerError);
    expect(() => two.x.unlockShared()).toThrow(NotOwnerError);
    expect(() => two.a.lockFor(-1)).toThrow(RangeError);
    one.a.unlock();
    two.a.lock();
    two.a.unlock();
  });

  it('a writer that waits keeps new readers out, until it gives up', () => {
    const {
      all: [one, two, three],
    } = threads();
    one.x.lockShared();
    const meanwhile = () => {
      expect(three.x.tryLockShared()).toBe(false);
      return 'timed-out';
    };
    expect(asleep([meanwhile], () => two.x.lockExclusiveFor(5))).toBe(false);
    expect(three.x.tryLockShared()).toBe(true);
  });

  it('a death is forgotten by the graph and poisons the lock', () => {
    const {
      view,
      all: [one, two],
    } = threads();
    one.a.lock();
    one.x.lockExclusive();
    const bury = () => {
      two.graph.forget(1);
      expect([two.a.poison(1), two.x.poison(1)]).toEqual([true, true]);
    };
    expect(() => asleep([bury], () => two.a.lock())).toThrow(PoisonedError);
    expect([two.a.clearPoison(), two.x.clearPoison()]).toEqual([true, true]);
    two.a.lock();
    two.x.lockShared();
    // Thread 7 died inside the graph.
    Mutex.attach(view, GRAPH, 7).lock();
    two.graph.forget(7);
    two.x.unlock();
  });
});

describe('LockGraph', () => {
  it('refuses sizes that are none', () => {
    expect(() => LockGraph.cells({ threads: 0 })).toThrow(
      new RangeError('a LockGraph has from 1 to 4096 threads, got 0: pass how many there are'),
    );
    expect(() => LockGraph.cells({ locks: 1.5 })).toThrow('a LockGraph has from 1 to 4096 locks, got 1.5');
    const view = new Int32Array(new SharedArrayBuffer(4 * LockGraph.cells()));
    expect(() => LockGraph.create(view, 1)).toThrow(BoundsError);
    expect(() => LockGraph.create(view, 0, {}, 0)).toThrow(RangeError);
    expect(LockGraph.create(view, 0).inversions()).toEqual([]);
    expect(currentThreadId()).toBeGreaterThan(0);
  });

  it('refuses cells in which nobody created one', () => {
    const view = new Int32Array(new SharedArrayBuffer(4 * 1000));
    const error = new NotCreatedError(
      'there is no LockGraph at index 2: one thread must call LockGraph.create first',
    );
    const graph = LockGraph.attach(view, 0);
    expect(() => graph.inversions()).toThrow(error);
    expect(() => new DebugMutex(graph, Mutex.attach(view, 900), 0)).toThrow(error);
    LockGraph.create(view, 0);
    expect(graph.inversions()).toEqual([]);
  });

  it('refuses numbers that it has not, and more threads than it has', () => {
    const { view, all } = threads(4);
    expect(() => new DebugMutex(all[0].graph, Mutex.attach(view, 0, 1), 4)).toThrow(
      new BoundsError(
        'the LockGraph has locks 0 to 3, got 4: number the locks from 0, or create the graph for more',
      ),
    );
    const [one, two, three, four] = all;
    one.a.lock();
    two.b.lock();
    three.x.lockShared();
    expect(() => four?.x.lockShared()).toThrow(
      new TooManyThreadsError(
        '3 threads hold or await locks in the LockGraph already: create it for more threads',
      ),
    );
    three.x.unlock();
    four?.x.lockShared();
    expect(four?.x.hold).toBe('shared');
  });
});
