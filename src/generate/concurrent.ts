/**
 * Generated concurrent programs for fast-check: operations with arguments in a sequential prefix and in parallel threads, together with
 * a schedule. What is generated, shrunk and replayed is plain data; running it is a pure function of that data.
 *
 * Shrinking goes through threads, operations and arguments first, then through the segments of the schedule. Each smaller
 * program is tried with the same segments and, when those do not fail, with a few random and PCT schedules of a seed that belongs to
 * the case, because a smaller program rarely fails under the very schedule of the larger one.
 */
import * as fc from 'fast-check';
import { describeError } from '../engine/describe.ts';
import { type ExploreHooks, exploreWith } from '../engine/explore.ts';
import type { Outcome } from '../engine/outcome.ts';
import { mostThreads, type Program, ProgramError } from '../engine/program.ts';
import type { Tally } from '../engine/tally.ts';
import type { TraceStep } from '../engine/trace.ts';
import { VirtualExecutor } from '../engine/virtual.ts';
import type { History } from '../history/history.ts';
import { Recorder } from '../history/recorder.ts';
import { formatValue } from '../history/value.ts';
import type { StepObserver } from '../instrument/executed-step.ts';
import { isUnsupported } from '../instrument/host.ts';
import { checkLinearizable } from '../linearize/check.ts';
import { explain } from '../linearize/explain.ts';
import type { Specification } from '../linearize/specification.ts';
import { renderFinding } from '../report/finding.ts';
import { decodeSchedule, encodeSchedule } from '../schedule/codec.ts';
import { type Segment, segments } from '../schedule/segments.ts';
import { minimise } from '../shrink/minimise.ts';
import { pct } from '../strategy/pct.ts';
import { random } from '../strategy/random.ts';
import { replay } from '../strategy/replay.ts';
import { followSegments } from '../strategy/segments.ts';
import type { Strategy } from '../strategy/strategy.ts';
import { answeringBody, type OperationOptions, plainCall, threadBody } from './body.ts';
import type { ProgramCoverage } from './coverage.ts';
import { type FreeCase, freeCase, type Recording } from './free.ts';
import { operationLists, range } from './operation-lists.ts';
import { describePlan, type Plan } from './plan.ts';

/** Programs of up to so many operations are tried under so many random and PCT schedules by `check`. */
const smallProgram = 4;
const smallProgramSchedules = 60;

/** What a judge of one's own may look at after an execution. */
export interface Run<Shared> {
  readonly history: History;
  readonly shared: Shared;
  /** True when the execution ended in a deadlock: what is pending stays pending. */
  readonly stuck: boolean;
  /** Times a thread had to be set aside because it was spinning. */
  readonly spins: number;
  readonly plan: Plan;
}

export interface ConcurrentOptions<Shared, Local, State = unknown> {
  readonly name?: string;
  /** Makes fresh shared state; structured-cloneable. Gets the plan, of which it may read the number of threads. */
  setup(plan: Plan): Shared;
  /** Runs in each thread (numbered from 0; the prefix runs as the thread after the last). Default: the clone of the shared state. */
  attach?(shared: Shared, thread: number): Local;
  readonly operations: Readonly<Record<string, OperationOptions<Local>>>;
  /** Fewest and most threads. Default 2 to 3. */
  readonly threads?: readonly [least: number, most: number];
  /** Fewest and most operations of a thread. Default 1 to 4. */
  readonly length?: readonly [least: number, most: number];
  /** Most operations before the threads start. Default 0. */
  readonly prefix?: number;
  /** Programs of one's own making instead of free lists of operations (a lock's calls in pairs, say). */
  readonly plans?: fc.Arbitrary<Plan>;
  /** Histories must be linearizable with respect to it; operations may stay pending only where it is blocked. */
  readonly specification?: Specification<State>;
  /** Says what is wrong with an execution, or nothing. Without it and without a specification, any deadlock or error of an operation is wrong. */
  judge?(run: Run<Shared>): string | undefined;
  /** Random and PCT schedules tried beside the generated one. Default 9. */
  readonly schedules?: number;
  /** Step budget of one execution. Default 20,000. */
  readonly maxSteps?: number;
  /**
   * Report data races: plain accesses to shared memory that nothing orders. Default: only in cases that were `watched()`, for it costs a quarter of the speed;
   * false where races are what a program is about.
   */
  readonly races?: boolean;
  /** Count distinct behaviours. Default false. */
  readonly behaviours?: boolean;
  /** Show every step in the report of a finding; without it, repeated rounds and what does not concern the failure are folded. Default false. */
  readonly full?: boolean;
}

