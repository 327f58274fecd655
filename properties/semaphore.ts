/**
 * Semaphores (W-10): linearizable with respect to the model, of which it is part that permits are neither made nor lost and never oversold;
 * nobody waits while there are as many permits as it wants, also when others want more or fewer; nobody spins.
 */
import * as fc from 'fast-check';
import { semaphore } from '../models/semaphore.ts';
import { concurrentProgram } from '../src/generate/concurrent.ts';
import type { Operation, Plan } from '../src/generate/plan.ts';
import { Semaphore } from '../src/runtime/index.ts';
import { erased, type Property } from './property.ts';

type View = Int32Array<SharedArrayBuffer>;

interface Permits {
  acquire(permits: number): void;
  tryAcquire(permits: number): boolean;
  acquireFor(timeoutMs: number, permits: number): boolean;
  release(permits: number): void;
  available(): number;
}

export interface SemaphoreSubject {
  create(view: View, index: number, permits: number, maximum: number): Permits;
  attach(view: View, index: number): Permits;
}

const permits = 2;
const maximum = 3;
const limitMs = 5;

const call = (name: string, ...args: unknown[]): Operation => ({ name, args });
const count = fc.oneof(
  { weight: 3, arbitrary: fc.constant(1) },
  { weight: 2, arbitrary: fc.constant(2) },
  fc.constant(3),
);

/** What a thread does in one go: mostly as it should, now and then a release too many or too few, or a count that must be refused. */
const deed: fc.Arbitrary<readonly Operation[]> = fc.oneof(
  { weight: 8, arbitrary: count.map((n) => [call('acquire', n), call('release', n)]) },
  { weight: 2, arbitrary: count.map((n) => [call('tryAcquire', n), call('release', n)]) },
  { weight: 2, arbitrary: count.map((n) => [call('acquireFor', limitMs, n), call('release', n)]) },
  { weight: 4, arbitrary: count.map((n) => [call('release', n)]) },
  { weight: 3, arbitrary: count.map((n) => [call('acquire', n)]) },
  { weight: 1, arbitrary: fc.constant([call('available')]) },
  { weight: 1, arbitrary: fc.constantFrom(0, 4).map((n) => [call('tryAcquire', n)]) },
);

const plans: fc.Arbitrary<Plan> = fc.record({
  threads: fc
    .array(fc.array(deed, { minLength: 1, maxLength: 2 }), { minLength: 2, maxLength: 4 })
    .map((threads) => threads.map((deeds) => deeds.flat())),
  // Half of the programs begin without a permit: there the threads meet asleep.
  prefix: fc.constantFrom([], [call('acquire', permits)]),
});

export const semaphorePermits: Property<SemaphoreSubject> = {
  name: 'semaphore-permits',
  about: 'a Semaphore conserves its permits, oversells none, and lets in everybody who can go on',
  ids: ['W-10', 'C-12'],
  subject: Semaphore,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'semaphore-permits',
        setup: () => {
          const view = new Int32Array(new SharedArrayBuffer(16));
          subject.create(view, 0, permits, maximum);
          return view;
        },
        attach: (view) => subject.attach(view, 0),
        operations: { acquire: {}, tryAcquire: {}, acquireFor: {}, release: {}, available: {} },
        plans,
        specification: semaphore(permits, maximum),
        judge: ({ spins }) => (spins > 0 ? 'a thread waits by spinning, not by sleeping' : undefined),
        behaviours: true,
      }),
    ),
};
