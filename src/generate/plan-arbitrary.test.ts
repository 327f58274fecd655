import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Operation, Plan } from './plan.ts';
import { planArbitrary } from './plan-arbitrary.ts';

const operation = fc.oneof(
  fc.integer({ min: 0, max: 9 }).map((n): Operation => ({ name: 'add', args: [n] })),
  fc.constant<Operation>({ name: 'get', args: [] }),
);
const arbitrary = planArbitrary({ operation, threads: [2, 4], length: [1, 5], prefix: 3 });

/** What fast-check shrinks to when plans that are `wrong` fail, as text. */
function smallest(wrong: (plan: Plan) => boolean, seed: number): string {
  const details = fc.check(
    fc.property(arbitrary, (plan) => !wrong(plan)),
    { seed, numRuns: 2_000 },
  );
  const { prefix, threads } = details.counterexample![0];
  const text = (list: readonly Operation[]) =>
    list.map(({ name, args }) => `${name}${args.join()}`).join(' ');
  return `${text(prefix)} / ${threads.map(text).join(' | ')}`;
}

const has = (list: readonly Operation[], name: string, least = 0): boolean =>
  list.some((o) => o.name === name && (o.args[0] === undefined || (o.args[0] as number) >= least));

describe('generated programs', () => {
  test('keep to their bounds and reach them', () => {
    const plans = fc.sample(arbitrary, { numRuns: 2_000, seed: 1 });
    const counts = (f: (plan: Plan) => number) => [...new Set(plans.map(f))].sort();
    expect(counts(({ threads }) => threads.length)).toEqual([2, 3, 4]);
    expect(counts(({ prefix }) => prefix.length)).toEqual([0, 1, 2, 3]);
    expect(counts(({ threads }) => threads[0]!.length)).toEqual([1, 2, 3, 4, 5]);
  });

  test('shrink to what a failure needs, whichever threads and operations that are', () => {
    for (let seed = 0; seed < 30; seed++) {
      expect(smallest(() => true, seed)).toMatch(/^ \/ (add\d|get) \| (add\d|get)$/);
      expect(smallest(({ threads }) => threads.filter((t) => has(t, 'add')).length >= 2, seed)).toBe(
        ' / add0 | add0',
      );
      expect(
        smallest(
          ({ threads }) => threads.some((t) => has(t, 'add', 7)) && threads.some((t) => has(t, 'get')),
          seed,
        ),
      ).toMatch(
        /^ \/ (add7 \| get|get \| add7|(add7 get|get add7) \| (add\d|get)|(add\d|get) \| (add7 get|get add7))$/,
      );
      expect(smallest(({ prefix, threads }) => has(prefix, 'get') && threads.length >= 3, seed)).toMatch(
        /^get \/ (add\d|get) \| (add\d|get) \| (add\d|get)$/,
      );
    }
  });

  test('every candidate is smaller or has smaller arguments, and keeps to the bounds', () => {
    const size = ({ prefix, threads }: Plan): number =>
      prefix.length + threads.flat().length + threads.length;
    const sum = ({ prefix, threads }: Plan): number =>
      [...prefix, ...threads.flat()].reduce((s, { args }) => s + ((args[0] as number | undefined) ?? 0), 0);
    const property = fc.property(fc.integer(), (seed) => {
      const random = fc.sample(fc.infiniteStream(fc.nat()), { numRuns: 1, seed });
      expect(random).toHaveLength(1);
      const runs: Plan[] = [];
      fc.check(
        fc.property(arbitrary, (plan) => {
          runs.push(plan);
          return false;
        }),
        { seed, numRuns: 1 },
      );
      for (const [i, plan] of runs.slice(1).entries()) {
        const before = runs[i]!;
        expect(size(plan) < size(before) || sum(plan) < sum(before)).toBe(true);
        expect(plan.threads.length >= 2 && plan.threads.every((list) => list.length >= 1)).toBe(true);
      }
    });
    fc.assert(property, { numRuns: 50 });
  });

  test('cannot shrink what it did not make', () => {
    const plan: Plan = { prefix: [], threads: [[]] };
    expect(arbitrary.canShrinkWithoutContext(plan)).toBe(false);
    expect([...arbitrary.shrink(plan, undefined)]).toEqual([]);
  });
});
