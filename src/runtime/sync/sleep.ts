/**
 * How threads sleep until a cell changes: `Atomics.wait`, and for threads that must not block `Atomics.waitAsync` with what it lacks. A wait by
 * `waitAsync` cannot be taken back: it stays in the queue of its cell and takes a notification with it. So this thread has one at a time for
 * each cell, however many of its callers wait there; these can give up, and the last one that does has the notification passed on.
 * And a pending `waitAsync` does not keep a process alive: here, as long as anybody waits, a timer does.
 *
 * In all forms the wake-up is a hint. Only a load of the cell, afterwards, orders this thread behind the one that changed it.
 */
import { remainingUntil } from '../timeout.ts';

type View = Int32Array<SharedArrayBuffer>;

/** How a sleep ended; an error is that of a thread which must not block: it has not slept. */
export type SleepEnd = 'woken' | 'late' | Error;

/** Sleeps until the cell is no longer `value`, a notification, or the deadline. Does not throw: who counted itself in has to count itself out. */
export function sleep(view: View, index: number, value: number, deadline: number): SleepEnd {
  const remainingMs = remainingUntil(deadline);
  if (remainingMs <= 0) return 'late';
  try {
    return Atomics.wait(view, index, value, remainingMs) === 'timed-out' ? 'late' : 'woken';
  } catch (error) {
    return error as Error;
  }
}

/** What is to be answered after giving up on such a sleep: false, or the error. */
export function gaveUp(end: SleepEnd): false {
  if (typeof end !== 'string') throw end;
  return false;
}

/** The callers of this thread that wait on one cell for the one `waitAsync` that it has there. */
type Waiters = Set<() => void>;

const cells = new WeakMap<SharedArrayBuffer, Map<number, Waiters>>();
/** Callers that wait, on all cells. */
let waiting = 0;
let keepAlive: ReturnType<typeof setInterval> | undefined;
const longestTimerMs = 2 ** 31 - 1;

/** As {@link sleep}, without blocking the thread. Keeps the process alive meanwhile. */
export async function sleepAsync(
  view: View,
  index: number,
  value: number,
  deadline: number = Infinity,
): Promise<'woken' | 'late'> {
  const remainingMs = remainingUntil(deadline);
  if (remainingMs <= 0) return 'late';
  const waiters = waitersOf(view, index, value);
  if (waiters === undefined) return 'woken';
  return new Promise((resolve) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = (how: 'woken' | 'late'): void => {
      waiters.delete(wake);
      clearTimeout(timer);
      leave();
      resolve(how);
    };
    const wake = (): void => end('woken');
    waiters.add(wake);
    enter();
    // A longer limit than a timer can have wakes the caller early; its loop comes again.
    if (remainingMs > longestTimerMs) {
      if (remainingMs !== Infinity) timer = setTimeout(wake, longestTimerMs);
    } else {
      timer = setTimeout(() => end('late'), Math.ceil(remainingMs));
    }
  });
}

/** Those that wait on the cell already, or none yet, with one wait in its queue; undefined when it is no longer `value`. */
function waitersOf(view: View, index: number, value: number): Waiters | undefined {
  const { buffer } = view;
  const ofBuffer = cells.get(buffer) ?? new Map<number, Waiters>();
  cells.set(buffer, ofBuffer);
  const offset = view.byteOffset + index * view.BYTES_PER_ELEMENT;
  const known = ofBuffer.get(offset);
  // The wait is in the queue, for another value perhaps: a change after this look will notify it.
  if (known !== undefined) return Atomics.load(view, index) === value ? known : undefined;
  const wait = Atomics.waitAsync(view, index, value);
  if (!wait.async) return undefined;
  const waiters: Waiters = new Set();
  ofBuffer.set(offset, waiters);
  void wait.value.then(() => {
    ofBuffer.delete(offset);
    // All have given up, and the notification was not for them: it goes to the next in the queue.
    if (waiters.size === 0) Atomics.notify(view, index, 1);
    for (const wake of [...waiters]) wake();
  });
  return waiters;
}

function enter(): void {
  waiting += 1;
  keepAlive ??= setInterval(() => {}, longestTimerMs);
}

function leave(): void {
  waiting -= 1;
  if (waiting > 0) return;
  clearInterval(keepAlive);
  keepAlive = undefined;
}
