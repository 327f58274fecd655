/**
 * Conditions (W-7), as threads use them: a bounded buffer, a gate and a bell, each with one mutex. Nobody sleeps while what it waits for is
 * there (no lost wake-up, of one or of all); a thread that is told "timed out" may give up without a look, since no notification was spent
 * on it; "notified" is never said without a notification. Notifiers hold the mutex or have released it before. Nobody spins.
 */
import * as fc from 'fast-check';
import { checkNotifications, monitor } from '../models/condition.ts';
import { concurrentProgram } from '../src/generate/concurrent.ts';
import type { Operation, Plan } from '../src/generate/plan.ts';
import { Condition, type ConditionWake, Mutex } from '../src/runtime/index.ts';
import { erased, type Property } from './property.ts';

type View = Int32Array<SharedArrayBuffer>;

interface Waitable {
  wait(mutex: Mutex): void;
  waitFor(mutex: Mutex, timeoutMs: number): ConditionWake;
  notifyOne(): void;
  notifyAll(): void;
}

export interface ConditionSubject {
  create(view: View, index: number): Waitable;
  attach(view: View, index: number): Waitable;
}

const places = 2;
/** A time limit that only the schedule ends, and one that is over when the thread runs again, however it was woken. */
const limitsMs = [5, 0.002] as const;

// Cells of the shared view. What the mutexes guard is read and written plainly.
const cells = {
  mutex: 0,
  notEmpty: 2,
  notFull: 4,
  changed: 6,
  count: 8,
  items: 9,
  open: 12,
  size: 16,
} as const;

interface Local {
  readonly view: View;
  readonly mutex: Mutex;
  readonly notEmpty: Waitable;
  readonly notFull: Waitable;
  readonly changed: Waitable;
}

function attach(subject: ConditionSubject, view: View, thread: number): Local {
  return {
    view,
    mutex: Mutex.attach(view, cells.mutex, thread + 1),
    notEmpty: subject.attach(view, cells.notEmpty),
    notFull: subject.attach(view, cells.notFull),
    changed: subject.attach(view, cells.changed),
  };
}

/** Waits, the mutex held, while `cell` is `unwanted`; false when it gave up, believing the condition without another look. */
function awaitChange(
  local: Local,
  condition: Waitable,
  cell: number,
  unwanted: number,
  timeoutMs: number,
): boolean {
  const deadline = timeoutMs === Infinity ? Infinity : performance.now() + timeoutMs;
  while (local.view[cell] === unwanted) {
    if (deadline === Infinity) {
      condition.wait(local.mutex);
      continue;
    }
    const remainingMs = deadline - performance.now();
    if (remainingMs <= 0 || condition.waitFor(local.mutex, remainingMs) === 'timed-out') return false;
  }
  return true;
}

/** Leaves the mutex and notifies, in this order or the other. */
function leave(local: Local, notify: () => void, late: boolean): void {
  if (!late) notify();
  local.mutex.unlock();
  if (late) notify();
}

function put(local: Local, value: number, late: boolean, timeoutMs: number): boolean {
  local.mutex.lock();
  if (!awaitChange(local, local.notFull, cells.count, places, timeoutMs)) {
    local.mutex.unlock();
    return false;
  }
  const count = local.view[cells.count]!; // inside the view
  local.view[cells.items + count] = value;
  local.view[cells.count] = count + 1;
  leave(local, () => local.notEmpty.notifyOne(), late);
  return true;
}

function take(local: Local, late: boolean, timeoutMs: number): number | 'timed-out' {
  local.mutex.lock();
  if (!awaitChange(local, local.notEmpty, cells.count, 0, timeoutMs)) {
    local.mutex.unlock();
    return 'timed-out';
  }
  const first = local.view[cells.items]!; // inside the view
  local.view.copyWithin(cells.items, cells.items + 1, cells.items + places);
  local.view[cells.count] = local.view[cells.count]! - 1; // inside the view
  leave(local, () => local.notFull.notifyOne(), late);
  return first;
}

function setGate(local: Local, open: number, late: boolean): void {
  local.mutex.lock();
  local.view[cells.open] = open;
  leave(local, () => local.changed.notifyAll(), late);
}

function pass(local: Local, timeoutMs: number): boolean {
  local.mutex.lock();
  const passed = awaitChange(local, local.changed, cells.open, 0, timeoutMs);
  local.mutex.unlock();
  return passed;
}

function ring(local: Local, notify: () => void, late: boolean): void {
  local.mutex.lock();
  leave(local, notify, late);
}

