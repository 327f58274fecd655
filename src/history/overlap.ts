/** Which operations of a history were in flight at the same time. */
import type { History, OperationRecord } from './history.ts';

/**
 * Reports each two operations of different threads whose intervals meet, the one that was called first as the first; a pending operation is in
 * flight to the end. For well-formed histories in the order of their calls, as recorders give them. Cost O(operations x threads).
 */
export function eachOverlap(
  history: History,
  report: (first: OperationRecord, second: OperationRecord) => void,
): void {
  /** The last operation of each thread so far: nothing else of it can be in flight. */
  const last: (OperationRecord | undefined)[] = [];
  for (const operation of history) {
    const { thread, called } = operation;
    // The thread's own last one has returned.
    for (const other of last) if (other !== undefined && other.returned > called) report(other, operation);
    while (last.length <= thread) last.push(undefined);
    last[thread] = operation;
  }
}
