import { describe, expect, test } from 'vitest';
import { exploreWith } from '../engine/explore.ts';
import { type Cells, everySchedule, executorOf, runAll } from '../engine/fixtures/schedules.ts';
import { subject } from '../engine/fixtures/subject.ts';
import type { Program } from '../engine/program.ts';
import type { VirtualExecutor, VirtualOptions } from '../engine/virtual.ts';
import { pct } from '../strategy/pct.ts';
import { random } from '../strategy/random.ts';
import { minimise, signature } from './minimise.ts';

const lostUpdate = subject(({ cells }) => ({
  threads: 2,
  setup: () => cells(1),
  thread(_id: number, view: Cells): void {
    Atomics.store(view, 0, Atomics.load(view, 0) + 1);
  },
  check(view: Cells): void {
    if (view[0] !== 2) throw new Error(`lost: ${view[0]}`);
  },
}));

/** The flag is raised before the value is there. */
const storeOrder = subject(({ cells }) => ({
  threads: 2,
  setup: () => cells(2),
  thread(id: number, view: Cells): void {
    if (id === 0) {
      Atomics.store(view, 1, 1);
      Atomics.store(view, 0, 42);
    } else if (Atomics.load(view, 1) === 1 && Atomics.load(view, 0) !== 42) throw new Error('too early');
  },
}));

/** T1 must see an odd and then an even number, while T0 counts to two: there and back again. */
const twoSwitches = subject(({ cells }) => ({
  threads: 2,
  setup: () => cells(1),
  thread(id: number, view: Cells): void {
    if (id === 0) {
      Atomics.store(view, 0, 1);
      Atomics.store(view, 0, 2);
    } else if (Atomics.load(view, 0) === 1 && Atomics.load(view, 0) === 2) throw new Error('seen both');
  },
}));

const deadlock = subject(({ cells }) => ({
  threads: 2,
  setup: () => cells(2),
  thread(id: number, view: Cells): void {
    for (const i of [id, 1 - id])
      while (Atomics.compareExchange(view, i, 0, 1) !== 0) Atomics.wait(view, i, 1);
    for (const i of [0, 1]) {
      Atomics.store(view, i, 0);
      Atomics.notify(view, i);
    }
  },
}));

/** B1 of the seeds: a barrier that reads the generation after it has counted itself in. */
const barrier = subject(({ cells }) => ({
  threads: 2,
  setup: () => cells(2),
  thread(_id: number, view: Cells): void {
    if (Atomics.add(view, 0, 1) + 1 === 2) {
      Atomics.store(view, 0, 0);
      Atomics.add(view, 1, 1);
      Atomics.notify(view, 1);
      return;
    }
    const generation = Atomics.load(view, 1);
    do {
      Atomics.wait(view, 1, generation);
    } while (Atomics.load(view, 1) === generation);
  },
}));

/** Fails in the base order: no preemption at all. */
const always = subject(({ cells }) => ({
  threads: 3,
  setup: () => cells(1),
  thread: (_id: number, view: Cells) => Atomics.add(view, 0, 1),
  check(): void {
    throw new Error('always');
  },
}));

/** T2 runs first, which is free, and T0 then sees it. */
const orderOnly = subject(({ cells }) => ({
  threads: 3,
  setup: () => cells(1),
  thread(id: number, view: Cells): void {
    if (id === 2) Atomics.store(view, 0, 1);
    else if (id === 0 && Atomics.load(view, 0) === 1) throw new Error('T2 was first');
  },
}));

function find(executor: VirtualExecutor, seed = 1) {
  for (const strategy of [random(seed), pct(seed, 3)]) {
    const { findings } = exploreWith(executor, strategy, {
      executions: 5_000,
      deadline: Number.POSITIVE_INFINITY,
    });
    if (findings[0] !== undefined) return findings[0];
  }
  throw new Error('not found');
}

/** The fewest preemptions of any failing schedule, by running them all. */
function fewest(program: Program, options: VirtualOptions = {}): number {
  const executor = executorOf(program, options);
  for (let bound = 0; ; bound++) {
    let failed = false;
    runAll(executor, everySchedule(bound), ({ kind }) => {
      failed ||= kind !== 'passed';
    });
    if (failed) return bound;
  }
}

