import { describe, expect, test } from 'vitest';
import { reorder, twostage } from '../../bench/needles.ts';
import { exploreWith } from '../engine/explore.ts';
import { type Cells, executorOf } from '../engine/fixtures/schedules.ts';
import { subject } from '../engine/fixtures/subject.ts';
import type { Program } from '../engine/program.ts';
import { choices, strategyConformance } from './fixtures/conformance.ts';
import { pct } from './pct.ts';
import { type Member, portfolio } from './portfolio.ts';
import { random } from './random.ts';
import type { Strategy } from './strategy.ts';

strategyConformance('portfolio', portfolio);

const budget = (executions: number) => ({ executions, deadline: Number.POSITIVE_INFINITY });

/** So many behaviours that a random schedule is nearly always new. */
const wide = subject(({ cells }) => ({
  threads: 4,
  setup: () => cells(1),
  thread(_id: number, view: Cells): void {
    for (let i = 0; i < 6; i++) Atomics.add(view, 0, 1);
  },
})) as unknown as Program;

/** Always the base order: one behaviour, for ever. */
const dull: Strategy = {
  name: 'dull',
  begin: () => true,
  choose: (view) => view.baseChoice(),
  draw: () => 0,
};

/** Runs a strategy and `random` for 2,000 executions, and counts the turns of each. */
function turns(first: Strategy, behaviours: boolean, prices: readonly [number, number] = [1, 1]): number[] {
  const counts = [0, 0];
  const counted = (strategy: Strategy, i: number): Member => ({
    strategy: {
      ...strategy,
      begin(execution, threads) {
        expect(execution).toBe(counts[i]);
        counts[i]!++;
        return strategy.begin(execution, threads);
      },
    },
    share: 1,
    price: prices[i]!,
  });
  exploreWith(
    executorOf(wide, { behaviours }),
    portfolio(1, [counted(first, 0), counted(random(1), 1)]),
    budget(2_000),
  );
  return counts;
}

describe('portfolio', () => {
  test('who shows new behaviours gets more turns; nobody loses more than half of his share', () => {
    const [none, many] = turns(dull, true);
    expect(many).toBeGreaterThan(1_400);
    // A quarter of 2,000 is the floor.
    expect(none).toBeGreaterThan(430);
  });

  test('where nobody counts behaviours the shares decide', () => {
    const [none] = turns(dull, false);
    expect(none).toBeGreaterThan(900);
    expect(none).toBeLessThan(1_100);
  });

  test('new behaviours are weighed against their cost', () => {
    const [cheap] = turns(random(2), true, [1, 9]);
    const [alike] = turns(random(2), true);
    expect(cheap).toBeGreaterThan(1_300);
    expect(alike).toBeGreaterThan(850);
    expect(alike).toBeLessThan(1_150);
  });

  test('a seed gives the same run, execution by execution', () => {
    const run = (seed: number): string => {
      const executor = executorOf(wide, { behaviours: true });
      const strategy = portfolio(seed);
      const prints: number[] = [];
      exploreWith(
        executor,
        { ...strategy, ended: (...args) => prints.push(executor.fingerprint) && strategy.ended!(...args) },
        budget(300),
      );
      return prints.join();
    };
    expect(run(5)).toBe(run(5));
    expect(run(6)).not.toBe(run(5));
  });

  test('every member has its turns, and guided ones are told what they need', () => {
    const strategy = portfolio(2);
    const executor = executorOf(wide, { behaviours: true });
    let observed = 0;
    for (let e = 0; e < 200; e++) {
      strategy.begin(e, 4);
      if (strategy.observe !== undefined) observed++;
      executor.run(strategy);
      strategy.ended!(executor.steps, true);
    }
    expect(observed).toBeGreaterThan(60);
    expect(observed).toBeLessThan(160);
  });

  test('the guarantee is that of the executions of PCT', () => {
    const strategy = portfolio(1, [
      { strategy: random(1), share: 1, price: 1 },
      { strategy: pct(1, 2), share: 1, price: 1 },
    ]);
    expect(strategy.guarantee!(0)).toBeUndefined();
    choices(strategy, wide, 10);
    const [, executions] = /; (\d+) executions give >= /.exec(strategy.guarantee!(10)!)!; // it has one
    expect(Number(executions)).toBeGreaterThan(0);
    expect(Number(executions)).toBeLessThan(10);
  });

  test.each([reorder(5), reorder(100), twostage(2), twostage(20)])('finds the needle $name', (program) => {
    for (let seed = 1; seed <= 2; seed++)
      expect(
        exploreWith(executorOf(program, { behaviours: true }), portfolio(seed), budget(10_000)).findings,
      ).toHaveLength(1);
  });
});
