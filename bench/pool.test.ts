import { expect, test } from 'vitest';
import { benchPool, type Measure, type PoolSample } from './pool.ts';

const sample: PoolSample = {
  firstMs: 100,
  burst: 30_000,
  cpuUs: 20,
  flight: 40_000,
  tripP50: 50,
  tripP99: 90,
  speedUp: 1.9,
  rssMiB: 120,
};

const measure: Measure = async (pool, what) => {
  if (what === 'chaos') return { unsettled: pool === 'ours' ? 0 : 7, unhandled: 0, healthyRejected: 0 };
  return pool === 'ours' ? { ...sample, burst: 300_000, flight: 120_000, tripP50: 10 } : sample;
};

test('the table shows medians and ratios', async () => {
  const lines: string[] = [];
  await benchPool({ rounds: 3, json: false, measure, print: (line) => lines.push(line) });
  const text = lines.join('\n');
  expect(text).toContain('20,000 at once 10.00x the best, 10.00x piscina');
  expect(text).toContain('64 in flight 3.00x the best');
  expect(text).toContain('round trip p50 0.20x the best');
  expect(text).toMatch(/piscina +7 +0 +0/);
});

test('one JSON object a line', async () => {
  const lines: string[] = [];
  await benchPool({ rounds: 1, json: true, measure, print: (line) => lines.push(line) });
  expect(lines).toHaveLength(5);
  expect(JSON.parse(lines[0]!)).toMatchObject({ pool: 'ours', burst: 300_000, unsettled: 0 });
});
