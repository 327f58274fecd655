/**
 * The last pass over a failing schedule: the fewest preemptions that still show the same failure.
 *
 * First the failing schedule itself loses deviations, one after another, as long as it fails (delta debugging, Zeller 2002). Then
 * random schedules with ever fewer preemptions are tried, and at last the bounds 0, 1, 2 ... below that are searched systematically (iterative context bounding, Musuvathi and Qadeer, PLDI 2007):
 * depth-first over the points where a thread may be left, switches at a block or an end being free. Departure: the search
 * has a budget of executions, and what it did not cover is said in the result.
 *
 * A failure in which the threads take turns at last (a livelock, say) first gets them as early as it stays.
 */

import { isFinding, type Outcome } from '../engine/outcome.ts';
import { WorkerError } from '../engine/remote.ts';
import { fairSteps } from '../engine/step-budget.ts';
import type { VirtualExecutor } from '../engine/virtual.ts';
import { TIMEOUT } from '../instrument/step.ts';
import type { Deviation } from '../schedule/deviation.ts';
import type { Turns } from '../schedule/turns.ts';
import { RandomSource } from '../strategy/random-source.ts';
import type { SchedulerView, Strategy } from '../strategy/strategy.ts';

export interface Minimised {
  readonly outcome: Outcome;
  readonly deviations: readonly Deviation[];
  /** Turns that follow on them. */
  readonly turns: Turns | undefined;
  readonly preemptions: number;
  readonly steps: number;
  readonly fingerprint: number;
  /** Executions that the pass took. */
  readonly tries: number;
  /** True when every schedule with fewer preemptions was run and passed. */
  readonly proved: boolean;
}

export interface MinimiseOptions {
  /** Most executions. Default 20,000. */
  readonly budget?: number;
  /** `performance.now()` at which to stop with the best so far. */
  readonly deadline?: number;
}

/** Two outcomes are the same failure when their kind and the shape of their message agree (numbers may differ). */
export function signature(outcome: Outcome): string {
  return `${outcome.kind} ${outcome.message.split('\n')[0]!.replace(/\d+/g, '#')}`;
}

/** Which failures count as the one that is being minimised. A deadlock of other threads is still that deadlock. */
export function sameFailure(wanted: Outcome): (outcome: Outcome) => boolean {
  if (wanted.kind === 'livelocked')
    return ({ kind, stuck }) => kind === wanted.kind && stuck?.kind === wanted.stuck?.kind;
  if (wanted.kind !== 'violated') return (outcome) => outcome.kind === wanted.kind;
  // The pair that races first is a matter of the schedule.
  if (wanted.oracle === 'race') return (outcome) => outcome.oracle === 'race';
  const expected = signature(wanted);
  return (outcome) =>
    outcome.oracle === undefined && outcome.kind === 'violated' && signature(outcome) === expected;
}

/** Not where a try costs a worker and the time it was given, nor where the same schedule does not give the same run. */
export function canMinimise({ error, oracle }: Outcome): boolean {
  return !(error instanceof WorkerError) && oracle !== 'nondeterminism';
}

export function minimise(
  executor: VirtualExecutor,
  failing: {
    readonly outcome: Outcome;
    readonly deviations: readonly Deviation[];
    readonly turns?: Turns | undefined;
    readonly steps: number;
  },
  { budget = 20_000, deadline = Number.POSITIVE_INFINITY }: MinimiseOptions = {},
): Minimised | undefined {
  const same = sameFailure(failing.outcome);
  let tries = 0;
  // An execution that ran out of its steps might have failed later on.
  let exhausted = false;
  let { turns } = failing;
  const attempt = (strategy: Strategy): Minimised | undefined => {
    tries++;
    strategy.begin(0, executor.threads);
    const outcome = executor.run(turns === undefined ? strategy : { ...strategy, turns: untilSeen(turns) });
    if (outcome.kind === 'exhausted') exhausted = true;
    if (!isFinding(outcome) || !same(outcome)) return undefined;
    const { preemptions, steps, fingerprint } = executor;
    return {
      outcome,
      deviations: executor.schedule(),
      turns: executor.turns,
      preemptions,
      steps,
      fingerprint,
      tries,
      proved: false,
    };
  };
  const inTime = (): boolean => performance.now() < deadline;
  const untilSeen = ({ from, quantum }: Turns): Strategy['turns'] => ({
    from,
    quantum,
    until: from + span,
  });
  let span = fairSteps;
  let best: Minimised | undefined;
  for (const early of turns === undefined ? [] : earlier(turns)) {
    turns = early;
    best = attempt(forgiving(failing.deviations));
    if (best !== undefined) break;
  }
  if (best === undefined) {
    ({ turns } = failing);
    span = failing.steps - (turns?.from ?? 0);
    best = attempt(forgiving(failing.deviations));
  }
  if (best === undefined) return undefined;
  best = withoutDeviations(best, attempt, () => tries < budget / 2 && performance.now() < deadline);
  best = sampled(best, attempt, () => tries < budget / 2 && performance.now() < deadline);
  exhausted = false;
  for (let bound = 0; bound < best.preemptions; bound++) {
    const search = bounded(bound);
    for (let more = true; more; more = search.advance()) {
      if (tries >= budget || performance.now() >= deadline) return { ...best, tries };
      const found = attempt(search);
      if (found === undefined) continue;
      const proved = !exhausted;
      return { ...simplest(found, attempt, inTime), tries, proved };
    }
  }
  const proved = !exhausted;
  return { ...simplest(best, attempt, inTime), tries, proved };
}

