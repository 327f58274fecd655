import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Cells, type executorOf, run } from '../engine/fixtures/schedules.ts';
import { subject } from '../engine/fixtures/subject.ts';
import { strategyConformance } from '../strategy/fixtures/conformance.ts';
import { followSegments } from '../strategy/segments.ts';
import { type Segment, segments } from './segments.ts';

strategyConformance('segments', (seed) =>
  followSegments(fc.sample(segments({ threads: 4 }), { seed, numRuns: 3 })[2]!),
);

const three = subject(({ cells }) => ({
  threads: 3,
  setup: () => cells(1),
  thread(_id: number, view: Cells): void {
    for (let i = 0; i < 3; i++) Atomics.load(view, 0);
  },
}));

/** The threads of an execution, step by step. */
function order(list: readonly Segment[], program: Parameters<typeof executorOf>[0] = three as never): string {
  const { executor } = run(program, followSegments(list));
  return executor.trace!.map(({ thread }) => thread).join('');
}

describe('a list of segments', () => {
  test.each([
    [[], '000011112222'],
    [[[0, 99]], '000011112222'],
    [[[2, 1]], '222200001111'],
    [
      [
        [1, 2],
        [0, 1],
      ],
      '110000112222',
    ],
    [
      [
        [1, 2],
        [0, 1],
        [2, 2],
        [1, 1],
      ],
      '110221100022',
    ],
    [
      [
        [0, 1],
        [1, 1],
        [2, 1],
        [0, 1],
        [1, 1],
        [2, 1],
      ],
      '012012220011',
    ],
    [
      [
        [5, 2],
        [1, 9],
      ],
      '221111000022',
    ],
  ] as [Segment[], string][])(
    '%j runs %s: segments, then the current thread on, then the lowest',
    (list, expected) => {
      expect(order(list)).toBe(expected);
    },
  );

  test('a segment of a thread that cannot go on is skipped, and so is the rest of one whose thread blocks', () => {
    const program = subject(({ cells }) => ({
      threads: 3,
      setup: () => cells(2),
      thread(id: number, view: Cells): void {
        if (id === 0) Atomics.wait(view, 0, 0);
        Atomics.load(view, 1);
        Atomics.load(view, 1);
        if (id === 1) {
          Atomics.store(view, 0, 1);
          Atomics.notify(view, 0);
        }
        Atomics.load(view, 1);
      },
    }));
    const threads = (list: Segment[]) => order(list, program as never);
    // T0 starts and sleeps; its second segment is skipped.
    expect(
      threads([
        [0, 9],
        [0, 9],
        [2, 1],
      ]),
    ).toMatch(/^002/);
    expect(
      threads([
        [0, 9],
        [2, 1],
        [1, 5],
      ]),
    ).toMatch(/^00211111/);
  });

  test('a thread in a timed wait counts as blocked; a segment of its own lets it time out', () => {
    const program = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(1),
      thread(id: number, view: Cells): string {
        if (id === 0) return Atomics.wait(view, 0, 0, 10);
        Atomics.store(view, 0, 1);
        Atomics.notify(view, 0);
        return '';
      },
    }));
    const result = (list: Segment[]): unknown => {
      let seen: unknown;
      const check = (_view: Cells, results: readonly string[]) => {
        seen = results[0];
      };
      run({ ...program, check }, followSegments(list));
      return seen;
    };
    expect(result([[0, 9]])).toBe('ok');
    expect(
      result([
        [0, 9],
        [0, 1],
      ]),
    ).toBe('timed-out');
    expect(
      result([
        [0, 9],
        [1, 9],
      ]),
    ).toBe('ok');
  });
});

