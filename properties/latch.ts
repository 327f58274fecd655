/**
 * Latches (W-10): linearizable with respect to the model: open when it was counted down to 0 and never before, for ever after; nobody
 * waits at an open one; counting below 0 is refused; nobody spins.
 */
import * as fc from 'fast-check';
import { latch } from '../models/latch.ts';
import { concurrentProgram } from '../src/generate/concurrent.ts';
import type { Operation, Plan } from '../src/generate/plan.ts';
import { Latch } from '../src/runtime/index.ts';
import { erased, type Property } from './property.ts';

type View = Int32Array<SharedArrayBuffer>;

interface Countdown {
  countDown(by: number): number;
  wait(): void;
  waitFor(timeoutMs: number): boolean;
  tryWait(): boolean;
  count(): number;
}

export interface LatchSubject {
  create(view: View, index: number, count: number): Countdown;
  attach(view: View, index: number): Countdown;
}

const count = 3;

const call = (name: string, ...args: unknown[]): Operation => ({ name, args });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(call('countDown', 1)) },
  { weight: 1, arbitrary: fc.constant(call('countDown', 2)) },
  { weight: 3, arbitrary: fc.constant(call('wait')) },
  { weight: 1, arbitrary: fc.constant(call('waitFor', 5)) },
  { weight: 2, arbitrary: fc.constant(call('tryWait')) },
  { weight: 1, arbitrary: fc.constant(call('count')) },
);

const plans: fc.Arbitrary<Plan> = fc.record({
  threads: fc.array(fc.array(operation, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 4 }),
  // So that the threads begin with 3, 2 or 1 to count.
  prefix: fc.array(fc.constant(call('countDown', 1)), { maxLength: count - 1 }),
});

export const latchOpens: Property<LatchSubject> = {
  name: 'latch-opens',
  about: 'a Latch opens with its last count, not before, for all who wait, and stays open',
  ids: ['W-10', 'C-12'],
  subject: Latch,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'latch-opens',
        setup: () => {
          const view = new Int32Array(new SharedArrayBuffer(16));
          subject.create(view, 0, count);
          return view;
        },
        attach: (view) => subject.attach(view, 0),
        operations: { countDown: {}, wait: {}, waitFor: {}, tryWait: {}, count: {} },
        plans,
        specification: latch(count),
        judge: ({ spins }) => (spins > 0 ? 'a thread waits by spinning, not by sleeping' : undefined),
        behaviours: true,
      }),
    ),
};
