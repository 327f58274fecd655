import { describe, expect, test } from 'vitest';
import { type Cells, executorOf } from '../engine/fixtures/schedules.ts';
import { subject } from '../engine/fixtures/subject.ts';
import type { Program } from '../engine/program.ts';
import { strategyConformance } from './fixtures/conformance.ts';
import { random } from './random.ts';
import type { Strategy } from './strategy.ts';
import { urw } from './urw.ts';

strategyConformance('urw', urw);

/** Five steps of thread 0, two of thread 1, the starts included: 21 interleavings. */
const unequal = subject(({ cells }) => ({
  threads: 2,
  setup: () => cells(1),
  thread(id: number, view: Cells): void {
    for (let i = 0; i < (id === 0 ? 4 : 1); i++) Atomics.add(view, 0, 1);
  },
})) as unknown as Program;

/** How often each interleaving came, the rarest first. */
function counts(strategy: Strategy, executions: number): number[] {
  const executor = executorOf(unequal);
  const seen = new Map<string, number>();
  for (let e = 0; e < executions; e++) {
    strategy.begin(e, 2);
    executor.run(strategy, true);
    const order = executor.trace!.map(({ thread }) => thread).join('');
    seen.set(order, (seen.get(order) ?? 0) + 1);
  }
  return [...seen.values()].sort((a, b) => a - b);
}

describe('urw', () => {
  test('every interleaving is equally likely', () => {
    const seen = counts(urw(1), 8_401);
    expect(seen).toHaveLength(21);
    // 400 expected of each; a random walk has some at 131 and some at 2,100.
    expect(seen[0]).toBeGreaterThan(320);
    expect(seen.at(-1)).toBeLessThan(480);
    expect(counts(random(1), 8_401)[0]).toBeLessThan(200);
  });

  test('numbers that are wrong stop nobody', () => {
    // A thread that takes ten times as many steps in half of the executions.
    const moody = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(1),
      thread(_id: number, view: Cells): void {
        const first = Atomics.add(view, 0, 1) === 0;
        for (let i = 0; i < (first ? 20 : 2); i++) Atomics.load(view, 0);
      },
    })) as unknown as Program;
    const executor = executorOf(moody);
    const strategy = urw(2);
    const firsts = new Set<number>();
    for (let e = 0; e < 100; e++) {
      strategy.begin(e, 2);
      expect(executor.run(strategy, true).kind).toBe('passed');
      firsts.add(executor.trace!.find(({ kind }) => kind === 'add')!.thread);
    }
    expect(firsts).toEqual(new Set([0, 1]));
  });
});
