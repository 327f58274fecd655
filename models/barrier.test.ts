import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type History, isPending, type OperationRecord } from '../src/history/history.ts';
import { formatDiagram, parseHistory } from '../src/history/notation.ts';
import { checkBarrier } from './barrier.ts';

describe('checkBarrier', () => {
  it.each([
    ['', 2, 0],
    ['T0 [0,1] wait() -> "leader"; T0 [2,3] wait() -> "leader"', 1, 2],
    ['T0 [0,2] wait() -> "leader"; T1 [1,3] wait() -> "follower"', 2, 1],
    // Reuse: T0 is back before T1 has left.
    [
      'T0 [0,2] wait() -> "follower"; T1 [1,4] wait() -> "leader"; T0 [3,7] wait() -> "leader"; T1 [5,6] wait() -> "follower"',
      2,
      2,
    ],
    // Three threads, two parties.
    [
      `T0 |--- wait() -> "leader" ---|
       T1   |--- wait() -> "follower" --------|
       T2      |--- wait() -> "follower" -------------------|
       T0                               |--- wait() -> "leader" ---|`,
      2,
      2,
    ],
    ['T0 [0,2] wait() -> "leader"; T1 [1,) wait()', 2, 1],
    ['T0 [0,2] wait() -> "follower"; T1 [1,) wait()', 2, 1],
    ['T0 [0,) wait(); T1 [1,) wait(); T2 [2,) wait()', 2, 0],
  ])('accepts %s of %i', (text, parties, generations) => {
    expect(checkBarrier(parseHistory(text), parties)).toEqual({ ok: true, generations });
  });

  it.each([
    [
      'T0 [0,1] wait() -> "leader"; T1 [2,3] wait() -> "follower"',
      2,
      [0],
      'T0 left generation 0 when only 1 of 2 parties',
    ],
    ['T0 [0,1] wait() -> "leader"; T1 [2,) wait()', 2, [0], 'T0 left generation 0 when only 1 of 2 parties'],
    [
      'T0 [0,2] wait() -> "leader"; T1 [1,3] wait() -> "leader"',
      2,
      [0, 1],
      'T0 left generation 0 with more than one leader',
    ],
    [
      'T0 [0,2] wait() -> "follower"; T1 [1,3] wait() -> "follower"',
      2,
      [0, 1],
      'T0 left generation 0 without a leader',
    ],
    [
      'T0 [0,2] wait() -> "leader"; T1 [1,3] wait() -> 1',
      2,
      [1],
      'T1 left with neither "leader" nor "follower"',
    ],
    [
      'T0 [0,2] wait() -> "leader"; T1 [1,3] wait() -> "follower"; T1 [4,5] wait() -> "leader"',
      2,
      [2],
      'T1 left generation 1 when only 1 of 2 parties',
    ],
    // T0 goes round twice while T1 waits once.
    [
      'T0 [0,2] wait() -> "leader"; T1 [1,5] wait() -> "follower"; T0 [3,4] wait() -> "leader"',
      2,
      [2],
      'T0 left generation 1 when only 1 of 2 parties',
    ],
  ])('rejects %s of %i', (text, parties, operations, reason) => {
    const verdict = checkBarrier(parseHistory(text), parties);
    expect(verdict).toEqual({ ok: false, operations, reason: expect.stringContaining(reason) });
  });

  it.each([
    ['T0 [0,2] wait() -> "leader"; T1 [1,3] wait() -> "follower"; T0 [4,) wait()', undefined],
    ['T0 [0,2] wait() -> "leader"; T1 [1,) wait()', 'T0 left generation 0 while others of it wait for ever'],
    ['T0 [0,) wait(); T1 [1,) wait()', 'generation 0 has all 2 parties, but they wait for ever'],
  ])('when stuck, %s: %s', (text, reason) => {
    const verdict = checkBarrier(parseHistory(text), 2, { stuck: true });
    expect(verdict.ok ? undefined : verdict.reason).toBe(reason);
  });

  it('refuses what is no history of a barrier', () => {
    expect(() => checkBarrier(parseHistory('T0 [0,1] lock()'), 2)).toThrow(
      'a barrier has no operation "lock"',
    );
    expect(() => checkBarrier([], 0)).toThrow('parties must be 1 or more, not 0');
  });

  it('agrees with trying every way to form generations', () => {
    const counts = { legal: 0, illegal: 0 };
    const choices = fc.array(fc.record({ thread: fc.nat(4), leader: fc.nat(99) }), {
      minLength: 6,
      maxLength: 16,
    });
    fc.assert(
      fc.property(choices, fc.integer({ min: 1, max: 3 }), fc.boolean(), (list, parties, stuck) => {
        const history = historyOf(list, parties);
        const expected = canForm(history, parties, stuck, -1);
        counts[expected ? 'legal' : 'illegal']++;
        expect(checkBarrier(history, parties, { stuck }).ok, formatDiagram(history)).toBe(expected);
      }),
      { numRuns: 5000 },
    );
    expect(counts.legal).toBeGreaterThan(500);
    expect(counts.illegal).toBeGreaterThan(500);
  });
});

/** Threads in and out of a barrier that mostly works: a thread may leave when enough have arrived, or too early. */
function historyOf(list: readonly { thread: number; leader: number }[], parties: number): History {
  const history: { -readonly [Field in keyof OperationRecord]: OperationRecord[Field] }[] = [];
  const open = new Map<number, (typeof history)[number]>();
  const free = new Map<(typeof history)[number], string>();
  list.forEach(({ thread, leader }, position) => {
    const operation = open.get(thread);
    if (!operation) {
      if (history.length === 7) return;
      const waiting = {
        thread,
        name: 'wait',
        args: [],
        called: position,
        returned: Infinity,
        result: undefined,
      };
      history.push(waiting);
      open.set(thread, waiting);
      const arrived = [...open.values()].filter((other) => !free.has(other));
      if (arrived.length < parties) return;
      arrived.forEach((other, at) => {
        free.set(other, at === leader % parties ? 'leader' : 'follower');
      });
    } else if (free.has(operation) ? leader >= 3 : leader < 3) {
      operation.result = (leader >= 10 && free.get(operation)) || (leader % 2 === 0 ? 'leader' : 'follower');
      operation.returned = position;
      open.delete(thread);
    }
  });
  return history;
}

/** Brute force: some set of waits is the next generation, at the earliest instant after `now` that they share. */
function canForm(rest: History, parties: number, stuck: boolean, now: number): boolean {
  const noneCompleted = rest.every(isPending);
  if (noneCompleted && (!stuck || rest.length < parties)) return true;
  return subsets(rest, parties).some((members) => {
    const instant = Math.max(now, ...members.map(({ called }) => called));
    if (members.some(({ returned }) => returned <= instant)) return false;
    if (stuck && members.some(isPending)) return false;
    const leaders = members.filter(({ result }) => result === 'leader').length;
    const followers = members.filter(({ result }) => result === 'follower').length;
    if (leaders > 1 || followers > parties - 1) return false;
    return canForm(
      rest.filter((operation) => !members.includes(operation)),
      parties,
      stuck,
      instant,
    );
  });
}

function subsets(items: History, size: number): History[] {
  if (size === 0) return [[]];
  return items.flatMap((item, at) =>
    subsets(items.slice(at + 1), size - 1).map((others) => [item, ...others]),
  );
}
