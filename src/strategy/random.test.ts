import { describe, expect, test } from 'vitest';
import { type Cells, executorOf } from '../engine/fixtures/schedules.ts';
import { subject } from '../engine/fixtures/subject.ts';
import { choices, programs, strategyConformance } from './fixtures/conformance.ts';
import { random } from './random.ts';
import { RandomSource } from './random-source.ts';

strategyConformance('random', random);

/** Pearson's statistic of counts that should be equal. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((a, b) => a + b, 0) / counts.length;
  return counts.reduce((sum, c) => sum + (c - expected) ** 2 / expected, 0);
}

describe('random', () => {
  test('an execution depends on the seed and its number alone', () => {
    const all = choices(random(11), programs[0]!, 10);
    for (const e of [9, 3, 0]) {
      const strategy = random(11);
      strategy.begin(e, 3);
      const list: number[] = [];
      executorOf(programs[0]!).run({
        ...strategy,
        choose: (view) => {
          list.push(strategy.choose(view));
          return list.at(-1)!;
        },
      });
      expect(list).toEqual(all[e]);
    }
    expect(new Set(all.map(String)).size).toBeGreaterThan(5);
    expect(choices(random(12), programs[0]!, 10)).not.toEqual(all);
  });

  test('every enabled thread is equally likely', () => {
    // Two threads of equal length: the 20 schedules of 3 + 3 steps are not equally likely, but the first choices are.
    const program = subject(({ cells }) => ({
      threads: 4,
      setup: () => cells(1),
      thread: (_id: number, view: Cells) => Atomics.load(view, 0),
    }));
    const first = [0, 0, 0, 0];
    const second = [0, 0, 0, 0];
    for (const list of choices(random(5), program as never, 8_000)) {
      first[list[0]!]!++;
      second[list[1]!]!++;
    }
    // 3 degrees of freedom: a fair source passes 30 but once in a million.
    expect(chiSquare(first)).toBeLessThan(30);
    expect(chiSquare(second)).toBeLessThan(30);
  });

  test('neighbouring seeds and streams are unlike', () => {
    const source = new RandomSource();
    const counts = new Array<number>(16).fill(0);
    for (let seed = 0; seed < 100; seed++)
      for (let stream = 0; stream < 100; stream++) {
        source.seed(seed, stream);
        counts[source.below(16)]!++;
      }
    expect(chiSquare(counts)).toBeLessThan(60); // 15 degrees of freedom
  });

  test('below is below, for any bound', () => {
    const source = new RandomSource();
    source.seed(1, 1);
    for (const bound of [1, 2, 3, 1000, 2 ** 20])
      for (let i = 0; i < 1_000; i++) {
        const n = source.below(bound);
        expect(n >= 0 && n < bound && Number.isInteger(n)).toBe(true);
      }
    expect(source.next()).toBeGreaterThanOrEqual(0);
  });
});
