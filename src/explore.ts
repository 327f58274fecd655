/** Explores a written program: the library's door to what the command does. */
import { campaignOutcome, completeness, isComplete, notesOf } from './campaign-result.ts';
import { Kept, orOfAnother } from './checkpoint.ts';
import { BehaviourCoverage, type Covered } from './engine/coverage.ts';
import { type Campaign, exploreWith, type Finding } from './engine/explore.ts';
import { type DataRace, isFinding, type Outcome, type OutcomeKind, type Stuck } from './engine/outcome.ts';
import { type Program, ProgramError, programFault } from './engine/program.ts';
import type { Saturation } from './engine/tally.ts';
import type { TraceStep } from './engine/trace.ts';
import { VirtualExecutor, type VirtualOptions } from './engine/virtual.ts';
import { type FindingText, renderFinding } from './report/finding.ts';
import { repeater } from './run-twice.ts';
import { decodeSchedule, encodeSchedule, type Schedule, ScheduleError } from './schedule/codec.ts';
import { canMinimise, minimise, signature } from './shrink/minimise.ts';
import { exhaustive } from './strategy/exhaustive/search.ts';
import { replay } from './strategy/replay.ts';
import { sampler, samplerNames } from './strategy/samplers.ts';

export const strategyNames: readonly [...typeof samplerNames, 'exhaustive', 'replay'] = [
  ...samplerNames,
  'exhaustive',
  'replay',
];
export const defaultStrategy = 'portfolio';
export type StrategyName = (typeof strategyNames)[number];

/** What runs a program: coroutines in this isolate, workers in turns, or workers that run free. */
export const executorNames = ['virtual', 'workers', 'parallel'] as const;
export type ExecutorName = (typeof executorNames)[number];

export interface ExploreOptions {
  /** Default 'portfolio'. 'replay' needs `schedule`. */
  readonly strategy?: StrategyName;
  /** Most executions. Default 10,000; without limit when only `time` is given, and for 'exhaustive'. */
  readonly executions?: number;
  /** Default: drawn, and given in the result. */
  readonly seed?: number;
  /** PCT's depth. Default 3. */
  readonly depth?: number;
  /** For 'exhaustive': search only schedules with at most so many preemptions. Default: no bound. */
  readonly preemptions?: number;
  /**
   * For 'exhaustive' without a bound: a file from which the search goes on, and to which it writes where it stands when a budget ends it, and every 30
   * seconds. `executions` of the result then counts all runs.
   */
  readonly checkpoint?: string;
  /** Step budget of one execution. Default 20,000. Where a strategy that samples spends it, turns for some more tell livelocks (docs/stuck.md). */
  readonly maxSteps?: number;
  /** Seconds. Default no limit. */
  readonly time?: number;
  /** A schedule string, for the strategy 'replay'. */
  readonly schedule?: string;
  /** Count findings until the budget is spent instead of stopping at the first. */
  readonly keepGoing?: boolean;
  /** Look for the fewest preemptions. Default true. */
  readonly minimise?: boolean;
  /** Count distinct behaviours. Default true. */
  readonly behaviours?: boolean;
  /** Count reads-from pairs and blocking edges; costs about a fifth more CPU time. Default false. */
  readonly coverage?: boolean;
  /** Report data races: plain accesses to shared memory that nothing orders. Default true. */
  readonly races?: boolean;
  /**
   * Run a schedule again, twice, and report where the runs differ (`violated`, an uncontrolled nondeterminism): every schedule (true), none (false), or
   * the first one if it passes (default), at the cost of two executions.
   */
  readonly runTwice?: boolean;
  /** Show every step in the report; without it, repeated rounds and what does not concern the failure are folded. Default false. `trace` has them all. */
  readonly full?: boolean;
  readonly onProgress?: (progress: {
    readonly executions: number;
    readonly steps: number;
    readonly findings: number;
    /** Of 'exhaustive': how much is done, an estimate from 0 to 1. */
    readonly share?: number;
  }) => void;
}

