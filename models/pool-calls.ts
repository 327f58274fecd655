/**
 * What calls on a pool may come to, whoever else calls, dies or closes it: its own result, or an end for a reason that did occur. The counts
 * of the pool agree with what its callers saw.
 */
import { type History, isPending, isThrew, type OperationRecord } from '../src/history/history.ts';
import { formatValue } from '../src/history/value.ts';
import { checkCounts, type PoolCounts } from './pool.ts';

interface Rule {
  /** The result; nothing when there is none. */
  readonly answer?: (value: number) => unknown;
  /** Errors that it may end with whatever the others do. */
  readonly errors?: readonly string[];
  /** Tasks of a call that completes. */
  readonly tasks: number;
}

const itself = (value: number): number => value;

/** By operation; its first argument is a number of its own. */
const rules: Readonly<Record<string, Rule>> = {
  same: { answer: itself, tasks: 1 },
  slow: { answer: itself, tasks: 1 },
  large: { answer: (value) => [{ value }], tasks: 1 },
  fails: { errors: ['RangeError'], tasks: 1 },
  dies: { errors: ['WorkerDiedError'], tasks: 1 },
  again: { answer: itself, tasks: 1 },
  aborted: { answer: itself, errors: ['EvalError'], tasks: 1 },
  abortedLate: { errors: ['EvalError'], tasks: 1 },
  timed: { errors: ['TimeoutError'], tasks: 1 },
  map: { answer: (value) => [value, value + 1, value + 2], tasks: 3 },
  stream: { answer: (value) => [-value, -value - 1, value], tasks: 1 },
  left: { answer: (value) => [-value], errors: [], tasks: 1 },
};

/** Those that give up what they began: how it went with the task, nobody asks. */
const leavers = new Set(['left']);

/**
 * Checks the calls of a history and the counts after all of them. Answers what is wrong, or nothing. What is pending is not judged here.
 */
export function checkPoolCalls(history: History, counts: PoolCounts): string | undefined {
  const fault = checkCounts(counts);
  if (fault !== undefined) return fault;
  if (counts.pending !== 0) return `${counts.pending} tasks are pending for ever`;
  const tally = { completed: 0, failed: 0, unsure: 0, lost: 0 };
  for (const call of history) {
    const rule = rules[call.name];
    if (rule === undefined || isPending(call)) continue;
    const { result } = call;
    if (isThrew(result)) {
      if (!mayThrow(history, call, rule, result.threw))
        return `${describe(call)} threw ${result.threw}: ${result.message ?? ''}`;
      if (rule.tasks > 1) tally.unsure += rule.tasks;
      else if (result.threw === 'RangeError' || result.threw === 'WorkerDiedError') tally.failed += 1;
      else tally.lost += 1;
    } else {
      const expected = formatValue(rule.answer?.(call.args[0] as number));
      if (rule.answer === undefined || formatValue(result) !== expected)
        return `${describe(call)} -> ${formatValue(result)}: not its own result`;
      if (leavers.has(call.name)) tally.unsure += 1;
      else tally.completed += rule.tasks;
    }
  }
  return checkTally(counts, tally);
}

function checkTally(
  { completed, failed, cancelled }: PoolCounts,
  tally: { completed: number; failed: number; unsure: number; lost: number },
): string | undefined {
  const between = (what: string, found: number, least: number, most: number): string | undefined =>
    found < least || found > most
      ? `the pool counts ${found} ${what}, its callers saw ${least}${most === least ? '' : ` to ${most}`}`
      : undefined;
  return (
    between('completed', completed, tally.completed, tally.completed + tally.unsure) ??
    between('failed', failed, tally.failed, tally.failed + tally.unsure) ??
    // Who gives up before there was room counts for nothing.
    between('cancelled', cancelled, 0, tally.lost + tally.unsure)
  );
}

/** Whether a call may end with this error. */
function mayThrow(history: History, call: OperationRecord, rule: Rule, error: string): boolean {
  if (rule.errors?.includes(error) === true) return true;
  const before = (name: string, position: number): boolean =>
    history.some((other) => other.name === name && other.called < position);
  if (error === 'ClosedError')
    // A map goes on to submit after it was called.
    return (
      before('terminate', call.returned) || before('close', rule.tasks > 1 ? call.returned : call.called)
    );
  return error === 'WorkerDiedError' && before('kill', call.returned);
}

function describe({ thread, name, args }: OperationRecord): string {
  return `T${thread} ${name}(${args.map((each) => formatValue(each)).join(', ')})`;
}
