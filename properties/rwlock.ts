/**
 * The readers-writer lock (W-9), in four properties: it is linearizable with respect to its model; readers can be inside together;
 * neither side is passed without bound; the death of a writer is told to everybody.
 */
import * as fc from 'fast-check';
import { checkRwLock } from '../models/rwlock.ts';
import { concurrentProgram } from '../src/generate/concurrent.ts';
import type { Operation, Plan } from '../src/generate/plan.ts';
import { RwLock } from '../src/runtime/index.ts';
import { erased, type Property } from './property.ts';

interface Lock {
  lockShared(): void;
  tryLockShared(): boolean;
  lockSharedFor(timeoutMs: number): boolean;
  lockExclusive(): void;
  tryLockExclusive(): boolean;
  lockExclusiveFor(timeoutMs: number): boolean;
  unlockShared(): void;
  unlockExclusive(): void;
  downgrade(): void;
  tryUpgrade(): boolean;
  waitingReaders(): number;
  waitingWriters(): number;
  poison(deadOwner: number): boolean;
  clearPoison(): boolean;
}

type View = Int32Array<SharedArrayBuffer>;

export interface RwLockSubject {
  create(view: View, index: number, owner: number): Lock;
  attach(view: View, index: number, owner: number): Lock;
}

/** Most readers at a time, as the runtime's lock has it. */
const most = 127;
/** Cells from which on the properties keep what is theirs. */
const OURS = 16;
const CELLS = 24;

const call = (name: string, ...args: unknown[]): Operation => ({ name, args });

interface Local {
  readonly lock: Lock;
  readonly view: View;
}

const setup = (subject: RwLockSubject) => (): View => {
  const view = new Int32Array(new SharedArrayBuffer(4 * CELLS));
  subject.create(view, 0, 200);
  return view;
};

const attach =
  (subject: RwLockSubject) =>
  (view: View, thread: number): Local => ({ lock: subject.attach(view, 0, thread + 1), view });

const plain = {
  lockShared: { run: ({ lock }: Local) => lock.lockShared() },
  tryLockShared: { run: ({ lock }: Local) => lock.tryLockShared() },
  lockSharedFor: { run: ({ lock }: Local, ms: number) => lock.lockSharedFor(ms) },
  lockExclusive: { run: ({ lock }: Local) => lock.lockExclusive() },
  tryLockExclusive: { run: ({ lock }: Local) => lock.tryLockExclusive() },
  lockExclusiveFor: { run: ({ lock }: Local, ms: number) => lock.lockExclusiveFor(ms) },
  unlockShared: { run: ({ lock }: Local) => lock.unlockShared() },
  unlockExclusive: { run: ({ lock }: Local) => lock.unlockExclusive() },
  downgrade: { run: ({ lock }: Local) => lock.downgrade() },
  tryUpgrade: { run: ({ lock }: Local) => lock.tryUpgrade() },
};

/** What a thread does in one go. Each gives back what it took: if the last call of a try form is refused, so is its unlock. */
const share = [call('lockShared'), call('unlockShared')];
const own = [call('lockExclusive'), call('unlockExclusive')];
const deed: fc.Arbitrary<readonly Operation[]> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(share) },
  { weight: 4, arbitrary: fc.constant(own) },
  { weight: 1, arbitrary: fc.constant([call('tryLockShared'), call('unlockShared')]) },
  { weight: 1, arbitrary: fc.constant([call('lockSharedFor', 5), call('unlockShared')]) },
  { weight: 1, arbitrary: fc.constant([call('tryLockExclusive'), call('unlockExclusive')]) },
  { weight: 1, arbitrary: fc.constant([call('lockExclusiveFor', 5), call('unlockExclusive')]) },
  { weight: 1, arbitrary: fc.constant([call('lockExclusive'), call('downgrade'), call('unlockShared')]) },
  {
    weight: 1,
    arbitrary: fc.constant([
      call('lockShared'),
      call('tryUpgrade'),
      call('unlockExclusive'),
      call('unlockShared'),
    ]),
  },
  // Mistakes, which must be refused and change nothing.
  { weight: 1, arbitrary: fc.constantFrom([call('unlockShared')], [call('unlockExclusive')]) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('lockShared', 'lockExclusive', 'tryLockExclusive', 'downgrade', 'unlockExclusive')
      .map((again) => [call('lockShared'), call(again), call('unlockShared')]),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('lockShared', 'lockExclusive', 'tryLockShared', 'tryUpgrade', 'unlockShared')
      .map((again) => [call('lockExclusive'), call(again), call('unlockExclusive')]),
  },
);

