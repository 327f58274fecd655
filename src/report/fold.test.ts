import { describe, expect, test } from 'vitest';
import type { Outcome } from '../engine/outcome.ts';
import type { TraceStep } from '../engine/trace.ts';
import { renderColumns, renderFinding } from './finding.ts';

const site = { file: '/author/lock.ts', line: 12, column: 3 };

/** Steps of Int32 cells, numbered as they come: [thread, kind, offset, arguments, result, more]. */
type Given = readonly [
  thread: number,
  kind: string,
  at?: number | undefined,
  args?: readonly number[],
  result?: number | undefined,
  more?: Partial<TraceStep>,
];
const traceOf = (given: readonly Given[]): TraceStep[] =>
  given.map(([thread, kind, byteOffset, args, result, more], step) => ({
    step,
    thread,
    kind,
    preemption: false,
    ...(byteOffset === undefined ? {} : { buffer: 0, byteOffset, args: args ?? [] }),
    ...(result === undefined ? {} : { result }),
    ...more,
  }));
const times = (count: number, ...steps: Given[]): Given[] =>
  Array.from({ length: count }, () => steps).flat();
const linesOf = (threads: number, trace: readonly TraceStep[], outcome?: Outcome, full?: boolean): string[] =>
  renderColumns(threads, trace, {
    ...(outcome === undefined ? {} : { outcome }),
    ...(full === undefined ? {} : { full }),
  })
    .split('\n')
    .slice(1);
const threw = (thread: number): Outcome => ({ kind: 'crashed', message: 'm', thread });

describe('rounds that repeat', () => {
  const spin: Given = [1, 'load', 0, [], 1, { site }];

  test('a spin of one step: shown once, and how often it comes again; the step after it stays', () => {
    const trace = traceOf([[0, 'start'], [1, 'start'], ...times(15, spin), [1, 'load', 0, [], 0, { site }]]);
    expect(linesOf(2, trace)).toEqual([
      '   0   start',
      '   1           start',
      '   2           load [0] -> 1  lock.ts:12',
      '               ... 14 x: load [0] -> 1  lock.ts:12',
      '  17           load [0] -> 0  lock.ts:12',
    ]);
    expect(linesOf(2, trace, undefined, true)).toHaveLength(18);
  });

  test('a round of two steps is written out, a longer one refers to the rows before', () => {
    const two = times(3, [0, 'load', 0, [], 1], [0, 'load', 4, [], 0]);
    expect(linesOf(1, traceOf(two))).toEqual([
      '   0   load [0] -> 1',
      '   1   load [4] -> 0',
      '       ... 2 x: load [0] -> 1, load [4] -> 0',
    ]);
    const three = times(3, [0, 'load', 0, [], 1], [0, 'load', 4, [], 0], [0, 'load', 8, [], 0]);
    expect(linesOf(1, traceOf(three)).at(-1)).toBe('       ... 2 x: the 3 steps before');
  });

  test('rounds of several threads name them, and say how many preemptions they hide', () => {
    const round: Given[] = [
      [0, 'load', 0, [], 1],
      [1, 'load', 0, [], 1, { preemption: true }],
    ];
    expect(linesOf(2, traceOf(times(5, ...round))).at(-1)).toBe(
      '       ... 4 x: T0 load [0] -> 1, T1 load [0] -> 1 with 4 preemptions',
    );
  });

  test('a part of a round at the end is shown', () => {
    const given: Given[] = [...times(4, [0, 'load', 0, [], 1], [0, 'load', 4, [], 0]), [0, 'load', 0, [], 1]];
    expect(linesOf(1, traceOf(given))).toHaveLength(4);
    expect(linesOf(1, traceOf(given)).at(-1)).toBe('   8   load [0] -> 1');
  });

  test.each<[string, Given[]]>([
    ['other results', Array.from({ length: 9 }, (_, i): Given => [0, 'add', 0, [1], i])],
    ['other cells', Array.from({ length: 9 }, (_, i): Given => [0, 'load', 4 * i, [], 0])],
    [
      'other places',
      Array.from({ length: 9 }, (_, i): Given => [0, 'load', 0, [], 0, { site: { ...site, line: i } }]),
    ],
    ['calls', times(9, [0, 'call', undefined, [], undefined, { label: 'push' }])],
    ['too few to save three lines', times(3, spin)],
  ])('not collapsed: %s', (_, given) => {
    expect(linesOf(2, traceOf(given))).toHaveLength(given.length);
  });

  test('a long spin does not push the beginning out', () => {
    const lines = linesOf(2, traceOf([[0, 'store', 0, [1], 1], ...times(5_000, spin)]));
    expect(lines).toHaveLength(3);
  });

  test('a step that shows the failure keeps its row', () => {
    const lines = linesOf(2, traceOf([...times(9, spin)]), threw(1));
    expect(lines.at(-2)).toContain('... 7 x:');
    expect(lines.at(-1)).toMatch(/^ {3}8 +load/);
  });
});