describe('minimise', () => {
  test.each([
    ['a lost update', lostUpdate, 1],
    ['stores in the wrong order', storeOrder, 1],
    ['there and back again', twoSwitches, 2],
    ['locks in opposite order', deadlock, 1],
    ['a barrier that reads late', barrier, 1],
    ['a failure of every schedule', always, 0],
    ['an order without preemption', orderOnly, 0],
  ] as const)('%s: %s', (_name, made, expected) => {
    const program = made as unknown as Program;
    expect(fewest(program)).toBe(expected);
    const executor = executorOf(program);
    for (let seed = 0; seed < 10; seed++) {
      const found = find(executor, seed);
      const least = minimise(executor, found)!;
      expect(least.preemptions).toBe(expected);
      expect(least.proved).toBe(true);
      expect(least.outcome.kind).toBe(found.outcome.kind);
      expect(least.tries).toBeGreaterThan(0);
      // No switch that is not needed is left.
      expect(least.deviations.length).toBeLessThanOrEqual(expected + 1);
    }
  });

  test('keeps the failure it was given, and takes another for no answer', () => {
    const two = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(1),
      thread(id: number, view: Cells): void {
        if (id === 0) {
          Atomics.store(view, 0, 1);
          Atomics.store(view, 0, 2);
        } else {
          const seen = Atomics.load(view, 0);
          if (seen === 1) throw new Error('rare');
          if (seen === 2) throw new Error('common');
        }
      },
    })) as unknown as Program;
    const executor = executorOf(two);
    for (const message of ['rare', 'common']) {
      for (let seed = 0; seed < 50; seed++) {
        const found = find(executor, seed);
        if (!found.outcome.message.includes(message)) continue;
        expect(minimise(executor, found)!.outcome.message).toContain(message);
      }
    }
  });

  test('numbers in a message may differ', () => {
    expect(signature({ kind: 'violated', message: 'lost: 17\nmore' })).toBe(
      signature({ kind: 'violated', message: 'lost: 4' }),
    );
    expect(signature({ kind: 'violated', message: 'a' })).not.toBe(
      signature({ kind: 'violated', message: 'b' }),
    );
    expect(signature({ kind: 'crashed', message: 'a' })).not.toBe(
      signature({ kind: 'violated', message: 'a' }),
    );
  });

  test('a budget that ends the search proves nothing', () => {
    const executor = executorOf(twoSwitches as unknown as Program);
    const found = find(executor);
    expect(minimise(executor, found, { budget: 3 })).toMatchObject({ proved: false });
    expect(minimise(executor, found, { deadline: 0 })).toMatchObject({ proved: false });
  });

  test('neither do executions that ran out of their steps', () => {
    // With fewer than two preemptions T0 may count for ever.
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(2),
      thread(id: number, view: Cells): void {
        if (id === 1) Atomics.store(view, 1, 1);
        else {
          Atomics.store(view, 1, 0);
          if (Atomics.load(view, 1) === 1) throw new Error('seen');
          for (let i = 0; i < 50; i++) Atomics.add(view, 0, 1);
        }
      },
    })) as unknown as Program;
    const executor = executorOf(program, { maxSteps: 40 });
    expect(minimise(executor, find(executor))).toMatchObject({ preemptions: 1, proved: false });
    const roomy = executorOf(program, { maxSteps: 400 });
    expect(minimise(roomy, find(roomy))).toMatchObject({ preemptions: 1, proved: true });
  });

  test('the deadline ends every part of the pass', () => {
    const program = subject(({ cells }) => ({
      threads: 3,
      setup: () => cells(1),
      thread(_id: number, view: Cells): void {
        for (let i = 0; i < 3_000; i++) Atomics.store(view, 0, Atomics.load(view, 0) + 1);
      },
      check(view: Cells): void {
        if (view[0] !== 9_000) throw new Error('lost');
      },
    })) as unknown as Program;
    const executor = executorOf(program);
    const found = find(executor);
    expect(found.deviations.length).toBeGreaterThan(1_000);
    const start = performance.now();
    const least = minimise(executor, found, { deadline: start + 300 });
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(least).toMatchObject({ outcome: { kind: 'violated' } });
  });

  test('a schedule that no longer fails gives nothing', () => {
    const executor = executorOf(lostUpdate as unknown as Program);
    const found = find(executor);
    expect(minimise(executor, { ...found, deviations: [] })).toBeUndefined();
    expect(minimise(executor, { ...found, outcome: { kind: 'deadlocked', message: '' } })).toBeUndefined();
  });
});
