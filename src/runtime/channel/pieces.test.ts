/** The parts of a channel that decide, apart from promises and workers. */
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from './clock.ts';
import { decay } from './decay.ts';
import { LatestWins } from './latest-wins.ts';
import { isMessage, Outbox } from './messages.ts';
import { RequestTable } from './request-table.ts';
import { SequenceWindow } from './sequence-window.ts';
import { serve } from './serve.ts';

describe('C-2: SequenceWindow', () => {
  it('tells what is in order, ahead, out of order and doubled', () => {
    const window = new SequenceWindow();
    expect([1, 2, 2, 5, 3, 3, 6, 4, 1].map((seq) => window.receive(seq))).toEqual([
      'in order',
      'in order',
      'duplicate',
      'ahead',
      'out of order',
      'duplicate',
      'in order',
      'out of order',
      'duplicate',
    ]);
    expect(window.missing).toBe(0);
  });

  it('knows each number once, in whatever order they come', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 12 })), (numbers) => {
        const window = new SequenceWindow();
        const seen = new Set<number>();
        for (const seq of numbers) {
          expect(window.receive(seq) === 'duplicate').toBe(seen.has(seq));
          seen.add(seq);
          expect(window.missing).toBe(Math.max(...seen) - seen.size);
        }
      }),
    );
  });

  it('keeps a bounded number of missing ones', () => {
    const window = new SequenceWindow();
    window.receive(1e9);
    window.receive(2e9);
    expect(window.missing).toBe(65_536);
  });
});

describe('C-2: RequestTable', () => {
  it('opened = answered + abandoned + drained + open, each answer belongs to one call or is counted', () => {
    const step = fc.record({
      act: fc.constantFrom('open', 'answer', 'abandon', 'drain'),
      n: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const table = new RequestTable<{ kind: string; n: number }>();
        const open = new Set<number>();
        const gone = new Map<number, 'answered' | 'abandoned' | 'drained'>();
        const wrong = { late: 0, duplicate: 0, unknown: 0 };
        let next = 1;
        for (const { act, n } of steps) {
          if (act === 'open') {
            table.open(next, { kind: 'request', n: next });
            open.add(next);
            next += 1;
          } else if (act === 'drain') {
            expect(table.drain().map((call) => call.n)).toEqual([...open]);
            for (const each of open) gone.set(each, 'drained');
            open.clear();
          } else {
            const call = act === 'answer' ? table.answer(n, 'request') : table.abandon(n);
            expect(call?.n).toBe(open.has(n) ? n : undefined);
            if (open.delete(n)) gone.set(n, act === 'answer' ? 'answered' : 'abandoned');
            else if (act === 'answer') {
              wrong[n >= next ? 'unknown' : gone.get(n) === 'abandoned' ? 'late' : 'duplicate'] += 1;
            }
          }
          const ended = [...gone.values()];
          const count = (how: string): number => ended.filter((each) => each === how).length;
          expect(table.counts()).toEqual({
            opened: next - 1,
            answered: count('answered'),
            abandoned: count('abandoned'),
            drained: count('drained'),
            open: open.size,
            ...wrong,
          });
          expect(table.size).toBe(open.size);
        }
      }),
    );
  });

  it('an answer of the wrong kind settles nothing; numbers rise', () => {
    const table = new RequestTable<{ kind: string }>();
    table.open(4, { kind: 'ping' });
    expect([table.answer(4, 'request'), table.peek(4, 'ping')]).toEqual([undefined, { kind: 'ping' }]);
    expect(table.counts()).toMatchObject({ unknown: 1, open: 1 });
    for (const number of [4, 3, NaN]) expect(() => table.open(number, { kind: 'ping' })).toThrow(RangeError);
  });

  it('remembers a bounded number of calls that were given up', () => {
    const table = new RequestTable<{ kind: string }>();
    for (let number = 1; number <= 65_537; number += 1) {
      table.open(number, { kind: 'ping' });
      table.abandon(number);
    }
    table.answer(1, 'ping');
    table.answer(2, 'ping');
    expect(table.counts()).toMatchObject({ duplicate: 1, late: 1 });
  });
});

describe('C-11: LatestWins', () => {
  it('offered = processed + dropped + queued; the latest are kept; what was dropped never begins', () => {
    const step = fc.constantFrom('offer', 'offer', 'done', 'withdraw');
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 30 }), (capacity, steps) => {
        const line = new LatestWins<number>(capacity);
        const [begun, dropped] = [[] as number[], [] as number[]];
        let offered = 0;
        let busy = false;
        for (const act of steps) {
          if (act === 'offer') {
            offered += 1;
            const { begin, dropped: old } = line.offer(offered);
            begun.push(...begin);
            dropped.push(...old);
            busy = true;
          } else if (act === 'withdraw') dropped.push(...line.withdraw((item) => item % 2 === 0));
          else if (busy) {
            const begin = line.done();
            begun.push(...begin);
            busy = begin.length > 0;
          }
          const queued = offered - begun.length - dropped.length;
          expect(line.stats()).toEqual({ offered, processed: begun.length, dropped: dropped.length, queued });
          expect(queued).toBeLessThanOrEqual(capacity);
          expect(busy || queued === 0).toBe(true);
        }
        expect(begun).toEqual(begun.toSorted((a, b) => a - b));
        expect(begun.filter((item) => dropped.includes(item))).toEqual([]);
      }),
    );
  });

  it('keeps everything with a capacity of Infinity, and refuses what is no capacity', () => {
    const line = new LatestWins<number>(Infinity);
    for (let i = 0; i < 100; i += 1) line.offer(i);
    expect(line.stats()).toEqual({ offered: 100, processed: 1, dropped: 0, queued: 99 });
    for (const capacity of [0, 1.5, NaN, -1]) expect(() => new LatestWins(capacity)).toThrow(RangeError);
  });
});

