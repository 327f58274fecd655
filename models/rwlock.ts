/**
 * A readers-writer lock that knows its holders and is not reentrant in any combination, with the death of a writer.
 * Departure from what an implementation may do: it says nothing of the order in which threads get in, nor of who waits. So a
 * reader that can give up (`tryLockShared`, `lockSharedFor`) always may; that it had a writer to fear is for `checkRwLock`.
 */
import { type History, isPending, isThrew, type OperationRecord, threw } from '../src/history/history.ts';
import { checkLinearizable } from '../src/linearize/check.ts';
import { explain } from '../src/linearize/explain.ts';
import {
  blocked,
  type CompleteSpecification,
  type Effect,
  type Outcome,
  specification,
} from '../src/linearize/specification.ts';

export interface RwLockState {
  /** The thread that holds the lock alone, or died doing so. */
  readonly writer: number | undefined;
  readonly poisoned: boolean;
  /** The threads that hold a share, in order. */
  readonly readers: readonly number[];
  /** Shares held by others, which take part in nothing. */
  readonly crowd: number;
}

const relock = threw('RelockError');
const notOwner = threw('NotOwnerError');
const poisoned = threw('PoisonedError');
const tooMany = threw('TooManyThreadsError');

const free: RwLockState = { writer: undefined, poisoned: false, readers: [], crowd: 0 };

export interface RwLockOptions {
  /** Most readers at a time. Default: no limit. */
  readonly most?: number;
  /**
   * A thread that waits may be made to wait anew when another one has died, after a third was refused on its account. So
   * whoever may give up may do so without a cause that this object can see. Default false.
   */
  readonly revocable?: boolean;
}

/**
 * - `lockShared()`, `lockExclusive()` wait while they must; RelockError when the caller holds the lock in either form;
 *   PoisonedError once its writer has died; `lockShared` TooManyThreadsError when there are `most` readers.
 * - `tryLock...()`, `lock...For(milliseconds) -> boolean`: the same, but may give up: the exclusive forms while others hold
 *   the lock, the shared ones at any time.
 * - `unlockShared()`, `unlockExclusive()`, `downgrade()`, `tryUpgrade() -> boolean`: NotOwnerError unless the caller holds
 *   what it changes. `tryUpgrade` is false exactly when there are other readers.
 * - `poison(id) -> boolean`: true when thread `id - 1` is the writer, who is dead from then on. `clearPoison() -> boolean`.
 * - `crowd(n)`: n more readers, for ever. `die()`: nothing.
 */
export function rwLock({
  most = Number.POSITIVE_INFINITY,
  revocable = false,
}: RwLockOptions = {}): CompleteSpecification<RwLockState> {
  const share = (state: RwLockState, thread: number, granted: unknown): Effect<RwLockState> | undefined => {
    if (holds(state, thread))
      return { state, result: state.poisoned && state.writer === thread ? poisoned : relock };
    if (state.poisoned) return { state, result: poisoned };
    if (state.writer !== undefined) return undefined;
    if (inside(state) >= most) return { state, result: tooMany };
    const readers = [...state.readers, thread].sort((a, b) => a - b);
    return { state: { ...state, readers }, result: granted };
  };
  const own = (state: RwLockState, thread: number, granted: unknown): Effect<RwLockState> | undefined => {
    if (holds(state, thread))
      return { state, result: state.poisoned && state.writer === thread ? poisoned : relock };
    if (state.poisoned) return { state, result: poisoned };
    if (state.writer !== undefined || inside(state) > 0) return undefined;
    return { state: { ...state, writer: thread }, result: granted };
  };
  const orGiveUp = (
    state: RwLockState,
    granted: Effect<RwLockState> | undefined,
    mayGiveUp: boolean,
  ): Outcome<RwLockState> => {
    const givenUp = { state, result: false };
    if (granted === undefined) return givenUp;
    return mayGiveUp && !isThrew(granted.result) ? [granted, givenUp] : granted;
  };
  const shareOrGiveUp = (state: RwLockState, _args: unknown, thread: number): Outcome<RwLockState> =>
    orGiveUp(state, share(state, thread, true), true);
  const ownOrGiveUp = (state: RwLockState, _args: unknown, thread: number): Outcome<RwLockState> =>
    orGiveUp(state, own(state, thread, true), revocable);
  const leaveWriter = (
    state: RwLockState,
    thread: number,
    readers: readonly number[],
  ): Outcome<RwLockState> => {
    if (state.writer !== thread) return { state, result: notOwner };
    if (state.poisoned) return { state, result: poisoned };
    return { state: { ...state, writer: undefined, readers }, result: undefined };
  };
  return specification<RwLockState>({
    name: 'rwlock',
    initial: () => free,
    operations: {
      lockShared: (state, _args, thread) => share(state, thread, undefined) ?? blocked,
      lockExclusive: (state, _args, thread) => own(state, thread, undefined) ?? blocked,
      tryLockShared: shareOrGiveUp,
      lockSharedFor: shareOrGiveUp,
      tryLockExclusive: ownOrGiveUp,
      lockExclusiveFor: ownOrGiveUp,
      unlockShared: (state, _args, thread) =>
        state.readers.includes(thread)
          ? { state: { ...state, readers: without(state.readers, thread) }, result: undefined }
          : { state, result: notOwner },
      unlockExclusive: (state, _args, thread) => leaveWriter(state, thread, []),
      downgrade: (state, _args, thread) => leaveWriter(state, thread, [thread]),
      tryUpgrade: (state, _args, thread) => {
        if (!state.readers.includes(thread)) return { state, result: notOwner };
        const alone = inside(state) === 1;
        const upgraded = { state: { ...state, readers: [], writer: thread }, result: true };
        return orGiveUp(state, alone ? upgraded : undefined, revocable);
      },
      poison: (state, [id], _thread) =>
        state.writer !== undefined && state.writer + 1 === id && !state.poisoned
          ? { state: { ...state, poisoned: true }, result: true }
          : { state, result: false },
      clearPoison: (state) => (state.poisoned ? { state: free, result: true } : { state, result: false }),
      crowd: (state, [count]) => ({
        state: { ...state, crowd: state.crowd + (count as number) },
        result: undefined,
      }),
      die: (state) => ({ state, result: undefined }),
    },
    describeState: ({ writer, poisoned: dead, readers, crowd }) => {
      if (writer !== undefined) return dead ? `poisoned by T${writer}` : `T${writer} writes`;
      const names = readers.map((thread) => `T${thread}`);
      if (crowd > 0) names.push(`${crowd} others`);
      return names.length === 0 ? 'free' : `${names.join(', ')} read`;
    },
  });
}

