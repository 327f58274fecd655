/** What a campaign without a finding says, and what it does not. */
import type { Campaign } from './engine/explore.ts';
import type { Outcome } from './engine/outcome.ts';
import type { SearchState } from './strategy/strategy.ts';

/** A clean result that says less than it seems to must say so. */
export function notesOf(
  threads: number,
  campaign: Campaign,
  behaviours: boolean,
  search: SearchState | undefined,
): string[] {
  const notes: string[] = [];
  if (search !== undefined) {
    for (const limit of search.limits) notes.push(`the search is not complete: ${limit}`);
    if (search.cut > 0)
      notes.push(
        `${search.cut} executions were cut short where a loop went round without effect: such loops are taken to wait (docs/exhaustive.md)`,
      );
  }
  if (campaign.unscheduled > 0)
    notes.push(
      `${campaign.unscheduled} steps ran without a scheduling point (constructors, getters, generators, callbacks of builtins)`,
    );
  if (
    behaviours &&
    threads > 1 &&
    campaign.executions > 1 &&
    campaign.behaviours.size === 1 &&
    campaign.findings.length === 0
  )
    notes.push(
      'one behaviour only: the threads never met in an Atomics call. Plain accesses to shared memory are no scheduling points: reach the data that threads share by Atomics',
    );
  return notes;
}

export function isComplete(campaign: Campaign, { limits }: SearchState): boolean {
  return campaign.complete && campaign.exhausted === 0 && campaign.unscheduled === 0 && limits.length === 0;
}

export function completeness({ bound }: SearchState): string {
  return bound === null
    ? 'complete: every behaviour of the program was explored'
    : `complete up to a bound: every behaviour that at most ${bound} preemptions show was explored`;
}

/** Without a finding: passed, unless a budget kept something from being looked at. */
export function campaignOutcome(
  campaign: Campaign,
  timedOut: boolean,
  search: SearchState | undefined,
): Outcome {
  if (campaign.exhausted > 0)
    return {
      kind: 'exhausted',
      message: `${campaign.exhausted} of ${campaign.executions} executions ran out of their step budget: give more with maxSteps (--max-steps)`,
    };
  if (search !== undefined && !campaign.complete && campaign.executions > 0)
    return {
      kind: 'exhausted',
      message: `the budget ran out after ${campaign.executions} executions, with about ${(search.share * 100).toFixed(1)} % of the search done`,
    };
  if (timedOut || campaign.executions === 0)
    return { kind: 'exhausted', message: `the time ran out after ${campaign.executions} executions` };
  return { kind: 'passed', message: '' };
}
