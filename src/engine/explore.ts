/** Runs a program under a strategy, execution after execution, until a finding or a budget. */
import { UnsupportedError } from '../instrument/host.ts';
import type { Strategy } from '../strategy/strategy.ts';
import type { Outcome } from './outcome.ts';
import type { Deviation, VirtualExecutor } from './virtual.ts';

export interface Budget {
  /** Most executions. */
  readonly executions: number;
  /** `performance.now()` at which to stop. */
  readonly deadline: number;
}

export interface Finding {
  readonly outcome: Outcome;
  readonly deviations: readonly Deviation[];
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
  readonly behaviours: Set<number>;
  readonly findings: Finding[];
  /** True when the strategy said that nothing is left. */
  complete: boolean;
}

export interface ExploreHooks {
  /** Called now and then (every few hundred executions). */
  readonly onProgress?: (campaign: Campaign) => void;
  /** Go on after a finding. */
  readonly keepGoing?: boolean;
  /** Most findings kept when going on. */
  readonly mostFindings?: number;
}

/** Behaviours are counted up to here: a set of numbers of this size takes about 40 MB. */
export const mostBehaviours = 1_000_000;

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
    behaviours: new Set(),
    findings: [],
    complete: false,
  };
  const { behaviours } = campaign;
  while (campaign.executions < budget.executions) {
    if ((campaign.executions & 127) === 0) {
      if (performance.now() >= budget.deadline) break;
      hooks.onProgress?.(campaign);
    }
    if (!strategy.begin(campaign.executions, executor.threads)) {
      campaign.complete = true;
      break;
    }
    const outcome = executor.run(strategy);
    campaign.executions++;
    campaign.steps += executor.steps;
    campaign.unscheduled += executor.unscheduled;
    campaign.spins += executor.spins;
    if (behaviours.size < mostBehaviours) behaviours.add(executor.behaviour());
    if (outcome.kind === 'passed') continue;
    if (outcome.kind === 'exhausted') {
      campaign.exhausted++;
      continue;
    }
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
    preemptions: executor.preemptions,
    steps: executor.steps,
    fingerprint: executor.fingerprint,
    execution,
  };
}
