/** The cells of an RwLock: how they are laid out, how the state changes, how one sleeps on them, and the errors of the lock. */
import { NotOwnerError, PoisonedError, RelockError, TooManyThreadsError } from '../errors.ts';
import { sleepAsync } from './sleep.ts';

type View = Int32Array<SharedArrayBuffer>;

// Cell 0, the state: { epoch: bits 29 to 31, asynchronous: 28, poisoned: 27, writer: 26, phase: 25,
//   writers: bits 19 to 24, waiting: bits 13 to 18, admitted: bits 7 to 12, inside: bits 0 to 6 }
//   inside        readers that hold a share
//   admitted      readers that waited until a writer left: no writer enters before each of them has turned into `inside`
//   tag           bits 0 to 12 while `writer` is set: who the writer is (nobody is inside or admitted then)
//   waiting       readers that wait for the end of a writer
//   writers       writers that wait: while it is not 0, no new reader enters
//   phase         changes when a writer admits the waiting readers; so a reader that waits knows that it was admitted.
//                 One bit is enough: it cannot change again before that reader is inside.
//   writer        a writer is inside
//   poisoned      that writer is dead: everybody is refused
//   asynchronous  somebody sleeps on cell 3, and must be woken when the lock opens
//   epoch         + 1 when a thread's death made `waiting`, `writers` and `admitted` 0: who waits must join again
// Cells 1, 2, 3: numbers that change when sleeping readers, writers, asynchronous waiters should look at the state again.
// Each sleeper reads its number before the state; who changes the state adds to the number afterwards, then notifies.
export const INSIDE: number = 127;
export const ADMITTED_SHIFT: number = 7;
export const ADMITTED_ONE: number = 1 << ADMITTED_SHIFT;
export const ADMITTED: number = 63 << ADMITTED_SHIFT;
export const TAG: number = INSIDE | ADMITTED;
export const WAITING_SHIFT: number = 13;
export const WAITING_ONE: number = 1 << WAITING_SHIFT;
export const WAITING: number = 63 << WAITING_SHIFT;
export const WRITERS_SHIFT: number = 19;
export const WRITERS_ONE: number = 1 << WRITERS_SHIFT;
export const WRITERS: number = 63 << WRITERS_SHIFT;
export const PHASE_SHIFT: number = 25;
export const PHASE: number = 1 << PHASE_SHIFT;
export const WRITER: number = 1 << 26;
export const POISONED: number = 1 << 27;
export const ASYNCHRONOUS: number = 1 << 28;
export const EPOCH_ONE: number = 1 << 29;
export const EPOCHS: number = 7 << 29;
export const CLOSED_TO_READERS: number = WRITER | WRITERS;
export const CLOSED_TO_WRITERS: number = WRITER | TAG;

export const READERS_TURN: number = 1;
export const WRITERS_TURN: number = 2;
export const ASYNCHRONOUS_TURN: number = 3;
export const CELLS: number = 4;

export const MAXIMUM_READERS: number = 127;
export const MAXIMUM_WAITING: number = 63;
const MAXIMUM_OWNER = 2 ** 28 - 1;
/** Threads are told apart by their id modulo this. */
const TAGS = 8191;

/** What a handle holds. */
export type RwLockHold = 'none' | 'shared' | 'exclusive';

/** By what the state knows a thread that writes: 1 to 8,191. */
export function tagOf(owner: number): number {
  return ((owner - 1) % TAGS) + 1;
}

export function checkOwner(owner: number): void {
  if (Number.isInteger(owner) && owner >= 1 && owner <= MAXIMUM_OWNER) return;
  throw new RangeError(
    `the owner of an RwLock handle is a thread id from 1 to ${MAXIMUM_OWNER}, got ${owner}: ` +
      'pass a positive integer that no other thread uses, or nothing',
  );
}

/** Inside, admitted and waiting together must fit `inside`, into which all of them turn. */
export function checkRoomForReader(state: number, index: number): void {
  const waiting = (state & WAITING) >>> WAITING_SHIFT;
  const admitted = (state & ADMITTED) >>> ADMITTED_SHIFT;
  const readers = (state & WRITER) !== 0 ? 0 : (state & INSIDE) + admitted + waiting;
  if (readers >= MAXIMUM_READERS) throw tooMany(`${readers} readers are inside or wait`, index);
}

