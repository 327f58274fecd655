import { describe, expect, test } from 'vitest';
import { type Cells, executorOf } from '../engine/fixtures/schedules.ts';
import { subject } from '../engine/fixtures/subject.ts';
import { strategyConformance } from './fixtures/conformance.ts';
import { pos } from './pos.ts';
import { random } from './random.ts';
import type { Strategy } from './strategy.ts';

strategyConformance('pos', pos);

/** Thread 0 takes ten steps on cell `at` and then looks whether thread 1 has stored to cell 1. */
const lateStore = (at: number) =>
  subject(
    ({ cells, at }) => ({
      threads: 2,
      setup: () => cells(2),
      thread(id: number, view: Cells): number {
        if (id === 1) return Atomics.store(view, 1, 1);
        for (let i = 0; i < 10; i++) Atomics.load(view, at);
        return Atomics.load(view, 1);
      },
      check(_view: Cells, results: readonly number[]): void {
        if (results[0] === 0) throw new Error('the store came last');
      },
    }),
    { at },
  );

function share(strategy: Strategy, at: number, executions = 4_000): number {
  const executor = executorOf(lateStore(at));
  let last = 0;
  for (let e = 0; e < executions; e++) {
    strategy.begin(e, 2);
    if (executor.run(strategy).kind === 'violated') last++;
  }
  return last / executions;
}

describe('pos', () => {
  test('independent steps do not make a late step rare', () => {
    // Of thread 0's twelve priorities and thread 1's for its store, that of the store is the least in 1 of 13; or its start is the least already.
    expect(share(pos(1), 0)).toBeGreaterThan(0.06);
    expect(share(random(1), 0)).toBeLessThan(0.01);
  });

  test('after a race its losers draw anew', () => {
    // Ten loads of cell 1 race with the store one by one: only a start that is late enough helps.
    const redrawn = share(pos(1), 1);
    expect(redrawn).toBeLessThan(share(pos(1), 0));
    expect(redrawn).toBeGreaterThan(0);
  });
});
