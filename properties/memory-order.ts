/**
 * What programs rely on without thinking of it, in two properties of atomic integers (W-3). Sequential consistency: the litmus tests of memory models, none of whose
 * forbidden outcomes ever comes. Visibility: what was stored is seen by whoever loads later, with all that was written before it, and nobody goes back in time.
 * Linearizability, which `atomics-i32` shows, is stronger than both; here they are by themselves, as they are known.
 *
 * Source: Alglave, Maranget, Tautschnig, "Herding Cats" (TOPLAS 2014), for the litmus tests and their names.
 */
import * as fc from 'fast-check';
import { concurrentProgram } from '../src/generate/concurrent.ts';
import type { Operation, Plan } from '../src/generate/plan.ts';
import type { History } from '../src/history/history.ts';
import { AtomicInt32 } from '../src/runtime/index.ts';
import { erased, type Property } from './property.ts';

type View = Int32Array<SharedArrayBuffer>;

interface Cell {
  load(): number;
  store(value: number): number;
}

export interface OrderSubject {
  create(view: View, index: number, initial: number): Cell;
  attach(view: View, index: number): Cell;
}

const load = (cell: string): Operation => ({ name: 'load', args: [cell] });
const store = (cell: string, value: number): Operation => ({ name: 'store', args: [cell, value] });

interface Litmus {
  readonly name: string;
  readonly threads: readonly (readonly Operation[])[];
  /** Whether the loads, thread by thread, and then the last values of x and y are the outcome that must not come. */
  forbids(loads: readonly number[], x: number, y: number): boolean;
}

const are =
  (...values: readonly number[]) =>
  (loads: readonly number[]): boolean =>
    values.every((value, i) => loads[i] === value);

const litmusTests: readonly Litmus[] = [
  {
    name: 'SB',
    threads: [
      [store('x', 1), load('y')],
      [store('y', 1), load('x')],
    ],
    forbids: are(0, 0),
  },
  {
    name: 'MP',
    threads: [
      [store('x', 1), store('y', 1)],
      [load('y'), load('x')],
    ],
    forbids: are(1, 0),
  },
  {
    name: 'LB',
    threads: [
      [load('x'), store('y', 1)],
      [load('y'), store('x', 1)],
    ],
    forbids: are(1, 1),
  },
  {
    name: 'S',
    threads: [
      [store('x', 2), store('y', 1)],
      [load('y'), store('x', 1)],
    ],
    forbids: ([y], x) => y === 1 && x === 2,
  },
  {
    name: 'R',
    threads: [
      [store('x', 1), store('y', 1)],
      [store('y', 2), load('x')],
    ],
    forbids: ([x], _, y) => x === 0 && y === 2,
  },
  {
    name: '2+2W',
    threads: [
      [store('x', 1), store('y', 2)],
      [store('y', 1), store('x', 2)],
    ],
    forbids: (_, x, y) => x === 1 && y === 1,
  },
  { name: 'CoRR', threads: [[store('x', 1)], [load('x'), load('x')]], forbids: are(1, 0) },
  {
    name: 'WRC',
    threads: [[store('x', 1)], [load('x'), store('y', 1)], [load('y'), load('x')]],
    forbids: are(1, 1, 0),
  },
  {
    name: 'IRIW',
    threads: [[store('x', 1)], [store('y', 1)], [load('x'), load('y')], [load('y'), load('x')]],
    forbids: are(1, 0, 1, 0),
  },
];

/** A litmus test as a plan, with threads beside it that only look: its name is in the prefix. */
const litmusPlans: fc.Arbitrary<Plan> = fc
  .tuple(
    fc.constantFrom(...litmusTests),
    fc.array(fc.array(fc.constantFrom('x', 'y'), { minLength: 1, maxLength: 2 }), { maxLength: 2 }),
  )
  .map(([{ name, threads }, onlookers]) => ({
    prefix: [{ name: 'litmus', args: [name] }],
    threads: [...threads, ...onlookers.map((looks) => looks.map((cell) => ({ name: 'look', args: [cell] })))],
  }));

