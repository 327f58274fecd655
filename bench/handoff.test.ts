import { expect, test } from 'vitest';
import { measureHandOffs } from './handoff.ts';

test('hand-offs are counted beside two bare workers, in one run', async () => {
  const rows = await measureHandOffs(1, 50);
  expect(rows).toHaveLength(4);
  for (const { perSecond, least, most } of rows) expect([perSecond, least]).toEqual([most, most]);
  const best = Math.max(...rows.slice(0, 3).map(({ perSecond }) => perSecond));
  expect(rows[3]!.ratio).toBeCloseTo(rows[3]!.perSecond / best, 10);
  expect(rows[3]!.perSecond).toBeGreaterThan(0);
});