export function tooMany(there: string, index: number): TooManyThreadsError {
  return new TooManyThreadsError(
    `${there} at the RwLock at index ${index} already, the most that it can count: use it from fewer threads at a time`,
  );
}

export function notHeld(
  owner: number,
  index: number,
  hold: RwLockHold,
  verb: string,
  needed: string,
): NotOwnerError {
  const state = { none: 'nothing', shared: 'a share', exclusive: 'it alone' }[hold];
  return new NotOwnerError(
    `thread ${owner} ${verb} the RwLock at index ${index}, but its handle holds ${state}: only who holds ${needed} may`,
  );
}

function poisonedError(state: number, index: number): PoisonedError {
  return new PoisonedError(
    `the RwLock at index ${index} is poisoned: thread ${state & TAG} died while it held it alone; ` +
      'repair what it guards, then call clearPoison()',
  );
}

/** Whether the thread is the writer inside, and alive as far as one knows. */
export function isWrittenBy(state: number, owner: number): boolean {
  return owner > 0 && (state & (WRITER | POISONED | TAG)) === (WRITER | tagOf(owner));
}

/** The state after the writer left, with `inside` (0 or 1) readers left behind: the readers that waited are admitted. */
export function afterWriter(state: number, inside: number): number {
  const waiting = (state & WAITING) >>> WAITING_SHIFT;
  const emptied = state & ~(WRITER | TAG | WAITING);
  return (emptied ^ (waiting === 0 ? 0 : PHASE)) | (waiting << ADMITTED_SHIFT) | inside;
}

/** The state after a death: nobody is counted as waiting any more, and who waits sees that by the epoch. */
export function afterDeath(state: number, ofWriter: boolean): number {
  const next = (state & ~(WAITING | WRITERS | ASYNCHRONOUS | EPOCHS)) | ((state + EPOCH_ONE) & EPOCHS);
  if (ofWriter) return next | POISONED;
  return (state & WRITER) === 0 ? next & ~ADMITTED : next;
}

export function wakeReaders(view: View, index: number): void {
  Atomics.add(view, index + READERS_TURN, 1);
  Atomics.notify(view, index + READERS_TURN);
}

export function wakeWriters(view: View, index: number, count: number): void {
  Atomics.add(view, index + WRITERS_TURN, 1);
  Atomics.notify(view, index + WRITERS_TURN, count);
}

/** Wakes all, as one may be on a thread that is busy or dead. The bit goes first: who sets it anew sleeps on the new number. */
export function wakeAsynchronous(view: View, index: number): void {
  Atomics.and(view, index, ~ASYNCHRONOUS);
  Atomics.add(view, index + ASYNCHRONOUS_TURN, 1);
  Atomics.notify(view, index + ASYNCHRONOUS_TURN);
}

/** Tries until the lock is taken, and between two attempts waits, without blocking, until it may be open again. */
export async function lockAsynchronously(
  view: View,
  index: number,
  closed: number,
  tryLock: () => boolean,
): Promise<void> {
  for (;;) {
    const turn = Atomics.load(view, index + ASYNCHRONOUS_TURN);
    if (tryLock()) return;
    if (!markAsynchronous(view, index, closed)) continue;
    // Partner: the notify of wakeAsynchronous. The promise is a hint only: the loop looks at the state again.
    await sleepAsync(view, index + ASYNCHRONOUS_TURN, turn);
  }
}

/** Makes sure that whoever opens the lock wakes the asynchronous waiters. False when it is open now. */
function markAsynchronous(view: View, index: number, closed: number): boolean {
  for (;;) {
    const seen = Atomics.load(view, index);
    if ((seen & closed) === 0) return false;
    if ((seen & ASYNCHRONOUS) !== 0) return true;
    // Partner: the change of the state that opens the lock, which sees the bit.
    if (Atomics.compareExchange(view, index, seen, seen | ASYNCHRONOUS) === seen) return true;
  }
}

export function refusePoisoned(state: number, index: number): void {
  if ((state & POISONED) !== 0) throw poisonedError(state, index);
}

export function refuseRelock(owner: number, index: number, hold: RwLockHold): void {
  if (hold === 'none') return;
  throw new RelockError(
    `thread ${owner} holds the RwLock at index ${index} already (${hold}): ` +
      'unlock it before it is locked again, or call tryUpgrade() or downgrade()',
  );
}