describe('C-10: decay', () => {
  const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  const age = fc.double({ min: 0, max: 1e5, noNaN: true });
  const half = fc.double({ min: 1, max: 1e5, noNaN: true });

  it('is within 0 and the value, and half of it after one half-life', () => {
    fc.assert(
      fc.property(value, age, half, (v, a, h) => {
        const left = decay(v, a, h);
        expect(Math.abs(left)).toBeLessThanOrEqual(Math.abs(v));
        expect(left * v).toBeGreaterThanOrEqual(0);
        expect(decay(v, h, h)).toBe(v / 2);
      }),
    );
    expect([decay(8, 5_000), decay(8, 10_000), decay(8, Infinity), decay(8, 0)]).toEqual([4, 2, 0, 8]);
  });

  it('falls with age', () => {
    fc.assert(
      fc.property(value, age, age, half, (v, a, b, h) => {
        const [young, old] = a < b ? [a, b] : [b, a];
        expect(Math.abs(decay(v, old, h))).toBeLessThanOrEqual(Math.abs(decay(v, young, h)));
      }),
    );
  });

  it('over a and then b is over a + b', () => {
    fc.assert(
      fc.property(value, age, age, half, (v, a, b, h) => {
        const [twice, once] = [decay(decay(v, a, h), b, h), decay(v, a + b, h)];
        // Far down, where numbers lose their digits, both are next to nothing.
        expect(Math.abs(twice - once)).toBeLessThanOrEqual(1e-9 * Math.abs(once) + 1e-300);
      }),
    );
  });

  it('refuses what is no value, age or half-life', () => {
    for (const v of [NaN, Infinity]) expect(() => decay(v, 1)).toThrow(`finite number, got ${v}`);
    for (const a of [-1, NaN]) expect(() => decay(1, a)).toThrow(`from 0 on, got ${a}`);
    for (const h of [0, -1, NaN, Infinity]) expect(() => decay(1, 1, h)).toThrow(`above 0, got ${h}`);
  });
});

describe('C-2: messages', () => {
  it('each has the next number and a time stamp; what cannot be posted takes none', () => {
    const posted: unknown[] = [];
    let refuse = false;
    const port = {
      postMessage: (message: unknown) => {
        if (refuse) throw new Error('cannot be cloned');
        posted.push(message);
      },
    };
    const outbox = new Outbox<{ type: string }>(port, { ...systemClock, now: () => 42 });
    expect(outbox.post({ type: 'a' })).toBe(1);
    refuse = true;
    expect(() => outbox.post({ type: 'b' })).toThrow('cannot be cloned');
    refuse = false;
    expect(outbox.post({ type: 'c' })).toBe(2);
    expect(posted).toEqual([
      { type: 'a', seq: 1, at: 42 },
      { type: 'c', seq: 2, at: 42 },
    ]);
  });

  it.each([
    [null],
    ['ping'],
    [{ type: 'ping', seq: 0, at: 1 }],
    [{ type: 'ping', seq: 1.5, at: 1 }],
    [{ type: 'ping', seq: 1 }],
    [{ type: 7, seq: 1, at: 1 }],
  ])('%j is no message', (value) => {
    expect(isMessage(value)).toBe(false);
  });
});

describe('C-12: the clock', () => {
  it('calls once, can be taken back, and never comes for ever', () => {
    vi.useFakeTimers();
    try {
      const called: string[] = [];
      systemClock.after(10, () => called.push('ten'));
      systemClock.after(20, () => called.push('taken back'))();
      systemClock.after(Infinity, () => called.push('never'))();
      systemClock.after(30, () => called.push('background'), true);
      vi.advanceTimersByTime(1_000_000);
      expect(called).toEqual(['ten', 'background']);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('serve', () => {
  it('refuses handlers that are none, and the main thread', () => {
    const port = { on: () => {}, close: () => {}, postMessage: () => {} };
    expect(() => serve({ x: 5 as never }, { port })).toThrow('handler "x" is undefined: give a function');
    expect(() => serve({ x: { run: () => 1, queue: 0 } }, { port })).toThrow(RangeError);
    expect(() => serve({}, {})).toThrow(TypeError);
  });
});
