import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigurationSet } from './configuration-set.ts';

const int32 = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer());

describe('ConfigurationSet', () => {
  it('holds pairs as a set of strings does', () => {
    const set = new ConfigurationSet();
    fc.assert(
      fc.property(fc.array(fc.tuple(int32, int32), { maxLength: 1000, size: 'max' }), (pairs) => {
        set.clear();
        const reference = new Set<string>();
        for (const [first, second] of pairs) {
          const fresh = !reference.has(`${first} ${second}`);
          reference.add(`${first} ${second}`);
          expect(set.addPair(first, second)).toBe(fresh);
        }
        expect(set.size).toBe(reference.size);
      }),
    );
  });

  it('holds sequences as a set of strings does', () => {
    const set = new ConfigurationSet();
    fc.assert(
      fc.property(
        fc.array(fc.array(int32, { maxLength: 5 }), { maxLength: 600, size: 'max' }),
        (sequences) => {
          set.clear();
          const reference = new Set<string>();
          for (const words of sequences) {
            const fresh = !reference.has(words.join());
            reference.add(words.join());
            expect(set.addWords(Int32Array.of(...words, 7), words.length)).toBe(fresh);
          }
        },
      ),
    );
  });

  it('grows past its kept size, and forgets', () => {
    const set = new ConfigurationSet();
    for (let index = 0; index < 20_000; index++) if (!set.addPair(index, -index)) expect.unreachable();
    for (let index = 0; index < 20_000; index++) if (set.addPair(index, -index)) expect.unreachable();
    expect(set.size).toBe(20_000);
    set.clear();
    expect(set.size).toBe(0);
    expect(set.addPair(1, -1)).toBe(true);
  });
});