export interface ExploreResult {
  readonly name: string;
  readonly outcome: OutcomeKind;
  readonly message: string;
  readonly executions: number;
  /** Executions up to and including the first finding; null without one. */
  readonly executionsToFirst: number | null;
  /** Steps of all executions. */
  readonly steps: number;
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly threads: number;
  /** The finding's schedule, for `replay`; null without one. */
  readonly schedule: string | null;
  readonly preemptions: number | null;
  /** The two accesses, where the finding is a data race; else null. */
  readonly race: DataRace | null;
  /** What kind of standstill the finding is, where it is one; else null. */
  readonly stuck: Stuck | null;
  readonly trace: readonly TraceStep[];
  readonly strategy: string;
  readonly seed: number;
  /** Distinct behaviours seen (Mazurkiewicz traces); null when not counted. */
  readonly behaviours: number | null;
  /**
   * Every behaviour was explored, or every one that at most `bound` preemptions show. Only strategy 'exhaustive' can say so, and only when nothing
   * stood in the way: no finding that ended the search, no budget that ran out, no step without a scheduling point.
   */
  readonly complete: boolean;
  /** Most preemptions of the schedules that 'exhaustive' searched; null without a bound. */
  readonly bound: number | null;
  /** How much of all behaviours that is likely to be (Good-Turing, Chao1); null when not counted, and for a search, which does not sample. */
  readonly saturation: Saturation | null;
  /** Distinct reads-from pairs and blocking edges; null unless asked for. */
  readonly coverage: Covered | null;
  /** Steps made by frames that cannot be suspended, over all executions. */
  readonly unscheduled: number;
  /** Executions that ran out of their step budget. */
  readonly exhausted: number;
  /** Findings seen; more than one only with `keepGoing`. */
  readonly findings: number;
  /** Distinct kinds of findings. */
  readonly kinds: readonly string[];
  /** The kinds beside that of `report`, with `keepGoing`: how often each was seen, and the schedule that showed it first, as it was. */
  readonly others: readonly OtherFinding[];
  /** What the strategy promises, where it promises anything. */
  readonly guarantee: string | null;
  /** What a reader of a clean result should know: steps without scheduling points, threads that never met. */
  readonly notes: readonly string[];
  /** The finding for people; null without one. */
  readonly report: string | null;
}

export interface OtherFinding {
  readonly outcome: Outcome['kind'];
  readonly message: string;
  /** Executions that showed it. */
  readonly findings: number;
  /** The first of them, from 1. */
  readonly execution: number;
  readonly schedule: string;
  /** The command that replays it, where there is one. */
  readonly replay: string | null;
}

/** A program together with what each thread sees of it. */
export interface LoadedProgram {
  readonly name: string;
  /** Which export of its module it is. */
  readonly exportName?: string;
  /** URL of its module: what workers load. */
  readonly url?: string;
  readonly main: Program;
  /** The program in each thread's own instance of its modules; default: `main` for all. */
  readonly instances?: readonly Program[];
  /** The command that replays a schedule of it. */
  readonly replayLine?: (schedule: string) => string;
}

/**
 * Runs `program` under many schedules. Its functions must come from instrumented modules (vitest plugin, loader, command).
 * @throws ProgramError when `program` or an option is not what it should be; ScheduleError for a bad schedule string.
 */
export function explore<Shared, Local = Shared, Result = unknown>(
  program: Program<Shared, Local, Result>,
  options: ExploreOptions = {},
): ExploreResult {
  const fault = programFault(program);
  if (fault !== undefined) throw new ProgramError(`this is not a program: ${fault}`);
  return exploreLoaded({ name: program.name ?? 'program', main: program as unknown as Program }, options);
}

/** Makes an executor of a program that was loaded: in this isolate, or over workers. */
export type MakeExecutor = (options: VirtualOptions) => VirtualExecutor;

function virtual(program: LoadedProgram): MakeExecutor {
  return (options) => new VirtualExecutor(program.main, program.instances, options);
}

