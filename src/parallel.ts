/** The `parallel` executor for programs in modules: threads run free on real cores; what they show is then looked for under `virtual`, as a schedule. */
import { isFinding, type Outcome, passed } from './engine/outcome.ts';
import { exploreFree, type FreeCampaign } from './engine/parallel/explore.ts';
import { FreeThreads } from './engine/parallel/threads.ts';
import { ProgramError } from './engine/program.ts';
import { VirtualExecutor } from './engine/virtual.ts';
import {
  drawSeed,
  type ExploreOptions,
  type ExploreResult,
  exploreLoaded,
  type LoadedProgram,
} from './explore.ts';
import { sameFailure, signature } from './shrink/minimise.ts';

export interface ParallelOptions extends ExploreOptions {
  /** Seconds that an execution may take before its threads are taken to hang. Default 5. */
  readonly stepTime?: number;
}

/** What is not about threads that nobody schedules. */
export const notParallel = [
  'strategy',
  'depth',
  'preemptions',
  'checkpoint',
  'schedule',
  'coverage',
  'runTwice',
] as const;

export interface ParallelResult extends ExploreResult {
  /**
   * How far `virtual` came with the finding: 'schedule': the same failure, with its schedule; 'race': no schedule, but a data race that explains it;
   * 'no': not within the budget. Null without a finding.
   */
  readonly reproduced: 'schedule' | 'race' | 'no' | null;
  /** Executions a second, once batches had their full size; null before that. */
  readonly rate: number | null;
}

/** Seconds of a run for which no budget was given. */
export const defaultSeconds = 5;
/** Schedules, and seconds, within which the failure must come again. */
const mostSchedules = 50_000;
const mostSeconds = 15;

/** @throws ProgramError (as a rejection) for an option that makes no sense here, and when workers cannot load the program. */
export async function exploreParallel(
  program: LoadedProgram,
  options: ParallelOptions = {},
): Promise<ParallelResult> {
  const { executions, time, stepTime } = options;
  for (const name of notParallel)
    if (options[name] !== undefined)
      throw new ProgramError(
        `${name} makes no sense with the executor parallel: nobody schedules its threads`,
      );
  if (program.url === undefined)
    throw new ProgramError(
      `${program.name}: workers load the program themselves, so it must be an export of a module: use exploreModule or the command`,
    );
  if (stepTime !== undefined && !(stepTime > 0))
    throw new ProgramError(`stepTime is ${stepTime}: give seconds above 0`);
  if (executions !== undefined && (!Number.isSafeInteger(executions) || executions < 1))
    throw new ProgramError(`executions is ${executions}: give a whole number from 1`);
  if (time !== undefined && !(time > 0)) throw new ProgramError(`time is ${time}: give seconds above 0`);
  const seed = options.seed ?? drawSeed();
  const seconds = time ?? (executions === undefined ? defaultSeconds : Number.POSITIVE_INFINITY);
  const start = performance.now();
  const cpu = process.cpuUsage();
  const threads = new FreeThreads(
    { module: program.url, exportName: program.exportName ?? 'default' },
    stepTime === undefined ? {} : { hangSeconds: stepTime },
  );
  const kinds = new Set<string>();
  let campaign: FreeCampaign;
  try {
    threads.start(program.main.threads);
    campaign = await exploreFree(
      threads,
      program.main,
      { executions: executions ?? Number.POSITIVE_INFINITY, deadline: performance.now() + 1000 * seconds },
      {
        keepGoing: options.keepGoing === true,
        onFinding: (outcome) => kinds.add(signature(outcome)),
        onProgress: ({ executions, found }) =>
          options.onProgress?.({ executions, steps: 0, findings: found }),
      },
    );
  } finally {
    await threads.close();
  }
  const { first } = campaign;
  const found = first === undefined ? undefined : reproduce(program, first.outcome, { ...options, seed });
  const clean = cleanOutcome(campaign, executions);
  const used = process.cpuUsage(cpu);
  return {
    name: program.name,
    outcome: first?.outcome.kind ?? clean.kind,
    message: first?.outcome.message ?? clean.message,
    executions: campaign.executions,
    executionsToFirst: first?.execution ?? null,
    steps: 0,
    cpuMs: Math.round((used.user + used.system) / 10) / 100,
    wallMs: Math.round((performance.now() - start) * 100) / 100,
    threads: program.main.threads,
    schedule: found?.result?.schedule ?? null,
    preemptions: found?.result?.preemptions ?? null,
    race: found?.result?.race ?? null,
    stuck: found?.result?.stuck ?? null,
    trace: found?.result?.trace ?? [],
    strategy: 'free',
    seed,
    behaviours: null,
    complete: false,
    bound: null,
    saturation: null,
    coverage: null,
    unscheduled: 0,
    exhausted: campaign.unjudged,
    findings: campaign.found,
    kinds: [...kinds],
    others: [],
    guarantee: null,
    notes: [],
    report: found === undefined || first === undefined ? null : reportOf(program, first.outcome, found),
    reproduced: found?.how ?? null,
    rate: campaign.warmMs === 0 ? null : Math.round((1000 * campaign.warm) / campaign.warmMs),
  };
}

