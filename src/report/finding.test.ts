import { describe, expect, test } from 'vitest';
import type { TraceStep } from '../engine/trace.ts';
import { jsonSafe } from '../engine/trace.ts';
import { renderColumns, renderFinding } from './finding.ts';

const site = (line: number) => ({ file: '/author/folder/lock.ts', line, column: 3 });
const step = (n: number, thread: number, more: Partial<TraceStep> = {}): TraceStep => ({
  step: n,
  thread,
  kind: 'start',
  preemption: false,
  ...more,
});

const trace: readonly TraceStep[] = [
  step(0, 0),
  step(1, 0, { kind: 'load', buffer: 0, byteOffset: 0, args: [], result: 0, site: site(7) }),
  step(2, 1, { preemption: true }),
  step(3, 1, { kind: 'call', label: 'push' }),
  step(4, 1, { kind: 'compareExchange', buffer: 0, byteOffset: 4, args: [0, 1], result: 0, site: site(9) }),
  step(4, 1, { kind: 'add', buffer: 0, byteOffset: 8, args: [5n], result: 2n, unscheduled: true }),
  step(5, 1, { kind: 'notify', buffer: 0, byteOffset: 4, args: [1], result: 1, woke: [0], site: site(10) }),
  step(6, 0, { kind: 'wait', buffer: 0, byteOffset: 4, args: [1], site: site(11) }),
];

describe('a finding as text', () => {
  test('one column a thread, one line a step; marks for preemptions and steps without a scheduling point', () => {
    expect(renderColumns(2, trace).split('\n')).toEqual([
      'step   T0                                T1',
      '   0   start',
      '   1   load [0] -> 0  lock.ts:7',
      '   2 >                                   start',
      '   3                                     call push',
      '   4                                     compareExchange [4] 0, 1 -> 0  lock.ts:9',
      '   4 !                                   add [8] 5 -> 2',
      '   5                                     notify [4] 1 -> 1 wakes T0  lock.ts:10',
      '   6   wait [4] 1 (sleeps)  lock.ts:11',
    ]);
  });

  test('a long trace shows its end, and how much is missing', () => {
    const long = Array.from({ length: 250 }, (_, i) => step(i, i % 2));
    const lines = renderColumns(2, long).split('\n');
    expect(lines).toHaveLength(202);
    expect(lines[1]).toBe('       ... 50 earlier steps');
    expect(lines.at(-1)).toMatch(/^ 249 +start$/);
  });

  test('all rows of a long trace are shown where every step is asked for', () => {
    const long = Array.from({ length: 250 }, (_, i) => step(i, i % 2));
    expect(renderColumns(2, long, { full: true }).split('\n')).toHaveLength(251);
  });

  test('several buffers are told apart; a step that threw says what', () => {
    const text = renderColumns(1, [
      step(0, 0, { kind: 'load', buffer: 0, byteOffset: 0, args: [], result: 1 }),
      step(1, 0, { kind: 'load', buffer: 1, byteOffset: 0, args: [], result: 'threw RangeError' }),
      step(2, 0, { kind: 'load', args: [], result: 'threw TypeError' }),
    ]);
    expect(text).toContain('load b0[0] -> 1');
    expect(text).toContain('load b1[0] -> threw RangeError');
    expect(text).toContain('load -> threw TypeError');
  });

  test('a deadlock: who waits where, who wrote last, who notified last', () => {
    const blocked = [
      { thread: 0, site: site(11), buffer: 0, byteOffset: 4, value: 1, current: 1 },
      { thread: 1, site: undefined, buffer: 0, byteOffset: 12, value: 0, current: 0 },
    ];
    const text = renderFinding({
      name: 'lock',
      threads: 2,
      outcome: { kind: 'deadlocked', message: 'deadlock: nobody can go on', blocked },
      trace,
      schedule: 'tp1_x',
      preemptions: 1,
      program: 'T0: lock() | T1: lock()',
      replayLine: 'npx threadproof replay lock.ts tp1_x',
    });
    const lines = text.split('\n');
    expect(lines.slice(0, 3)).toEqual([
      'lock: DEADLOCKED with 1 preemption',
      'deadlock: nobody can go on',
      'program   T0: lock() | T1: lock()',
    ]);
    expect(text).toContain(
      'T0 waits at lock.ts:11 on [4] (slept on 1): last written by T1 in step 4 (compareExchange [4] 0, 1 -> 0); last notified by T1 in step 5',
    );
    expect(text).toContain('T1 waits on [12] (slept on 0): nobody has written it; nobody has notified it');
    expect(lines.slice(-2)).toEqual(['schedule  tp1_x', 'replay    npx threadproof replay lock.ts tp1_x']);
  });

  test('a compareExchange that found another value wrote nothing', () => {
    const failed = step(1, 0, { kind: 'compareExchange', buffer: 0, byteOffset: 0, args: [0, 1], result: 9 });
    const text = renderFinding({
      name: 'x',
      threads: 1,
      outcome: {
        kind: 'deadlocked',
        message: 'm',
        blocked: [{ thread: 0, site: undefined, buffer: 0, byteOffset: 0, value: 0, current: 9 }],
      },
      trace: [step(0, 0, { kind: 'store', buffer: 0, byteOffset: 0, args: [9], result: 9 }), failed],
      schedule: 's',
      preemptions: 0,
    });
    expect(text).toContain('last written by T0 in step 0 (store [0] 9 -> 9)');
    expect(text).toMatch(/^x: DEADLOCKED with 0 preemptions\n/);
  });
});

test('JSON of what JSON does not have', () => {
  expect(JSON.stringify([1n, Number.NaN, Number.POSITIVE_INFINITY, 2, null, 'x'], jsonSafe)).toBe(
    '["1n","NaN","Infinity",2,null,"x"]',
  );
});
