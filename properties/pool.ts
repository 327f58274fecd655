/**
 * The pool's protocol (W-13, W-14): submitters, workers, cancellers, takers-back and a closer at one board, with failing tasks, workers that die
 * at several points, and full queues. Every task settles once and is counted once; nobody sleeps while there is something to do; tasks
 * that wait for tasks behind them are reported.
 */
import * as fc from 'fast-check';
import { checkPool, type PoolRun, type Settlement, type Submission, type TaskKind } from '../models/pool.ts';
import { concurrentProgram, type Run } from '../src/generate/concurrent.ts';
import type { Operation, Plan } from '../src/generate/plan.ts';
import { type History, isPending } from '../src/history/history.ts';
import type { BoardHandle, BoardShape } from '../src/runtime/pool/board-layout.ts';
import { Seat } from '../src/runtime/pool/seat.ts';
import { TaskBoard } from '../src/runtime/pool/task-board.ts';
import { type Case, erased, type Property } from './property.ts';

type View = Int32Array<SharedArrayBuffer>;
type Board = Pick<
  TaskBoard,
  | 'handle'
  | 'submit'
  | 'lastId'
  | 'deal'
  | 'cancel'
  | 'takeBack'
  | 'collect'
  | 'outcomeOf'
  | 'release'
  | 'payloadOf'
  | 'close'
  | 'isDrained'
  | 'isStuck'
  | 'enlist'
  | 'retire'
  | 'reap'
  | 'account'
  | 'seats'
  | 'used'
  | 'announceSleep'
  | 'endSleep'
  | 'eventCell'
>;
type Place = Pick<Seat, 'take' | 'finish' | 'publish' | 'setBlocked'>;

export interface PoolSubject {
  create(view: View, index: number, shape: BoardShape, owner?: number): Board;
  attach(handle: BoardHandle, owner?: number): Board;
  /** A worker's side. */
  seat(handle: BoardHandle, number: number): Place;
}

export const poolSubject: PoolSubject = {
  create: (view, index, shape, owner) => TaskBoard.create(view, index, shape, owner),
  attach: (handle, owner) => TaskBoard.attach(handle, owner),
  seat: (handle, number) => new Seat(handle, number),
};

/** Tasks are numbered by the plan; for each: times begun, slot + 1, id, and what those who wait for it need to know. */
const mostTasks = 8;
const SLOTS = mostTasks;
const IDS = 2 * mostTasks;
const SIGNALS = 3 * mostTasks;
/** Set when a worker was seen that is neither idle nor busy. */
const UNKNOWN = 4 * mostTasks;
const begun = 1;
const refused = 2;
const stuck = 3;

function signal(log: View, task: number, what: number): void {
  if (Atomics.compareExchange(log, SIGNALS + task, 0, what) === 0) Atomics.notify(log, SIGNALS + task);
}

interface Shared {
  readonly handle: BoardHandle;
  readonly view: View;
  readonly log: View;
  readonly most: number;
  readonly least: number;
}

interface Local extends Shared {
  readonly subject: PoolSubject;
  readonly board: Board;
}

const kinds: readonly TaskKind[] = [
  'completes',
  'fails',
  'dies',
  'dies late',
  'waits',
  'dies once',
  'dies again',
];
/** Runs after which a task that dies again and again does so no more: it must not come so far. */
const patience = 4;

/** How often a task may run again. */
const repeatsOf = (kind: number): number => (kind === 3 || kind >= 5 ? 1 : 0);

/** What is to be done stands twice: a run that dies has used up the first. */
const payloadOf = (kind: number, task: number): Int32Array => new Int32Array([kind, task, -1, 0, kind, task]);

/** What whoever changed something owes to the others: deal, and look whether anything can go on. */
function afterwards({ board, most, least, log }: Local): void {
  board.deal(most, least);
  if (!board.isStuck()) return;
  for (let task = 0; task < mostTasks; task += 1) signal(log, task, stuck);
}

function submit(local: Local, task: number, kind: number, priority: number): string {
  const { board, log } = local;
  const slot = board.submit(payloadOf(kind, task), priority, repeatsOf(kind));
  if (slot < 0) {
    // Who waits for it need not.
    signal(log, task, refused);
    return slot === -1 ? 'full' : 'closed';
  }
  Atomics.store(log, IDS + task, board.lastId);
  Atomics.store(log, SLOTS + task, slot + 1);
  afterwards(local);
  return 'taken';
}