function cleanOutcome({ executions: done }: FreeCampaign, wanted: number | undefined): Outcome {
  if (done === 0 || (wanted !== undefined && done < wanted))
    return { kind: 'exhausted', message: `the time ran out after ${done} executions` };
  return passed;
}

interface Reproduction {
  readonly how: 'schedule' | 'race' | 'no';
  readonly result: ExploreResult | undefined;
  readonly schedules: number;
  /** What kept virtual from running the program at all. */
  readonly obstacle?: string;
}

/** Looks for a schedule with the same failure; failing that, for a data race: plain accesses are no steps, so no schedule shows what they do. */
function reproduce(program: LoadedProgram, wanted: Outcome, options: ParallelOptions): Reproduction {
  const same = sameFailure(wanted);
  const budget = {
    executions: mostSchedules,
    time: mostSeconds,
    // Only the failure itself is looked for.
    runTwice: false,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.maxSteps === undefined ? {} : { maxSteps: options.maxSteps }),
    ...(options.full === undefined ? {} : { full: options.full }),
    ...(options.minimise === undefined ? {} : { minimise: options.minimise }),
  };
  // What ended a worker, or made it die, would end this process.
  if (wanted.kind === 'crashed') return { how: 'no', result: undefined, schedules: 0 };
  const only =
    (keep: (outcome: Outcome) => boolean) =>
    (more: object): VirtualExecutor =>
      new VirtualExecutor(program.main, program.instances, {
        ...more,
        judge: (outcome) => (isFinding(outcome) && !keep(outcome) ? passed : outcome),
      });
  const result = exploreLoaded(program, { ...budget, races: false }, only(same));
  // A crash under virtual goes past the judge: it is never the failure that is looked for.
  if (result.outcome === 'crashed')
    return { how: 'no', result: undefined, schedules: result.executions, obstacle: result.message };
  if (result.findings > 0) return { how: 'schedule', result, schedules: result.executions };
  if (options.races === false) return { how: 'no', result: undefined, schedules: result.executions };
  const races = exploreLoaded(
    program,
    { ...budget, executions: 1_000 },
    only(({ oracle }) => oracle === 'race'),
  );
  const schedules = result.executions + races.executions;
  return races.findings > 0 && races.outcome !== 'crashed'
    ? { how: 'race', result: races, schedules }
    : { how: 'no', result: undefined, schedules };
}

function reportOf(
  program: LoadedProgram,
  outcome: Outcome,
  { how, result, schedules, obstacle }: Reproduction,
): string {
  const head = `${program.name}: ${outcome.kind.toUpperCase()} on real threads\n${outcome.message}`;
  if (obstacle !== undefined) return `${head}\nNot reproduced under virtual: ${obstacle}`;
  const ending = {
    schedule: `\nThe same under virtual, schedule ${result?.executionsToFirst}:\n\n${result?.report}`,
    race: `\nNot reproduced in ${schedules} schedules under virtual, which found this data race: plain accesses are no steps there, and what they do to each other shows on real threads only.\n\n${result?.report}`,
    no:
      outcome.kind === 'crashed'
        ? ''
        : `\nNot reproduced in ${schedules} schedules under virtual: there is no replay line. Steps in constructors, getters and plain accesses are no scheduling points there.`,
  } as const;
  return head + ending[how];
}
