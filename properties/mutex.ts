/**
 * Mutual exclusion (W-6): the mutex is linearizable with respect to its model, of which exclusion is a part; a lock that the model would grant
 * never stays pending (no lost wake-up); unlocking without owning and locking twice are errors; nobody waits by spinning.
 */
import * as fc from 'fast-check';
import { mutex } from '../models/mutex.ts';
import { concurrentProgram } from '../src/generate/concurrent.ts';
import type { Operation, Plan } from '../src/generate/plan.ts';
import { Mutex } from '../src/runtime/index.ts';
import { erased, type Property } from './property.ts';

interface Lock {
  lock(): void;
  tryLock(): boolean;
  lockFor(timeoutMs: number): boolean;
  unlock(): void;
}

type View = Int32Array<SharedArrayBuffer>;

export interface LockSubject {
  create(view: View, index: number, owner: number): Lock;
  attach(view: View, index: number, owner: number): Lock;
}

const call = (name: string, ...args: unknown[]): Operation => ({ name, args });

/** What a thread does in one go: mostly a critical section, now and then a mistake that must be refused. */
const deed: fc.Arbitrary<readonly Operation[]> = fc.oneof(
  { weight: 6, arbitrary: fc.constant([call('lock'), call('unlock')]) },
  { weight: 2, arbitrary: fc.constant([call('tryLock'), call('unlock')]) },
  { weight: 2, arbitrary: fc.constant([call('lockFor', 5), call('unlock')]) },
  { weight: 1, arbitrary: fc.constant([call('unlock')]) },
  { weight: 1, arbitrary: fc.constant([call('lock'), call('tryLock'), call('unlock')]) },
  { weight: 1, arbitrary: fc.constant([call('lock'), call('lock'), call('unlock')]) },
  { weight: 1, arbitrary: fc.constant([call('lock')]) },
);

const plans: fc.Arbitrary<Plan> = fc
  .array(fc.array(deed, { minLength: 1, maxLength: 2 }), { minLength: 2, maxLength: 3 })
  .map((threads) => ({ prefix: [], threads: threads.map((deeds) => deeds.flat()) }));

export const mutualExclusion: Property<LockSubject> = {
  name: 'mutual-exclusion',
  about: 'at most one thread is inside a Mutex, every lock that can be granted is, and misuse is refused',
  ids: ['W-6'],
  subject: Mutex,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'mutual-exclusion',
        setup: () => {
          const view = new Int32Array(new SharedArrayBuffer(16));
          subject.create(view, 0, 63);
          return view;
        },
        attach: (view, thread) => subject.attach(view, 0, thread + 1),
        operations: { lock: {}, tryLock: {}, lockFor: {}, unlock: {} },
        plans,
        specification: mutex(),
        judge: ({ spins }) => (spins > 0 ? 'a thread waits by spinning, not by sleeping' : undefined),
        behaviours: true,
      }),
    ),
};