/** A failing case, as data. */
export interface CaseFinding {
  readonly outcome: Outcome;
  readonly plan: Plan;
  readonly schedule: string;
  readonly preemptions: number;
  readonly trace: readonly TraceStep[];
  readonly history: History;
  /** Schedules run up to and including the first that failed. */
  readonly schedules: number;
  readonly report: string;
}

/** Thrown by `check`: the finding is in `finding`, and as text in the message. */
export class ConcurrencyError extends Error {
  override readonly name = 'ConcurrencyError';
  declare readonly finding: CaseFinding;

  constructor(finding: CaseFinding) {
    super(finding.report);
    // Not enumerable: test runners print the properties of errors, and the message says it all.
    Object.defineProperty(this, 'finding', { value: finding });
  }
}

export interface Replayed {
  readonly outcome: Outcome;
  /** Where the program left the schedule; undefined when it did not. */
  readonly divergence: string | undefined;
  readonly trace: readonly TraceStep[];
  readonly preemptions: number;
}

export interface Totals {
  schedules: number;
  steps: number;
  unscheduled: number;
  exhausted: number;
  readonly behaviours: Tally;
  /** Counts what the executions cover, where that is asked for. */
  readonly coverage?: ProgramCoverage;
}

/** Values of fast-check: a program with its schedule, ready to run. */
export function concurrentProgram<Shared, Local = Shared, State = unknown>(
  given: ConcurrentOptions<Shared, Local, State>,
): fc.Arbitrary<ConcurrentCase<Shared, Local>> {
  // The type of the states is between the specification and its own steps.
  const options = given as unknown as ConcurrentOptions<Shared, Local>;
  checkOptions(options);
  const [, most] = range(options.threads, [2, 3], 'threads', 1, mostThreads);
  return fc
    .tuple(
      options.plans ?? operationLists(options),
      segments({ threads: most }),
      fc.noShrink(fc.integer({ min: 0, max: 0x7fffffff })),
    )
    .map(([plan, list, seed]) => new ConcurrentCase(options, plan, list, seed));
}

function checkOptions<Shared, Local>({
  setup,
  prefix,
  schedules,
  maxSteps,
}: ConcurrentOptions<Shared, Local>): void {
  if (typeof setup !== 'function')
    throw new ProgramError(
      `concurrentProgram: setup is ${typeof setup}: give a function that makes fresh shared state`,
    );
  const whole = (name: string, value: number | undefined, least: number): void => {
    if (value !== undefined && (!Number.isSafeInteger(value) || value < least))
      throw new ProgramError(`concurrentProgram: ${name} is ${value}: give a whole number from ${least}`);
  };
  whole('prefix', prefix, 0);
  whole('schedules', schedules, 0);
  whole('maxSteps', maxSteps, 1);
}

export class ConcurrentCase<Shared, Local> {
  readonly plan: Plan;
  readonly segments: readonly Segment[];
  readonly seed: number;
  readonly #options: ConcurrentOptions<Shared, Local>;
  readonly #isWatched: boolean;
  readonly #recorder = new Recorder();
  #shared: Shared | undefined;

  constructor(
    options: ConcurrentOptions<Shared, Local>,
    plan: Plan,
    list: readonly Segment[],
    seed: number,
    isWatched = false,
  ) {
    this.#options = options;
    this.#isWatched = isWatched;
    this.plan = plan;
    this.segments = list;
    this.seed = seed;
  }

