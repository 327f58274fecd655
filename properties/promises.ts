/**
 * Programs of promises for the table: asynchronous clients of a subject, and a world (messages, clock, crashes) in which things happen in any
 * order. The scheduler is fast-check's own for promises (`fc.scheduler`); a case is plain data as `concurrentProgram`'s are, with the same
 * figures, findings, schedule strings and replays, so that one table serves both.
 *
 * A *turn* is what is scheduled: the next call of a client, the delivery of a message, the next timer. Between two turns everything that can
 * go on does. The base order takes the turn that has waited longest; a preemption is a turn that was taken before it.
 */
import { setImmediate as settled } from 'node:timers/promises';
import * as fc from 'fast-check';
import type { Outcome } from '../src/engine/outcome.ts';
import type { TraceStep } from '../src/engine/trace.ts';
import type { CaseFinding, Replayed, Totals } from '../src/generate/concurrent.ts';
import { describePlan, type Plan } from '../src/generate/plan.ts';
import type { History } from '../src/history/history.ts';
import { Recorder } from '../src/history/recorder.ts';
import { formatValue } from '../src/history/value.ts';
import { ScheduleError } from '../src/index.ts';
import { renderFinding } from '../src/report/finding.ts';
import type { Case } from './property.ts';

/** The door through which everything goes whose order is not fixed. */
export interface Turns {
  /**
   * Resolves when the schedule comes to it.
   * @param label for the trace; the same in every run
   * @param thread in whose column it is shown: a client's, or (default) the world's
   */
  next(label: string, thread?: number): Promise<void>;
}

export interface PromiseRun<World> {
  readonly world: World;
  readonly history: History;
  /** True when a client, or `finish`, never came to its end. */
  readonly stuck: boolean;
  readonly plan: Plan;
}

export interface PromiseOptions<World> {
  readonly name: string;
  readonly plans: fc.Arbitrary<Plan>;
  /** Makes a fresh world with the subject in it. */
  world(turns: Turns, plan: Plan): World;
  /** What a client does; its promise is awaited before the client's next operation. What it throws is its result. */
  readonly operations: Readonly<
    Record<string, { run(world: World, thread: number, ...args: never[]): unknown }>
  >;
  /** Runs when all clients have ended, under the schedule as well: shutting down, say. */
  finish?(world: World): Promise<void>;
  /** Says what is wrong, or nothing. */
  judge(run: PromiseRun<World>): string | undefined;
  /** Random schedules beside the first. Default 9. */
  readonly schedules?: number;
}

/** Most turns of an execution; more is `exhausted`. */
const mostTurns = 2_000;
/** Most executions of the pass that looks for a schedule with fewer preemptions. */
const mostAttempts = 150;

/** Values of fast-check: a program of promises with a seed for its schedules, ready to run. */
export function promiseProgram<World>(options: PromiseOptions<World>): fc.Arbitrary<Case> {
  return fc
    .tuple(options.plans, fc.noShrink(fc.integer({ min: 0, max: 0x7fffffff })))
    .map(([plan, seed]) => new PromiseCase(options as PromiseOptions<unknown>, plan, seed));
}

/** Which of the waiting turns is taken at this point of the execution, by its place in the order of waiting. */
type Choose = (turn: number) => number;

interface Execution {
  readonly outcome: Outcome;
  /** The place of each turn that was taken. */
  readonly picks: readonly number[];
  readonly fingerprint: number;
  readonly trace: readonly TraceStep[];
  readonly history: History;
  readonly divergence: string | undefined;
}

class PromiseCase implements Case {
  readonly plan: Plan;
  readonly #options: PromiseOptions<unknown>;
  readonly #seed: number;

  constructor(options: PromiseOptions<unknown>, plan: Plan, seed: number) {
    this.#options = options;
    this.plan = plan;
    this.#seed = seed;
  }

