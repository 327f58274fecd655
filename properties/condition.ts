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
/** A thread that wakes so often, and finds nothing changed, does not sleep. No program here has so many notifications. */
const mostWakes = 100;
/** A time limit that only the schedule ends, and one that is over when the thread runs again, however it was woken. */
const limitsMs = [5, 0.0015] as const;

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
  for (let wakes = 0; local.view[cell] === unwanted; wakes++) {
    if (wakes > mostWakes) throw new Error('wait returns, and nothing has changed, time and again');
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
/** What a thread does: mostly one call, since short programs are stuck more often when something is lost. */
const threadOf = (operation: fc.Arbitrary<Operation>): fc.Arbitrary<Operation[]> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.tuple(operation) },
    { weight: 1, arbitrary: fc.tuple(operation, operation) },
  );

const producer = threadOf(one([3, named('put', value, late)], [1, named('putFor', value, late, limit)]));
const consumer = threadOf(one([1, named('take', late)], [1, named('takeFor', late, limit)]));
const doorman = threadOf(one([4, named('open', late)], [1, named('close', late)]));
const passenger = threadOf(one([3, named('pass')], [1, named('passFor', limit)]));
const ringer = threadOf(one([2, named('ring', late)], [1, named('ringAll', late)]));
const listener = threadOf(named('listen', limit));

/** Programs of threads that wait and fewer that they wait for: a notification spent in vain is missed. */
const plansOf = (
  waiting: fc.Arbitrary<Operation[]>,
  notifying: fc.Arbitrary<Operation[]>,
  prefix: fc.Arbitrary<Operation[]> = fc.constant([]),
): fc.Arbitrary<Plan> =>
  fc
    .tuple(
      fc.array(waiting, { minLength: 1, maxLength: 3 }),
      fc.array(notifying, { minLength: 1, maxLength: 2 }),
      prefix,
    )
    .map(([some, others, first]) => ({ threads: [...some, ...others], prefix: first }));

const full = fc.tuple(...Array.from({ length: places }, () => named('put', value, fc.constant(false))));
/** Two that want the one item: if it is announced to the one with the limit, and that one gives up, the other shows it. */
const scarce: fc.Arbitrary<Plan> = fc
  .tuple(named('takeFor', late, fc.constant(limitsMs[1])), named('take', late), named('put', value, late))
  .map(([first, second, third]) => ({ threads: [[first], [second], [third]], prefix: [] }));

const plans = fc.oneof(
  { weight: 4, arbitrary: scarce },
  { weight: 5, arbitrary: plansOf(consumer, producer) },
  { weight: 2, arbitrary: plansOf(producer, consumer, full) },
  { weight: 2, arbitrary: plansOf(passenger, doorman) },
  { weight: 2, arbitrary: plansOf(listener, ringer) },
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
