/** A flag that any thread sets, clears and waits for, and a count that refuses to leave its range. */
import { threw } from '../src/history/history.ts';
import { blocked, type CompleteSpecification, specification } from '../src/linearize/specification.ts';

/**
 * `set() -> boolean`: whether it was clear. `clear() -> boolean`: whether it was set. `isSet() -> boolean`. `wait() -> true` once it is set;
 * `waitFor(milliseconds) -> boolean` may give up while it is clear.
 */
export function atomicFlag(): CompleteSpecification<boolean> {
  return specification<boolean>({
    name: 'flag',
    initial: () => false,
    operations: {
      set: (set) => ({ state: true, result: !set }),
      clear: (set) => ({ state: false, result: set }),
      isSet: (set) => ({ state: set, result: set }),
      wait: (set) => (set ? { state: set, result: true } : blocked),
      waitFor: (set) => ({ state: set, result: set }),
    },
  });
}

/** `increment(n)` and `decrement(n)` answer the new count; CountOverflowError above the maximum, CountUnderflowError below 0. `value()`. */
export function atomicCounter(initial: number, maximum: number): CompleteSpecification<number> {
  return specification<number>({
    name: 'counter',
    initial: () => initial,
    operations: {
      increment: (count, [by]: readonly [number]) =>
        count + by > maximum
          ? { state: count, result: threw('CountOverflowError') }
          : { state: count + by, result: count + by },
      decrement: (count, [by]: readonly [number]) =>
        count < by
          ? { state: count, result: threw('CountUnderflowError') }
          : { state: count - by, result: count - by },
      value: (count) => ({ state: count, result: count }),
    },
  });
}
