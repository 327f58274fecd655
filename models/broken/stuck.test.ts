/** Standstills are told apart: each kind has a subject that ends in it, and the events that show it. */
import { describe, expect, test } from 'vitest';
import { type ExploreResult, explore } from '../../src/explore.ts';
import { Mutex } from '../../src/runtime/sync/mutex.ts';
import { RwLock } from '../../src/runtime/sync/rwlock.ts';
import { LateGenerationBarrier } from './barrier-late-generation.ts';
import { LateReadCondition } from './condition-late-read.ts';
import { runErrand } from './errand-kept-lock.ts';
import { EarlyNotifyMutex } from './mutex-early-notify.ts';
import { visitBoth } from './polite-pair.ts';
import { BargingRwLock } from './rwlock-barging.ts';
import { MonitorRwLock } from './rwlock-monitor.ts';
import { SilentDeathRwLock } from './rwlock-silent-death.ts';

const cells = () => new Int32Array(new SharedArrayBuffer(64));
type Cells = ReturnType<typeof cells>;

function stuck(result: ExploreResult): readonly unknown[] {
  return [result.outcome, result.stuck?.kind, result.stuck?.threads];
}

describe('a lost wake-up', () => {
  test('B1: the barrier whose thread reads the generation too late', () => {
    const result = explore(
      {
        threads: 2,
        setup: () => {
          const view = cells();
          LateGenerationBarrier.create(view, 0, 2);
          return view;
        },
        attach: (view: Cells) => LateGenerationBarrier.attach(view, 0),
        thread: (_id, barrier) => barrier.wait(),
      },
      { seed: 1 },
    );
    expect(stuck(result)).toEqual(['deadlocked', 'lost wake-up', [0]]);
    expect(result.message).toMatch(/T1 notified [\w.@]+ in step \d+, T0 went to sleep there in step \d+/);
  });

  test('M5: the mutex that notifies before it is free', () => {
    const result = explore(
      {
        threads: 2,
        setup: cells,
        attach: (view: Cells, id) => EarlyNotifyMutex.attach(view, 0, id + 1),
        thread(_id, mutex) {
          mutex.lock();
          mutex.unlock();
        },
      },
      { seed: 1 },
    );
    expect(stuck(result)).toEqual(['deadlocked', 'lost wake-up', [expect.any(Number)]]);
    expect(result.message).toMatch(
      /has slept on EarlyNotifyMutex since step \d+, while it was \d; T\d made it 0 \(step \d+, store 0\), and nobody has notified it since \(the last notify was step \d+, before the change\)/,
    );
  });

  test('V1: the condition whose waiter reads the sequence too late', () => {
    const result = explore(
      {
        threads: 2,
        setup: cells,
        attach: (view: Cells, id) => ({
          view,
          mutex: Mutex.attach(view, 0, id + 1),
          condition: LateReadCondition.attach(view, 1),
        }),
        thread(id, { view, mutex, condition }) {
          mutex.lock();
          if (id === 0) while (Atomics.load(view, 2) === 0) condition.wait(mutex);
          else {
            Atomics.store(view, 2, 1);
            condition.notifyOne();
          }
          mutex.unlock();
        },
      },
      { seed: 1 },
    );
    expect(stuck(result)).toEqual(['deadlocked', 'lost wake-up', [0]]);
    expect(result.message).toContain('the wake-up came before the sleeper');
  });
});

/** Two mutexes in either order; a third thread may want the first. */
const lockOrder = (threads: number) => ({
  threads,
  setup: cells,
  attach: (view: Cells, id: number) => [Mutex.attach(view, 0, id + 1), Mutex.attach(view, 1, id + 1)],
  thread(id: number, [a, b]: readonly Mutex[]) {
    const [first, second] = id === 1 ? [b!, a!] : [a!, b!];
    first.lock();
    second.lock();
    second.unlock();
    first.unlock();
  },
});

describe('a cyclic deadlock', () => {
  test.each([2, 3])('two locks in either order, %i threads', (threads) => {
    const result = explore(lockOrder(threads), { seed: 1 });
    expect(stuck(result).slice(0, 2)).toEqual(['deadlocked', 'cyclic deadlock']);
    expect(result.message).toMatch(
      /cyclic deadlock: T\d waits on Mutex@\d, which T\d wrote last \(step \d+, \w+[ \d]+\), T\d waits on Mutex@\d, which T\d wrote last/,
    );
    // Both halves of the circle, and no more.
    expect(result.message.split('cyclic deadlock')[1]!.match(/wrote last/g)).toHaveLength(2);
  });

  test('a lock that is taken twice', () => {
    const result = explore(
      {
        threads: 1,
        setup: cells,
        thread(_id, view: Cells) {
          for (let i = 0; i < 2; i++)
            while (Atomics.compareExchange(view, 0, 0, 1) !== 0) Atomics.wait(view, 0, 1);
        },
      },
      { seed: 1 },
    );
    expect(stuck(result)).toEqual(['deadlocked', 'cyclic deadlock', [0]]);
    expect(result.message).toContain('which only T0 itself has written (step 1, compareExchange 0 1)');
  });
});

