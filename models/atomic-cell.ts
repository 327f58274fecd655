/**
 * What atomic-int32 and atomic-int64 have in common: cells of two's complement integers, each with the operations
 * of `Atomics` (ECMA-262, section 25.4). All answer the value before, but for `store`, which answers the value that
 * is in the cell after it (as `Atomics.store` would if it answered the converted value).
 */
import {
  type CompleteSpecification,
  type Effect,
  type Rule,
  specification,
} from '../src/linearize/specification.ts';

/** The arithmetic of a cell's integers. Operands are wrapped, results are wrapped afterwards. */
export interface Arithmetic<T> {
  readonly wrap: (value: T) => T;
  readonly add: (a: T, b: T) => T;
  readonly sub: (a: T, b: T) => T;
  readonly and: (a: T, b: T) => T;
  readonly or: (a: T, b: T) => T;
  readonly xor: (a: T, b: T) => T;
}

const modifications = ['add', 'sub', 'and', 'or', 'xor'] as const;

function operationsOf<T>({
  wrap,
  ...arithmetic
}: Arithmetic<T>): Record<string, (cell: T, args: readonly T[]) => Effect<T>> {
  const operations: Record<string, (cell: T, args: readonly T[]) => Effect<T>> = {
    load: (cell) => ({ state: cell, result: cell }),
    store: (_cell, [value]) => ({ state: wrap(value!), result: wrap(value!) }), // callers give all arguments
    exchange: (cell, [value]) => ({ state: wrap(value!), result: cell }),
    compareExchange: (cell, [expected, replacement]) => ({
      state: cell === wrap(expected!) ? wrap(replacement!) : cell,
      result: cell,
    }),
  };
  for (const name of modifications) {
    const modify = arithmetic[name];
    operations[name] = (cell, [operand]) => ({ state: wrap(modify(cell, wrap(operand!))), result: cell });
  }
  return operations;
}

/** One cell: `load()`, `store(v)`, `add(v)`, `sub(v)`, `and(v)`, `or(v)`, `xor(v)`, `exchange(v)`, `compareExchange(expected, v)`. */
export function atomicCell<T>(name: string, arithmetic: Arithmetic<T>, initial: T): CompleteSpecification<T> {
  const value = arithmetic.wrap(initial);
  const operations = operationsOf(arithmetic) as Record<string, Rule<T>>;
  return specification<T>({ name, initial: () => value, operations });
}

/** Several cells: the same operations with the index of the cell before their arguments. Each cell is a part. */
export function atomicCells<T>(
  name: string,
  arithmetic: Arithmetic<T>,
  initial: readonly T[],
): CompleteSpecification<readonly T[]> {
  const values = initial.map(arithmetic.wrap);
  const operations: Record<string, Rule<readonly T[]>> = {};
  for (const [operation, apply] of Object.entries(operationsOf(arithmetic))) {
    operations[operation] = (cells, [index, ...args]: readonly [number, ...T[]]) => {
      const cell = cells[index];
      if (cell === undefined)
        throw new RangeError(`${name} has cells 0 to ${cells.length - 1}, not ${index}`);
      const { state, result } = apply(cell, args);
      return { state: state === cell ? cells : cells.with(index, state), result };
    };
  }
  return specification<readonly T[]>({
    name,
    initial: () => values,
    operations,
    partition: ({ args }) => Number(args[0]),
  });
}