function cancel(local: Local, task: number): string {
  const { board, log } = local;
  const slot = Atomics.load(log, SLOTS + task) - 1;
  if (slot < 0) return 'unknown';
  const result = board.cancel(slot, Atomics.load(log, IDS + task));
  afterwards(local);
  return result;
}

/** Waits until the task before has begun, or was refused; false when that can never be. */
function waitFor(log: View, task: number, place: Place): boolean {
  place.setBlocked(true);
  const before = SIGNALS + task - 1;
  while (Atomics.load(log, before) === 0) Atomics.wait(log, before, 0);
  place.setBlocked(false);
  return Atomics.load(log, before) !== stuck;
}

/** A worker's life, and those of its successors when it dies, until the pool is closed and drained. */
function serve(local: Local, most: number): void {
  const { board, handle, log, view, subject } = local;
  for (;;) {
    const seat = board.enlist();
    afterwards(local);
    const place = subject.seat(handle, seat);
    let tasks = 0;
    let alive = true;
    while (alive) {
      const slot = place.take();
      if (slot < 0) break;
      const payload = board.payloadOf(slot);
      const kind = kinds[view[payload]!]!; // written by submit
      const task = view[payload + 1]!;
      const before = Atomics.add(log, task, 1);
      signal(log, task, begun);
      view[payload + 2] = task;
      if (
        kind === 'dies' ||
        (kind === 'dies once' && before === 0) ||
        (kind === 'dies again' && before < patience)
      ) {
        view[payload] = kinds.indexOf('completes');
        view[payload + 1] = -1;
        break;
      }
      const done = kind === 'waits' ? waitFor(log, task, place) : kind !== 'fails';
      view[payload + 3] = kind === 'waits' && !done ? 1 : 0;
      place.finish(slot, done);
      alive = kind !== 'dies late';
      if (alive) place.publish();
      tasks += 1;
      if (tasks === most) {
        board.retire(seat);
        afterwards(local);
      }
    }
    board.reap(seat, (slot) => {
      const payload = board.payloadOf(slot);
      return payloadOf(view[payload + 4]!, view[payload + 5]!); // written by submit
    });
    afterwards(local);
    if (board.isDrained()) return;
  }
}

/** Collects what settles until the pool is closed and drained. */
function settle(local: Local): readonly Settlement[] {
  const { board, view } = local;
  const settled: Settlement[] = [];
  collectAll(
    board,
    view,
    (slot) => {
      const payload = board.payloadOf(slot);
      settled.push({
        task: view[payload + 5]!,
        outcome: board.outcomeOf(slot),
        resultOf: view[payload + 2]!,
        stuck: view[payload + 3] === 1,
      });
    },
    () => {
      if (board.seats().includes('unknown')) Atomics.store(local.log, UNKNOWN, 1);
      afterwards(local);
    },
  );
  return settled;
}

/**
 * Takes in what has settled, and sleeps, until the pool is closed and drained.
 *
 * @param took called for each slot, before it is given back
 * @param attend called after each look: deals, say
 */
export function collectAll(
  board: ReturnType<PoolSubject['attach']>,
  view: Int32Array,
  took: (slot: number) => void,
  attend: () => void,
): void {
  for (;;) {
    const epoch = board.announceSleep();
    let slot = board.collect();
    const found = slot >= 0;
    while (slot >= 0) {
      took(slot);
      board.release(slot);
      slot = board.collect();
    }
    attend();
    if (!found) {
      if (board.isDrained()) {
        board.endSleep();
        return;
      }
      Atomics.wait(view, board.eventCell, epoch);
    }
    board.endSleep();
  }
}

const call = (name: string, ...args: readonly number[]): Operation => ({ name, args });

/** Numbers the tasks, and has cancellers name tasks that there are. */
function numbered(threads: readonly (readonly Operation[])[]): Plan {
  let tasks = 0;
  const named = threads.map((list) =>
    list.map(({ name, args }): Operation => {
      if (name !== 'submit') return { name, args };
      tasks += 1;
      // Nobody waits for a task before the first.
      const kind = tasks === 1 && args[0] === 4 ? 0 : args[0]!;
      return { name, args: [tasks - 1, kind, args[1]] };
    }),
  );
  const seats = threads.filter((list) => list[0]?.name === 'serve').length;
  const limits: Readonly<Record<string, number>> = { cancel: Math.max(tasks, 1), takeBack: seats };
  return {
    prefix: [],
    threads: named.map((list) =>
      list.map(({ name, args }) => {
        const limit = limits[name];
        return limit === undefined ? { name, args } : call(name, (args[0] as number) % limit);
      }),
    ),
  };
}

