/** The reduction against brute force, on random small programs. */
import { describe, expect, test } from 'vitest';
import { everySchedule } from '../../engine/fixtures/schedules.ts';
import { RandomSource } from '../random-source.ts';
import { BoundedSearch } from './bounded.ts';
import { ExhaustiveSearch } from './exhaustive.ts';
import { bruteForce, exploreAll, type Kind, type Plan, randomPlan } from './fixtures/small-programs.ts';

const kinds: readonly (readonly [name: string, programs: number, kind: Kind])[] = [
  ['loads, stores, read-modify-writes', 150, { waits: false, mixed: false, threads: [2, 4], operations: 7 }],
  ['waits and notifies too', 200, { waits: true, mixed: false, threads: [2, 4], operations: 6 }],
  ['cells of different widths too', 150, { waits: true, mixed: true, threads: [2, 3], operations: 6 }],
];

function plans(seed: number, programs: number, kind: Kind): Plan[] {
  return Array.from({ length: programs }, (_, i) => {
    const source = new RandomSource();
    source.seed(seed, i);
    return randomPlan(source, kind);
  });
}

describe('exhaustive search against brute force', () => {
  test.each(kinds)('%s: %i programs', (_name, programs, kind) => {
    let several = 0;
    for (const plan of plans(1, programs, kind)) {
      const all = bruteForce(plan);
      const search = new ExhaustiveSearch();
      const found = exploreAll(plan, search);
      const about = JSON.stringify(plan);
      expect(all.complete && found.complete, about).toBe(true);
      expect(search.search().limits, about).toEqual([]);
      expect([...found.outcomes].sort(), about).toEqual([...all.outcomes].sort());
      expect([...found.graphs.keys()].sort(), about).toEqual([...all.graphs.keys()].sort());
      // Each once, and nothing besides.
      expect([found.executions, search.redundant, search.surprises], about).toEqual([all.graphs.size, 0, 0]);
      if (found.executions > 1) several++;
    }
    expect(several).toBeGreaterThan(programs * 0.8);
  });

  test('an event that writes only when it comes first is seen against all that comes between', () => {
    const plan: Plan = [
      [
        ['cas', 1, 0, 1],
        ['wide-cas', 0, 0, 1],
        ['exchange', 0, 1, 0],
      ],
      [
        ['wide-cas', 0, 0, 1],
        ['half-cas', 3, 0, 2],
      ],
      [['cas', 0, 1, 2]],
    ];
    const all = bruteForce(plan);
    const found = exploreAll(plan, new ExhaustiveSearch());
    expect([...found.graphs.keys()].sort()).toEqual([...all.graphs.keys()].sort());
    expect(found.outcomes).toEqual(all.outcomes);
  });

  test('a bound on preemptions: 60 programs, bounds 0 to 2', () => {
    const kind: Kind = { waits: true, mixed: true, threads: [2, 3], operations: 5 };
    let differing = 0;
    for (const plan of plans(2, 60, kind)) {
      const all = exploreAll(plan, everySchedule());
      for (const bound of [0, 1, 2]) {
        const within = [...all.graphs].filter(([, least]) => least <= bound).map(([graph]) => graph);
        const found = exploreAll(plan, new BoundedSearch(bound));
        expect([...found.graphs.keys()].sort(), JSON.stringify(plan)).toEqual(within.sort());
        if (within.length < all.graphs.size) differing++;
      }
    }
    expect(differing).toBeGreaterThan(30);
  });
});
