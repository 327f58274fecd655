/** Well-formedness of histories (Herlihy & Wing 1990, section 2.1): each thread is sequential. */
import type { History, OperationRecord } from './history.ts';
import { formatCall } from './notation.ts';

/** The history breaks a rule that its recorder must keep: a mistake of the instrument, not of the subject. */
export class MalformedHistoryError extends Error {
  override name = 'MalformedHistoryError';
}

/**
 * Throws MalformedHistoryError unless positions are distinct numbers, each return comes after its call, and each
 * thread has one operation at a time (so nothing follows its pending one). Cost O(n log n).
 */
export function assertWellFormed(history: History): void {
  const positions = new Map<number, OperationRecord>();
  for (const operation of history) {
    const { called, returned } = operation;
    if (!Number.isFinite(called) || !(returned > called)) {
      fail(`${describe(operation)} must be called at a finite position and return after it`);
    }
    for (const position of Number.isFinite(returned) ? [called, returned] : [called]) {
      const other = positions.get(position);
      if (other) fail(`${describe(other)} and ${describe(operation)} share position ${position}`);
      positions.set(position, operation);
    }
  }
  const open = new Map<number, OperationRecord>();
  for (const operation of [...history].sort((a, b) => a.called - b.called)) {
    const before = open.get(operation.thread);
    if (before && before.returned > operation.called) {
      fail(`T${operation.thread} calls ${describe(operation)} before ${describe(before)} has returned`);
    }
    open.set(operation.thread, operation);
  }
}

function describe(operation: OperationRecord): string {
  return `T${operation.thread} ${formatCall(operation)} [${operation.called}, ${operation.returned})`;
}

function fail(message: string): never {
  throw new MalformedHistoryError(`malformed history: ${message}`);
}