const submission = (weights: readonly number[]): fc.Arbitrary<Operation> =>
  fc
    .tuple(
      fc.oneof(...weights.map((weight, kind) => ({ weight, arbitrary: fc.constant(kind) }))),
      fc.integer({ min: 0, max: 2 }),
    )
    .map(([kind, priority]) => call('submit', kind, priority));

const submitter = fc.array(submission([5, 2, 1, 2, 0, 1, 1]), { minLength: 1, maxLength: 4 });
const meddler = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.nat(mostTasks - 1).map((task) => call('cancel', task)) },
    { weight: 2, arbitrary: fc.nat(1).map((seat) => call('takeBack', seat)) },
    { weight: 1, arbitrary: fc.constant(call('account')) },
  ),
  { minLength: 1, maxLength: 3 },
);
const worker = fc.integer({ min: 1, max: 4 }).map((most) => [call('serve', most)]);
const fixed = (name: string): fc.Arbitrary<readonly Operation[]> => fc.constant([call(name)]);

const mixedPlans: fc.Arbitrary<Plan> = fc
  .tuple(
    fc.array(submitter, { minLength: 1, maxLength: 2 }),
    fc.array(worker, { minLength: 1, maxLength: 2 }),
    fc.array(meddler, { minLength: 0, maxLength: 1 }),
  )
  .chain(([submitters, workers, meddlers]) =>
    fc
      .tuple(fixed('settle'), fixed('close'))
      .map(([collector, closer]) => numbered([...submitters, ...workers, ...meddlers, collector, closer])),
  );

/** Small: one or two workers, and tasks that wait for those submitted before them. */
const waitingPlans: fc.Arbitrary<Plan> = fc
  .tuple(
    fc.array(submission([2, 0, 0, 0, 5]), { minLength: 2, maxLength: 3 }),
    fc.array(submission([2, 0, 0, 0, 5]), { minLength: 0, maxLength: 2 }),
    fc.array(fc.constant([call('serve', 9)]), { minLength: 1, maxLength: 2 }),
  )
  .map(([first, second, workers]) =>
    numbered([first, second, ...workers, [call('settle')], [call('close')]]),
  );

/** Few steps, all of them where two threads want the same thing: the same task, the same ring, the last result. */
const closePlans: fc.Arbitrary<Plan> = fc
  .constantFrom(
    ['submit', 'serve', 'cancel cancel cancel'],
    ['submit', 'serve', 'cancel', 'cancel cancel'],
    ['submit', 'serve', 'cancel', 'cancel', 'cancel'],
    ['submit', 'serve', 'cancel'],
    ['submit submit', 'serve', 'cancel cancel'],
    ['submit submit submit', 'serve', 'takeBack0'],
    ['submit submit submit', 'serve', 'takeBack0 takeBack0 takeBack0'],
    ['submit submit', 'serve1', 'serve1'],
    ['submit submit', 'serve', 'serve', 'takeBack0 takeBack1 takeBack0'],
  )
  .map((threads) =>
    numbered(
      [...threads, 'settle', 'close'].map((names) =>
        names.split(' ').map((name) => {
          if (name === 'submit') return call('submit', 0, 0);
          if (name === 'cancel') return call('cancel', 0);
          if (name === 'serve') return call('serve', 9);
          const argument = Number.parseInt(name.at(-1)!, 10); // not empty
          return Number.isNaN(argument) ? call(name) : call(name.slice(0, -1), argument);
        }),
      ),
    ),
  );

const operations = {
  submit: {
    run: (local: Local, task: number, kind: number, priority: number) => submit(local, task, kind, priority),
  },
  cancel: { run: (local: Local, task: number) => cancel(local, task) },
  takeBack: {
    run: (local: Local, seat: number): void => {
      local.board.takeBack(seat);
      afterwards(local);
    },
  },
  account: { run: (local: Local) => local.board.account() },
  serve: { run: (local: Local, most: number) => serve(local, most) },
  settle: { run: (local: Local) => settle(local) },
  close: { run: (local: Local) => local.board.close() },
};

