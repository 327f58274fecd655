/**
 * What threads may rely on when they wait for each other through a condition: a monitor (Hoare 1974) of three independent parts, each
 * made with one mutex and conditions of its own. A condition alone has no sequential specification: when a wait begins to count is seen
 * by nobody. What it is for has one: who waits for something goes on once it is there.
 *
 * The notifications themselves are checked by `checkNotifications`, beside it.
 */
import { type History, isPending, type OperationRecord } from '../src/history/history.ts';
import { blocked, type CompleteSpecification, specification } from '../src/linearize/specification.ts';

export interface MonitorState {
  /** The buffer, oldest first. */
  readonly items: readonly number[];
  readonly open: boolean;
}

/** The notifying operations of the third part. */
const ringing: ReadonlySet<string> = new Set(['ring', 'ringAll']);

const timedOut = 'timed-out';
const partOf: Readonly<Record<string, string>> = {
  open: 'gate',
  close: 'gate',
  pass: 'gate',
  passFor: 'gate',
};

/**
 * Buffer, of so many places:
 * - `put(value)` waits while it is full; `putFor(value) -> boolean` may give up, with false, while it is full.
 * - `take() -> value` waits while it is empty; `takeFor() -> value | "timed-out"` may give up while it is empty.
 *
 * Gate, closed at first:
 * - `open()`, `close()`; `pass()` waits while it is closed; `passFor() -> boolean` may give up, with false, while it is closed.
 *
 * Bell:
 * - `ring()`, `ringAll()` notify; `listen() -> "notified" | "timed-out"` waits, and never for ever. Here either answer will do.
 *
 * What follows the arguments named here is left to the program.
 */
export function monitor(places: number): CompleteSpecification<MonitorState> {
  const put = (state: MonitorState, value: number): MonitorState | undefined =>
    state.items.length < places ? { ...state, items: [...state.items, value] } : undefined;
  const take = (state: MonitorState, otherwise: typeof blocked | string) => {
    const [first, ...items] = state.items;
    if (first !== undefined) return { state: { ...state, items }, result: first };
    return otherwise === blocked ? blocked : { state, result: otherwise };
  };
  const nothing = (state: MonitorState) => ({ state, result: undefined });
  return specification<MonitorState>({
    name: 'monitor',
    initial: () => ({ items: [], open: false }),
    operations: {
      put: (state, [value]: readonly [number]) => {
        const next = put(state, value);
        return next ? { state: next, result: undefined } : blocked;
      },
      putFor: (state, [value]: readonly [number]) => {
        const next = put(state, value);
        return { state: next ?? state, result: next !== undefined };
      },
      take: (state) => take(state, blocked),
      takeFor: (state) => take(state, timedOut),
      open: (state) => ({ state: { ...state, open: true }, result: undefined }),
      close: (state) => ({ state: { ...state, open: false }, result: undefined }),
      pass: (state) => (state.open ? nothing(state) : blocked),
      passFor: (state) => ({ state, result: state.open }),
      ring: nothing,
      ringAll: nothing,
      listen: (state) => [
        { state, result: 'notified' },
        { state, result: timedOut },
      ],
    },
    partition: ({ name }) => partOf[name] ?? (ringing.has(name) || name === 'listen' ? 'bell' : 'buffer'),
    describeState: ({ items, open }) => `buffer [${items.join(', ')}], gate ${open ? 'open' : 'closed'}`,
  });
}

export type NotificationsVerdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly reason: string;
      /** The operations that show it: indices into the history. */
      readonly operations: readonly number[];
    };

/**
 * Whether each `listen() -> "notified"` overlaps a `ring()` or `ringAll()` of another thread: nobody is notified by no one, or by what
 * was over when it came. (The other way round nothing follows: a time limit may pass at any moment.)
 */
export function checkNotifications(history: History): NotificationsVerdict {
  const rings = history.filter(({ name }) => ringing.has(name));
  for (const [index, operation] of history.entries()) {
    if (operation.name !== 'listen' || isPending(operation) || operation.result !== 'notified') continue;
    if (rings.some((ring) => overlaps(ring, operation))) continue;
    const reason = `T${operation.thread} was notified, but nobody notified while it waited`;
    return { ok: false, reason, operations: [index] };
  }
  return { ok: true };
}

function overlaps(a: OperationRecord, b: OperationRecord): boolean {
  return a.called < b.returned && b.called < a.returned;
}
