/**
 * What calls on a worker may come to, whatever happens to the messages: the request table as a model. A call is answered by its own result,
 * or it ends for a reason that did occur.
 */
import { type History, isPending, isThrew, type OperationRecord } from '../src/history/history.ts';
import { formatValue } from '../src/history/value.ts';

/** Errors that a call may end with when its answer does not come. */
const closed = ['ClosedError', 'WorkerDiedError'];

/** By operation: what it answers (undefined: nothing), and with which errors it may end besides those of a worker that is gone. */
const rules: Readonly<
  Record<string, { readonly answer?: (value: unknown) => unknown; readonly errors: readonly string[] }>
> = {
  ping: { answer: () => 'pong', errors: ['TimeoutError'] },
  echo: { answer: (value) => value, errors: ['TimeoutError'] },
  slow: { answer: (value) => value, errors: ['TimeoutError'] },
  patient: { answer: (value) => value, errors: [] },
  line: { answer: (value) => value, errors: ['DroppedError'] },
  refine: { answer: (value) => value, errors: [] },
  fail: { errors: ['RangeError'] },
  aborted: { answer: (value) => value, errors: ['EvalError'] },
  shutdown: { answer: () => undefined, errors: [] },
};

/**
 * Checks the calls of a history. Answers what is wrong, or nothing. What is pending is not judged here.
 *
 * @param crashed whether the worker ended by itself: only then may a call say so
 * @param startError name of the error that the start rejected with: calls that wait for the start get it
 */
export function checkCalls(history: History, crashed: boolean, startError?: string): string | undefined {
  const shutDown = history.some(({ name }) => name === 'shutdown');
  for (const call of history) {
    const rule = rules[call.name];
    if (rule === undefined || isPending(call)) continue;
    const { result } = call;
    if (!isThrew(result)) {
      const expected = rule.answer?.(call.args[0]);
      if (rule.answer === undefined || result !== expected)
        return `${describe(call)} -> ${formatValue(result)}: not its own answer`;
      continue;
    }
    const { threw: error } = result;
    const gone = closed.includes(error) && (error === 'WorkerDiedError' ? crashed : shutDown);
    if (error === startError) continue;
    if (!gone && !rule.errors.includes(error))
      return `${describe(call)} threw ${error}: ${result.message ?? ''}`;
  }
  return undefined;
}

function describe({ thread, name, args }: OperationRecord): string {
  return `T${thread} ${name}(${args.map((each) => formatValue(each)).join(', ')})`;
}