/** The test that a plan is; a plan that was made smaller is none, and passes. */
function litmusOf({ prefix, threads }: Plan): Litmus | undefined {
  const litmus = litmusTests.find(({ name }) => name === prefix[0]?.args[0]);
  const isWhole = litmus?.threads.every((thread, i) => JSON.stringify(thread) === JSON.stringify(threads[i]));
  return isWhole === true ? litmus : undefined;
}

/** Results of the loads, thread by thread. */
function loadsOf(history: History): readonly number[] {
  return history
    .filter(({ name }) => name === 'load')
    .sort((a, b) => a.thread - b.thread || a.called - b.called)
    .map(({ result }) => result as number);
}

const xy = { x: 0, y: 16 } as const;
type Cells = Readonly<Record<keyof typeof xy, Cell>>;

export const sequentialConsistency: Property<OrderSubject> = {
  name: 'sequential-consistency',
  about: 'no outcome of the classical litmus tests comes that no order of their operations explains',
  ids: ['W-3'],
  subject: AtomicInt32,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'sequential-consistency',
        setup: () => {
          const view = new Int32Array(new SharedArrayBuffer(128));
          for (const index of Object.values(xy)) subject.create(view, index, 0);
          return view;
        },
        attach: (view): Cells => ({ x: subject.attach(view, xy.x), y: subject.attach(view, xy.y) }),
        operations: {
          litmus: { run: () => {} },
          look: { run: (cells: Cells, cell: keyof Cells) => cells[cell].load() },
          load: { run: (cells: Cells, cell: keyof Cells) => cells[cell].load() },
          store: { run: (cells: Cells, cell: keyof Cells, value: number) => void cells[cell].store(value) },
        },
        plans: litmusPlans,
        judge: ({ history, shared, plan }) => {
          const litmus = litmusOf(plan);
          const [x, y] = [shared[xy.x]!, shared[xy.y]!]; // cells of the view
          const loads = loadsOf(history);
          return litmus?.forbids(loads, x, y) === true
            ? `${litmus.name}: no order explains loads ${loads.join(', ')} with x = ${x}, y = ${y} at the end`
            : undefined;
        },
        behaviours: true,
      }),
    ),
};

const MESSAGE = 16;

interface Seen {
  readonly flag: Cell;
  readonly view: View;
}

/** One thread publishes 1, 2, 3 ...; the others look. */
const publications: fc.Arbitrary<Plan> = fc
  .tuple(
    fc.integer({ min: 1, max: 4 }),
    fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
  )
  .map(([count, readers]) => ({
    prefix: [],
    threads: [
      Array.from({ length: count }, (_, i): Operation => ({ name: 'publish', args: [i + 1] })),
      ...readers.map((looks) => Array.from({ length: looks }, (): Operation => ({ name: 'look', args: [] }))),
    ],
  }));

export const visibility: Property<OrderSubject> = {
  name: 'visibility',
  about:
    'what was stored is seen by all who load later, with what was written before it; nobody sees an older value after a newer',
  ids: ['W-3'],
  subject: AtomicInt32,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'visibility',
        setup: () => {
          const view = new Int32Array(new SharedArrayBuffer(128));
          subject.create(view, 0, 0);
          return view;
        },
        attach: (view): Seen => ({ flag: subject.attach(view, 0), view }),
        operations: {
          publish: {
            run: ({ flag, view }: Seen, number: number): void => {
              view[MESSAGE] = number;
              flag.store(number);
            },
          },
          look: { run: ({ flag, view }: Seen) => [flag.load(), view[MESSAGE]] },
        },
        plans: publications,
        // The reader takes the message plainly before it knows whether the flag says so: that it is never too old is the property.
        races: false,
        judge: ({ history }) => faultOfLooks(history),
        behaviours: true,
      }),
    ),
};

function faultOfLooks(history: History): string | undefined {
  const latest = new Map<number, number>();
  for (const { thread, result, called } of history.filter(({ name }) => name === 'look')) {
    const [flag, message] = result as readonly [number, number];
    const before = latest.get(thread) ?? 0;
    latest.set(thread, flag);
    if (flag < before) return `T${thread} saw ${before}, and then ${flag}`;
    if (message < flag) return `T${thread} saw number ${flag}, but message ${message}`;
    const published = history.filter(({ name, returned }) => name === 'publish' && returned < called).length;
    if (flag < published) return `T${thread} saw ${flag} after ${published} was published`;
  }
  return undefined;
}