export interface RwLockCheck extends RwLockOptions {
  /** The execution ended for good with its pending operations waiting. Default false. */
  readonly stuck?: boolean;
}

/**
 * What is wrong with a history, in words; undefined when nothing is. Linearizability with respect to `rwLock`, and what a
 * sequential object cannot say, because it does not know who waits:
 * - a reader may wait for ever behind a writer that does (which must then be right to wait);
 * - a reader gives up only if there was a writer to wait for: an exclusive operation of another thread that had begun
 *   before the reader gave up, and had not ended, nor what it took been given back, before the reader came.
 */
export function checkRwLock(
  history: History,
  { stuck = false, ...options }: RwLockCheck = {},
): string | undefined {
  const behindWriter = stuck && history.some((o) => isPending(o) && o.name === 'lockExclusive');
  const checked = behindWriter ? history.filter((o) => !isPending(o) || o.name !== 'lockShared') : history;
  const model = rwLock(options);
  const result = checkLinearizable(model, checked, { stuck });
  if (result.verdict === 'not-linearizable') {
    const why = explain(model, checked, result);
    return stuck ? `an operation never returned although it could have\n${why}` : why;
  }
  if (result.verdict === 'unknown') return 'rwlock: the linearizability search ran out of its budget';
  const needless = history.find(
    (o) => gaveUpSharing(o) && !history.some((other) => writerAround(history, other, o)),
  );
  return (
    needless && `T${needless.thread} was refused a share (${needless.name}) although there was no writer`
  );
}

function gaveUpSharing({ name, result }: OperationRecord): boolean {
  return (name === 'tryLockShared' || name === 'lockSharedFor') && result === false;
}

const takes = new Set(['lockExclusive', 'lockExclusiveFor', 'tryLockExclusive', 'tryUpgrade']);

/** Whether `writer` began to take the lock alone before the end of `reader`, and was not over before its beginning. */
function writerAround(history: History, writer: OperationRecord, reader: OperationRecord): boolean {
  if (!takes.has(writer.name) || writer.thread === reader.thread || writer.called > reader.returned)
    return false;
  if (writer.returned > reader.called) return true;
  if (writer.result === false || isThrew(writer.result)) return false;
  const end = history.find(
    ({ thread, name, called }) =>
      thread === writer.thread &&
      called > writer.returned &&
      (name === 'unlockExclusive' || name === 'downgrade'),
  );
  return end === undefined || end.returned > reader.called;
}

function holds({ writer, readers }: RwLockState, thread: number): boolean {
  return writer === thread || readers.includes(thread);
}

function inside({ readers, crowd }: RwLockState): number {
  return readers.length + crowd;
}

function without(readers: readonly number[], thread: number): readonly number[] {
  return readers.filter((reader) => reader !== thread);
}
