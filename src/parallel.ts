/** The `parallel` executor for programs in modules: threads run free on real cores; what they show is then looked for under `virtual`, as a schedule. */
import { type Outcome, passed } from './engine/outcome.ts';
import { exploreFree, type FreeCampaign } from './engine/parallel/explore.ts';
import { FreeThreads } from './engine/parallel/threads.ts';
import { ProgramError } from './engine/program.ts';
import { checkHeap } from './engine/workers/boot.ts';
import { drawSeed, type ExploreOptions, type ExploreResult, type LoadedProgram } from './explore.ts';
import { reproduce } from './reproduce.ts';
import type { Reproduction } from './reproduction.ts';
import { signature } from './shrink/minimise.ts';

export interface ParallelOptions extends ExploreOptions {
  /** Seconds that an execution may take before its threads are taken to hang. Default 5. */
  readonly stepTime?: number;
  /** Most megabytes of the heap of a worker, and of the process that looks for the finding under virtual. Default 512. */
  readonly heap?: number;
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

/** @throws ProgramError (as a rejection) for an option that makes no sense here, and when workers cannot load the program. */
export async function exploreParallel(
  program: LoadedProgram,
  options: ParallelOptions = {},
): Promise<ParallelResult> {
  const { executions, time, stepTime, heap = 512 } = options;
  const { url } = program;
  for (const name of notParallel)
    if (options[name] !== undefined)
      throw new ProgramError(
        `${name} makes no sense with the executor parallel: nobody schedules its threads`,
      );
  if (url === undefined)
    throw new ProgramError(
      `${program.name}: workers load the program themselves, so it must be an export of a module: use exploreModule or the command`,
    );
  if (stepTime !== undefined && !(stepTime > 0))
    throw new ProgramError(`stepTime is ${stepTime}: give seconds above 0`);
  checkHeap(heap);
  if (executions !== undefined && (!Number.isSafeInteger(executions) || executions < 1))
    throw new ProgramError(`executions is ${executions}: give a whole number from 1`);
  if (time !== undefined && !(time > 0)) throw new ProgramError(`time is ${time}: give seconds above 0`);
  const seed = options.seed ?? drawSeed();
  const seconds = time ?? (executions === undefined ? defaultSeconds : Number.POSITIVE_INFINITY);
  const start = performance.now();
  const cpu = process.cpuUsage();
  const threads = new FreeThreads(
    { module: url, exportName: program.exportName ?? 'default' },
    { heapMegabytes: heap, ...(stepTime === undefined ? {} : { hangSeconds: stepTime }) },
  );
  const kinds = new Set<string>();
  let campaign: FreeCampaign;
  try {
    await threads.start(program.main.threads);
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
  const found =
    first === undefined
      ? undefined
      : await reproduce(program, url, first.outcome, { ...options, seed, heap });
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

function reportOf(
  program: LoadedProgram,
  outcome: Outcome,
  { how, result, schedules, obstacle }: Reproduction,
): string {
  const head = `${program.name}: ${outcome.kind.toUpperCase()} on real threads\n${outcome.message}`;
  if (outcome.kind === 'crashed') return head;
  if (obstacle !== undefined) return `${head}\nNot reproduced under virtual: ${obstacle}`;
  const ending = {
    schedule: `\nThe same under virtual, schedule ${result?.executionsToFirst}:\n\n${result?.report}`,
    race: `\nNot reproduced in ${schedules} schedules under virtual, which found this data race: plain accesses are no steps there, and what they do to each other shows on real threads only.\n\n${result?.report}`,
    no: `\nNot reproduced in ${schedules} schedules under virtual: there is no replay line. Steps in constructors, getters and plain accesses are no scheduling points there.`,
  } as const;
  return head + ending[how];
}
