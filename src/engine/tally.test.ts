import { describe, expect, test } from 'vitest';
import { RandomSource } from '../strategy/random-source.ts';
import { describeSaturation, Tally } from './tally.ts';

describe('tally', () => {
  test('agrees with a map, over keys of all sizes', () => {
    const tally = new Tally();
    const map = new Map<number, number>();
    const source = new RandomSource();
    source.seed(1, 1);
    for (let i = 0; i < 50_000; i++) {
      // Keys that differ only above or only below 2^32, and zero.
      const key = source.below(300) * (source.below(2) === 0 ? 1 : 4294967296 * 2) + source.below(40);
      expect(tally.add(key)).toBe(!map.has(key));
      map.set(key, (map.get(key) ?? 0) + 1);
    }
    const times = (n: number): number => [...map.values()].filter((count) => count === n).length;
    expect([tally.size, tally.total, tally.once, tally.twice]).toEqual([
      map.size,
      50_000,
      times(1),
      times(2),
    ]);
    expect(tally.once).toBeGreaterThan(0);
    const both = new Tally();
    both.absorb(tally, (key) => key);
    expect(both.saturation()).toEqual(tally.saturation());
    both.absorb(tally, (key) => key + 1e12);
    expect([both.size, both.total, both.once]).toEqual([2 * tally.size, 100_000, 2 * tally.once]);
    both.absorb(tally, (key) => key);
    expect([both.size, both.once]).toEqual([2 * tally.size, tally.once]);
  });

  test('f1, f2, Good-Turing and Chao1, by hand', () => {
    const tally = new Tally();
    expect(tally.saturation()).toBeUndefined();
    for (const key of [1, 1, 1, 2, 2, 3, 4, 5, 6, 6]) tally.add(key);
    // Once: 3, 4, 5. Twice: 2, 6. S = 6, N = 10.
    const saturation = tally.saturation()!;
    expect(saturation).toEqual({ distinct: 6, total: 10, once: 3, twice: 2, nextIsNew: 0.3, atLeast: 8 });
    expect(describeSaturation(saturation)).toBe('saturation 70.0 %, Chao1 8');
    const none = new Tally();
    for (const key of [1, 2, 3]) none.add(key);
    expect(none.saturation()!.atLeast).toBe(6); // 3 + 3 * 2 / 2
  });

  test('never rounds up to saturation', () => {
    const tally = new Tally();
    for (let i = 0; i < 9_999; i++) tally.add(1);
    tally.add(2);
    expect(describeSaturation(tally.saturation()!)).toBe('saturation 99.9 %, Chao1 2');
    tally.add(2);
    expect(describeSaturation(tally.saturation()!)).toBe('saturation 100.0 %, Chao1 2');
  });

  test('f1 / N is about the chance of something new', () => {
    // 500 kinds of unequal chance: how many of the next 4,000 are new, beside the estimate at 2,000.
    const source = new RandomSource();
    source.seed(3, 3);
    const draw = (): number => source.below(1 + source.below(500));
    const tally = new Tally();
    for (let i = 0; i < 2_000; i++) tally.add(draw());
    const { nextIsNew, atLeast, distinct } = tally.saturation()!;
    let fresh = 0;
    for (let i = 0; i < 200; i++) if (tally.add(draw())) fresh++;
    expect(Math.abs(fresh / 200 - nextIsNew)).toBeLessThan(0.04);
    expect(nextIsNew).toBeGreaterThan(0.02);
    expect(atLeast).toBeGreaterThan(distinct);
    expect(atLeast).toBeLessThanOrEqual(520);
  });

  test('a full one counts what it knows and no more', () => {
    const tally = new Tally(2);
    expect([1, 2, 3, 1, 3].map((key) => tally.add(key))).toEqual([true, true, false, false, false]);
    expect([tally.size, tally.total]).toEqual([2, 3]);
  });
});