  with(plan: Plan): PromiseCase {
    return new PromiseCase(this.#options, plan, this.#seed);
  }

  async run(
    totals?: Totals,
    effort = mostAttempts,
    more: number = this.#options.schedules ?? 9,
  ): Promise<CaseFinding | undefined> {
    let schedules = 0;
    totals?.coverage?.program(this.plan);
    for (const scheduler of fc.sample(fc.scheduler(), { seed: this.#seed, numRuns: 1 + more })) {
      const execution = await this.#execute(scheduler);
      schedules += 1;
      if (totals !== undefined) {
        totals.schedules += 1;
        totals.steps += execution.picks.length;
        if (execution.outcome.kind === 'exhausted') totals.exhausted += 1;
        totals.behaviours.add(execution.fingerprint);
        totals.coverage?.execution(execution.history);
      }
      if (execution.outcome.kind !== 'violated') continue;
      const picks = await this.#minimise(execution, Math.min(effort, mostAttempts));
      return this.#finding(await this.#follow(picks), schedules);
    }
    return undefined;
  }

  async replay(schedule: string): Promise<Replayed> {
    const { picks, turns, fingerprint } = decode(schedule);
    const execution = await this.#follow(picks);
    const same = execution.picks.length === turns && execution.fingerprint === fingerprint;
    const { outcome, trace } = execution;
    return {
      outcome,
      trace,
      preemptions: preemptionsOf(execution.picks),
      divergence:
        execution.divergence ?? (same ? undefined : 'it takes other turns than when the schedule was made'),
    };
  }

  /** Follows the picks, then the base order. */
  #follow(picks: readonly number[]): Promise<Execution> {
    const ordering: number[] = [];
    return this.#execute(fc.schedulerFor(ordering), ordering, (turn) => picks[turn] ?? 0);
  }

  /**
   * One execution. A random scheduler chooses by itself; one for an ordering gets each next number just before it looks.
   * @param ordering of `fc.schedulerFor`, still empty
   */
  async #execute(scheduler: fc.Scheduler, ordering: number[] = [], choose?: Choose): Promise<Execution> {
    const { plan } = this;
    const options = this.#options;
    const recorder = new Recorder();
    const waiting: number[] = [];
    const picks: number[] = [];
    const trace: TraceStep[] = [];
    let last = 0;
    let hash = hashOf(describePlan(plan), 0);
    const turns: Turns = {
      next: (label, thread = plan.threads.length) => {
        last += 1;
        const number = last; // as fast-check counts them
        waiting.push(number);
        return scheduler.schedule(Promise.resolve(), label).then(() => {
          const place = waiting.indexOf(number);
          waiting.splice(place, 1);
          picks.push(place);
          trace.push({ step: trace.length, thread, kind: label, preemption: place > 0 });
          hash = hashOf(`${thread}${label}`, hash);
        });
      },
    };
    let divergence: string | undefined;
    let ended = 0;
    const world = options.world(turns, plan);
    const clients = plan.threads.map(async (operations, thread) => {
      for (const { name, args } of operations) {
        await turns.next(`${name}(${args.map((each) => formatValue(each)).join(', ')})`, thread);
        const id = recorder.call(thread, name, args);
        try {
          recorder.return(id, await options.operations[name]!.run(world, thread, ...(args as never[]))); // plans name what there is
        } catch (error) {
          recorder.throw(id, error);
        }
      }
      ended += 1;
    });
    const whole = (async () => {
      await Promise.all(clients);
      await options.finish?.(world);
      ended += 1;
    })();
    let failure: unknown;
    whole.catch((error) => {
      failure = error;
    });
    for (;;) {
      await settled();
      if (waiting.length === 0 || picks.length >= mostTurns) break;
      if (choose !== undefined) {
        const place = choose(picks.length);
        if (place >= waiting.length) {
          divergence = `turn ${picks.length} is the one in place ${place}, but only ${waiting.length} wait`;
          break;
        }
        ordering.push(waiting[place]!); // checked just above
      }
      await scheduler.waitOne();
    }
    const history = recorder.history();
    const outcome = (): Outcome => {
      if (picks.length >= mostTurns) return { kind: 'exhausted', message: `${mostTurns} turns were taken` };
      const stuck = ended <= plan.threads.length;
      const message =
        failure === undefined
          ? options.judge({ world, history, stuck, plan })
          : `the end failed: ${String(failure)}`;
      return message === undefined ? { kind: 'passed', message: '' } : { kind: 'violated', message };
    };
    return { outcome: outcome(), picks, fingerprint: hash >>> 0, trace, history, divergence };
  }

  /** Fewer preemptions: none; a shorter list; each left out. As long as that fails, too. */
  async #minimise(found: Execution, budget: number): Promise<readonly number[]> {
    let best = found.picks;
    let attempts = 0;
    const fails = async (picks: readonly number[]): Promise<boolean> => {
      attempts += 1;
      const { outcome, divergence } = await this.#follow(picks);
      if (divergence !== undefined || outcome.kind !== 'violated') return false;
      best = picks;
      return true;
    };
    const places = (): number[] => [...best.keys()].filter((i) => best[i] !== 0);
    if (attempts < budget) await fails([]);
    for (const cut of places()) {
      if (attempts >= budget || (await fails(best.slice(0, cut)))) break;
    }
    for (let again = true; again && attempts < budget; ) {
      again = false;
      for (const place of places().reverse()) {
        if (attempts >= budget) break;
        if (await fails(best.map((pick, i) => (i === place ? 0 : pick)))) again = true;
      }
    }
    return best;
  }

  #finding(execution: Execution, schedules: number): CaseFinding {
    const { outcome, picks, fingerprint, trace, history } = execution;
    const schedule = encode(picks, fingerprint);
    const preemptions = preemptionsOf(picks);
    const report = renderFinding({
      name: this.#options.name,
      threads: this.plan.threads.length + 1,
      outcome,
      trace,
      schedule,
      preemptions,
      program: describePlan(this.plan),
      full: true,
    });
    return { outcome, plan: this.plan, schedule, preemptions, trace, history, schedules, report };
  }

  toString(): string {
    return `${describePlan(this.plan)} with seed ${this.#seed}`;
  }
}

// fast-check prints a counterexample through this method.
Object.defineProperty(PromiseCase.prototype, fc.toStringMethod, {
  value(this: PromiseCase): string {
    return this.toString();
  },
});

function preemptionsOf(picks: readonly number[]): number {
  return picks.filter((pick) => pick > 0).length;
}

function hashOf(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
}

/** `tpp1_picks_turns_fingerprint`: the picks up to the last preemption, all in base 36. */
function encode(picks: readonly number[], fingerprint: number): string {
  const used = picks.slice(0, picks.findLastIndex((pick) => pick > 0) + 1);
  return `tpp1_${used.map((pick) => pick.toString(36)).join('.')}_${picks.length.toString(36)}_${fingerprint.toString(36)}`;
}

function decode(schedule: string): { picks: number[]; turns: number; fingerprint: number } {
  const match = /^tpp1_((?:[0-9a-z]+(?:\.[0-9a-z]+)*)?)_([0-9a-z]+)_([0-9a-z]+)$/.exec(schedule);
  if (match === null)
    throw new ScheduleError(
      `"${schedule}" is no schedule of a program of promises (tpp1_picks_turns_fingerprint): copy the whole string`,
    );
  const [, picks = '', turns = '', fingerprint = ''] = match;
  return {
    picks: picks === '' ? [] : picks.split('.').map((pick) => Number.parseInt(pick, 36)),
    turns: Number.parseInt(turns, 36),
    fingerprint: Number.parseInt(fingerprint, 36),
  };
}
