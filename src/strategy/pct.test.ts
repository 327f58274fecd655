import { describe, expect, test } from 'vitest';
import { type Cells, executorOf } from '../engine/fixtures/schedules.ts';
import { subject } from '../engine/fixtures/subject.ts';
import type { Program } from '../engine/program.ts';
import { choices, programs, strategyConformance } from './fixtures/conformance.ts';
import { pct } from './pct.ts';

for (const depth of [1, 2, 3, 8]) strategyConformance(`pct(${depth})`, (seed) => pct(seed, depth));

const steps = subject(({ cells }) => ({
  threads: 3,
  setup: () => cells(1),
  thread(_id: number, view: Cells): void {
    for (let i = 0; i < 5; i++) Atomics.load(view, 0);
  },
})) as unknown as Program;

describe('pct', () => {
  test('depth 1 never preempts where nobody blocks', () => {
    const executor = executorOf(steps);
    for (let seed = 0; seed < 10; seed++) {
      const strategy = pct(seed, 1);
      for (let e = 0; e < 20; e++) {
        strategy.begin(e, 3);
        executor.run(strategy);
        expect(executor.preemptions).toBe(0);
      }
    }
  });

  test('depth d preempts at most d - 1 times, and reaches that', () => {
    for (const depth of [2, 3, 4]) {
      const executor = executorOf(steps);
      const strategy = pct(1, depth);
      let most = 0;
      for (let e = 0; e < 500; e++) {
        strategy.begin(e, 3);
        executor.run(strategy);
        most = Math.max(most, executor.preemptions);
      }
      expect(most).toBe(depth - 1);
    }
  });

  test('every order of priorities comes up', () => {
    const orders = new Set(choices(pct(2, 1), steps, 200).map((list) => [...new Set(list)].join()));
    // The last of the three is never chosen: where it is alone, nobody is asked.
    expect(orders.size).toBe(6);
  });

  test('change points fall on every step of the longest execution', () => {
    const points = new Set<number>();
    const executor = executorOf(steps);
    const strategy = pct(3, 2);
    for (let e = 0; e < 2_000; e++) {
      strategy.begin(e, 3);
      executor.run(strategy, true);
      const preemption = executor.trace!.find((step) => step.preemption);
      if (preemption !== undefined) points.add(preemption.step);
    }
    // Threads take 6 steps each; a switch at step 6 or 12 is free, and after 12 one thread is left.
    expect([...points].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 7, 8, 9, 10, 11]);
  });

  test('the guarantee names n, k and d, and is 1 / (n k^(d-1)) an execution', () => {
    const strategy = pct(1, 2);
    choices(strategy, steps, 100);
    // 3 threads of 6 steps: 12 or more choices while two can go on.
    const text = strategy.guarantee!(100)!;
    const [, k, d, odds] =
      /n=3 threads, k=(\d+) steps in the longest execution, d=(\d+): .* p >= 1\/(\d+) an execution/.exec(
        text,
      )!;
    expect(Number(k)).toBeGreaterThanOrEqual(12);
    expect(d).toBe('2');
    expect(Number(odds)).toBe(3 * Number(k));
    const missed = (1 - 1 / Number(odds)) ** 100;
    expect(text).toContain(`>= ${((1 - missed) * 100).toFixed(1)} %`);
  });

  test('meets a bug of depth 2 as often as it promises', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(1),
      thread(_id: number, view: Cells): void {
        Atomics.store(view, 0, Atomics.load(view, 0) + 1);
      },
      check(view: Cells): void {
        if (view[0] !== 2) throw new Error('lost');
      },
    }));
    const executor = executorOf(program);
    const strategy = pct(9, 2);
    let found = 0;
    for (let e = 0; e < 2_000; e++) {
      strategy.begin(e, 2);
      if (executor.run(strategy).kind === 'violated') found++;
    }
    // n = 2, k = 5: at least 1 in 10.
    expect(found).toBeGreaterThan(200);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('depth %s is refused', (depth) => {
    expect(() => pct(1, depth)).toThrow(`PCT depth ${depth}: give a whole number from 1`);
  });

  test('programs of the conformance suite end under depth 1', () => {
    for (const program of programs) expect(choices(pct(1, 1), program, 50)).toHaveLength(50);
  });
});
