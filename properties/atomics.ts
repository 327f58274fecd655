/** Atomic cells are linearizable: every operation of a 32-bit and a 64-bit cell takes effect at once (W-3). */
import * as fc from 'fast-check';
import { atomicInt32Cells } from '../models/atomic-int32.ts';
import { atomicInt64Cells } from '../models/atomic-int64.ts';
import { concurrentProgram } from '../src/generate/concurrent.ts';
import { AtomicInt32, AtomicInt64 } from '../src/runtime/index.ts';
import { erased, type Property } from './property.ts';

interface Cell<T> {
  load(): T;
  store(value: T): T;
  add(value: T): T;
  sub(value: T): T;
  and(value: T): T;
  or(value: T): T;
  xor(value: T): T;
  exchange(value: T): T;
  compareExchange(expected: T, replacement: T): T;
}

export interface CellSubject<T, View> {
  create(view: View, index: number, initial: T): Cell<T>;
  attach(view: View, index: number): Cell<T>;
}

const cells = 2;

/** The nine operations of a cell, each with the number of the cell as first argument. */
function operations<T>(value: fc.Arbitrary<T>) {
  const cell = fc.nat(cells - 1);
  const one = fc.tuple(cell, value);
  type Cells = readonly Cell<T>[];
  return {
    load: { args: fc.tuple(cell), run: (c: Cells, i: number) => c[i]!.load(), weight: 3 },
    store: { args: one, run: (c: Cells, i: number, v: T) => c[i]!.store(v), weight: 2 },
    add: { args: one, run: (c: Cells, i: number, v: T) => c[i]!.add(v), weight: 2 },
    sub: { args: one, run: (c: Cells, i: number, v: T) => c[i]!.sub(v) },
    and: { args: one, run: (c: Cells, i: number, v: T) => c[i]!.and(v) },
    or: { args: one, run: (c: Cells, i: number, v: T) => c[i]!.or(v) },
    xor: { args: one, run: (c: Cells, i: number, v: T) => c[i]!.xor(v) },
    exchange: { args: one, run: (c: Cells, i: number, v: T) => c[i]!.exchange(v) },
    compareExchange: {
      args: fc.tuple(cell, value, value),
      run: (c: Cells, i: number, e: T, r: T) => c[i]!.compareExchange(e, r),
      weight: 2,
    },
  };
}

// Values that meet often, that differ from the initial value, and that reach both ends of the range.
const int32 = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 3 }) },
  fc.constantFrom(0, -1, 2 ** 31 - 1, -(2 ** 31)),
  fc.integer(),
);
const int64 = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(1n, -1n, 0x1_0000_0001n, 0x2_0000_0002n) },
  fc.constantFrom(0n, 2n ** 63n - 1n, -(2n ** 63n)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);

type Int32Subject = CellSubject<number, Int32Array<SharedArrayBuffer>>;
type Int64Subject = CellSubject<bigint, BigInt64Array<SharedArrayBuffer>>;

export const atomicsInt32: Property<Int32Subject> = {
  name: 'atomics-i32',
  about: 'AtomicInt32 is linearizable: each operation takes effect at once and returns the old value',
  ids: ['W-3'],
  subject: AtomicInt32,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'atomics-i32',
        setup: () => new Int32Array(new SharedArrayBuffer(4 * cells)),
        attach: (view): readonly Cell<number>[] => [subject.attach(view, 0), subject.attach(view, 1)],
        operations: operations(int32),
        threads: [2, 3],
        length: [1, 3],
        prefix: 2,
        specification: atomicInt32Cells([0, 0]),
        behaviours: true,
      }),
    ),
};

export const atomicsInt64: Property<Int64Subject> = {
  name: 'atomics-i64',
  about: 'AtomicInt64 is linearizable: no operation shows half of a value',
  ids: ['W-3'],
  subject: AtomicInt64,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'atomics-i64',
        setup: () => new BigInt64Array(new SharedArrayBuffer(8 * cells)),
        attach: (view): readonly Cell<bigint>[] => [subject.attach(view, 0), subject.attach(view, 1)],
        operations: operations(int64),
        threads: [2, 3],
        length: [1, 3],
        prefix: 2,
        specification: atomicInt64Cells([0n, 0n]),
        behaviours: true,
      }),
    ),
};
