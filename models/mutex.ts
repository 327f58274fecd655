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

/** The thread that holds the lock, or died while it did. */
export type MutexState = number | undefined | { readonly dead: number };

const relock = threw('RelockError');
const notOwner = threw('NotOwnerError');
const poisoned = threw('PoisonedError');

/**
 * - `lock()` waits while another thread holds the lock; RelockError when the caller does.
 * - `lockFor(milliseconds) -> boolean`: the same, but may give up, with false, at any time that another thread
 *   holds the lock. So it never waits for ever.
 * - `tryLock() -> boolean`: false while another thread holds the lock; RelockError when the caller does (a caller that retries
 *   until true would never end).
 * - `unlock()`: NotOwnerError unless the caller holds the lock.
 * - `poison(id) -> boolean`: true when thread `id - 1` holds the lock, and is declared dead: then all of the above throw
 *   PoisonedError. `clearPoison() -> boolean`: true when that was so; the lock is free.
 * - `die()`: nothing.
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
        owner === thread
          ? { state: undefined, result: undefined }
          : { state: owner, result: isDead(owner) ? poisoned : notOwner },
      poison: (owner, [id]) =>
        typeof owner === 'number' && owner + 1 === id
          ? { state: { dead: owner }, result: true }
          : { state: owner, result: false },
      clearPoison: (owner) => ({ state: isDead(owner) ? undefined : owner, result: isDead(owner) }),
      die: (owner) => ({ state: owner, result: undefined }),
    },
    describeState: (owner) => {
      if (owner === undefined) return 'free';
      return isDead(owner) ? `poisoned by T${owner.dead}` : `held by T${owner}`;
    },
  });
}

/** What a lock answers at once; undefined when another thread holds it. */
function acquire(owner: MutexState, thread: number, granted: unknown): Outcome<MutexState> | undefined {
  if (owner === undefined) return { state: thread, result: granted };
  if (isDead(owner)) return { state: owner, result: poisoned };
  return owner === thread ? { state: owner, result: relock } : undefined;
}

function isDead(owner: MutexState): owner is { readonly dead: number } {
  return typeof owner === 'object';
}