describe('an orphaned wait', () => {
  test('R5: the lock whose writer died, and whose waiters are not told', () => {
    const died = 15;
    const programOf = (Lock: typeof MonitorRwLock) => ({
      threads: 3,
      setup: () => {
        const view = cells();
        Lock.create(view, 0);
        return view;
      },
      attach: (view: Cells, id: number) => ({ view, lock: Lock.attach(view, 0, id + 1) }),
      thread(id: number, { view, lock }: { view: Cells; lock: MonitorRwLock }) {
        if (id === 0) {
          lock.lockExclusive();
          Atomics.store(view, died, 1);
          Atomics.notify(view, died);
        } else if (id === 1) {
          while (Atomics.load(view, died) === 0) Atomics.wait(view, died, 0);
          lock.poison(1);
        } else
          try {
            lock.lockShared();
            lock.unlockShared();
          } catch {
            // Refused, as whoever waits for the dead must be.
          }
      },
    });
    const options = { seed: 1, races: false, executions: 300 };
    expect(explore(programOf(MonitorRwLock), options).outcome).toBe('passed');
    const result = explore(programOf(SilentDeathRwLock), options);
    expect(stuck(result)).toEqual(['deadlocked', 'orphaned wait', [2]]);
  });

  test('a mutex whose holder has ended', () => {
    const result = explore(
      {
        threads: 2,
        setup: cells,
        attach: (view: Cells, id) => Mutex.attach(view, 0, id + 1),
        thread: (_id, mutex) => mutex.lock(),
      },
      { seed: 1 },
    );
    expect(stuck(result)).toEqual(['deadlocked', 'orphaned wait', [1]]);
    expect(result.message).toMatch(
      /which T0 wrote last \(step 1, .*\): T0 has ended without waking anybody there/,
    );
  });

  test('a second item that nobody makes: the notify of the first one is no lost wake-up', () => {
    const result = explore(
      {
        threads: 2,
        setup: cells,
        thread(id, view: Cells) {
          if (id === 1) {
            Atomics.add(view, 0, 1);
            Atomics.notify(view, 0);
            return;
          }
          for (let taken = 0; taken < 2; taken++) {
            while (Atomics.load(view, 0) <= taken) Atomics.wait(view, 0, taken);
            Atomics.add(view, 1, 1);
          }
        },
      },
      { seed: 1, keepGoing: true, executions: 200, minimise: false },
    );
    expect(stuck(result)).toEqual(['deadlocked', 'orphaned wait', [0]]);
  });
});

