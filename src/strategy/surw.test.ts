import { describe, expect, test } from 'vitest';
import { reorder } from '../../bench/needles.ts';
import { exploreWith } from '../engine/explore.ts';
import { type Cells, executorOf } from '../engine/fixtures/schedules.ts';
import { subject } from '../engine/fixtures/subject.ts';
import { strategyConformance } from './fixtures/conformance.ts';
import type { Strategy } from './strategy.ts';
import { surw } from './surw.ts';
import { urw } from './urw.ts';

strategyConformance('surw', surw);

/** Each thread has a cell of its own that keeps it busy; thread 0 before it comes to cell 0, thread 1 after. */
const busy = subject(({ cells }) => ({
  threads: 2,
  setup: () => cells(3),
  thread(id: number, view: Cells): number {
    let seen = 0;
    if (id === 1) seen = Atomics.add(view, 0, 1);
    for (let i = 0; i < 20; i++) Atomics.load(view, 1 + id);
    if (id === 0) seen = Atomics.add(view, 0, 1);
    return seen;
  },
  check(_view: Cells, results: readonly number[]): void {
    if (results[0] === 0) throw new Error('the slow thread came first');
  },
}));

function share(strategy: Strategy, executions: number): number {
  const executor = executorOf(busy);
  let first = 0;
  for (let e = 0; e < executions; e++) {
    strategy.begin(e, 2);
    if (executor.run(strategy).kind === 'violated') first++;
  }
  return first / executions;
}

describe('surw', () => {
  test('the order on a shared cell is uniform, whatever comes between', () => {
    expect(share(surw(1), 2_000)).toBeGreaterThan(0.4);
    expect(share(surw(1), 2_000)).toBeLessThan(0.6);
    expect(share(urw(1), 2_000)).toBeLessThan(0.05);
  });

  test('finds the checker that comes between a hundred threads', () => {
    for (let seed = 0; seed < 3; seed++) {
      const { findings } = exploreWith(executorOf(reorder(100)), surw(seed), {
        executions: 2_000,
        deadline: Number.POSITIVE_INFINITY,
      });
      expect(findings).toHaveLength(1);
    }
  });

  test('a thread that waits for one that is held back gets on', () => {
    // Thread 0 owns the first access to cell 0 only after thread 1 has made its own.
    const order = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(2),
      thread(id: number, view: Cells): void {
        if (id === 0) {
          for (let tries = 0; Atomics.load(view, 1) === 0; tries++)
            if (tries > 3_000) throw new Error('held back for too long');
          Atomics.add(view, 0, 1);
          return;
        }
        Atomics.add(view, 0, 1);
        Atomics.store(view, 1, 1);
      },
    }));
    const executor = executorOf(order);
    const strategy = surw(5);
    for (let e = 0; e < 200; e++) {
      strategy.begin(e, 2);
      expect(executor.run(strategy)).toMatchObject({ kind: 'passed', message: '' });
    }
  });
});
