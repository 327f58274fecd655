import { expect, test } from 'vitest';
import { measureHandOffs } from './handoff.ts';

test('hand-offs are counted beside two bare workers, with and without a third, in one run', async () => {
  const rows = await measureHandOffs(1, 50);
  expect(rows).toHaveLength(5);
  for (const { perSecond, least, most } of rows) expect([perSecond, least]).toEqual([most, most]);
  const best = Math.max(...rows.slice(0, 3).map(({ perSecond }) => perSecond));
  expect(rows[4]!.ratio).toBeCloseTo(rows[4]!.perSecond / best, 10);
  expect(rows[4]!.ratioThird).toBeCloseTo(rows[4]!.perSecond / rows[3]!.perSecond, 10);
  for (const { perSecond } of rows) expect(perSecond).toBeGreaterThan(0);
});
