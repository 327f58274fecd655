/**
 * A mutex that knows its owner and is not reentrant.
 * Departure from what an implementation may do: `tryLock` is exact, it fails only while another thread holds the lock.
 */
import { threw } from '../src/history/history.ts';
import {
  blocked,
  type CompleteSpecification,
  type Outcome,
  specification,
} from '../src/linearize/specification.ts';

/** The thread that holds the lock. */
export type MutexState = number | undefined;

const relock = threw('RelockError');
const notOwner = threw('NotOwnerError');

/**
 * - `lock()` waits while another thread holds the lock; RelockError when the caller does.
 * - `lockFor(milliseconds) -> boolean`: the same, but may give up, with false, at any time that another thread
 *   holds the lock. So it never waits for ever.
 * - `tryLock() -> boolean`: false while another thread holds the lock; RelockError when the caller does (a caller that retries
 *   until true would never end).
 * - `unlock()`: NotOwnerError unless the caller holds the lock.
 */
export function mutex(): CompleteSpecification<MutexState> {
  return specification<MutexState>({
    name: 'mutex',
    initial: () => undefined,
    operations: {
      lock: (owner, _args, thread) => acquire(owner, thread, undefined) ?? blocked,
      lockFor: (owner, _args, thread) => acquire(owner, thread, true) ?? { state: owner, result: false },
      tryLock: (owner, _args, thread) => acquire(owner, thread, true) ?? { state: owner, result: false },
      unlock: (owner, _args, thread) =>
        owner === thread ? { state: undefined, result: undefined } : { state: owner, result: notOwner },
    },
    describeState: (owner) => (owner === undefined ? 'free' : `held by T${owner}`),
  });
}

/** What a lock answers at once; undefined when another thread holds it. */
function acquire(owner: MutexState, thread: number, granted: unknown): Outcome<MutexState> | undefined {
  if (owner === undefined) return { state: thread, result: granted };
  return owner === thread ? { state: owner, result: relock } : undefined;
}