/** Of the plan, so that it is replayed and shrunk with it. */
function shapeOf({ threads }: Plan): BoardShape & Pick<Shared, 'most' | 'least'> {
  const size = threads.reduce((sum, list) => sum + list.length, 0);
  const seats = threads.filter((list) => list[0]?.name === 'serve').length;
  return {
    capacity: size % 3 === 0 ? 2 : 16,
    seats: Math.max(seats, 1),
    ring: 2,
    most: 1 + (size % 2),
    least: 1 + ((size % 4) >> 1),
  };
}

function seen(subject: PoolSubject, { history, shared, plan }: Run<Shared>): PoolRun {
  const of = (name: string): History => history.filter((operation) => operation.name === name);
  const closes = of('close');
  const board = subject.attach(shared.handle, 99);
  return {
    capacity: shapeOf(plan).capacity,
    submissions: of('submit').map(
      (operation): Submission => ({
        task: operation.args[0] as number,
        kind: kinds[operation.args[1] as number]!, // one of them
        result: isPending(operation) ? 'pending' : (operation.result as Submission['result']),
        called: operation.called,
        returned: operation.returned,
      }),
    ),
    settlements: of('settle').flatMap(({ result }) => result as readonly Settlement[]),
    cancellations: of('cancel').flatMap(({ args, result }) =>
      result === 'removed' || result === 'requested' ? [{ task: args[0] as number, result }] : [],
    ),
    begun: (task) => shared.log[task]!, // a task of the plan
    closeCalled: Math.min(...closes.map(({ called }) => called)),
    closeReturned: Math.min(...closes.map(({ returned }) => returned)),
    snapshots: of('account').map(({ result }) => result as PoolRun['final']),
    final: board.account(),
    used: board.used(),
    seats: board.seats(),
  };
}

function poolCases(subject: PoolSubject, name: string, plans: fc.Arbitrary<Plan>): fc.Arbitrary<Case> {
  return erased(
    concurrentProgram({
      name,
      setup: (plan): Shared => {
        const { most, least, ...shape } = shapeOf(plan);
        const view = new Int32Array(new SharedArrayBuffer(4 * TaskBoard.cells(shape)));
        const log = new Int32Array(new SharedArrayBuffer(4 * (UNKNOWN + 1)));
        return { handle: subject.create(view, 0, shape, 98).handle, view, log, most, least };
      },
      attach: (shared, thread): Local => ({
        ...shared,
        view: shared.handle.view,
        subject,
        board: subject.attach(shared.handle, thread + 1),
      }),
      operations,
      plans,
      threads: [3, 8],
      judge: (run) => {
        if (run.stuck) return 'everybody sleeps, and the pool is not drained';
        const threw = run.history.find(
          ({ result }) => typeof result === 'object' && result !== null && 'threw' in result,
        );
        if (threw !== undefined) return `${threw.name} threw ${JSON.stringify(threw.result)}`;
        if (run.spins > 0) return 'a thread waits by spinning, not by sleeping';
        if (run.shared.log[UNKNOWN] !== 0) return 'a worker is neither idle nor busy';
        return checkPool(seen(subject, run));
      },
      behaviours: true,
    }),
  );
}

export const poolAccounting: Property<PoolSubject> = {
  name: 'pool-accounting',
  about:
    'every task settles once and is counted once, whoever fails, dies, is cancelled or retired; nobody sleeps while there is work',
  ids: ['W-13', 'W-14', 'C-12'],
  subject: poolSubject,
  cases: (subject) => poolCases(subject, 'pool-accounting', mixedPlans),
};

export const poolRaces: Property<PoolSubject> = {
  name: 'pool-races',
  about: 'a task that is cancelled, taken back or finished at the same moment goes one way only',
  ids: ['W-13', 'W-14'],
  subject: poolSubject,
  cases: (subject) => poolCases(subject, 'pool-races', closePlans),
};

export const poolStuck: Property<PoolSubject> = {
  name: 'pool-stuck',
  about: 'tasks that wait for tasks behind them are found out, and nothing hangs',
  ids: ['W-14'],
  subject: poolSubject,
  cases: (subject) => poolCases(subject, 'pool-stuck', waitingPlans),
};
