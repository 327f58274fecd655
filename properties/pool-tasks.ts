/**
 * The pool's protocol under tasks of random kinds (W-13, W-14): what computes, uses memory, adds to a cell, sleeps or meets others at a barrier, on pools
 * of 2 to 16. What a pool owes to each task is in models/pool.ts; tasks that fail, die or are cancelled are in pool.ts.
 */
import * as fc from 'fast-check';
import { checkPool, type PoolRun, type Settlement, type Submission } from '../models/pool.ts';
import { concurrentProgram, type Run } from '../src/generate/concurrent.ts';
import type { Operation, Plan } from '../src/generate/plan.ts';
import type { History } from '../src/history/history.ts';
import { Allocator, type AllocatorHandle, Barrier } from '../src/runtime/index.ts';
import type { BoardHandle, BoardShape } from '../src/runtime/pool/board-layout.ts';
import { TaskBoard } from '../src/runtime/pool/task-board.ts';
import { collectAll, type PoolSubject, poolSubject } from './pool.ts';
import { type Case, erased, type Property } from './property.ts';

type View = Int32Array<SharedArrayBuffer>;
type Board = ReturnType<PoolSubject['attach']>;
type Place = ReturnType<PoolSubject['seat']>;

// Cells of the log: for each task, times begun; then what tasks share.
const mostTasks = 8;
/** What tasks of the kind `atomic` add up to. */
const TOTAL = mostTasks;
const LEADERS = TOTAL + 1;
/** Never notified. */
const SLEEP = TOTAL + 2;
const BARRIER = TOTAL + 3;
/** Tasks that have ended, but for the long one. */
const ENDED = TOTAL + 5;
const CELLS = TOTAL + 6;

interface Counts {
  readonly tasks: number;
  readonly barriers: number;
  readonly long: boolean;
}

interface Shared {
  readonly handle: BoardHandle;
  readonly log: View;
  readonly memory: AllocatorHandle;
  /** Tasks dealt to a worker at a time. */
  readonly most: number;
  readonly counts: Counts;
}

interface Local extends Shared {
  readonly subject: PoolSubject;
  readonly board: Board;
  readonly thread: number;
}

const kinds = ['compute', 'memory', 'atomic', 'sleep', 'barrier', 'long'] as const;
const BARRIER_KIND = kinds.indexOf('barrier');
const LONG_KIND = kinds.indexOf('long');

/** The result of each task: not that of any other. */
const markOf = (task: number): number => 1000 + 7 * task;

function submit({ board, most }: Local, task: number, kind: number, priority: number): string {
  const slot = board.submit(new Int32Array([kind, task, -1]), priority);
  if (slot < 0) return slot === -1 ? 'full' : 'closed';
  board.deal(most);
  return 'taken';
}

/** Runs a task: its result. */
function perform({ log, memory, thread, counts }: Local, place: Place, kind: number, task: number): number {
  switch (kinds[kind]) {
    case 'memory': {
      const allocator = Allocator.attach(memory, thread + 1);
      const at = allocator.allocate(64);
      const words = new Int32Array(memory.buffer, at, 16).fill(markOf(task));
      const whole = words.every((word) => word === markOf(task));
      allocator.free(at);
      return whole ? markOf(task) : -1;
    }
    case 'atomic':
      Atomics.add(log, TOTAL, markOf(task));
      return markOf(task);
    case 'sleep':
      return Atomics.wait(log, SLEEP, 0, 1 + task) === 'timed-out' ? markOf(task) : -1;
    case 'barrier': {
      place.setBlocked(true);
      const role = Barrier.attach(log, BARRIER).wait();
      place.setBlocked(false);
      if (role === 'leader') Atomics.add(log, LEADERS, 1);
      return markOf(task);
    }
    case 'long':
      // As long as all others together, and nobody is told: a pool knows how long a task is only when it has ended.
      for (let ended = 0; ended < counts.tasks - 1; ended = Atomics.load(log, ENDED))
        Atomics.wait(log, ENDED, ended);
      return markOf(task);
    default:
      return markOf(task);
  }
}

