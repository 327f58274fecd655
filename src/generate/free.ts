/**
 * Generated programs on threads that run free, with their histories. A thread stamps each of its operations with a clock that all share: before the
 * call it reads the clock, after the return it moves it on. An operation that returned before another was called has the smaller
 * stamp, and an order that the stamps give was there; what overlaps by the stamps may not have overlapped. So the order of a history is never
 * stronger than that of the execution: what is not linearizable by it was not.
 *
 * Stamps lie in shared memory, a line for each thread, so they are there whatever becomes of the thread. Results stay in the thread until the end of the batch.
 */
import type { Outcome } from '../engine/outcome.ts';
import { Over } from '../engine/parallel/over.ts';
import type { FreeRun } from '../engine/parallel/threads.ts';
import type { Program } from '../engine/program.ts';
import type { History, OperationRecord } from '../history/history.ts';
import { threwOf } from '../history/recorder.ts';
import { type Callee, calleeOf, type OperationOptions } from './body.ts';
import type { Plan } from './plan.ts';

/** A generated program for free threads, and what is said of its executions. */
export interface FreeCase {
  readonly program: Program;
  /** Has the last word on an execution. See FreeHooks. */
  judge(outcome: Outcome, run: FreeRun): Outcome;
}

/** What the threads of an execution share: what the program's own setup made, and the clock with the stamps. */
interface Stamped {
  readonly shared: unknown;
  readonly words: Stamps;
}

export type Stamps = Int32Array<SharedArrayBuffer>;

/** Runs the calls of a thread and writes their stamps from word `at`: two for each, 0 for what did not happen. Answers the results. */
export type Recording = (calls: readonly Callee[], words: Stamps, at: number) => unknown[];

const CLOCK = 0;
const lineWords = 16;

/** First word of each thread's stamps, and after the last one's the length of all: no two threads write to one line. */
export function stampLayout({ threads }: Plan): readonly number[] {
  const starts = [lineWords];
  for (const { length } of threads)
    starts.push(starts.at(-1)! + lineWords * Math.ceil((2 * length) / lineWords));
  return starts;
}

/** Words for the stamps of a plan; the clock begins at 1, so that a stamp is never 0. */
export function stampsFor(layout: readonly number[]): Stamps {
  const words = new Int32Array(new SharedArrayBuffer(4 * layout.at(-1)!));
  words[CLOCK] = 1;
  return words;
}

export const record: Recording = (calls, words, at) => {
  const results: unknown[] = new Array(calls.length);
  for (let i = 0; i < calls.length; i++) {
    const [fn, self, args] = calls[i]!; // below its length
    words[at + 2 * i] = Atomics.load(words, CLOCK);
    try {
      results[i] = Reflect.apply(fn, self, args);
    } catch (error) {
      if (error instanceof Over) break;
      results[i] = threwOf(error);
    }
    words[at + 2 * i + 1] = Atomics.add(words, CLOCK, 1) + 1;
  }
  return results;
};

interface Bound {
  readonly calls: readonly Callee[];
  readonly words: Stamps;
}

/** What a case is made of. */
export interface FreeParts {
  readonly plan: Plan;
  readonly operations: Readonly<Record<string, OperationOptions<unknown>>>;
  /** The case as a program; its threads' bodies are not used. */
  readonly program: Program;
  /** What the prefix did in the setup that ran last. */
  prefix(): History;
  /** What is wrong with a history and the memory as it is at the end, in an execution that passed or ended in a deadlock. */
  judge(outcome: Outcome, history: History, shared: unknown): Outcome;
}

export function freeCase(
  { plan, operations, program, prefix, judge }: FreeParts,
  recording: Recording = record,
): FreeCase {
  const { setup, attach } = program;
  const layout = stampLayout(plan);
  const prefixes = new WeakMap<object, History>();
  return {
    program: {
      ...program,
      setup: () => {
        const given: Stamped = { shared: setup(), words: stampsFor(layout) };
        prefixes.set(given, prefix());
        return given;
      },
      // What a thread calls is looked up before its start line.
      attach(given, thread): Bound {
        const { shared, words } = given as Stamped;
        const local = attach === undefined ? shared : attach(shared, thread);
        const calls = plan.threads[thread]!.map(({ name, args }) =>
          calleeOf(operations[name] as OperationOptions<never> | undefined, local, name, args),
        );
        return { calls, words };
      },
      thread(thread, local) {
        const { calls, words } = local as Bound;
        return recording(calls, words, layout[thread]!);
      },
    },
    judge(outcome, run) {
      if (outcome.kind !== 'passed' && outcome.kind !== 'deadlocked') return outcome;
      const given = run.shared as Stamped;
      const results = resultsOf(run);
      if (results === undefined)
        return { kind: 'exhausted', message: 'what a thread answered is lost with its worker' };
      const history = historyOf(plan, prefixes.get(given)!, given.words, results); // set by setup
      return judge(outcome, history, given.shared);
    },
  };
}

/**
 * The history of an execution: positions are the ranks of the stamps, a return before a call of the same stamp, after what the prefix did.
 * @param results of each thread's operations.
 */
export function historyOf(
  plan: Plan,
  prefix: History,
  words: Stamps,
  results: readonly (readonly unknown[])[],
): History {
  const layout = stampLayout(plan);
  const events: { readonly stamp: number; readonly operation: OperationRecord; readonly isCall: boolean }[] =
    [];
  for (const [thread, list] of plan.threads.entries())
    for (const [i, { name, args }] of list.entries()) {
      const [called, returned] = words.subarray(layout[thread]! + 2 * i);
      if (called === 0) break;
      const isPending = returned === 0;
      const operation = {
        thread,
        name,
        args,
        called: 0,
        returned: Number.POSITIVE_INFINITY,
        result: isPending ? undefined : results[thread]![i],
      };
      events.push({ stamp: called!, operation, isCall: true });
      if (isPending) break;
      events.push({ stamp: returned!, operation, isCall: false });
    }
  events.sort((a, b) => a.stamp - b.stamp || Number(a.isCall) - Number(b.isCall));
  const history: OperationRecord[] = [...prefix];
  let position = 2 * prefix.length;
  for (const { operation, isCall } of events) {
    const writable = operation as { called: number; returned: number };
    if (isCall) {
      writable.called = position++;
      history.push(operation);
    } else writable.returned = position++;
  }
  return history;
}

/** What each thread answered; undefined where an answer is lost, with the worker that had it. */
function resultsOf({ ends }: FreeRun): readonly (readonly unknown[])[] | undefined {
  const all: (readonly unknown[])[] = [];
  for (const end of ends) {
    if ((end.kind !== 'returned' && end.kind !== 'slept') || end.value === undefined) return undefined;
    all.push(end.value as readonly unknown[]);
  }
  return all;
}
