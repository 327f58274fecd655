/**
 * Debug mode (test 31): a deadlock is refused, with no thread left waiting; a program that takes its locks in one order is never
 * accused, neither of a deadlock nor of an inversion; one that does not is accused even when it got through.
 */
import * as fc from 'fast-check';
import { concurrentProgram } from '../src/generate/concurrent.ts';
import type { Plan } from '../src/generate/plan.ts';
import { isThrew } from '../src/history/history.ts';
import { DebugMutex, DebugRwLock, LockGraph, type LockOrder, Mutex, RwLock } from '../src/runtime/index.ts';
import { erased, type Property } from './property.ts';

type View = Int32Array<SharedArrayBuffer>;

export interface LockGraphSubject {
  create(view: View, index: number, options: { threads: number; locks: number }, owner: number): unknown;
  attach(view: View, index: number, owner: number): { inversions(): readonly LockOrder[] };
}

const sizes = { threads: 5, locks: 8 };
/** Locks 0 to 3 are mutexes, 4 to 7 readers-writer locks. */
const MUTEXES = 4;
const GRAPH = 32;

type Mode = 'own' | 'share' | 'ownFor';
/** A lock and how it is taken. */
type Want = readonly [lock: number, mode: Mode];

interface Local {
  readonly locks: readonly (DebugMutex | DebugRwLock)[];
}

function take(lock: DebugMutex | DebugRwLock, mode: Mode): boolean {
  if (mode === 'ownFor') return lock instanceof DebugMutex ? lock.lockFor(5) : lock.lockExclusiveFor(5);
  if (lock instanceof DebugMutex) lock.lock();
  else if (mode === 'share') lock.lockShared();
  else lock.lockExclusive();
  return true;
}

/** Takes the locks one after the other, and gives all back; ends early when one is refused. */
function work({ locks }: Local, wants: readonly Want[]): string {
  let taken = 0;
  try {
    for (const [lock, mode] of wants) {
      if (!take(locks[lock]!, mode)) return 'gave up';
      taken += 1;
    }
    return 'done';
  } finally {
    while (taken > 0) {
      taken -= 1;
      locks[wants[taken]![0]]!.unlock();
    }
  }
}

/** Programs: circles, any order, one order. */
const plans: fc.Arbitrary<Plan> = fc.integer({ min: 2, max: 4 }).chain((count) => {
  const first = fc.constantFrom(0, MUTEXES);
  const mode: fc.Arbitrary<Mode> = fc.oneof(
    { weight: 6, arbitrary: fc.constant<Mode>('own') },
    { weight: 3, arbitrary: fc.constant<Mode>('share') },
    { weight: 1, arbitrary: fc.constant<Mode>('ownFor') },
  );
  const order = (base: number): fc.Arbitrary<readonly number[]> =>
    fc.shuffledSubarray(
      Array.from({ length: count }, (_, lock) => base + lock),
      { minLength: 1 },
    );
  const withModes = (locks: readonly number[]): fc.Arbitrary<readonly Want[]> =>
    fc.tuple(...locks.map((lock) => mode.map((how): Want => [lock, how])));
  const program = (threads: fc.Arbitrary<readonly (readonly Want[])[]>): fc.Arbitrary<Plan> =>
    threads.map((list) => ({
      prefix: [],
      threads: list.map((wants) => [{ name: 'work', args: [wants] }]),
    }));
  const circle = first.map((base) =>
    Array.from({ length: count }, (_, t): readonly Want[] => [
      [base + t, 'own'],
      [base + ((t + 1) % count), 'own'],
    ]),
  );
  const any = first.chain((base) => fc.array(order(base).chain(withModes), { minLength: 2, maxLength: 4 }));
  const sorted = first.chain((base) =>
    fc.array(
      order(base).chain((locks) => withModes([...locks].sort((a, b) => a - b))),
      { minLength: 2, maxLength: 4 },
    ),
  );
  return fc.oneof({ weight: 2, arbitrary: program(circle) }, program(any), program(sorted));
});

/** Whether the locks of a program, as far as they are waited for without limit, go in a circle. */
function isCircular({ threads }: Plan): boolean {
  const after = new Map<number, Set<number>>();
  for (const operation of threads.flat()) {
    const wants = operation.args[0] as readonly Want[];
    wants.forEach(([second, mode], i) => {
      if (mode === 'ownFor') return;
      for (const [before] of wants.slice(0, i))
        after.set(before, (after.get(before) ?? new Set()).add(second));
    });
  }
  const reaches = (from: number, to: number, seen: Set<number>): boolean => {
    if (seen.has(from)) return false;
    seen.add(from);
    return [...(after.get(from) ?? [])].some((next) => next === to || reaches(next, to, seen));
  };
  return [...after.keys()].some((lock) => reaches(lock, lock, new Set()));
}

export const lockGraphDeadlocks: Property<LockGraphSubject> = {
  name: 'lock-graph',
  about:
    'with a LockGraph every deadlock of locks is refused, and a program that sorts its locks is never accused',
  ids: ['W-6', 'W-9'],
  subject: LockGraph as unknown as LockGraphSubject,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'lock-graph',
        setup: () => {
          const view = new Int32Array(new SharedArrayBuffer(4 * (GRAPH + LockGraph.cells(sizes))));
          for (let i = 0; i < MUTEXES; i += 1) {
            Mutex.create(view, i, 63);
            RwLock.create(view, MUTEXES + 4 * i, 63);
          }
          subject.create(view, GRAPH, sizes, 63);
          return view;
        },
        attach: (view, thread): Local => {
          const owner = thread + 1;
          const graph = subject.attach(view, GRAPH, owner) as LockGraph;
          const locks: (DebugMutex | DebugRwLock)[] = [];
          for (let i = 0; i < MUTEXES; i += 1)
            locks.push(new DebugMutex(graph, Mutex.attach(view, i, owner), i));
          for (let i = 0; i < MUTEXES; i += 1)
            locks.push(new DebugRwLock(graph, RwLock.attach(view, MUTEXES + 4 * i, owner), MUTEXES + i));
          return { locks };
        },
        operations: { work: { run: work } },
        plans,
        judge: ({ history, shared, stuck, spins, plan }) => {
          if (stuck) return 'a deadlock was not reported';
          const circular = isCircular(plan);
          for (const { result, thread } of history) {
            if (!isThrew(result)) continue;
            if (result.threw !== 'DeadlockError')
              return `T${thread}: ${result.threw}: ${result.message ?? ''}`;
            if (!circular)
              return `a deadlock that cannot be was reported to T${thread}: ${result.message ?? ''}`;
          }
          const inversions = subject.attach(shared, GRAPH, 99).inversions().length;
          if (!circular && inversions > 0) return 'an inversion was reported although there is one order';
          if (circular && inversions === 0 && history.every(({ result }) => result === 'done'))
            return 'a circular order of locks was not reported';
          return spins > 0 ? 'a thread waits by spinning, not by sleeping' : undefined;
        },
        behaviours: true,
      }),
    ),
};
