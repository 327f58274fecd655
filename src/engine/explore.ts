/** Runs a program under a strategy, execution after execution, until a finding or a budget. */
import { UnsupportedError } from '../instrument/host.ts';
import type { Deviation } from '../schedule/deviation.ts';
import type { Turns } from '../schedule/turns.ts';
import type { Strategy } from '../strategy/strategy.ts';
import type { Outcome } from './outcome.ts';
import { Tally } from './tally.ts';
import type { VirtualExecutor } from './virtual.ts';

export interface Budget {
  /** Most executions. */
  readonly executions: number;
  /** `performance.now()` at which to stop. */
  readonly deadline: number;
}

export interface Finding {
  readonly outcome: Outcome;
  readonly deviations: readonly Deviation[];
  /** Turns that follow on them. */
  readonly turns: Turns | undefined;
  readonly preemptions: number;
  readonly steps: number;
  readonly fingerprint: number;
  /** Number of the execution that showed it, from 1. */
  readonly execution: number;
}

export interface Campaign {
  executions: number;
  steps: number;
  unscheduled: number;
  spins: number;
  /** Executions that ran out of their step budget: they prove nothing. */
  exhausted: number;
  /** Findings seen; `findings` keeps the first of them. */
  found: number;
  /** Distinct behaviours and how often each was seen; empty unless the executor computes their hashes. */
  readonly behaviours: Tally;
  readonly findings: Finding[];
  /** True when the strategy said that nothing is left. */
  complete: boolean;
}

export interface ExploreHooks {
  /** Called now and then (every few hundred executions). */
  readonly onProgress?: (campaign: Campaign) => void;
  /** Go on after a finding. */
  readonly keepGoing?: boolean;
  /** Called with every execution that ran out of its step budget. */
  readonly onExhausted?: (outcome: Outcome) => void;
  /** Called with every finding, kept or not; `finding` answers all of it. */
  readonly onFinding?: (outcome: Outcome, finding: () => Finding) => void;
  /** Looks at every execution that ended by itself; its answer, where it has one, is the outcome. Must not run `executor`. */
  readonly check?: (executor: VirtualExecutor, outcome: Outcome) => Outcome | undefined;
  /** Most findings kept when going on. */
  readonly mostFindings?: number;
}

export function exploreWith(
  executor: VirtualExecutor,
  strategy: Strategy,
  budget: Budget,
  hooks: ExploreHooks = {},
): Campaign {
  const campaign: Campaign = {
    executions: 0,
    steps: 0,
    unscheduled: 0,
    spins: 0,
    exhausted: 0,
    found: 0,
    behaviours: new Tally(),
    findings: [],
    complete: false,
  };
  const { behaviours } = campaign;
  const { countsBehaviours } = executor;
  const timed = budget.deadline !== Number.POSITIVE_INFINITY;
  while (campaign.executions < budget.executions) {
    const { executions } = campaign;
    // An execution may be slow for reasons that are not steps: the clock is looked at often where it matters.
    if (timed && (executions & 7) === 0 && performance.now() >= budget.deadline) break;
    if ((executions & 127) === 0) hooks.onProgress?.(campaign);
    if (!strategy.begin(campaign.executions, executor.threads)) {
      campaign.complete = true;
      break;
    }
    const ended = executor.run(strategy);
    campaign.steps += executor.steps;
    campaign.unscheduled += executor.unscheduled;
    campaign.spins += executor.spins;
    if (ended.kind === 'exhausted') {
      // Cut off by the clock it is no execution, and no sign of a small step budget.
      if (performance.now() >= budget.deadline) break;
      campaign.executions++;
      campaign.exhausted++;
      strategy.ended?.(executor.steps, false);
      hooks.onExhausted?.(ended);
      continue;
    }
    campaign.executions++;
    const isNew = countsBehaviours && behaviours.add(executor.behaviour());
    strategy.ended?.(executor.steps, isNew);
    const outcome = hooks.check?.(executor, ended) ?? ended;
    if (outcome.kind === 'passed') continue;
    campaign.found++;
    hooks.onFinding?.(outcome, () => findingOf(executor, outcome, campaign.executions));
    if (campaign.findings.length < (hooks.mostFindings ?? 100))
      campaign.findings.push(findingOf(executor, outcome, campaign.executions));
    if (hooks.keepGoing !== true || outcome.error instanceof UnsupportedError) break;
  }
  return campaign;
}

export function findingOf(executor: VirtualExecutor, outcome: Outcome, execution: number): Finding {
  return {
    outcome,
    deviations: executor.schedule(),
    turns: executor.turns,
    preemptions: executor.preemptions,
    steps: executor.steps,
    fingerprint: executor.fingerprint,
    execution,
  };
}
