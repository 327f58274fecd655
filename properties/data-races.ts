/**
 * No data races (the plan's fourth property): what a Mutex guards may be touched plainly. Plain accesses are no scheduling points, so what is judged
 * here is not their values but whether anything orders them: every unlock must publish to the next lock (FastTrack, src/race).
 */
import * as fc from 'fast-check';
import { concurrentProgram } from '../src/generate/concurrent.ts';
import type { Operation, Plan } from '../src/generate/plan.ts';
import { Mutex } from '../src/runtime/index.ts';
import type { LockSubject } from './mutex.ts';
import { erased, type Property } from './property.ts';

type View = Int32Array<SharedArrayBuffer>;

/** What the lock guards: two cells that are moved between, plainly. */
const FIRST = 4;
const SECOND = 5;

interface Local {
  readonly view: View;
  readonly lock: ReturnType<LockSubject['attach']>;
}

function move({ view }: Local, amount: number): void {
  view[FIRST]! -= amount;
  view[SECOND]! += amount;
}

const total = ({ view }: Local): number => view[FIRST]! + view[SECOND]!; // inside the view

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.integer({ min: 1, max: 9 }).map((amount) => ({ name: 'move', args: [amount] })),
  fc.integer({ min: 1, max: 9 }).map((amount) => ({ name: 'tryMove', args: [amount] })),
  fc.constant({ name: 'total', args: [] }),
);

const plans: fc.Arbitrary<Plan> = fc
  .array(fc.array(operation, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 3 })
  .map((threads) => ({ prefix: [], threads }));

export const noDataRaces: Property<LockSubject> = {
  name: 'no-data-races',
  about: 'plain accesses to what a Mutex guards are ordered by it, and see each other whole',
  ids: ['W-6'],
  subject: Mutex,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'no-data-races',
        setup: () => {
          const view = new Int32Array(new SharedArrayBuffer(32));
          subject.create(view, 0, 63);
          return view;
        },
        attach: (view, thread): Local => ({ view, lock: subject.attach(view, 0, thread + 1) }),
        operations: {
          move: {
            run: (local: Local, amount: number): void => {
              local.lock.lock();
              move(local, amount);
              local.lock.unlock();
            },
          },
          tryMove: {
            run: (local: Local, amount: number): void => {
              if (!local.lock.tryLock()) return;
              move(local, amount);
              local.lock.unlock();
            },
          },
          total: {
            run: (local: Local): number => {
              local.lock.lock();
              const sum = total(local);
              local.lock.unlock();
              return sum;
            },
          },
        },
        plans,
        races: true,
        judge: ({ history, stuck }) => {
          const torn = history.find(
            ({ name, result }) => name === 'total' && result !== undefined && result !== 0,
          );
          if (torn !== undefined)
            return `T${torn.thread} saw a total of ${String(torn.result)} in the middle of a move`;
          return stuck ? 'a thread waits for the lock for ever' : undefined;
        },
        behaviours: true,
      }),
    ),
};
