import { expect, it } from 'vitest';
import { checkTimeout, deadlineAfter, remainingUntil } from './timeout.ts';

it.each([[0], [0.5], [1e9], [Infinity]])('accepts %s', (limit) => {
  checkTimeout(limit);
});

it.each([[-1], [-Infinity], [NaN], ['soon' as unknown as number]])('B8: refuses %s', (limit) => {
  expect(() => checkTimeout(limit)).toThrow(
    new RangeError(
      `a time limit is a number of milliseconds from 0 on, got ${limit}: pass Infinity (or nothing) to wait without limit`,
    ),
  );
});

it('a deadline comes nearer, no limit never does', () => {
  expect(remainingUntil(deadlineAfter(Infinity))).toBe(Infinity);
  expect(remainingUntil(deadlineAfter(1000))).toBeLessThanOrEqual(1000);
  expect(remainingUntil(deadlineAfter(0))).toBeLessThanOrEqual(0);
});
