/**
 * Batches of atomic operations on Int32 cells: each operation is linearizable on its own, those of one batch take effect
 * in the order in which they stand in it, all between the call and the return of its `run`. Nothing is said of the
 * batch as a whole: other threads may come between.
 *
 * Method: a batch of the history becomes one call for each of its operations, all with the interval of the batch, and each
 * blocked until the one before it has taken effect.
 */
import type { History, OperationRecord } from '../src/history/history.ts';
import { isPending, isThrew } from '../src/history/history.ts';
import { checkLinearizable } from '../src/linearize/check.ts';
import { explain } from '../src/linearize/explain.ts';
import {
  blocked,
  type CompleteSpecification,
  effectsOf,
  specification,
} from '../src/linearize/specification.ts';
import { atomicInt32Cells } from './atomic-int32.ts';

/** One operation of a batch: its name, the cell, and its other arguments. */
export type BatchCall = readonly [name: string, ...args: number[]];

interface BatchState {
  readonly cells: readonly number[];
  /** How many operations of each batch have taken effect. */
  readonly done: readonly number[];
}

/**
 * Checks a history of `run(calls) -> results`, of `again() -> threw(EmptyBatchError)` (a run with nothing queued),
 * and of the operations of single cells, named as `Atomics` names them. Answers what is wrong, or nothing.
 */
export function checkBatches(history: History, initial: readonly number[]): string | undefined {
  const parts: OperationRecord[] = [];
  let batches = 0;
  for (const operation of history) {
    const { name, args, result } = operation;
    if (name === 'again') {
      if (!isThrew(result) || result.threw !== 'EmptyBatchError') {
        return `T${operation.thread} ran a batch a second time, and got ${JSON.stringify(result)}`;
      }
    } else if (name === 'run') {
      if (isPending(operation)) return `T${operation.thread} never came back from a batch`;
      const calls = args[0] as readonly BatchCall[];
      if (!Array.isArray(result) || result.length !== calls.length) {
        return `T${operation.thread} ran ${calls.length} operations and got ${JSON.stringify(result)}`;
      }
      parts.push(...calls.map((call, position) => partOf(operation, call, position, batches)));
      batches += 1;
    } else {
      parts.push(operation);
    }
  }
  const model = batchModel(initial, batches);
  const verdict = checkLinearizable(model, parts);
  if (verdict.verdict === 'linearizable') return undefined;
  if (verdict.verdict === 'unknown') return 'the search for a linearization ran out of its budget';
  return explain(model, parts, verdict);
}

/**
 * An operation of a batch as a call of its own. Calls of one thread must not overlap, and no two positions are the same: each
 * gets a thread number of its own, and positions just after the call and just before the return of the batch.
 */
function partOf(batch: OperationRecord, call: BatchCall, position: number, number: number): OperationRecord {
  const [name, ...args] = call;
  const { length } = batch.args[0] as readonly BatchCall[];
  return {
    thread: 1000 * (number + 1) + position,
    name: 'part',
    args: [number, position, name, ...args],
    called: batch.called + position / (2 * length + 2),
    returned: batch.returned - (length - 1 - position) / (2 * length + 2),
    result: (batch.result as readonly unknown[])[position],
  };
}

function batchModel(initial: readonly number[], batches: number): CompleteSpecification<BatchState> {
  const { step } = atomicInt32Cells(initial);
  const single = (state: BatchState, name: string, args: readonly unknown[]) =>
    effectsOf(step(state.cells, { thread: 0, name, args })).map(({ state: cells, result }) => ({
      state: { ...state, cells },
      result,
    }));
  const names = ['load', 'store', 'add', 'sub', 'and', 'or', 'xor', 'exchange', 'compareExchange'];
  return specification<BatchState>({
    name: 'batches',
    initial: () => ({ cells: [...initial], done: Array.from({ length: batches }, () => 0) }),
    operations: {
      part: (state, [batch, position, name, ...args]: readonly [number, number, string, ...number[]]) => {
        if (state.done[batch] !== position) return blocked;
        return single({ ...state, done: state.done.with(batch, position + 1) }, name, args);
      },
      ...Object.fromEntries(
        names.map((name) => [
          name,
          (state: BatchState, args: readonly unknown[]) => single(state, name, args),
        ]),
      ),
    },
  });
}
