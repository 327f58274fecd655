/**
 * Batches (W-5): each operation of an AtomicBatch is linearizable on its own, results come in program order, a second run
 * needs a refill. And what a batch is not: atomic as a whole. The second property is about a transfer that has to be;
 * it holds for one that runs its batch under a Mutex, and a transfer that takes the batch for atomic fails it (A1).
 */
import * as fc from 'fast-check';
import { type BatchCall, checkBatches } from '../models/batch.ts';
import { concurrentProgram } from '../src/generate/concurrent.ts';
import { AtomicBatch, Mutex } from '../src/runtime/index.ts';
import { erased, type Property } from './property.ts';

type View = Int32Array<SharedArrayBuffer>;
type Batch = Readonly<Record<string, (...args: number[]) => number>> & {
  execute(): number;
  result(i: number): number;
};

export interface BatchSubject {
  create(view: View, options: { capacity: number }): Batch;
}

const cells = 2;
const cell = fc.nat(cells - 1);
const value = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 3 }) },
  fc.constantFrom(-1, 2 ** 31 - 1),
);
const call: fc.Arbitrary<BatchCall> = fc.oneof(
  fc.tuple(fc.constantFrom('load'), cell),
  fc.tuple(fc.constantFrom('store', 'add', 'sub', 'and', 'or', 'xor', 'exchange'), cell, value),
  fc.tuple(fc.constant('add'), cell, value),
  fc.tuple(fc.constant('compareExchange'), cell, value, value),
);

interface Local {
  readonly view: View;
  readonly batch: Batch;
}

export const atomicBatch: Property<BatchSubject> = {
  name: 'atomic-batch',
  about: 'each operation of an AtomicBatch takes effect at once, in program order, once',
  ids: ['W-5'],
  subject: AtomicBatch as unknown as BatchSubject,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'atomic-batch',
        setup: () => new Int32Array(new SharedArrayBuffer(4 * cells)),
        attach: (view): Local => ({ view, batch: subject.create(view, { capacity: 4 }) }),
        operations: {
          run: {
            args: fc.tuple(fc.array(call, { minLength: 1, maxLength: 4 })),
            run: ({ batch }: Local, calls: readonly BatchCall[]) => {
              for (const [name, ...args] of calls) batch[name]!(...args); // the names are those of its methods
              batch.execute();
              return calls.map((_, position) => batch.result(position));
            },
            weight: 5,
          },
          again: { run: ({ batch }: Local) => batch.execute(), weight: 1 },
          add: {
            args: fc.tuple(cell, value),
            run: ({ view }: Local, i: number, v: number) => Atomics.add(view, i, v),
          },
          load: { args: fc.tuple(cell), run: ({ view }: Local, i: number) => Atomics.load(view, i) },
        },
        threads: [2, 3],
        length: [1, 3],
        judge: ({ history }) => checkBatches(history, [0, 0]),
        behaviours: true,
      }),
    ),
};

/** Moves an amount from cell 1 to cell 2, and sees both. Cell 0 is the lock's, if it has one. */
export interface Transfer {
  move(amount: number): void;
  /** What the two cells held, together. */
  total(): number;
}

export interface TransferSubject {
  create(view: View): unknown;
  attach(view: View, owner: number): Transfer;
}

/** How a batch is made one step: the same lock around those who run one and those who look. */
class LockedTransfer implements Transfer {
  readonly #mutex: Mutex;
  readonly #batch: AtomicBatch;

  private constructor(view: View, owner: number) {
    this.#mutex = Mutex.attach(view, 0, owner);
    this.#batch = AtomicBatch.create(view, { capacity: 2 });
  }

  static create(view: View): void {
    Mutex.create(view, 0, 99);
  }

  static attach(view: View, owner: number): LockedTransfer {
    return new LockedTransfer(view, owner);
  }

  move(amount: number): void {
    this.#batch.sub(1, amount);
    this.#batch.add(2, amount);
    this.#mutex.lock();
    this.#batch.execute();
    this.#mutex.unlock();
  }

  total(): number {
    const first = this.#batch.load(1);
    const second = this.#batch.load(2);
    this.#mutex.lock();
    this.#batch.execute();
    this.#mutex.unlock();
    return this.#batch.result(first) + this.#batch.result(second);
  }
}

const all = 100;

export const batchUnderLock: Property<TransferSubject> = {
  name: 'batch-under-lock',
  about: 'a batch under a Mutex is one step to all who take that Mutex; a batch alone is not',
  ids: ['W-5'],
  subject: LockedTransfer,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'batch-under-lock',
        setup: () => {
          const view = new Int32Array(new SharedArrayBuffer(16));
          subject.create(view);
          view[1] = all;
          return view;
        },
        attach: (view, thread) => subject.attach(view, thread + 1),
        operations: { move: { args: fc.tuple(fc.integer({ min: 1, max: 9 })) }, total: {} },
        threads: [2, 3],
        length: [1, 3],
        judge: ({ history, stuck, shared, plan }) => {
          if (stuck) return 'a transfer never came back';
          for (const { name, thread, result } of history)
            if (name === 'total' && result !== all)
              return `T${thread} saw ${String(result)} in all, not ${all}`;
          const moved = plan.threads.flat().reduce((sum, { args }) => sum + Number(args[0] ?? 0), 0);
          return shared[2] === moved ? undefined : `${moved} were moved, and ${shared[2]} came`;
        },
        behaviours: true,
      }),
    ),
};
