/**
 * A history: the operations of one execution, each with its call and its return in one total order of events
 * (Herlihy & Wing 1990). Plain data, so that it can be compared, printed, sent to a worker and stored.
 */

/** One call on the public API of a subject, from its call to its return. */
export interface OperationRecord {
  readonly thread: number;
  readonly name: string;
  readonly args: readonly unknown[];
  /** Position of the call. Positions are distinct over all calls and returns of a history. */
  readonly called: number;
  /** Position of the return, after `called`; Infinity while the operation is pending. */
  readonly returned: number;
  /** What it returned, or a `Threw`; undefined while pending. */
  readonly result: unknown;
}

export type History = readonly OperationRecord[];

/** The result of an operation that threw. Two of them are the same when their names are. */
export interface Threw {
  readonly threw: string;
  /** For the reader only: not enumerable, never compared, lost by a structured clone. */
  readonly message?: string;
}

/** The result of an operation that threw an error of this name, e.g. `threw('RelockError')`. */
export function threw(name: string, message?: string): Threw {
  const record: Threw = { threw: name };
  if (message !== undefined) Object.defineProperty(record, 'message', { value: message });
  return Object.freeze(record);
}

/** Whether a result stands for a thrown error. Recognised by shape, so it survives a structured clone. */
export function isThrew(value: unknown): value is Threw {
  return typeof value === 'object' && value !== null && 'threw' in value && typeof value.threw === 'string';
}

/** Whether the operation has not returned. */
export function isPending(operation: OperationRecord): boolean {
  return operation.returned === Number.POSITIVE_INFINITY;
}
