import { describe, expect, test } from 'vitest';
import { type Cells, executorOf } from '../engine/fixtures/schedules.ts';
import { subject } from '../engine/fixtures/subject.ts';
import type { Program } from '../engine/program.ts';
import { fair } from './fair.ts';
import { choices, programs, strategyConformance } from './fixtures/conformance.ts';
import { pct } from './pct.ts';
import type { Strategy } from './strategy.ts';

strategyConformance('fair-pct', (seed) => fair(pct(seed), seed));
strategyConformance('fair-pct, at once', (seed) => fair(pct(seed), seed, 1));

/** Thread 0 counts its attempts while it waits: it writes, so nobody can say that it spins. */
const attempts = subject(({ cells }) => ({
  threads: 2,
  setup: () => cells(2),
  thread(id: number, view: Cells): void {
    if (id === 1) Atomics.store(view, 0, 1);
    else while (Atomics.load(view, 0) === 0) Atomics.add(view, 1, 1);
  },
})) as unknown as Program;

function exhausted(strategy: Strategy): number {
  const executor = executorOf(attempts, { maxSteps: 5_000 });
  let count = 0;
  for (let e = 0; e < 40; e++) {
    strategy.begin(e, 2);
    if (executor.run(strategy).kind === 'exhausted') count++;
  }
  return count;
}

describe('fair', () => {
  test('a loop that writes while it waits ends', () => {
    expect(exhausted(pct(1, 1))).toBeGreaterThan(5);
    expect(exhausted(fair(pct(1, 1), 1))).toBe(0);
  });

  test('up to the bound it is the strategy itself', () => {
    const plain = choices(pct(4), programs[2]!, 20);
    expect(choices(fair(pct(4), 4), programs[2]!, 20)).toEqual(plain);
    expect(choices(fair(pct(4), 4, 2), programs[2]!, 20)).not.toEqual(plain);
  });

  test('keeps the name and the guarantee of the strategy', () => {
    const strategy = fair(pct(1, 2), 1);
    choices(strategy, programs[0]!, 10);
    expect(strategy.name).toBe('fair-pct(2)');
    expect(strategy.guarantee!(10)).toContain('d=2');
  });
});
