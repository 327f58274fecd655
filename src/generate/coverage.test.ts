import { describe, expect, test } from 'vitest';
import { type Cells, cells } from '../engine/fixtures/schedules.ts';
import { subject } from '../engine/fixtures/subject.ts';
import { Tally } from '../engine/tally.ts';
import type { Segment } from '../schedule/segments.ts';
import { ConcurrentCase } from './concurrent.ts';
import { ProgramCoverage } from './coverage.ts';
import type { Plan } from './plan.ts';

const { Lock } = subject(() => {
  class Lock {
    readonly view: Cells;
    constructor(view: Cells) {
      this.view = view;
    }
    lock(): void {
      while (Atomics.compareExchange(this.view, 0, 0, 1) !== 0) Atomics.wait(this.view, 0, 1);
    }
    tryLock(): boolean {
      return Atomics.compareExchange(this.view, 0, 0, 1) === 0;
    }
    unlock(): void {
      Atomics.store(this.view, 0, 0);
      Atomics.notify(this.view, 0, 1);
    }
    /** Loses additions. */
    add(): void {
      Atomics.store(this.view, 0, Atomics.load(this.view, 0) + 1);
    }
  }
  return { Lock };
});

/** Runs the lists of operations (`lock unlock`), one a thread, under exactly this schedule, on top of what was covered. */
function cover(
  threads: readonly string[],
  schedule: readonly Segment[],
  { coverage = new ProgramCoverage(), prefix = '', judge = (): string | undefined => undefined } = {},
) {
  const operations = (text: string): Plan['prefix'] =>
    text.split(' ').flatMap((name) => (name === '' ? [] : [{ name, args: [] }]));
  const plan = { prefix: operations(prefix), threads: threads.map(operations) };
  const options = {
    setup: () => cells(1),
    attach: (view: Cells) => new Lock(view),
    operations: { lock: {}, tryLock: {}, unlock: {}, add: {} },
    judge,
  };
  const totals = {
    schedules: 0,
    steps: 0,
    unscheduled: 0,
    exhausted: 0,
    behaviours: new Tally(),
    coverage,
  };
  const finding = new ConcurrentCase<Cells, object>(options as never, plan, schedule, 1).run(totals, 100, 0);
  return { coverage, finding, totals, ...coverage.covered() };
}

/** Each thread by its own: no preemption. */
const sequential: readonly Segment[] = [];
/** T0 is held up inside its first operation (it has started and called) until T1 can go no further. */
const heldUp: readonly Segment[] = [
  [0, 2],
  [1, 100],
];

describe('overlapping pairs of operations', () => {
  test('a sequential schedule has none, and says which there could have been', () => {
    expect(cover(['lock unlock', 'tryLock'], sequential).overlaps).toEqual({
      covered: 0,
      possible: 2,
      missing: [
        ['lock', 'tryLock'],
        ['tryLock', 'unlock'],
      ],
    });
  });

  test('a schedule in which two overlap covers exactly that pair', () => {
    expect(cover(['lock unlock', 'tryLock'], heldUp).overlaps).toEqual({
      covered: 1,
      possible: 2,
      missing: [['tryLock', 'unlock']],
    });
  });

  test('two locks are one pair, of a kind with itself', () => {
    expect(cover(['lock', 'lock'], heldUp).overlaps).toEqual({ covered: 1, possible: 1, missing: [] });
    expect(cover(['lock unlock', 'lock unlock'], sequential).overlaps).toMatchObject({
      covered: 0,
      missing: [
        ['lock', 'lock'],
        ['lock', 'unlock'],
        ['unlock', 'unlock'],
      ],
    });
  });

  test('a lock that never returns is in flight to the end', () => {
    // T0 locks for good, T1 sleeps, T2 comes when T1 does.
    const { overlaps } = cover(['lock', 'lock', 'tryLock'], sequential);
    expect(overlaps).toEqual({ covered: 1, possible: 2, missing: [['lock', 'lock']] });
  });

  test('a pair is what it is in either order, and is counted once over all executions and programs', () => {
    const { coverage } = cover(['lock', 'tryLock'], heldUp);
    cover(['tryLock', 'lock'], heldUp, { coverage });
    cover(['tryLock', 'lock'], sequential, { coverage });
    expect(coverage.covered().overlaps).toEqual({ covered: 1, possible: 1, missing: [] });
    cover(['unlock', 'unlock'], sequential, { coverage });
    expect(coverage.covered().overlaps).toEqual({
      covered: 1,
      possible: 2,
      missing: [['unlock', 'unlock']],
    });
  });

  test('operations of one thread, and those before the threads start, cannot overlap', () => {
    expect(cover(['lock tryLock unlock'], sequential).overlaps.possible).toBe(0);
    expect(cover(['add', 'add'], sequential, { prefix: 'lock unlock' }).overlaps.missing).toEqual([
      ['add', 'add'],
    ]);
  });
});

describe('steps', () => {
  test('reads-from pairs and blocking edges add up over programs', () => {
    const first = cover(['lock unlock', 'tryLock'], sequential);
    // lock saw what setup left, tryLock what unlock stored.
    expect(first).toMatchObject({ readsFrom: 2, blocking: 0 });
    // T1's lock sees T0's (one pair), sleeps on its word (another, and an edge); T2's tryLock sees T0's lock.
    const { coverage } = first;
    expect(cover(['lock', 'lock', 'tryLock'], sequential, { coverage })).toMatchObject({
      readsFrom: 5,
      blocking: 1,
    });
  });

  test('minimising a finding is no part of it', () => {
    let executions = 0;
    class Counted extends ProgramCoverage {
      override execution(history: Parameters<ProgramCoverage['execution']>[0]): void {
        executions++;
        super.execution(history);
      }
    }
    const { finding, totals, readsFrom } = cover(
      ['add', 'add'],
      [
        [0, 3],
        [1, 100],
      ],
      {
        coverage: new Counted(),
        judge: () => 'wrong whatever it is',
      },
    );
    expect(finding?.preemptions).toBe(0);
    expect([executions, totals.schedules]).toEqual([1, 1]);
    // Both loads saw what setup left; without the preemption T1's would see T0's store.
    expect(readsFrom).toBe(1);
  });
});
