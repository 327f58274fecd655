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
const givingBack: fc.Arbitrary<readonly Operation[]> = fc.oneof(
  { weight: 6, arbitrary: fc.constant([call('lock'), call('unlock')]) },
  { weight: 2, arbitrary: fc.constant([call('tryLock'), call('unlock')]) },
  { weight: 2, arbitrary: fc.constant([call('lockFor', 5), call('unlock')]) },
  { weight: 1, arbitrary: fc.constant([call('unlock')]) },
  { weight: 1, arbitrary: fc.constant([call('lock'), call('tryLock'), call('unlock')]) },
  { weight: 1, arbitrary: fc.constant([call('lock'), call('lock'), call('unlock')]) },
);

const deed: fc.Arbitrary<readonly Operation[]> = fc.oneof(
  { weight: 13, arbitrary: givingBack },
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

interface MortalLock extends Lock {
  poison(deadOwner: number): boolean;
  clearPoison(): boolean;
}

export interface MortalLockSubject {
  create(view: View, index: number, owner: number): MortalLock;
  attach(view: View, index: number, owner: number): MortalLock;
}

interface Mortal {
  readonly lock: MortalLock;
  readonly view: View;
}

/** The cell that says that the first thread is dead. */
const DIED = 1;

/** The first thread dies, mostly with the lock in its hands; the last one buries it. */
const deaths: fc.Arbitrary<Plan> = fc
  .tuple(
    fc.constantFrom([], [call('lock'), call('unlock')]),
    fc.constantFrom<Operation[]>([call('lock')], [call('lock')], [call('lockFor', 5)], []),
    fc.array(fc.array(givingBack, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 2 }),
    fc.boolean(),
  )
  .map(([before, last, others, repaired]) => ({
    prefix: [],
    threads: [
      [...before, ...last, call('die')],
      ...others.map((deeds) => deeds.flat()),
      [call('poison', 1), ...(repaired ? [call('clearPoison'), call('lock'), call('unlock')] : [])],
    ],
  }));

export const mutexPoison: Property<MortalLockSubject> = {
  name: 'mutex-poison',
  about:
    'when the holder of a Mutex dies everybody who waits is told, and nobody gets in before it is repaired',
  ids: ['W-6'],
  subject: Mutex,
  needs: ['poison', 'clearPoison'],
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'mutex-poison',
        setup: () => {
          const view = new Int32Array(new SharedArrayBuffer(16));
          subject.create(view, 0, 63);
          return view;
        },
        attach: (view, thread): Mortal => ({ lock: subject.attach(view, 0, thread + 1), view }),
        operations: {
          lock: { run: ({ lock }: Mortal) => lock.lock() },
          tryLock: { run: ({ lock }: Mortal) => lock.tryLock() },
          lockFor: { run: ({ lock }: Mortal, ms: number) => lock.lockFor(ms) },
          unlock: { run: ({ lock }: Mortal) => lock.unlock() },
          die: {
            run: ({ view }: Mortal): void => {
              Atomics.store(view, DIED, 1);
              Atomics.notify(view, DIED);
            },
          },
          poison: {
            run: ({ lock, view }: Mortal, id: number): boolean => {
              Atomics.wait(view, DIED, 0);
              return lock.poison(id);
            },
          },
          clearPoison: { run: ({ lock }: Mortal) => lock.clearPoison() },
        },
        plans: deaths,
        specification: mutex(),
        judge: ({ spins }) => (spins > 0 ? 'a thread waits by spinning, not by sleeping' : undefined),
        behaviours: true,
      }),
    ),
};