describe('what the failure does not follow from', () => {
  const elsewhere = (thread: number, count: number): Given[] =>
    Array.from({ length: count }, (_, i): Given => [thread, 'add', 8, [1], i]);

  test('steps of a thread that it has nothing to do with are one line', () => {
    const trace = traceOf([[0, 'load', 0, [], 0], ...elsewhere(1, 9), [0, 'load', 4, [], 0]]);
    expect(linesOf(2, trace, threw(0))).toEqual([
      '   0   load [0] -> 0',
      '       (9 steps of T1 folded: full: true shows them)',
      '  10   load [4] -> 0',
    ]);
    expect(linesOf(2, trace, threw(0), true)).toHaveLength(11);
  });

  test('with a command to repeat it, the line names the option; only the first line does; preemptions are counted', () => {
    const trace = traceOf([
      [1, 'add', 8, [1], 20, { preemption: true }],
      ...elsewhere(1, 9),
      [0, 'load', 0, [], 0],
      ...elsewhere(2, 3),
      [0, 'load', 4, [], 0],
    ]);
    const text = renderFinding({
      name: 'x',
      threads: 3,
      outcome: threw(0),
      trace,
      schedule: 's',
      preemptions: 1,
      replayLine: 'npx threadproof replay x.ts s',
    });
    expect(text).toContain('\n       (10 steps of T1 with 1 preemption folded: --full shows them)\n');
    expect(text).toContain('\n       (3 steps of T2 folded)\n');
    expect(text.split('\n').at(-1)).toBe('replay    npx threadproof replay x.ts s');
  });

  test('a step that was read from is kept, with all that its thread did before, and nothing after', () => {
    const trace = traceOf([
      ...elsewhere(1, 4),
      [1, 'store', 0, [7], 7],
      ...elsewhere(1, 9),
      [0, 'load', 0, [], 7],
    ]);
    const lines = linesOf(2, trace, threw(0));
    expect(lines).toHaveLength(7);
    expect(lines.at(-2)).toBe('       (9 steps of T1 folded: full: true shows them)');
  });

  test.each<[string, Given, Given]>([
    ['a write before a write', [1, 'store', 0, [7], 7], [0, 'store', 0, [8], 8]],
    ['who woke it', [1, 'notify', 0, [1], 1, { woke: [0] }], [0, 'woken']],
    [
      'a plain write to many bytes',
      [1, 'write', 64, [], undefined, { buffer: 1, byteLength: 4_096 }],
      [0, 'load', 128, [], 0, { buffer: 1 }],
    ],
    [
      'a plain read of many bytes',
      [1, 'store', 128, [1], 1, { buffer: 1 }],
      [0, 'read', 64, [], undefined, { buffer: 1, byteLength: 4_096 }],
    ],
    ['a part of the word', [1, 'write', 1, [], undefined, { byteLength: 1 }], [0, 'load', 0, [], 0]],
  ])('kept: %s', (_, cause, end) => {
    const trace = traceOf([...elsewhere(1, 9), cause, end]);
    expect(linesOf(2, trace, threw(0))).toHaveLength(trace.length);
    // The same steps without the cause: all of the other thread is folded.
    expect(linesOf(2, traceOf([...elsewhere(1, 9), end]), threw(0))).toHaveLength(2);
  });

  test('the steps of a standstill are kept, whoever made them, and who wrote and notified the word last', () => {
    const blocked = [{ thread: 0, site: undefined, buffer: 0, byteOffset: 0, value: 0, current: 1 }];
    const stuck = { kind: 'lost wake-up', threads: [0], steps: [3], message: 'm' } as const;
    const trace = traceOf([
      [0, 'wait', 0, [0]],
      [1, 'store', 0, [1], 1],
      [1, 'notify', 0, [1], 0],
      [2, 'load', 4, [], 0],
      ...elsewhere(1, 9),
    ]);
    const lines = linesOf(3, trace, { kind: 'deadlocked', message: 'm', blocked, stuck });
    expect(lines).toHaveLength(5);
    expect(lines.at(-1)).toContain('(9 steps of T1 folded');
  });

  test('both accesses of a race are kept', () => {
    const access = { site: undefined, write: true, atomic: false, byteOffset: 0, byteLength: 4 };
    const race = {
      buffer: 0,
      first: { ...access, thread: 1, step: 1 },
      second: { ...access, thread: 0, step: 11 },
    };
    const trace = traceOf([
      [0, 'start'],
      [1, 'write', 0, [], undefined, { byteLength: 4 }],
      ...elsewhere(2, 9),
      [0, 'start'],
    ]);
    const lines = linesOf(3, trace, { kind: 'violated', message: 'm', oracle: 'race', race });
    expect(lines).toHaveLength(4);
    expect(lines[1]).toContain('write');
  });

  test('nothing is folded where fewer than 8 steps would be, and where it is not known which steps fail', () => {
    const short = traceOf([[0, 'load', 0, [], 0], ...elsewhere(1, 7), [0, 'load', 4, [], 0]]);
    expect(linesOf(2, short, threw(0))).toHaveLength(9);
    const long = traceOf([[0, 'load', 0, [], 0], ...elsewhere(1, 20), [0, 'load', 4, [], 0]]);
    expect(linesOf(2, long, { kind: 'violated', message: 'check' })).toHaveLength(22);
  });
});