  /** The same case with another program (one that was saved, say). */
  with(plan: Plan): ConcurrentCase<Shared, Local> {
    return new ConcurrentCase(this.#options, plan, this.segments, this.seed, this.#isWatched);
  }

  /** The same case, in which data races are reported unless its options say that they are not. */
  watched(): ConcurrentCase<Shared, Local> {
    return new ConcurrentCase(this.#options, this.plan, this.segments, this.seed, true);
  }

  /**
   * Runs the case, for `fc.property`. Small programs get more schedules than the case's own number, where none was asked for: they are what
   * shrinking tries, and the same number every time is what lets a path repeat them.
   * @throws ConcurrencyError with the smallest schedule when it fails; Error when an execution ran out of a budget, which is no pass.
   */
  check(totals?: Totals): void {
    const operations = this.plan.threads.reduce((sum, list) => sum + list.length, 0);
    const small = this.#options.schedules === undefined && operations <= smallProgram;
    const exhausted: string[] = [];
    const finding = this.run(totals, 2_000, small ? smallProgramSchedules : undefined, exhausted);
    if (finding !== undefined) throw new ConcurrencyError(finding);
    if (exhausted.length > 0)
      throw new Error(
        `${this.#options.name ?? 'concurrent program'}: no pass, for ${exhausted[0]}: ${this.toString()}`,
      );
  }

  /**
   * Runs the generated schedule, then the random and PCT ones of its seed, until one fails.
   * @param effort most executions for the last pass that looks for the fewest preemptions.
   * @param exhausted gets what every execution says that ran out of a budget.
   * @param more random and PCT schedules in place of the case's own number: those come first among them, so what fails with fewer fails with more.
   */
  run(
    totals?: Totals,
    effort = 20_000,
    more: number = this.#options.schedules ?? 9,
    exhausted?: string[],
  ): CaseFinding | undefined {
    const coverage = totals?.coverage;
    coverage?.program(this.plan);
    const hooks: ExploreHooks = {
      ...(exhausted === undefined ? {} : { onExhausted: ({ message }) => exhausted.push(message) }),
      ...(coverage === undefined
        ? {}
        : {
            check: () => {
              coverage.execution(this.#recorder.history());
              return undefined;
            },
          }),
    };
    const executor = this.executor(coverage === undefined ? [] : [coverage.observer]);
    let tried = 0;
    for (const { strategy, executions } of this.#strategies(more)) {
      const campaign = exploreWith(
        executor,
        strategy,
        { executions, deadline: Number.POSITIVE_INFINITY },
        hooks,
      );
      tried += campaign.executions;
      if (totals !== undefined) {
        totals.schedules += campaign.executions;
        totals.steps += campaign.steps;
        totals.unscheduled += campaign.unscheduled;
        totals.exhausted += campaign.exhausted;
        if (this.#options.behaviours === true) {
          // Two programs may have equal hashes for different steps: the program is part of a behaviour.
          const plan = this.#planHash();
          totals.behaviours.absorb(campaign.behaviours, (b) => Math.abs(b - (plan >>> 0) * 2097152));
        }
      }
      const found = campaign.findings[0];
      if (found === undefined) continue;
      // Minimising runs executions, too: they are no part of the figures.
      const quiet = coverage === undefined ? executor : this.executor();
      const least = minimise(quiet, found, { budget: effort });
      const { outcome, deviations, turns, preemptions, steps, fingerprint } = least ?? found;
      const threads = this.plan.threads.length;
      const schedule = encodeSchedule({ threads, deviations, turns, steps, fingerprint });
      return this.#finding(quiet, schedule, outcome, preemptions, tried);
    }
    return undefined;
  }

  /** Repeats a schedule string on this program. */
  replay(schedule: string): Replayed {
    const executor = this.executor();
    const strategy = replay(decodeSchedule(schedule));
    strategy.begin(0, executor.threads);
    const outcome = executor.run(strategy, true);
    strategy.finish(executor.steps, executor.fingerprint);
    return {
      outcome,
      divergence: strategy.divergence,
      trace: executor.trace ?? [],
      preemptions: executor.preemptions,
    };
  }

  #finding(
    executor: VirtualExecutor,
    schedule: string,
    expected: Outcome,
    preemptions: number,
    schedules: number,
  ): CaseFinding {
    const strategy = replay(decodeSchedule(schedule));
    strategy.begin(0, executor.threads);
    const outcome = executor.run(strategy, true);
    const trace = executor.trace ?? [];
    const shown = outcome.kind === expected.kind ? outcome : expected;
    const report = renderFinding({
      name: this.#options.name ?? 'concurrent program',
      threads: executor.threads,
      outcome: shown,
      trace,
      schedule,
      preemptions,
      turns: executor.turns,
      program: describePlan(this.plan),
      ...(this.#options.full === undefined ? {} : { full: this.#options.full }),
    });
    return {
      outcome: shown,
      plan: this.plan,
      schedule,
      preemptions,
      trace,
      history: this.#recorder.history(),
      schedules,
      report,
    };
  }

  #strategies(more: number): { strategy: Strategy; executions: number }[] {
    return [
      { strategy: followSegments(this.segments), executions: 1 },
      { strategy: random(this.seed), executions: Math.ceil((more * 2) / 3) },
      { strategy: pct(this.seed, 3 + (this.seed % 3)), executions: Math.floor(more / 3) },
    ];
  }

  #planHash(): number {
    let hash = 0;
    for (const c of describePlan(this.plan)) hash = (Math.imul(hash, 31) + c.charCodeAt(0)) | 0;
    return hash;
  }

  /** The executor of this program; also for strategies of one's own. */
  executor(observers: readonly StepObserver[] = []): VirtualExecutor {
    const options = this.#options;
    const body = threadBody(this.plan, this.#recorder, this.#operations());
    return new VirtualExecutor(this.#program(body), undefined, {
      ...(options.maxSteps === undefined ? {} : { maxSteps: options.maxSteps }),
      behaviours: options.behaviours === true,
      races: options.races ?? this.#isWatched,
      fairEnd: true,
      judge: (outcome, { spins }) =>
        this.#judge(outcome, this.#recorder.history(), this.#shared as Shared, spins),
      observers,
    });
  }

  #operations(): Readonly<Record<string, OperationOptions<unknown>>> {
    return this.#options.operations as Readonly<Record<string, OperationOptions<unknown>>>;
  }

