/** Conveniences over atomic cells (W-3) are linearizable: unsigned integers, a flag, a counter. */
import * as fc from 'fast-check';
import { atomicCells } from '../models/atomic-cell.ts';
import { atomicCounter, atomicFlag } from '../models/conveniences.ts';
import { concurrentProgram } from '../src/generate/concurrent.ts';
import { AtomicCounter, AtomicFlag, AtomicUint32 } from '../src/runtime/index.ts';
import { erased, type Property } from './property.ts';

type View = Int32Array<SharedArrayBuffer>;

export interface ConvenienceSubject<T> {
  create(view: View, index: number, initial?: number): T;
  attach(view: View, index: number): T;
}

interface Flag {
  set(): boolean;
  clear(): boolean;
  isSet(): boolean;
  wait(timeoutMs?: number): boolean;
}

interface Counter {
  increment(amount: number): number;
  decrement(amount: number): number;
  value(): number;
}

const cells = (): View => new Int32Array(new SharedArrayBuffer(16));

export const flagIsSet: Property<ConvenienceSubject<Flag>> = {
  name: 'atomic-flag',
  about: 'an AtomicFlag is set by one thread at a time, and wakes all who wait for it',
  ids: ['W-3', 'C-12'],
  subject: AtomicFlag,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'atomic-flag',
        setup: () => {
          const view = cells();
          subject.create(view, 1);
          return view;
        },
        attach: (view) => subject.attach(view, 1),
        operations: {
          set: { weight: 4 },
          clear: { weight: 2 },
          isSet: {},
          wait: { weight: 2 },
          waitFor: { args: fc.constant([5]), run: (flag: Flag, ms: number) => flag.wait(ms) },
        },
        length: [1, 3],
        specification: atomicFlag(),
        races: true,
        // A waiter looks at the flag again, so one that was cleared meanwhile may be missed: that is no lost wake-up.
        judge: ({ spins }) => (spins > 0 ? 'a thread waits by spinning, not by sleeping' : undefined),
        behaviours: true,
      }),
    ),
};

/** Most that the counter holds. */
const most = 2 ** 31 - 1;

export const counterStays: Property<ConvenienceSubject<Counter>> = {
  name: 'atomic-counter',
  about: 'an AtomicCounter counts exactly, and never leaves 0 to 2^31 - 1',
  ids: ['W-3'],
  subject: AtomicCounter,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'atomic-counter',
        setup: () => {
          const view = cells();
          subject.create(view, 1, 2);
          return view;
        },
        attach: (view) => subject.attach(view, 1),
        operations: {
          increment: { args: fc.tuple(fc.constantFrom(1, 1, 2, most - 2)), weight: 3 },
          decrement: { args: fc.tuple(fc.constantFrom(1, 1, 2, 3)), weight: 3 },
          value: {},
        },
        length: [1, 3],
        specification: atomicCounter(2, most),
        behaviours: true,
      }),
    ),
};

interface Unsigned {
  load(): number;
  store(value: number): number;
  add(value: number): number;
  sub(value: number): number;
  and(value: number): number;
  or(value: number): number;
  xor(value: number): number;
  exchange(value: number): number;
  compareExchange(expected: number, replacement: number): number;
}

const uint32 = {
  wrap: (value: number) => value >>> 0,
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  and: (a: number, b: number) => a & b,
  or: (a: number, b: number) => a | b,
  xor: (a: number, b: number) => a ^ b,
};

const amount = fc.constantFrom(0, 1, 2, 3, 2 ** 31, 2 ** 32 - 1);
const one = fc.tuple(fc.constant(0), amount);

export const atomicsUint32: Property<ConvenienceSubject<Unsigned>> = {
  name: 'atomics-u32',
  about: 'AtomicUint32 is linearizable, and reads from 0 to 2^32 - 1',
  ids: ['W-3'],
  subject: AtomicUint32,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'atomics-u32',
        setup: cells,
        attach: (view) => subject.attach(view, 0),
        operations: {
          load: { args: fc.constant([0]), run: (cell: Unsigned) => cell.load(), weight: 3 },
          store: { args: one, run: (cell: Unsigned, _: number, v: number) => cell.store(v), weight: 2 },
          add: { args: one, run: (cell: Unsigned, _: number, v: number) => cell.add(v), weight: 2 },
          sub: { args: one, run: (cell: Unsigned, _: number, v: number) => cell.sub(v), weight: 2 },
          and: { args: one, run: (cell: Unsigned, _: number, v: number) => cell.and(v) },
          or: { args: one, run: (cell: Unsigned, _: number, v: number) => cell.or(v) },
          xor: { args: one, run: (cell: Unsigned, _: number, v: number) => cell.xor(v) },
          exchange: { args: one, run: (cell: Unsigned, _: number, v: number) => cell.exchange(v) },
          compareExchange: {
            args: fc.tuple(fc.constant(0), amount, amount),
            run: (cell: Unsigned, _: number, e: number, r: number) => cell.compareExchange(e, r),
          },
        },
        length: [1, 3],
        specification: atomicCells('atomic uint32', uint32, [0]),
        behaviours: true,
      }),
    ),
};
