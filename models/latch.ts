/** A count-down latch: opens once, when its count is 0. */
import { threw } from '../src/history/history.ts';
import { blocked, type CompleteSpecification, specification } from '../src/linearize/specification.ts';

const underflow = threw('CountUnderflowError');

/**
 * The state is what is left to count.
 * - `countDown(by) -> number`: what is left then; CountUnderflowError, and no change, when less than `by` is left.
 * - `wait()` waits until 0 is left; `waitFor(milliseconds) -> boolean` may give up, with false, before.
 * - `tryWait() -> boolean`, `count() -> number`.
 */
export function latch(count: number): CompleteSpecification<number> {
  return specification<number>({
    name: 'latch',
    initial: () => count,
    operations: {
      countDown: (left, [by]: readonly [number]) =>
        by > left ? { state: left, result: underflow } : { state: left - by, result: left - by },
      wait: (left) => (left === 0 ? { state: left, result: undefined } : blocked),
      waitFor: (left) => ({ state: left, result: left === 0 }),
      tryWait: (left) => ({ state: left, result: left === 0 }),
      count: (left) => ({ state: left, result: left }),
    },
    describeState: (left) => (left === 0 ? 'open' : `${left} left`),
  });
}