export function exploreLoaded(
  program: LoadedProgram,
  options: ExploreOptions = {},
  make: MakeExecutor = virtual(program),
): ExploreResult {
  checkOptions(options);
  const seed = options.seed ?? drawSeed();
  if (options.strategy === 'replay') return replayLoaded(program, options.schedule ?? '', options, make);
  const { strategy: name = defaultStrategy } = options;
  const strategy =
    name === 'exhaustive' ? exhaustive(options.preemptions) : sampler(name, seed, options.depth);
  const behaviours = options.behaviours !== false;
  const start = performance.now();
  const cpu = process.cpuUsage();
  const deadline = options.time === undefined ? Number.POSITIVE_INFINITY : start + options.time * 1000;
  const unlimited = options.time !== undefined || name === 'exhaustive';
  const executions = options.executions ?? (unlimited ? Number.POSITIVE_INFINITY : 10_000);
  const common = executorOptions(options);
  const coverage = options.coverage === true ? new BehaviourCoverage() : undefined;
  const executor = make({
    behaviours,
    deadline,
    observers: coverage === undefined ? [] : [coverage],
    fairEnd: true,
    ...common,
  });
  const kept =
    options.checkpoint === undefined ? undefined : new Kept(options.checkpoint, program, strategy, options);
  const { onProgress } = options;
  const kinds = new Map<string, { count: number; readonly finding: Finding }>();
  const check = repeater(() => make(common), options.runTwice);
  const campaign = orOfAnother(kept, () =>
    exploreWith(
      executor,
      strategy,
      { executions, deadline },
      {
        keepGoing: options.keepGoing === true,
        ...(check === undefined ? {} : { check }),
        onFinding: (outcome, finding) => {
          const kind = signature(outcome);
          const seen = kinds.get(kind);
          if (seen === undefined) kinds.set(kind, { count: 1, finding: finding() });
          else seen.count++;
        },
        onProgress: (c: Campaign) => {
          kept?.now(c);
          const search = onProgress === undefined ? undefined : strategy.search?.();
          onProgress?.({
            executions: c.executions,
            steps: c.steps,
            findings: c.found,
            ...(search === undefined ? {} : { share: search.share }),
          });
        },
      },
    ),
  );
  const timedOut =
    options.executions !== undefined &&
    campaign.executions < options.executions &&
    performance.now() >= deadline;
  const first = campaign.findings[0];
  const behavioursSeen = behaviours && kept?.before === undefined ? campaign.behaviours.size : null;
  if (first === undefined) kept?.write(campaign);
  kept?.addBefore(campaign);
  // What was found is looked at to its end, whether or not the time is over.
  const unhurried = make(common);
  let finding = first;
  if (first !== undefined && options.minimise !== false && canMinimise(first.outcome)) {
    // What ended with its budget of steps takes that long at every try.
    const most = first.outcome.kind === 'livelocked' ? 3_000 : 20_000;
    const least = minimise(unhurried, first, {
      deadline: Math.min(deadline + 5000, performance.now() + most),
    });
    finding = least === undefined ? first : { ...first, ...least };
  }
  const used = process.cpuUsage(cpu);
  const shown = finding === undefined ? undefined : show(program, unhurried, finding, options);
  const search = strategy.search?.();
  const clean = campaignOutcome(campaign, timedOut, search);
  const complete = search !== undefined && isComplete(campaign, search);
  return {
    name: program.name,
    outcome: shown?.outcome.kind ?? clean.kind,
    message: shown?.outcome.message ?? clean.message,
    executions: campaign.executions,
    executionsToFirst: first === undefined ? null : first.execution + (kept?.before?.executions ?? 0),
    steps: campaign.steps,
    cpuMs: Math.round((used.user + used.system) / 10) / 100,
    wallMs: Math.round((performance.now() - start) * 100) / 100,
    threads: program.main.threads,
    schedule: shown?.schedule ?? null,
    preemptions: finding?.preemptions ?? null,
    trace: shown?.trace ?? [],
    race: shown?.outcome.race ?? null,
    stuck: shown?.outcome.stuck ?? null,
    strategy: strategy.name,
    seed,
    behaviours: behavioursSeen,
    complete,
    bound: search?.bound ?? null,
    saturation: search === undefined ? (campaign.behaviours.saturation() ?? null) : null,
    coverage: coverage?.covered() ?? null,
    unscheduled: campaign.unscheduled,
    exhausted: campaign.exhausted,
    findings: campaign.found,
    kinds: [...kinds.keys()],
    others: [...kinds.values()].slice(1).map(({ count, finding }) => other(program, finding, count, options)),
    guarantee: complete ? completeness(search) : (strategy.guarantee?.(campaign.executions) ?? null),
    notes: notesOf(program.main.threads, campaign, behaviours, search),
    report: shown?.report ?? null,
  };
}

