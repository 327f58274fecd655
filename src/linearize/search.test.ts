import { describe, expect, it } from 'vitest';
import { parseHistory } from '../history/notation.ts';
import { Search } from './search.ts';
import { specification } from './specification.ts';

const counter = specification({
  name: 'counter',
  initial: () => 0,
  operations: {
    add: (state) => ({ state: state + 1, result: undefined }),
    read: (state) => ({ state, result: state }),
  },
});

const limits = { maxSteps: 1_000_000, stuck: false };

describe('Search', () => {
  it('can be used again and again, for small histories and for large ones', () => {
    const search = new Search<number>();
    const adds = Array.from({ length: 100 }, (_, index) => `T0 [${2 * index},${2 * index + 1}] add()`);
    const large = parseHistory([...adds, 'T1 [200,201] read() -> 100'].join('\n'));
    const small = parseHistory('T0 [0,1] add(); T1 [2,3] read() -> 0');
    for (let round = 0; round < 3; round++) {
      expect(search.run(counter, large, [...large.keys()], limits)).toBe('linearizable');
      expect(search.linearization).toEqual([...large.keys()]);
      expect(search.steps).toBe(101);
      expect(search.run(counter, small, [0, 1], limits)).toBe('not-linearizable');
      expect(search.prefixes).toEqual([{ linearization: [0], states: [0, 1] }]);
    }
  });

  it('costs steps by the concurrency, not by the length of the history', () => {
    const pairs = Array.from({ length: 5000 }, (_, index) => 4 * index).flatMap((at) => [
      `T0 [${at},${at + 2}] add()`,
      `T1 [${at + 1},${at + 3}] add()`,
    ]);
    const history = parseHistory([...pairs, 'T2 [30000,30001] read() -> 10001'].join('\n'));
    const search = new Search<number>();
    expect(search.run(counter, history, [...history.keys()], limits)).toBe('not-linearizable');
    expect(search.steps).toBeLessThan(4 * history.length);
  });

  it('does not take a pending operation that changes nothing', () => {
    const history = parseHistory('T0 [0,) read(); T1 [1,) read(); T2 [2,) add(); T3 [3,4] read() -> 1');
    const search = new Search<number>();
    expect(search.run(counter, history, [0, 1, 2, 3], limits)).toBe('linearizable');
    expect(search.linearization).toEqual([2, 3]);
  });
});
