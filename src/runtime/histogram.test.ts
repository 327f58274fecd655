import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { Histogram } from './histogram.ts';

it('C-13: an empty histogram has zeros', () => {
  expect(new Histogram().toJSON()).toEqual({
    count: 0,
    meanMs: 0,
    minMs: 0,
    maxMs: 0,
    p50Ms: 0,
    p90Ms: 0,
    p99Ms: 0,
  });
});

it('C-13: percentiles are those of the sorted durations, to 1/32', () => {
  const duration = fc.oneof(
    fc.double({ min: 0, max: 1e7, noNaN: true }),
    fc.integer({ min: -3, max: 22 }).map((power) => 2 ** power / 1000),
  );
  fc.assert(
    fc.property(fc.array(duration, { minLength: 1, maxLength: 60 }), fc.nat(100), (durations, percent) => {
      const histogram = new Histogram();
      for (const ms of durations) histogram.record(ms);
      const sorted = durations.toSorted((a, b) => a - b);
      const exact = sorted[Math.max(1, Math.ceil((percent / 100) * sorted.length)) - 1]!; // not empty
      expect(histogram.percentile(percent)).toBeGreaterThanOrEqual(exact - 1e-9);
      expect(histogram.percentile(percent)).toBeLessThanOrEqual(
        Math.max(exact * (1 + 1 / 32), 0.0011) + 1e-9,
      );
      const { count, meanMs, minMs, maxMs } = histogram.toJSON();
      expect([count, minMs, maxMs]).toEqual([durations.length, sorted[0], sorted.at(-1)]);
      expect(meanMs).toBeCloseTo(durations.reduce((sum, ms) => sum + ms, 0) / durations.length, 3);
    }),
  );
});

it('C-13: merging is as recording everything in one', () => {
  const durations = [0, 0.001, 0.5, 3, 3, 800, 1e6];
  const [one, two, all] = [new Histogram(), new Histogram(), new Histogram()];
  durations.forEach((ms, i) => {
    (i % 2 === 0 ? one : two).record(ms);
    all.record(ms);
  });
  one.merge(two);
  expect(one.toJSON()).toEqual(all.toJSON());
  expect(one.count).toBe(7);
});

it('C-13: refuses what is no duration, takes what is a little negative, holds what is very long', () => {
  const histogram = new Histogram();
  for (const ms of [NaN, Infinity]) {
    expect(() => histogram.record(ms)).toThrow(`a duration is a finite number of milliseconds, got ${ms}`);
  }
  histogram.record(-0.01);
  histogram.record(1e13);
  expect(histogram.toJSON()).toMatchObject({ count: 2, minMs: 0, maxMs: 1e13 });
  for (const percent of [-1, 101, NaN]) expect(() => histogram.percentile(percent)).toThrow(RangeError);
});