const deeds = (least: number, most: number) =>
  fc.array(deed, { minLength: least, maxLength: most }).map((list) => list.flat());

const peaceful: fc.Arbitrary<Plan> = fc
  .array(deeds(1, 2), { minLength: 2, maxLength: 4 })
  .map((threads) => ({ prefix: [], threads }));

/** So many readers are inside that the next ones do not fit. */
const crowded: fc.Arbitrary<Plan> = fc
  .tuple(
    fc.integer({ min: most - 2, max: most }),
    fc.array(
      fc.constantFrom(
        share,
        [call('tryLockShared'), call('unlockShared')],
        [call('lockShared'), call('tryUpgrade'), call('unlockShared')],
        [call('tryLockExclusive')],
      ),
      { minLength: 2, maxLength: 3 },
    ),
  )
  .map(([others, threads]) => ({ prefix: [call('crowd', others)], threads }));

const spinning = 'a thread waits by spinning, not by sleeping';

export const rwLockLinearizable: Property<RwLockSubject> = {
  name: 'rwlock-linearizable',
  about:
    'an RwLock has one writer or many readers inside, every lock that can be granted is, and misuse is refused',
  ids: ['W-9'],
  subject: RwLock,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'rwlock-linearizable',
        setup: setup(subject),
        attach: attach(subject),
        operations: {
          ...plain,
          crowd: {
            run: ({ view }: Local, others: number) => {
              for (let i = 0; i < others; i += 1) subject.attach(view, 0, 1000 + i).lockShared();
            },
          },
        },
        plans: fc.oneof({ weight: 5, arbitrary: peaceful }, { weight: 1, arbitrary: crowded }),
        judge: ({ history, stuck, spins }) =>
          checkRwLock(history, { most, stuck }) ?? (spins > 0 ? spinning : undefined),
        behaviours: true,
      }),
    ),
};

const GO = OURS;
const MET = OURS + 1;
/** 1 while the writer is inside. */
const WRITING = OURS + 2;

/** Inside, each waits until `others` threads have come: nobody is let out before all are in. */
function meet({ view }: Local, others: number): void {
  Atomics.add(view, MET, 1);
  Atomics.notify(view, MET);
  for (let met = Atomics.load(view, MET); met < others; met = Atomics.load(view, MET)) {
    Atomics.wait(view, MET, met);
  }
}

const release = (view: View): void => {
  Atomics.store(view, GO, 1);
  Atomics.notify(view, GO);
};

export const rwLockOverlap: Property<RwLockSubject> = {
  name: 'rwlock-overlap',
  about: 'readers of an RwLock that waited for a writer can all be inside together, once it has left',
  ids: ['W-9'],
  subject: RwLock,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'rwlock-overlap',
        setup: setup(subject),
        attach: attach(subject),
        operations: {
          // The readers begin once the writer is inside: a writer that waited would, by right, keep one of them out.
          write: {
            run: ({ lock, view }: Local) => {
              lock.lockExclusive();
              Atomics.store(view, WRITING, 1);
              release(view);
              Atomics.store(view, WRITING, 0);
              lock.unlockExclusive();
            },
          },
          writeThenMeet: {
            run: (local: Local, all: number) => {
              local.lock.lockExclusive();
              Atomics.store(local.view, WRITING, 1);
              release(local.view);
              Atomics.store(local.view, WRITING, 0);
              local.lock.downgrade();
              meet(local, all);
              local.lock.unlockShared();
            },
          },
          meet: {
            run: (local: Local, all: number): string | undefined => {
              Atomics.wait(local.view, GO, 0);
              local.lock.lockShared();
              // A lock that lets everybody in overlaps readers, too.
              const beside = Atomics.load(local.view, WRITING) === 1;
              meet(local, all);
              local.lock.unlockShared();
              return beside ? 'got in beside the writer' : undefined;
            },
          },
        },
        plans: fc.tuple(fc.integer({ min: 2, max: 3 }), fc.boolean()).map(([readers, stays]) => {
          const all = stays ? readers + 1 : readers;
          const meeting = Array.from({ length: readers }, () => [call('meet', all)]);
          return { prefix: [], threads: [[stays ? call('writeThenMeet', all) : call('write')], ...meeting] };
        }),
        judge: ({ history, stuck, spins }) => {
          const failed = history.find(({ result }) => result !== undefined);
          if (failed !== undefined)
            return `rwlock: T${failed.thread} ${failed.name}: ${String(failed.result)}`;
          if (stuck) return 'readers that wait for each other inside are not all let in';
          return spins > 0 ? spinning : undefined;
        },
        behaviours: true,
      }),
    ),
};