  #program(thread: Program['thread']): Program {
    const options = this.#options;
    const recorder = this.#recorder;
    const { plan } = this;
    const attach = options.attach ?? ((shared: Shared): Local => shared as unknown as Local);
    return {
      ...(options.name === undefined ? {} : { name: options.name }),
      threads: plan.threads.length,
      setup: () => {
        recorder.reset();
        const shared = options.setup(plan);
        this.#shared = shared;
        if (plan.prefix.length > 0) this.#runPrefix(attach(shared, plan.threads.length));
        return shared;
      },
      attach: attach as (shared: unknown, id: number) => unknown,
      thread,
    };
  }

  /** The same as a written program, for any executor: its threads answer what their operations answered, as text. Nothing judges it. */
  written(): Program {
    return this.#program(answeringBody(this.plan, this.#operations()));
  }

  /**
   * The same for threads that run free, which record their histories. What is said of an execution is said of its history, and of the memory as it is at the end;
   * nobody sees whether a thread spins, and races are not looked for.
   */
  free(recording?: Recording): FreeCase {
    return freeCase(
      {
        plan: this.plan,
        operations: this.#operations(),
        program: this.#program(() => undefined),
        prefix: () => this.#recorder.history(),
        judge: (outcome, history, shared) => this.#judge(outcome, history, shared as Shared, 0),
      },
      recording,
    );
  }

  #runPrefix(local: Local): void {
    const thread = this.plan.threads.length;
    for (const { name, args } of this.plan.prefix) {
      const id = this.#recorder.call(thread, name, args);
      try {
        this.#recorder.return(id, plainCall(this.#options.operations[name], local, name, args));
      } catch (error) {
        if (isUnsupported(error)) throw error;
        this.#recorder.throw(id, error);
      }
    }
  }

  #judge(outcome: Outcome, history: History, shared: Shared, spins: number): Outcome {
    if (outcome.kind !== 'passed' && outcome.kind !== 'deadlocked') return outcome;
    const { specification, judge } = this.#options;
    const stuck = outcome.kind === 'deadlocked';
    if (specification !== undefined) {
      const result = checkLinearizable(specification, history, { stuck });
      if (result.verdict === 'unknown')
        return { kind: 'exhausted', message: 'the linearizability search ran out of its budget' };
      if (result.verdict === 'not-linearizable') {
        const why = explain(specification, history, result);
        const stood = outcome.stuck === undefined ? '' : `\n${outcome.stuck.message}`;
        const message = stuck ? `an operation never returned although it could have\n${why}${stood}` : why;
        return { ...blockedOf(outcome), kind: 'violated', message };
      }
    }
    let fault: string | undefined;
    try {
      fault = judge?.call(this.#options, {
        history,
        shared,
        stuck,
        spins,
        plan: this.plan,
      });
    } catch (error) {
      fault = describeError(error);
    }
    if (fault !== undefined) return { ...blockedOf(outcome), kind: 'violated', message: fault };
    if (specification !== undefined || judge !== undefined) return { kind: 'passed', message: '' };
    const threw = history.find(
      ({ result }) => typeof result === 'object' && result !== null && 'threw' in result,
    );
    if (threw !== undefined && !stuck)
      return {
        kind: 'violated',
        message: `T${threw.thread} ${threw.name}() threw ${formatValue(threw.result)}`,
        thread: threw.thread,
      };
    return outcome;
  }

  toString(): string {
    return `${describePlan(this.plan)} under ${JSON.stringify(this.segments)}`;
  }
}

// fast-check prints a counterexample through this method.
Object.defineProperty(ConcurrentCase.prototype, fc.toStringMethod, {
  value(this: ConcurrentCase<unknown, unknown>): string {
    return this.toString();
  },
});

function blockedOf(outcome: Outcome): Partial<Outcome> {
  const { blocked, stuck } = outcome;
  return {
    ...(blocked === undefined ? {} : { blocked }),
    ...(stuck === undefined ? {} : { stuck }),
  };
}