/** A worker's life, until the pool is closed and drained. */
function serve(local: Local): void {
  const { board, handle, log, subject, most } = local;
  const { view } = handle;
  const seat = board.enlist();
  board.deal(most);
  const place = subject.seat(handle, seat);
  for (let slot = place.take(); slot >= 0; slot = place.take()) {
    const payload = board.payloadOf(slot);
    const [kind, task] = [view[payload]!, view[payload + 1]!]; // written by submit
    Atomics.add(log, task, 1);
    view[payload + 2] = perform(local, place, kind, task);
    place.finish(slot, true);
    place.publish();
    if (local.counts.long && kind !== LONG_KIND) {
      Atomics.add(log, ENDED, 1);
      Atomics.notify(log, ENDED);
    }
  }
  board.reap(seat);
  board.deal(most);
}

/** Collects what settles until the pool is closed and drained. */
function settle(local: Local): readonly Settlement[] {
  const { board, handle, most, counts } = local;
  const { view } = handle;
  const settled: Settlement[] = [];
  collectAll(
    board,
    view,
    (slot) => {
      const payload = board.payloadOf(slot);
      const task = view[payload + 1]!; // written by submit
      const resultOf = view[payload + 2] === markOf(task) ? task : -1;
      settled.push({ task, outcome: board.outcomeOf(slot), resultOf, stuck: false });
    },
    () => {
      // The last one closes the pool.
      if (settled.length === counts.tasks) board.close();
      board.deal(most);
    },
  );
  return settled;
}

const call = (name: string, ...args: readonly number[]): Operation => ({ name, args });

/** Numbers the tasks, and makes plain ones of those at the barrier for which there are too few workers, and of all long ones but the first. */
function numbered(threads: readonly (readonly Operation[])[]): Plan {
  let places = workersOf(threads);
  let tasks = 0;
  let long = 0;
  return {
    prefix: [],
    threads: threads.map((list) =>
      list.map(({ name, args }): Operation => {
        if (name !== 'submit') return { name, args };
        const meets = args[0] === BARRIER_KIND;
        if (args[0] === LONG_KIND) long += 1;
        const plain =
          (meets && places === 0) || (args[0] === LONG_KIND && (long > 1 || workersOf(threads) < 2));
        const kind = plain ? 0 : (args[0] as number);
        if (meets && places > 0) places -= 1;
        tasks += 1;
        return call('submit', tasks - 1, kind, args[1] as number);
      }),
    ),
  };
}

const workersOf = (threads: readonly (readonly Operation[])[]): number =>
  threads.filter((list) => list[0]?.name === 'serve').length;

function countsOf({ threads }: Plan): Counts {
  const submits = threads.flat().filter(({ name }) => name === 'submit');
  // All of them meet once: a barrier is for so many threads as it has parties.
  const of = (kind: number): number => submits.filter(({ args }) => args[1] === kind).length;
  return { tasks: submits.length, barriers: of(BARRIER_KIND), long: of(LONG_KIND) > 0 };
}

const submission = (kind: fc.Arbitrary<number>): fc.Arbitrary<Operation> =>
  fc.tuple(kind, fc.integer({ min: 0, max: 2 })).map((args) => call('submit', ...args));
const submitter = fc.array(
  submission(
    fc.oneof({ weight: 3, arbitrary: fc.constant(BARRIER_KIND) }, { weight: 4, arbitrary: fc.nat(3) }),
  ),
  { minLength: 1, maxLength: 4 },
);
/** A task that outlasts all others, and short ones. */
const longSubmitter = fc.array(
  submission(
    fc.oneof(
      { weight: 1, arbitrary: fc.constant(LONG_KIND) },
      { weight: 2, arbitrary: fc.constantFrom(0, 2) },
    ),
  ),
  { minLength: 2, maxLength: 4 },
);
const serving = (workers: number): Operation[][] => Array.from({ length: workers }, () => [call('serve')]);

const onPools = (submitters: fc.Arbitrary<Operation[]>): fc.Arbitrary<Plan> =>
  fc
    .tuple(
      fc.array(submitters, { minLength: 1, maxLength: 2 }),
      fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: 2, max: 3 }) },
        { weight: 1, arbitrary: fc.integer({ min: 4, max: 16 }) },
      ),
    )
    .map(([lists, workers]) => numbered([...lists, ...serving(workers), [call('settle')]]));