describe('the arbitrary', () => {
  test('generates within its bounds, the empty list among them', () => {
    const arbitrary = segments({ threads: 3, maxSegments: 6, steps: 10 });
    const lists = fc.sample(arbitrary, { numRuns: 2_000, seed: 1 });
    expect(lists.some((list) => list.length === 0)).toBe(true);
    for (const list of lists) {
      // Priority lists: three changes and one segment a thread.
      expect(list.length).toBeLessThanOrEqual(6);
      for (const [thread, steps] of list) {
        expect(thread >= 0 && thread < 3 && Number.isInteger(thread)).toBe(true);
        expect(steps >= 1 && Number.isInteger(steps)).toBe(true);
      }
    }
    expect(new Set(lists.map((list) => list.length)).size).toBeGreaterThan(5);
  });

  test('shrinks: smaller every time, to the empty list, in no great number of steps', () => {
    const arbitrary = segments({ threads: 4 });
    const size = (list: readonly Segment[]): readonly number[] => [
      list.length,
      list.reduce((sum, [, steps]) => sum + steps, 0),
      list.reduce((sum, [thread]) => sum + thread, 0),
    ];
    const less = (a: readonly number[], b: readonly number[]): boolean => {
      const i = a.findIndex((x, k) => x !== b[k]);
      return i !== -1 && a[i]! < b[i]!;
    };
    for (const list of fc.sample(arbitrary, { numRuns: 200, seed: 2 })) {
      const candidates = [...arbitrary.shrink(list, undefined)].map(({ value }) => value);
      for (const candidate of candidates) {
        expect(less(size(candidate), size(list))).toBe(true);
        expect(arbitrary.canShrinkWithoutContext(candidate)).toBe(true);
      }
      const texts = candidates.map((c) => JSON.stringify(c));
      expect(new Set(texts.filter((t) => t === '[]')).size).toBe(list.length > 0 ? 1 : 0);
      if (list.length > 0) expect(candidates[0]).toEqual([]);
      else expect(candidates).toEqual([]);
    }
  });

  test('tries no steps twice for one segment', () => {
    const arbitrary = segments({ threads: 4 });
    for (const steps of [1, 2, 3, 4, 9, 10_000]) {
      const tried = [...arbitrary.shrink([[0, steps]], undefined)].map(({ value }) => JSON.stringify(value));
      expect(new Set(tried).size).toBe(tried.length);
    }
  });

  test('finds the smallest list of a predicate', () => {
    const smallest = (wrong: (list: readonly Segment[]) => boolean) =>
      fc.check(
        fc.property(segments({ threads: 4 }), (list) => !wrong(list)),
        { numRuns: 5_000, seed: 3 },
      ).counterexample?.[0];
    expect(smallest(() => true)).toEqual([]);
    expect(smallest((list) => list.length > 0)).toEqual([[0, 1]]);
    expect(smallest((list) => list.some(([, steps]) => steps >= 7))).toEqual([[0, 7]]);
    expect(smallest((list) => list.some(([thread]) => thread >= 2) && list.length >= 2)).toHaveLength(2);
    expect(smallest((list) => list.reduce((sum, [t]) => sum + t, 0) >= 3)).toEqual([[3, 1]]);
  });

  test('knows its own values', () => {
    const arbitrary = segments({ threads: 2 });
    expect(arbitrary.canShrinkWithoutContext([])).toBe(true);
    expect(arbitrary.canShrinkWithoutContext([[0, 1]])).toBe(true);
    for (const other of [undefined, 1, [1], [[0]], [[0, 0]], [[0.5, 1]], [[0, 1, 2]], [['0', 1]], [[-1, 1]]])
      expect(arbitrary.canShrinkWithoutContext(other)).toBe(false);
  });

  test('seed and path repeat a counterexample', () => {
    const property = fc.property(segments({ threads: 3 }), (list) => list.length < 2 || list[1]![1] < 4);
    const first = fc.check(property, { seed: 5, numRuns: 1_000 });
    expect(first.failed).toBe(true);
    for (let i = 0; i < 25; i++) {
      const again = fc.check(property, { seed: 5, path: first.counterexamplePath! });
      expect(again.counterexample).toEqual(first.counterexample);
    }
  });
});
