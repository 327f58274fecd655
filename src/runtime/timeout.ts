/**
 * Checks a time limit in milliseconds: any number from 0 on, `Infinity` for no limit.
 * Negative numbers are refused, since "-1" means "for ever" to some and "at once" to `Atomics.wait`.
 *
 * @throws RangeError when the limit is negative, NaN or no number
 */
export function checkTimeout(timeoutMs: number): void {
  if (typeof timeoutMs === 'number' && timeoutMs >= 0) return;
  throw new RangeError(
    `a time limit is a number of milliseconds from 0 on, got ${String(timeoutMs)}: pass Infinity (or nothing) to wait without limit`,
  );
}

/** The moment, on the clock of `performance.now()`, at which a limit that starts now ends. */
export function deadlineAfter(timeoutMs: number): number {
  return timeoutMs === Infinity ? Infinity : performance.now() + timeoutMs;
}

/** Milliseconds left until `deadline`; at most 0 when it has passed. Reads no clock when there is no limit. */
export function remainingUntil(deadline: number): number {
  return deadline === Infinity ? Infinity : deadline - performance.now();
}