/** Of the plan, so that it is replayed and shrunk with it. */
function shapeOf({ threads }: Plan): BoardShape & { readonly most: number } {
  const size = threads.reduce((sum, list) => sum + list.length, 0);
  return { capacity: mostTasks, seats: Math.max(workersOf(threads), 1), ring: 4, most: 1 + (size % 4) };
}

function seen(subject: PoolSubject, { history, shared }: Run<Shared>): PoolRun {
  const of = (name: string): History => history.filter((operation) => operation.name === name);
  const board = subject.attach(shared.handle, 99);
  return {
    capacity: mostTasks,
    submissions: of('submit').map(
      ({ args, result, called, returned }): Submission => ({
        task: args[0] as number,
        kind: 'completes',
        result: result as Submission['result'],
        called,
        returned,
      }),
    ),
    settlements: of('settle').flatMap(({ result }) => result as readonly Settlement[]),
    cancellations: [],
    begun: (task) => shared.log[task]!, // a task of the plan
    // Closed by what comes after the last task.
    closeCalled: Infinity,
    closeReturned: Infinity,
    snapshots: [],
    final: board.account(),
    used: board.used(),
    seats: board.seats(),
  };
}

/** What the tasks have left in what they share. */
function faultOfShared(subject: PoolSubject, run: Run<Shared>): string | undefined {
  const { log, memory, counts } = run.shared;
  const added = run.history
    .filter(({ name, args }) => name === 'submit' && kinds[args[1] as number] === 'atomic')
    .reduce((sum, { args }) => sum + markOf(args[0] as number), 0);
  if (log[TOTAL] !== added) return `the tasks have added ${log[TOTAL]}, not ${added}`;
  if (log[LEADERS] !== Math.min(1, counts.barriers)) return `${log[LEADERS]} tasks led at the barrier`;
  const { blocks } = Allocator.attach(memory, 99).stats();
  if (blocks !== 0) return `${blocks} blocks were not given back`;
  return checkPool(seen(subject, run));
}

function taskCases(subject: PoolSubject, name: string, plans: fc.Arbitrary<Plan>): fc.Arbitrary<Case> {
  return erased(
    concurrentProgram({
      name,
      setup: (plan): Shared => {
        const { most, ...shape } = shapeOf(plan);
        const counts = countsOf(plan);
        const view = new Int32Array(new SharedArrayBuffer(4 * TaskBoard.cells(shape)));
        const log = new Int32Array(new SharedArrayBuffer(4 * CELLS));
        Barrier.create(log, BARRIER, Math.max(counts.barriers, 1));
        const memory = Allocator.create(new SharedArrayBuffer(4096), { owner: 98 }).handle;
        return { handle: subject.create(view, 0, shape, 98).handle, log, memory, most, counts };
      },
      attach: (shared, thread): Local => ({
        ...shared,
        subject,
        board: subject.attach(shared.handle, thread + 1),
        thread,
      }),
      operations: {
        submit: { run: submit },
        serve: { run: serve },
        settle: { run: settle },
      },
      plans,
      threads: [3, 20],
      judge: (run) => {
        if (run.stuck) return 'everybody sleeps, and there are tasks that have not ended';
        const threw = run.history.find(
          ({ result }) => typeof result === 'object' && result !== null && 'threw' in result,
        );
        if (threw !== undefined) return `${threw.name} threw ${JSON.stringify(threw.result)}`;
        if (run.spins > 0) return 'a thread waits by spinning, not by sleeping';
        return faultOfShared(subject, run);
      },
      behaviours: true,
    }),
  );
}

export const poolKinds: Property<PoolSubject> = {
  name: 'pool-kinds',
  about:
    'tasks that compute, use memory, add, sleep or meet at barriers, on pools of 2 to 16: each has its own result, once',
  ids: ['W-13', 'W-14'],
  subject: poolSubject,
  cases: (subject) => taskCases(subject, 'pool-kinds', onPools(submitter)),
};

export const poolLong: Property<PoolSubject> = {
  name: 'pool-long',
  about: 'a task that outlasts all others, on pools of 2 to 16: no other stays behind it',
  ids: ['W-13', 'W-14'],
  subject: poolSubject,
  cases: (subject) => taskCases(subject, 'pool-long', onPools(longSubmitter)),
};
