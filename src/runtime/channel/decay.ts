/** Temporal decay: how much an observation still counts after some time. */

/** Half-life in milliseconds where none is given. */
const DEFAULT_HALF_LIFE_MS = 5_000;

/**
 * `value * 2^(-age / halfLife)`: within 0 and the value, falling with age, and decay over a then b is decay over a + b.
 *
 * @param ageMs milliseconds from 0 on; Infinity leaves nothing
 * @param halfLifeMs milliseconds after which half is left; 5,000 by default
 * @throws RangeError when the value is not finite, the age is negative or NaN, or the half-life is not above 0
 */
export function decay(value: number, ageMs: number, halfLifeMs: number = DEFAULT_HALF_LIFE_MS): number {
  if (!Number.isFinite(value)) throw new RangeError(`what decays is a finite number, got ${value}`);
  if (!(ageMs >= 0)) throw new RangeError(`an age is a number of milliseconds from 0 on, got ${ageMs}`);
  if (!(halfLifeMs > 0 && halfLifeMs < Infinity)) {
    throw new RangeError(`a half-life is a finite number of milliseconds above 0, got ${halfLifeMs}`);
  }
  return value * 2 ** (-ageMs / halfLifeMs);
}
