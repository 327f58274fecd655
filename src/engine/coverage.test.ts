import { describe, expect, test } from 'vitest';
import { random } from '../strategy/random.ts';
import { BehaviourCoverage } from './coverage.ts';
import { type Cells, everySchedule, executorOf, run, runAll } from './fixtures/schedules.ts';
import { subject } from './fixtures/subject.ts';
import type { Program } from './program.ts';

/** What all schedules of a program cover. */
function coveredBy(program: unknown, strategy = everySchedule()) {
  const coverage = new BehaviourCoverage();
  runAll(executorOf(program as Program, { observers: [coverage] }), strategy, () => {});
  return coverage.covered();
}

describe('coverage of behaviours', () => {
  test('store buffering: each load sees the store or the start', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(2),
      thread(id: number, view: Cells): number {
        Atomics.store(view, id, 1);
        return Atomics.load(view, 1 - id);
      },
    }));
    // One site of loads, two cells, two writes of each.
    expect(coveredBy(program)).toEqual({ readsFrom: 4, blocking: 0 });
    const coverage = new BehaviourCoverage();
    run(program, [0, 0, 0, 1, 1, 1], { observers: [coverage] });
    expect(coverage.covered()).toEqual({ readsFrom: 2, blocking: 0 });
    run(program, [1, 1, 1, 0, 0, 0], { observers: [coverage] });
    expect(coverage.covered()).toEqual({ readsFrom: 4, blocking: 0 });
    run(program, [1, 1, 1, 0, 0, 0], { observers: [coverage] });
    expect(coverage.covered()).toEqual({ readsFrom: 4, blocking: 0 });
  });

  test('a loop is one operation, a read-modify-write reads from itself', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(1),
      thread(_id: number, view: Cells): void {
        for (let i = 0; i < 3; i++) Atomics.add(view, 0, 1);
      },
    }));
    expect(coveredBy(program)).toEqual({ readsFrom: 2, blocking: 0 });
  });

  test('a failed compare-exchange reads and does not write', () => {
    const program = subject(({ cells }) => ({
      threads: 1,
      setup: () => cells(1),
      thread(_id: number, view: Cells): void {
        Atomics.compareExchange(view, 0, 5, 6);
        Atomics.load(view, 0);
      },
    }));
    expect(coveredBy(program)).toEqual({ readsFrom: 2, blocking: 0 });
  });

  test('who blocked whom: with n threads at a lock, each sleeps on each other one', () => {
    const lock = (threads: number) =>
      subject(
        ({ cells, threads }) => ({
          threads,
          setup: () => cells(1),
          thread(_id: number, view: Cells): void {
            while (Atomics.compareExchange(view, 0, 0, 1) !== 0) Atomics.wait(view, 0, 1);
            Atomics.store(view, 0, 0);
            Atomics.notify(view, 0);
          },
        }),
        { threads },
      );
    expect(coveredBy(lock(2)).blocking).toBe(2);
    const many = { ...random(1), begin: (e: number): boolean => e < 2_000 && random(e).begin(e, 3) };
    expect(coveredBy(lock(3), many).blocking).toBe(6);
  });
});