function listen(local: Local, limitMs: number): ConditionWake {
  local.mutex.lock();
  const wake = local.changed.waitFor(local.mutex, limitMs);
  local.mutex.unlock();
  return wake;
}

const operations = {
  put: { run: (local: Local, value: number, late: boolean) => void put(local, value, late, Infinity) },
  putFor: {
    run: (local: Local, value: number, late: boolean, limitMs: number) => put(local, value, late, limitMs),
  },
  take: { run: (local: Local, late: boolean) => take(local, late, Infinity) },
  takeFor: { run: (local: Local, late: boolean, limitMs: number) => take(local, late, limitMs) },
  open: { run: (local: Local, late: boolean) => setGate(local, 1, late) },
  close: { run: (local: Local, late: boolean) => setGate(local, 0, late) },
  pass: { run: (local: Local) => void pass(local, Infinity) },
  passFor: { run: (local: Local, limitMs: number) => pass(local, limitMs) },
  ring: { run: (local: Local, late: boolean) => ring(local, () => local.changed.notifyOne(), late) },
  ringAll: { run: (local: Local, late: boolean) => ring(local, () => local.changed.notifyAll(), late) },
  listen: { run: listen },
};

const late = fc.boolean();
const value = fc.integer({ min: 1, max: 9 });
const limit = fc.constantFrom(...limitsMs);
const named = (name: string, ...args: fc.Arbitrary<unknown>[]): fc.Arbitrary<Operation> =>
  fc.tuple(...args).map((list) => ({ name, args: list }));
const one = (...weighted: [weight: number, operation: fc.Arbitrary<Operation>][]): fc.Arbitrary<Operation> =>
  fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })));
const threadOf = (operation: fc.Arbitrary<Operation>, most: number): fc.Arbitrary<Operation[]> =>
  fc.array(operation, { minLength: 1, maxLength: most });

const producer = threadOf(one([3, named('put', value, late)], [1, named('putFor', value, late, limit)]), 2);
const consumer = threadOf(one([3, named('take', late)], [2, named('takeFor', late, limit)]), 2);
const doorman = threadOf(one([4, named('open', late)], [1, named('close', late)]), 2);
const passenger = threadOf(one([3, named('pass')], [1, named('passFor', limit)]), 2);
const ringer = threadOf(one([2, named('ring', late)], [1, named('ringAll', late)]), 2);
const listener = threadOf(named('listen', limit), 2);

/** Programs of threads that wait and threads that they wait for; more of the former, so that a notification spent in vain is missed. */
const plansOf = (
  waiting: fc.Arbitrary<Operation[]>,
  notifying: fc.Arbitrary<Operation[]>,
  prefix: fc.Arbitrary<Operation[]>,
): fc.Arbitrary<Plan> =>
  fc.record({
    threads: fc.array(fc.oneof({ weight: 3, arbitrary: waiting }, { weight: 2, arbitrary: notifying }), {
      minLength: 2,
      maxLength: 4,
    }),
    prefix,
  });

const nothing = fc.constant([]);
const full = fc.tuple(...Array.from({ length: places }, () => named('put', value, fc.constant(false))));
const plans = fc.oneof(
  { weight: 5, arbitrary: plansOf(consumer, producer, nothing) },
  { weight: 2, arbitrary: plansOf(producer, consumer, full) },
  { weight: 2, arbitrary: plansOf(passenger, doorman, nothing) },
  { weight: 1, arbitrary: plansOf(listener, ringer, nothing) },
);

export const conditionWaits: Property<ConditionSubject> = {
  name: 'condition-waits',
  about: 'a Condition loses no notification, and tells a time-out from one',
  ids: ['W-7', 'C-12'],
  subject: Condition,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'condition-waits',
        setup: () => {
          const view = new Int32Array(new SharedArrayBuffer(4 * cells.size));
          Mutex.create(view, cells.mutex, 63);
          for (const cell of [cells.notEmpty, cells.notFull, cells.changed]) subject.create(view, cell);
          return view;
        },
        attach: (view, thread) => attach(subject, view, thread),
        operations,
        plans,
        specification: monitor(places),
        judge: ({ history, spins }) => {
          const verdict = checkNotifications(history);
          if (!verdict.ok) return `condition: ${verdict.reason}`;
          return spins > 0 ? 'a thread waits by spinning, not by sleeping' : undefined;
        },
        behaviours: true,
      }),
    ),
};
