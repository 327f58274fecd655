/** Runs a program on real threads, batch after batch, until a finding or a budget; and says as an outcome what came of an execution. */
import { setImmediate } from 'node:timers/promises';
import type { Site } from '../../instrument/host.ts';
import { describeBlocked, describeError, isDeferred } from '../describe.ts';
import type { BlockedThread, Outcome } from '../outcome.ts';
import { isFinding, passed } from '../outcome.ts';
import { type Program, ProgramError } from '../program.ts';
import { tamed } from '../tamed.ts';
import { shownSite } from '../trace.ts';
import { type FreeRun, type FreeThreads, HandOverError, type ThreadEnd } from './threads.ts';

export interface FreeCampaign {
  executions: number;
  /** Executions of batches that grew to their full size: what ran before is the warm-up, checked like the rest. */
  warm: number;
  /** ms that those took. */
  warmMs: number;
  /** Findings seen; `first` keeps the first of them. */
  found: number;
  /** Executions of which nothing can be said. */
  unjudged: number;
  first: FreeFinding | undefined;
}

export interface FreeFinding {
  readonly outcome: Outcome;
  /** Number of the execution that showed it, from 1. */
  readonly execution: number;
}

export interface FreeHooks {
  readonly keepGoing?: boolean;
  readonly onProgress?: (campaign: FreeCampaign) => void;
  readonly onFinding?: (outcome: Outcome) => void;
  /** Has the last word on an execution. 'exhausted': nothing can be said of it. */
  readonly judge?: (outcome: Outcome, run: FreeRun) => Outcome;
}

/** A batch is to take about so long: long enough to pay for its hand-over, short enough to look at the clock. */
const batchMs = 20;
const mostItems = 512;

export async function exploreFree(
  threads: FreeThreads,
  program: Program,
  { executions, deadline }: { readonly executions: number; readonly deadline: number },
  hooks: FreeHooks = {},
): Promise<FreeCampaign> {
  const campaign: FreeCampaign = {
    executions: 0,
    warm: 0,
    warmMs: 0,
    found: 0,
    unjudged: 0,
    first: undefined,
  };
  let size = 1;
  let grows = true;
  while (campaign.executions < executions && performance.now() < deadline) {
    const shared: unknown[] = [];
    const wanted = Math.min(size, executions - campaign.executions);
    try {
      while (shared.length < wanted) shared.push(program.setup());
    } catch (error) {
      return withoutRun(campaign, 'setup threw', error, hooks);
    }
    const start = performance.now();
    let runs: FreeRun[];
    try {
      runs = await threads.run(shared, program.threads, delayFor(campaign.executions));
    } catch (error) {
      if (!(error instanceof HandOverError)) throw error;
      return withoutRun(campaign, 'setup made what a thread cannot be given:', error.cause, hooks);
    }
    const took = performance.now() - start;
    for (const run of runs) {
      campaign.executions++;
      const ended = outcomeOf(program, run);
      const outcome = hooks.judge?.(ended, run) ?? ended;
      if (outcome.kind === 'exhausted') campaign.unjudged++;
      if (!isFinding(outcome)) continue;
      campaign.found++;
      hooks.onFinding?.(outcome);
      campaign.first ??= { outcome, execution: campaign.executions };
      if (hooks.keepGoing !== true || outcome.error instanceof ProgramError) return campaign;
    }
    if (!grows) {
      campaign.warm += runs.length;
      campaign.warmMs += took;
    }
    if (took < batchMs / 2 && size < mostItems) size *= 2;
    else grows = false;
    if (took > 2 * batchMs && size > 1) size >>= 1;
    hooks.onProgress?.(campaign);
    // The process has other work, and what the platform says of a worker comes with it.
    await setImmediate();
  }
  return campaign;
}

/** An execution whose threads never began is the last one. */
function withoutRun(campaign: FreeCampaign, what: string, error: unknown, hooks: FreeHooks): FreeCampaign {
  const outcome: Outcome = {
    kind: 'crashed',
    message: `${what} ${describeError(error)}`,
    error: tamed(error),
  };
  campaign.executions++;
  campaign.found++;
  hooks.onFinding?.(outcome);
  campaign.first ??= { outcome, execution: campaign.executions };
  return campaign;
}

