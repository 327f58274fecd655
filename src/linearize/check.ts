/**
 * Whether a history is linearizable with respect to a specification (Herlihy & Wing 1990), part by part when the
 * specification names its parts (P-compositionality, Horn & Kroening 2015).
 */
import type { History } from '../history/history.ts';
import { type Prefix, Search, type Verdict } from './search.ts';
import { type CompleteSpecification, complete, type Specification } from './specification.ts';

export interface CheckOptions {
  /** Calls of the specification's step, over all parts, before the verdict is 'unknown'. Default 1,000,000. */
  readonly maxSteps?: number;
  /**
   * The execution ended for good with its pending operations waiting (a deadlock). Then none of them took effect,
   * and a linearization counts only if in its final state the specification blocks each. Default false: pending
   * operations may or may not have taken effect.
   */
  readonly stuck?: boolean;
}

/** How far the search got in the part of the history that failed. */
export interface Explanation<S> {
  /** The part, when the specification has parts. */
  readonly partition: string | number | undefined;
  /** The operations of the part: indices into the history. */
  readonly operations: readonly number[];
  /** The longest linearizations of a part of the completed operations; at least one, at most four. */
  readonly prefixes: readonly Prefix<S>[];
  readonly stuck: boolean;
}

interface Checked {
  readonly verdict: Verdict;
  /** Calls of the specification's step: the same for the same history. */
  readonly steps: number;
}

export interface Linearizable extends Checked {
  readonly verdict: 'linearizable';
  /** Indices into the history, of all completed and some pending operations, in the order of their effects. */
  readonly linearization: readonly number[];
  readonly explanation?: undefined;
}

export interface NotLinearizable<S> extends Checked {
  readonly verdict: 'not-linearizable';
  readonly linearization?: undefined;
  readonly explanation: Explanation<S>;
}

/** The budget ran out. Never a pass. */
export interface Unknown extends Checked {
  readonly verdict: 'unknown';
  readonly linearization?: undefined;
  readonly explanation?: undefined;
}

export type CheckResult<S> = Linearizable | NotLinearizable<S> | Unknown;

/** Steps for each part in the first round; eight times as many in each further one. */
const FIRST_ROUND = 4096;

/** Scratch memory, kept from check to check; undefined while one runs, since a specification might check too. */
let spare: Search<unknown> | undefined;

/**
 * Checks a history. Cost: exponential in the number of operations that overlap at worst, within `maxSteps`; for a
 * few operations some microseconds. Memory: about 20 to 60 bytes a step. Throws what the specification throws,
 * and MalformedHistoryError when positions are not distinct or a return is not after its call.
 */
export function checkLinearizable<S>(
  specification: Specification<S>,
  history: History,
  options: CheckOptions = {},
): CheckResult<S> {
  const { maxSteps = 1_000_000, stuck = false } = options;
  const search = (spare ?? new Search<unknown>()) as Search<S>;
  spare = undefined;
  const result = specification.partition
    ? checkParts(search, complete(specification), history, maxSteps, stuck)
    : checkWhole(search, complete(specification), history, maxSteps, stuck);
  spare = search as Search<unknown>;
  return result;
}

function checkWhole<S>(
  search: Search<S>,
  specification: CompleteSpecification<S>,
  history: History,
  maxSteps: number,
  stuck: boolean,
): CheckResult<S> {
  const operations: number[] = [];
  for (let index = 0; index < history.length; index++) operations.push(index);
  const verdict = search.run(specification, history, operations, { maxSteps, stuck });
  const { steps, linearization, prefixes } = search;
  if (verdict === 'linearizable') return { verdict, linearization, steps };
  if (verdict === 'unknown') return { verdict, steps };
  return { verdict, explanation: { partition: undefined, operations, prefixes, stuck }, steps };
}

/**
 * Checks the parts in rounds with growing budgets, the smallest part first: one part that is illegal decides, so a
 * hard legal part must not use up the budget before it is seen.
 */
function checkParts<S>(
  search: Search<S>,
  specification: CompleteSpecification<S>,
  history: History,
  maxSteps: number,
  stuck: boolean,
): CheckResult<S> {
  let open = partsOf(specification, history);
  const linearizations: number[][] = [];
  let steps = 0;
  for (let round = FIRST_ROUND; open.length > 0; round *= 8) {
    const undecided: Part[] = [];
    for (const part of open) {
      const { partition, operations } = part;
      const budget = Math.min(round, maxSteps - steps);
      const verdict = search.run(specification, history, operations, { maxSteps: budget, stuck });
      steps += search.steps;
      if (verdict === 'linearizable') linearizations.push(search.linearization);
      if (verdict === 'unknown') undecided.push(part);
      if (verdict !== 'not-linearizable') continue;
      return { verdict, explanation: { partition, operations, prefixes: search.prefixes, stuck }, steps };
    }
    if (undecided.length > 0 && steps >= maxSteps) return { verdict: 'unknown', steps };
    open = undecided;
  }
  return { verdict: 'linearizable', linearization: mergeLinearizations(history, linearizations), steps };
}

interface Part {
  readonly partition: string | number;
  readonly operations: number[];
}

function partsOf<S>(specification: CompleteSpecification<S>, history: History): Part[] {
  const parts = new Map<string | number, Part>();
  history.forEach((operation, index) => {
    const partition = specification.partition?.(operation) ?? '';
    const part = parts.get(partition);
    if (part) part.operations.push(index);
    else parts.set(partition, { partition, operations: [index] });
  });
  return [...parts.values()].sort((a, b) => a.operations.length - b.operations.length);
}

/**
 * One order for all parts (locality, Herlihy & Wing 1990, theorem 1). Each operation takes effect as early as its
 * part allows: at the latest call so far in its part's order. That point lies within its interval, so sorting
 * by it keeps both the order of each part and real time.
 */
export function mergeLinearizations(history: History, parts: readonly (readonly number[])[]): number[] {
  const points = parts.flatMap((order) => {
    let point = Number.NEGATIVE_INFINITY;
    return order.map((index) => {
      point = Math.max(point, history[index]!.called); // linearizations hold indices of the history
      return { index, point };
    });
  });
  return points.sort((a, b) => a.point - b.point).map(({ index }) => index); // sort is stable
}
