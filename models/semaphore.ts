/**
 * A counting semaphore: permits taken and given several at a time, whoever can go on does.
 * Departure from what an implementation may do: `tryAcquire` is exact, it fails only while there are too few permits.
 */
import { threw } from '../src/history/history.ts';
import { blocked, type CompleteSpecification, specification } from '../src/linearize/specification.ts';

const overflow = threw('CountOverflowError');
const range = threw('RangeError');

/**
 * The state is the number of free permits.
 * - `acquire(n)` waits while fewer than n are free.
 * - `acquireFor(milliseconds, n) -> boolean`: the same, but may give up, with false, at any time that fewer than n are free.
 * - `tryAcquire(n) -> boolean`: false while fewer than n are free.
 * - `release(n)`: CountOverflowError when more than `maximum` would be free.
 * - `available() -> number`.
 *
 * RangeError on all of them for an n that is no integer from 1 to `maximum`.
 */
export function semaphore(permits: number, maximum: number): CompleteSpecification<number> {
  const isWrong = (n: number): boolean => !Number.isInteger(n) || n < 1 || n > maximum;
  const attempt = (free: number, n: number) => {
    if (isWrong(n)) return { state: free, result: range };
    return free < n ? { state: free, result: false } : { state: free - n, result: true };
  };
  return specification<number>({
    name: 'semaphore',
    initial: () => permits,
    operations: {
      acquire: (free, [n]: readonly [number]) => {
        if (isWrong(n)) return { state: free, result: range };
        return free < n ? blocked : { state: free - n, result: undefined };
      },
      acquireFor: (free, [, n]: readonly [number, number]) => attempt(free, n),
      tryAcquire: (free, [n]: readonly [number]) => attempt(free, n),
      release: (free, [n]: readonly [number]) => {
        if (isWrong(n)) return { state: free, result: range };
        return free + n > maximum
          ? { state: free, result: overflow }
          : { state: free + n, result: undefined };
      },
      available: (free) => ({ state: free, result: free }),
    },
    describeState: (free) => `${free} of ${maximum} free`,
  });
}