describe('under a fair scheduler', () => {
  const fair = { strategy: 'round-robin', seed: 1, executions: 40, minimise: false, races: false } as const;

  const polite = (attempts: number) => ({
    threads: 2,
    setup: cells,
    thread: (id: number, view: Cells) => visitBoth(view, id, 1 - id, attempts),
  });

  test('a livelock: two that step back for each other, again and again', () => {
    const result = explore(polite(Number.POSITIVE_INFINITY), fair);
    expect(stuck(result)).toEqual(['livelocked', 'livelock', [0, 1]]);
    expect(result.message).toMatch(
      /livelock: T0, T1 write, and get nowhere \(T0 tries at .*polite-pair\.ts:\d+, T1 tries at .*\): the last 4096 steps are one round of \d+ steps/,
    );
    const again = explore(polite(Number.POSITIVE_INFINITY), {
      strategy: 'replay',
      schedule: result.schedule!,
      races: false,
    });
    expect(again.stuck).toEqual(result.stuck);
    expect(explore(polite(100), fair).outcome).toBe('passed');
  });

  test('by default: a regular schedule is among the first, and its string is short', () => {
    for (const seed of [1, 2, 3]) {
      const result = explore(polite(Number.POSITIVE_INFINITY), { seed });
      expect(stuck(result)).toEqual(['livelocked', 'livelock', [0, 1]]);
      expect(result).toMatchObject({ executionsToFirst: 9, preemptions: 0, exhausted: 0 });
      expect(result.report).toContain(
        'LIVELOCKED with 0 preemptions, everybody taking turns of 1 step from step 0 on',
      );
      expect(result.schedule!.length).toBeLessThan(40);
      expect(result.trace).toHaveLength(8_192);
    }
    expect(explore(polite(100), { seed: 1, executions: 200 })).toMatchObject({ outcome: 'passed' });
  });

  describe('where a strategy runs out of steps, the threads take turns', () => {
    const errand = {
      threads: 4,
      setup: cells,
      thread(id: number, view: Cells) {
        if (id === 3) Atomics.store(view, 0, 1);
        else runErrand(view, id > 0);
      },
    };

    test.each(['random', 'pct', 'portfolio'] as const)('%s: a livelock, that is told', (strategy) => {
      const result = explore(errand, { strategy, seed: 2 });
      expect(stuck(result)).toEqual(['livelocked', 'livelock', [1, 2]]);
      expect(result.preemptions).toBeLessThanOrEqual(1);
      expect(result.report).toMatch(/preemptions?, everybody taking turns of \d steps? from step \d+ on/);
      expect(result.schedule!.length).toBeLessThan(80);
      const options = { strategy: 'replay', schedule: result.schedule! } as const;
      const again = explore(errand, options);
      expect(again.stuck).toEqual(result.stuck);
      expect(again.trace).toEqual(result.trace);
      if (strategy === 'random')
        for (let i = 0; i < 9; i++) expect(explore(errand, options).message).toBe(result.message);
    });

    test('not of an exhaustive search, whose steps are counted', () => {
      const result = explore(errand, { strategy: 'exhaustive', preemptions: 1, executions: 3 });
      expect(result.steps).toBeLessThanOrEqual(3 * 20_000);
    });
  });

  test('R1: starvation of a writer by readers that come again and again', () => {
    const stop = 15;
    const programOf = (lockOf: (view: Cells, id: number) => BargingRwLock | RwLock) => ({
      threads: 3,
      setup: cells,
      attach: (view: Cells, id: number) => ({ view, lock: lockOf(view, id + 1) }),
      thread(id: number, { view, lock }: { view: Cells; lock: BargingRwLock | RwLock }) {
        if (id < 2)
          while (Atomics.load(view, stop) === 0) {
            lock.lockShared();
            lock.unlockShared();
          }
        else {
          lock.lockExclusive();
          Atomics.store(view, stop, 1);
          lock.unlockExclusive();
        }
      },
    });
    const result = explore(
      programOf((view) => new BargingRwLock(view, 0)),
      fair,
    );
    expect(stuck(result)).toEqual(['livelocked', 'starvation', [2]]);
    expect(result.message).toMatch(
      /starvation: T0, T1 go on, while T2 (sleeps|tries) at .*\.ts:\d+ and gets nowhere/,
    );
    const sound = explore(
      programOf((view, id) => RwLock.attach(view, 0, id)),
      fair,
    );
    expect(sound.outcome).toBe('passed');
    const byDefault = explore(
      programOf((view) => new BargingRwLock(view, 0)),
      { seed: 1 },
    );
    expect(stuck(byDefault)).toEqual(['livelocked', 'starvation', [2]]);
  });

  test('no livelock: a loop that writes while it waits, for what a fair scheduler lets come', () => {
    const impatient = {
      threads: 2,
      setup: cells,
      thread(id: number, view: Cells) {
        if (id === 1) Atomics.store(view, 0, 1);
        else while (Atomics.load(view, 0) === 0) for (const value of [1, 0]) Atomics.store(view, 1, value);
      },
    };
    // PCT lets the higher of the two go on for ever.
    const result = explore(impatient, { strategy: 'pct', seed: 1, executions: 40 });
    expect(result).toMatchObject({ outcome: 'passed', exhausted: 0 });
    expect(result.steps).toBeGreaterThan(20_000);
  });

  test('no livelock: rounds that are all alike, and come to an end', () => {
    const rounds = (count: number) => ({
      threads: 2,
      setup: cells,
      thread(_id: number, view: Cells) {
        for (let i = 0; i < count; i++) for (const value of [1, 0]) Atomics.store(view, 0, value);
      },
    });
    const options = { strategy: 'random', seed: 1, executions: 1 } as const;
    expect(explore(rounds(15_000), options)).toMatchObject({ outcome: 'passed', steps: 60_002 });
    expect(explore(rounds(1_000_000), options)).toMatchObject({ outcome: 'livelocked' });
  });

  test('a loop that is only long is out of steps, not stuck', () => {
    const long = {
      threads: 2,
      setup: cells,
      thread(_id: number, view: Cells) {
        for (let i = 0; i < 20_000; i++) Atomics.add(view, 0, 1);
      },
    };
    expect(explore(long, { ...fair, executions: 2 })).toMatchObject({ outcome: 'exhausted', stuck: null });
    expect(explore(long, { seed: 1, executions: 10 })).toMatchObject({ outcome: 'exhausted', stuck: null });
  });
});
