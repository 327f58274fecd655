import { expect, test } from 'vitest';
import { NumberTable } from './number-table.ts';
import { RandomSource } from './random-source.ts';

test('agrees with a map, and is empty after clear', () => {
  const table = new NumberTable();
  const source = new RandomSource();
  source.seed(1, 1);
  for (let round = 0; round < 20; round++) {
    const map = new Map<number, number>();
    for (let i = 0; i < 2_000; i++) {
      const key = source.below(600) * (1 + source.below(3) * 1_000_003);
      expect(table.get(key, -1)).toBe(map.get(key) ?? -1);
      expect(table.set(key, i)).toBe(!map.has(key));
      map.set(key, i);
    }
    expect(table.size).toBe(map.size);
    table.clear();
    expect(table.size).toBe(0);
    for (const key of map.keys()) expect(table.get(key, -1)).toBe(-1);
  }
});
