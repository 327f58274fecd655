import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type History, isPending } from './history.ts';
import { parseHistory } from './notation.ts';
import { eachOverlap } from './overlap.ts';

/** The pairs as `a+b`. */
function overlaps(history: History): string[] {
  const pairs: string[] = [];
  eachOverlap(history, (first, second) => pairs.push(`${first.name}+${second.name}`));
  return pairs;
}

describe('operations in flight at the same time', () => {
  test('none in a sequential history, however many threads take part', () => {
    expect(overlaps(parseHistory('T0 [0,1] a(); T1 [2,3] b(); T0 [4,5] c(); T2 [6,7] d()'))).toEqual([]);
    expect(overlaps([])).toEqual([]);
  });

  test('two whose intervals meet, in the order of their calls', () => {
    expect(overlaps(parseHistory('T1 [0,2] b(); T0 [1,3] a()'))).toEqual(['b+a']);
    expect(overlaps(parseHistory('T0 [0,3] a(); T1 [1,2] b()'))).toEqual(['a+b']);
  });

  test('a long one with each of several short ones, which do not meet each other', () => {
    expect(overlaps(parseHistory('T0 [0,9] long(); T1 [1,2] a(); T2 [3,4] b(); T1 [5,6] c()'))).toEqual([
      'long+a',
      'long+b',
      'long+c',
    ]);
  });

  test('a pending one with all that comes after', () => {
    expect(overlaps(parseHistory('T1 [0,1] before(); T0 [2,) lock(); T1 [3,4] a(); T1 [5,6] b()'))).toEqual([
      'lock+a',
      'lock+b',
    ]);
  });

  test('agrees with the definition on random histories', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 3 }), { maxLength: 24 }), (turns) => {
        // A thread's turn calls or returns. What is open at the end stays pending.
        const open = new Map<number, number>();
        const history: { thread: number; name: string; called: number; returned: number }[] = [];
        for (const [position, thread] of turns.entries()) {
          const id = open.get(thread);
          if (id === undefined) {
            open.set(thread, history.length);
            history.push({ thread, name: `o${history.length}`, called: position, returned: Infinity });
          } else {
            open.delete(thread);
            history[id]!.returned = position; // ids are indices
          }
        }
        const records = history.map((record) => ({ ...record, args: [], result: undefined }));
        const meet = records.flatMap((b) =>
          records
            .filter((a) => a.thread !== b.thread && a.called < b.called)
            .filter((a) => isPending(a) || a.returned > b.called)
            .map((a) => `${a.name}+${b.name}`),
        );
        expect(overlaps(records).sort()).toEqual(meet.sort());
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