/** Longest delay after the start line, in turns of an empty loop: now none, now up to some microseconds. */
function delayFor(executions: number): number {
  return [0, 30, 300, 3000][(executions >>> 3) & 3]!; // two bits
}

/** What `explore` says of an execution, in the words of the other executors. */
export function outcomeOf(program: Program, { shared, ends }: FreeRun): Outcome {
  if (ends.some(({ kind }) => kind === 'cut'))
    return { kind: 'exhausted', message: 'threads that were about to go on were taken for asleep' };
  for (const [t, end] of ends.entries()) {
    if (end.kind === 'exited') return { kind: 'crashed', message: end.message, thread: t };
    if (end.kind !== 'threw') continue;
    const { error, attaching } = end;
    const said = describeError(error);
    if (attaching)
      return { kind: 'crashed', message: `attach of thread ${t} threw ${said}`, thread: t, error };
    if (error instanceof ProgramError)
      return { kind: 'crashed', message: `thread ${t} threw ${said}`, thread: t, error };
    return { kind: 'violated', message: `thread ${t} threw ${said}`, thread: t, error };
  }
  const hang = hangOf(ends, program.mayBlock ?? []);
  if (hang !== undefined) return hang;
  if (program.check === undefined) return passed;
  try {
    const results = ends.map((end) => (end.kind === 'returned' ? end.value : undefined));
    const returned = program.check(shared, results) as unknown;
    if (returned === false) return { kind: 'violated', message: 'check returned false' };
    if (isDeferred(returned))
      return {
        kind: 'crashed',
        message: 'check returned a promise or a generator: it must be plain synchronous code',
      };
  } catch (error) {
    return { kind: 'violated', message: describeError(error), error: tamed(error) };
  }
  return passed;
}

/** A deadlock, or threads that ran on and on; undefined where only those are left that may be. */
export function hangOf(ends: readonly ThreadEnd[], mayBlock: readonly number[]): Outcome | undefined {
  const ran = ends.flatMap((end, t) => (end.kind === 'ran' ? [{ t, stack: end.stack }] : []));
  const blocked = blockedOf(ends);
  if (ran.length > 0) {
    const runs = ran.map(
      ({ t, stack }) => `T${t} runs${placeOf(siteIn(stack), 'somewhere that cannot be told')}`,
    );
    const sleeps = blocked.map(
      ({ thread, site, byteOffset, value }) =>
        `T${thread} sleeps${placeOf(site, '')} on the word at byte ${byteOffset} (on ${value})`,
    );
    return {
      kind: 'livelocked',
      message: `threads did not come to their end in time: ${[...runs, ...sleeps].join('; ')}`,
      thread: ran[0]!.t, // there is one
      blocked,
    };
  }
  if (!blocked.some(({ thread }) => !mayBlock.includes(thread))) return undefined;
  return { kind: 'deadlocked', message: describeBlocked(blocked), blocked };
}

function blockedOf(ends: readonly ThreadEnd[]): BlockedThread[] {
  return ends.flatMap((end, thread): BlockedThread[] => {
    if (end.kind !== 'slept') return [];
    const { buffer, byteOffset, value, current } = end.sleep;
    return [{ thread, site: siteIn(end.stack), buffer, byteOffset, value, current: current ?? value }];
  });
}

function placeOf(site: Site | undefined, otherwise: string): string {
  if (site !== undefined) return ` at ${shownSite(site)}`;
  return otherwise === '' ? '' : ` ${otherwise}`;
}

/** The author's place in a stack: the first frame that is not ours. */
export function siteIn(stack: string): Site | undefined {
  for (const line of stack.split('\n')) {
    const match = /(?:\(|at (?:async )?)(?:file:\/\/)?(\/[^()]*?):(\d+):(\d+)\)?$/.exec(line);
    if (match === null) continue;
    const [, file, row, column] = match;
    if (/engine[/\\]parallel[/\\]agent\.[jt]s/.test(file!)) continue; // the group matched
    return { file: decodeURI(file!.replace(/\?.*$/, '')), line: Number(row), column: Number(column) };
  }
  return undefined;
}