/** Writers that have got in, and writers that have gone. */
const BEGAN = OURS;
const ENDED = OURS + 1;
/** Readers that have got in, and how many must have before the next writer. */
const READ = OURS + 2;
const OWED = OURS + 3;

export const rwLockBounded: Property<RwLockSubject> = {
  name: 'rwlock-bounded',
  about:
    'no reader that comes while a writer of an RwLock waits gets in first; readers that wait get in after one writer',
  ids: ['W-9'],
  subject: RwLock,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'rwlock-bounded',
        setup: setup(subject),
        attach: attach(subject),
        operations: {
          read: {
            run: ({ lock, view }: Local): string => {
              const ended = Atomics.load(view, ENDED);
              const waiting = lock.waitingWriters();
              const began = Atomics.load(view, BEGAN);
              lock.lockShared();
              // No writer was inside when it came, one waited, and none has got in since.
              const passed = waiting > 0 && began === ended && Atomics.load(view, BEGAN) === began;
              Atomics.add(view, READ, 1);
              lock.unlockShared();
              return passed ? 'passed a writer' : 'read';
            },
          },
          write: {
            run: ({ lock, view }: Local): string => {
              lock.lockExclusive();
              Atomics.add(view, BEGAN, 1);
              const read = Atomics.load(view, READ);
              const passed = read < Atomics.load(view, OWED);
              Atomics.store(view, OWED, read + lock.waitingReaders());
              lock.unlockExclusive();
              Atomics.add(view, ENDED, 1);
              return passed ? 'passed a reader' : 'wrote';
            },
          },
        },
        plans: fc
          .array(
            fc.array(
              fc.oneof(
                { weight: 3, arbitrary: fc.constant(call('read')) },
                { weight: 2, arbitrary: fc.constant(call('write')) },
              ),
              { minLength: 1, maxLength: 3 },
            ),
            { minLength: 3, maxLength: 4 },
          )
          .map((threads) => ({ prefix: [], threads })),
        judge: ({ history, stuck, spins }) => {
          const unfair = history.find(
            ({ result }) => result !== undefined && result !== 'read' && result !== 'wrote',
          );
          if (unfair !== undefined)
            return `rwlock: T${unfair.thread} ${unfair.name}: ${String(unfair.result)}`;
          if (stuck) return 'rwlock: threads wait for ever';
          return spins > 0 ? spinning : undefined;
        },
        behaviours: true,
      }),
    ),
};

const DIED = OURS;

/** The first thread dies, mostly with the lock in its hands; the last one buries it. */
const deaths: fc.Arbitrary<Plan> = fc
  .tuple(
    deeds(0, 1),
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom([call('lockExclusive')], [call('lockExclusiveFor', 5)]) },
      { weight: 1, arbitrary: fc.constantFrom<Operation[]>([], [call('lockShared'), call('tryUpgrade')]) },
    ),
    fc.array(deeds(1, 2), { minLength: 1, maxLength: 2 }),
    fc.boolean(),
  )
  .map(([before, last, others, repaired]) => ({
    prefix: [],
    threads: [
      [...before, ...last, call('die')],
      ...others,
      [call('poison', 1), ...(repaired ? [call('clearPoison'), ...share, ...own] : [])],
    ],
  }));

export const rwLockPoison: Property<RwLockSubject> = {
  name: 'rwlock-poison',
  about:
    'when the writer of an RwLock dies everybody who waits is told, and nobody gets in before it is repaired',
  ids: ['W-9'],
  subject: RwLock,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'rwlock-poison',
        setup: setup(subject),
        attach: attach(subject),
        operations: {
          ...plain,
          die: {
            run: ({ view }: Local): void => {
              Atomics.store(view, DIED, 1);
              Atomics.notify(view, DIED);
            },
          },
          poison: {
            run: ({ lock, view }: Local, id: number): boolean => {
              Atomics.wait(view, DIED, 0);
              return lock.poison(id);
            },
          },
          clearPoison: { run: ({ lock }: Local) => lock.clearPoison() },
        },
        plans: deaths,
        judge: ({ history, stuck, spins }) =>
          checkRwLock(history, { stuck, revocable: true }) ?? (spins > 0 ? spinning : undefined),
        behaviours: true,
      }),
    ),
};