function other(
  program: LoadedProgram,
  { outcome, execution, deviations, turns, steps, fingerprint }: Finding,
  findings: number,
  options: ExploreOptions,
): OtherFinding {
  const { threads } = program.main;
  const schedule = encodeSchedule({ threads, deviations, turns, steps, fingerprint });
  const replay = replayLineOf(program, schedule, options) ?? null;
  return { outcome: outcome.kind, message: outcome.message, findings, execution, schedule, replay };
}

/** Repeats one schedule. @throws ScheduleError when the program no longer takes the schedule's steps. */
export function replayLoaded(
  program: LoadedProgram,
  text: string,
  options: ExploreOptions = {},
  make: MakeExecutor = virtual(program),
): ExploreResult {
  const schedule = decodeSchedule(text);
  const start = performance.now();
  const cpu = process.cpuUsage();
  // One more than it took: a program that goes on after it is seen to diverge.
  let { executor, outcome, divergence } = repeat(make, options, schedule, schedule.steps + 1);
  // A livelock goes on for ever: it ended with its budget.
  if (executor.steps > schedule.steps) {
    const cut = repeat(make, options, schedule, schedule.steps);
    if (cut.outcome.kind === 'livelocked') ({ executor, outcome, divergence } = cut);
  }
  if (divergence !== undefined)
    throw new ScheduleError(
      `the program diverges from the schedule: ${divergence}; it has changed since (or is not deterministic): find the failure again with explore`,
    );
  const used = process.cpuUsage(cpu);
  const failed = isFinding(outcome);
  const { preemptions } = executor;
  return {
    name: program.name,
    outcome: outcome.kind,
    message: outcome.message,
    executions: 1,
    executionsToFirst: failed ? 1 : null,
    steps: executor.steps,
    cpuMs: Math.round((used.user + used.system) / 10) / 100,
    wallMs: Math.round((performance.now() - start) * 100) / 100,
    threads: program.main.threads,
    schedule: text.trim(),
    preemptions,
    trace: executor.trace ?? [],
    race: outcome.race ?? null,
    stuck: outcome.stuck ?? null,
    strategy: 'replay',
    seed: 0,
    behaviours: null,
    complete: false,
    bound: null,
    saturation: null,
    coverage: null,
    unscheduled: executor.unscheduled,
    exhausted: outcome.kind === 'exhausted' ? 1 : 0,
    findings: failed ? 1 : 0,
    kinds: failed ? [signature(outcome)] : [],
    others: [],
    guarantee: null,
    notes: [],
    report: renderFinding(findingText(program, outcome, executor, text.trim(), preemptions, options)),
  };
}

function repeat(
  make: MakeExecutor,
  options: ExploreOptions,
  schedule: Schedule,
  maxSteps: number,
): { executor: VirtualExecutor; outcome: Outcome; divergence: string | undefined } {
  const executor = make({ ...executorOptions(options), maxSteps });
  const strategy = replay(schedule, maxSteps);
  strategy.begin(0, executor.threads);
  const outcome = executor.run(strategy, true);
  strategy.finish(executor.steps, executor.fingerprint);
  return { executor, outcome, divergence: strategy.divergence };
}

