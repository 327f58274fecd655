/**
 * A bounded first-in first-out queue that can be closed, with blocking, try and timed forms; and the check of one whose
 * try forms may fail while the opposite operation is going on.
 */
import { type History, isPending, type OperationRecord, threw } from '../src/history/history.ts';
import { checkLinearizable } from '../src/linearize/check.ts';
import { explain } from '../src/linearize/explain.ts';
import {
  blocked,
  type CompleteSpecification,
  type Outcome,
  specification,
} from '../src/linearize/specification.ts';

export interface QueueState {
  /** The next to be taken first. */
  readonly items: readonly unknown[];
  readonly closed: boolean;
}

const closedError = threw('ClosedError');

/**
 * - `put(item)` waits while the queue is full, `tryPut(item) -> boolean` answers false then, and so may
 *   `putFor(item, milliseconds) -> boolean`, at any time that it is full. All are ClosedError once the queue is closed.
 * - `take() -> item` waits while it is empty, `tryTake()` answers undefined then, and so may `takeFor(milliseconds)`.
 *   All are ClosedError once the queue is closed and empty.
 * - `close() -> boolean`: whether it was open. `isClosed() -> boolean`.
 */
export function boundedQueue(capacity: number): CompleteSpecification<QueueState> {
  return specification<QueueState>({
    name: `queue of ${capacity}`,
    initial: () => ({ items: [], closed: false }),
    operations: {
      put: (state, [item]) => put(state, item, capacity, undefined) ?? blocked,
      tryPut: (state, [item]) => put(state, item, capacity, true) ?? { state, result: false },
      putFor: (state, [item]) => put(state, item, capacity, true) ?? { state, result: false },
      take: (state) => take(state) ?? blocked,
      tryTake: (state) => take(state) ?? { state, result: undefined },
      takeFor: (state) => take(state) ?? { state, result: undefined },
      close: (state) => ({ state: { ...state, closed: true }, result: !state.closed }),
      isClosed: (state) => ({ state, result: state.closed }),
    },
    describeState,
  });
}

/**
 * A latest-wins inbox: as the queue, but an `offer(item) -> boolean` when it is full drops the oldest item, and answers
 * whether it did. So an item that was dropped is never taken.
 */
export function inbox(capacity: number): CompleteSpecification<QueueState> {
  return specification<QueueState>({
    name: `inbox of ${capacity}`,
    initial: () => ({ items: [], closed: false }),
    operations: {
      offer: ({ items, closed }, [item]) => {
        if (closed) return { state: { items, closed }, result: closedError };
        const full = items.length === capacity;
        return { state: { items: [...(full ? items.slice(1) : items), item], closed }, result: full };
      },
      take: (state) => take(state) ?? blocked,
      tryTake: (state) => take(state) ?? { state, result: undefined },
      takeFor: (state) => take(state) ?? { state, result: undefined },
      close: (state) => ({ state: { ...state, closed: true }, result: !state.closed }),
      isClosed: (state) => ({ state, result: state.closed }),
    },
    describeState,
  });
}

/** What a put answers at once; undefined when the queue is open and full. */
function put(
  state: QueueState,
  item: unknown,
  capacity: number,
  granted: unknown,
): Outcome<QueueState> | undefined {
  if (state.closed) return { state, result: closedError };
  if (state.items.length === capacity) return undefined;
  return { state: { ...state, items: [...state.items, item] }, result: granted };
}

/** What a take answers at once; undefined when the queue is open and empty. */
function take(state: QueueState): Outcome<QueueState> | undefined {
  const [first, ...rest] = state.items;
  if (state.items.length > 0) return { state: { ...state, items: rest }, result: first };
  return state.closed ? { state, result: closedError } : undefined;
}

function describeState({ items, closed }: QueueState): string {
  return `[${items.join(', ')}]${closed ? ' closed' : ''}`;
}

/**
 * Checks a history against `boundedQueue`, but for one liberty of queues in which a place is claimed before it is
 * filled: a `tryTake` or `takeFor` may come back without an item while a put that succeeds is going on (those behind it
 * cannot be reached), and a `tryPut` or `putFor` may fail while a take that succeeds is going on.
 * Answers what is wrong, or nothing.
 *
 * Method: failures with that excuse change nothing and say nothing, so they are left out; the rest must be linearizable.
 */
export function checkQueue(history: History, capacity: number, stuck: boolean): string | undefined {
  const told = history.filter((operation) => !isExcused(operation, history));
  return compare(boundedQueue(capacity), told, stuck);
}

function isExcused(operation: OperationRecord, history: History): boolean {
  const opposite = oppositeOf(operation);
  return history.some(
    (other) =>
      other.thread !== operation.thread &&
      opposite.includes(other.name) &&
      !failed(other) &&
      other.called < operation.returned &&
      operation.called < other.returned,
  );
}

/** Names of the operations that may make this one fail; none when it did not fail. */
function oppositeOf(operation: OperationRecord): readonly string[] {
  if (isPending(operation)) return [];
  const { name, result } = operation;
  if ((name === 'tryTake' || name === 'takeFor') && result === undefined) return ['put', 'tryPut', 'putFor'];
  if ((name === 'tryPut' || name === 'putFor') && result === false) return ['take', 'tryTake', 'takeFor'];
  return [];
}

/** Whether a put or take came back, and without having put or taken. */
function failed({ name, result, returned }: OperationRecord): boolean {
  if (returned === Number.POSITIVE_INFINITY) return false;
  if (typeof result === 'object' && result !== null) return true; // it threw: items are numbers
  if (name === 'tryPut' || name === 'putFor') return result === false;
  return (name === 'tryTake' || name === 'takeFor') && result === undefined;
}

/** Checks a history against a specification that depends on the case. Answers what is wrong, or nothing. */
export function compare(
  model: CompleteSpecification<QueueState>,
  history: History,
  stuck: boolean,
): string | undefined {
  const result = checkLinearizable(model, history, { stuck });
  if (result.verdict === 'linearizable') return undefined;
  if (result.verdict === 'unknown') return 'the search for a linearization ran out of its budget';
  const why = explain(model, history, result);
  return stuck ? `an operation never returned although it could have\n${why}` : why;
}
