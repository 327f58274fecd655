/**
 * Runs a schedule again, twice, and compares what was done step by step: whatever differs came from outside of the schedule (state that outlives an execution, a clock that
 * is not virtual, files). The first difference is shown with both values.
 */
import type { ExploreHooks } from './engine/explore.ts';
import type { Outcome } from './engine/outcome.ts';
import { cellName, type TraceStep } from './engine/trace.ts';
import type { VirtualExecutor } from './engine/virtual.ts';
import { replay } from './strategy/replay.ts';

/** What looks at executions as they end: at all of them (true), at none (false), or at the first alone. */
export function repeater(make: () => VirtualExecutor, runTwice: boolean | undefined): ExploreHooks['check'] {
  if (runTwice === false) return undefined;
  let again: VirtualExecutor | undefined;
  return (ran, outcome) => {
    // A first execution that fails is repeated anyway, to be shown.
    if (runTwice === undefined && (again !== undefined || outcome.kind !== 'passed')) return undefined;
    again ??= make();
    return differs(ran, again);
  };
}

/** Runs what `executor` has just run, on another executor of the same program. Undefined when all runs were the same. */
function differs(executor: VirtualExecutor, again: VirtualExecutor): Outcome | undefined {
  const schedule = {
    threads: executor.threads,
    deviations: executor.schedule(),
    turns: executor.turns,
    steps: executor.steps,
    fingerprint: executor.fingerprint,
  };
  const run = (): { readonly trace: readonly TraceStep[]; readonly divergence: string | undefined } => {
    const strategy = replay(schedule);
    strategy.begin(0, again.threads);
    again.run(strategy, true);
    strategy.finish(again.steps, again.fingerprint);
    return { trace: again.trace ?? [], divergence: strategy.divergence };
  };
  const first = run();
  const second = run();
  const length = Math.max(first.trace.length, second.trace.length);
  for (let i = 0; i < length; i++) {
    const [a, b] = [first, second].map(({ trace }) => said(trace[i], trace));
    if (a !== b)
      return found(
        `step ${first.trace[i]?.step ?? second.trace[i]!.step} was ${a} in one run, and ${b} in the next`,
      );
  }
  return first.divergence === undefined
    ? undefined
    : found(`the next run left the schedule: ${first.divergence}`);
}

function said(step: TraceStep | undefined, trace: readonly TraceStep[]): string {
  if (step === undefined) return 'none';
  const { thread, kind, args = [], result } = step;
  const cell = step.byteOffset === undefined ? '' : ` ${cellName(step, trace)}`;
  const answer = result === undefined ? '' : ` -> ${String(result)}`;
  return `T${thread} ${step.label ?? kind}${cell}${args.map((arg) => ` ${String(arg)}`).join()}${answer}`;
}

function found(what: string): Outcome {
  return {
    kind: 'violated',
    oracle: 'nondeterminism',
    message: `uncontrolled nondeterminism: the same schedule was run again, and ${what}. Take clocks that are not virtual, randomness of node:crypto, files and state that outlives an execution out of the program`,
  };
}