function findingText(
  program: LoadedProgram,
  outcome: Outcome,
  executor: VirtualExecutor,
  schedule: string,
  preemptions: number,
  options: ExploreOptions,
): FindingText {
  const { full } = options;
  const replayLine = replayLineOf(program, schedule, options);
  return {
    name: program.name,
    threads: program.main.threads,
    outcome,
    trace: executor.trace ?? [],
    schedule,
    preemptions,
    turns: executor.turns,
    ...(full === undefined ? {} : { full }),
    ...(replayLine === undefined ? {} : { replayLine }),
  };
}

function replayLineOf(
  { replayLine }: LoadedProgram,
  schedule: string,
  { races }: ExploreOptions,
): string | undefined {
  return replayLine === undefined
    ? undefined
    : `${replayLine(schedule)}${races === false ? ' --races off' : ''}`;
}

interface Shown {
  readonly outcome: Outcome;
  readonly schedule: string;
  readonly trace: readonly TraceStep[];
  readonly report: string;
}

/** Runs the finding once more with its trace; says so when it does not come again. */
function show(
  program: LoadedProgram,
  executor: VirtualExecutor,
  finding: Pick<
    Campaign['findings'][number],
    'outcome' | 'deviations' | 'turns' | 'steps' | 'fingerprint' | 'preemptions'
  >,
  options: ExploreOptions,
): Shown {
  const { deviations, turns, steps, fingerprint, preemptions } = finding;
  const { threads } = program.main;
  const schedule = encodeSchedule({ threads, deviations, turns, steps, fingerprint });
  const strategy = replay(decodeSchedule(schedule));
  strategy.begin(0, executor.threads);
  let outcome = executor.run(strategy, true);
  strategy.finish(executor.steps, executor.fingerprint);
  if (strategy.divergence !== undefined || outcome.kind !== finding.outcome.kind) {
    const why = strategy.divergence ?? `the same schedule now ends ${outcome.kind}`;
    outcome = {
      ...finding.outcome,
      message: `${finding.outcome.message}\nThe program is not deterministic: ${why}. Take clocks, randomness and state that outlives an execution out of it.`,
    };
  }
  const report = renderFinding(findingText(program, outcome, executor, schedule, preemptions, options));
  return { outcome, schedule, trace: executor.trace ?? [], report };
}

function executorOptions({ maxSteps, races }: ExploreOptions): VirtualOptions {
  return { races: races !== false, ...(maxSteps === undefined ? {} : { maxSteps }) };
}

function checkOptions(options: ExploreOptions): void {
  const { strategy } = options;
  if (strategy !== undefined && !strategyNames.includes(strategy))
    throw new ProgramError(`strategy "${strategy}" is not known: give one of ${strategyNames.join(', ')}`);
  if (strategy === 'replay' && options.schedule === undefined)
    throw new ProgramError('the strategy replay needs a schedule');
  for (const name of ['executions', 'maxSteps', 'depth'] as const) {
    const value = options[name];
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 1))
      throw new ProgramError(`${name} is ${value}: give a whole number from 1`);
  }
  const { preemptions, checkpoint } = options;
  if (
    checkpoint !== undefined &&
    (strategy !== 'exhaustive' || preemptions !== undefined || options.keepGoing === true)
  )
    throw new ProgramError(
      "checkpoint goes with the strategy 'exhaustive', without preemptions and without keepGoing",
    );
  if (preemptions !== undefined && (!Number.isSafeInteger(preemptions) || preemptions < 0))
    throw new ProgramError(`preemptions is ${preemptions}: give a whole number from 0`);
  if (options.depth !== undefined && strategy !== 'pct' && strategy !== 'fair-pct')
    throw new ProgramError("depth goes with the strategies 'pct' and 'fair-pct'");
  if (preemptions !== undefined && strategy !== 'exhaustive')
    throw new ProgramError("preemptions goes with the strategy 'exhaustive'");
  if (options.seed !== undefined && !Number.isSafeInteger(options.seed))
    throw new ProgramError(`seed is ${options.seed}: give a whole number`);
  if (options.time !== undefined && !(options.time > 0))
    throw new ProgramError(`time is ${options.time}: give seconds above 0`);
}

export function drawSeed(): number {
  return crypto.getRandomValues(new Int32Array(1))[0]! >>> 1;
}