/** Schedules of the same number of preemptions that a reader is spared: the first few in the order of the systematic search. */
const mostSimpler = 2_000;

/** Turns from step 0 on, then from 1, 2, 4, 8 ... */
function earlier({ from, quantum }: Turns): Turns[] {
  const list: Turns[] = quantum === 1 ? [] : [{ from: 0, quantum: 1 }];
  for (let at = 0; at < from; at = Math.max(1, at * 2)) list.push({ from: at, quantum });
  return [...list, { from, quantum }];
}

/** With as many preemptions, the fewest other deviations from the base order: the first thread first, and so on. */
function simplest(
  start: Minimised,
  attempt: (strategy: Strategy) => Minimised | undefined,
  mayGoOn: () => boolean,
): Minimised {
  let best = withoutDeviations(start, attempt, mayGoOn);
  const search = bounded(best.preemptions);
  for (
    let i = 0, more = true;
    more && i < mostSimpler && best.deviations.length > best.preemptions && mayGoOn();
    i++, more = search.advance()
  ) {
    const found = attempt(search);
    if (found !== undefined && better(found, best)) best = found;
  }
  return best;
}

/** How many random schedules in a row may miss before the bound is left to the systematic search. */
const mostMisses = 400;

/** Random schedules with fewer preemptions than the best so far, until many in a row miss. */
function sampled(
  start: Minimised,
  attempt: (strategy: Strategy) => Minimised | undefined,
  mayGoOn: () => boolean,
): Minimised {
  let best = start;
  const source = new RandomSource();
  for (let misses = 0, stream = 0; best.preemptions > 1 && misses < mostMisses && mayGoOn(); stream++) {
    source.seed(0x6d696e, stream);
    const found = attempt(fewPreemptions(source, best.preemptions - 1, best.turns?.from ?? best.steps));
    misses = found === undefined ? misses + 1 : 0;
    if (found !== undefined) best = withoutDeviations(found, attempt, mayGoOn);
  }
  return best;
}

/** At most `bound` preemptions, at random steps; random threads at the free switches. */
function fewPreemptions(source: RandomSource, bound: number, steps: number): Strategy {
  const at = new Set<number>();
  for (let i = 0; i < bound; i++) at.add(source.below(steps));
  return {
    name: `at most ${bound} preemptions`,
    begin: () => true,
    choose(view: SchedulerView): number {
      const { current } = view;
      const canGoOn = current !== -1 && view.isEnabled(current) && view.pending[current]!.kind !== TIMEOUT;
      if (canGoOn && !at.has(view.steps)) return current;
      return view.enabled[source.below(view.count)]!;
    },
    draw: (limit) => source.below(limit),
  };
}

/** Drops chunks of deviations while the failure stays and no preemption is added. */
function withoutDeviations(
  start: Minimised,
  attempt: (strategy: Strategy) => Minimised | undefined,
  mayGoOn: () => boolean,
): Minimised {
  let best = start;
  for (let size = Math.max(1, best.deviations.length >> 1); size >= 1; size = size === 1 ? 0 : size >> 1) {
    for (let i = 0; i < best.deviations.length && mayGoOn(); ) {
      const list = [...best.deviations.slice(0, i), ...best.deviations.slice(i + size)];
      const found = attempt(forgiving(list));
      if (found !== undefined && better(found, best)) best = found;
      else i += size;
    }
  }
  return best;
}

function better(a: Minimised, b: Minimised): boolean {
  return (
    a.preemptions < b.preemptions ||
    (a.preemptions === b.preemptions && a.deviations.length < b.deviations.length)
  );
}

/** Deviations where they can be followed, the base order elsewhere. */
function forgiving(deviations: readonly Deviation[]): Strategy {
  let next = 0;
  return {
    name: 'shrink',
    begin(): boolean {
      next = 0;
      return true;
    },
    choose(view: SchedulerView): number {
      while (next < deviations.length && deviations[next]!.at < view.steps) next++;
      const deviation = deviations[next];
      if (deviation !== undefined && deviation.at === view.steps && view.isEnabled(deviation.thread))
        return deviation.thread;
      return view.baseChoice();
    },
    draw(): number {
      return 0;
    },
  };
}

interface Search extends Strategy {
  /** Moves to the next schedule; false when all with this bound were run. */
  advance(): boolean;
}

/** Depth-first over all schedules with at most `bound` preemptions. The base choice comes first, so early schedules are simple. */
function bounded(bound: number): Search {
  const path: { readonly choices: readonly number[]; index: number }[] = [];
  let depth = 0;
  let used = 0;
  return {
    name: `preemption bound ${bound}`,
    begin(): boolean {
      depth = 0;
      used = 0;
      return true;
    },
    choose(view: SchedulerView): number {
      const { current } = view;
      const canGoOn = current !== -1 && view.isEnabled(current) && view.pending[current]!.kind !== TIMEOUT;
      let point = path[depth];
      if (point === undefined) {
        const base = view.baseChoice();
        const choices = [base];
        if (!canGoOn || used < bound)
          for (let i = 0; i < view.count; i++) if (view.enabled[i] !== base) choices.push(view.enabled[i]!);
        point = { choices, index: 0 };
        path.push(point);
      }
      depth++;
      const chosen = point.choices[point.index]!;
      if (canGoOn && chosen !== current) used++;
      return chosen;
    },
    draw(): number {
      return 0;
    },
    advance(): boolean {
      path.length = depth;
      for (let point = path.at(-1); point !== undefined; point = path.at(-1)) {
        if (point.index + 1 < point.choices.length) {
          point.index++;
          return true;
        }
        path.pop();
      }
      return false;
    },
  };
}
