/**
 * The differential law (design: "one scheduler, several executors"): a schedule that the `virtual` executor took, replayed by real workers in turns,
 * gives the same trace, step for step, the same answers of the threads and the same outcome. It says that the transform keeps the meaning of code,
 * that the hand-over of steps and quanta to workers loses nothing, and that neither side keeps state from one execution to the next.
 *
 * Outside the law: places in files (those of `virtual` come from the transform, those of `workers` from stacks), and programs with steps that `virtual`
 * cannot suspend.
 */
import type { Outcome } from '../src/engine/outcome.ts';
import type { Program } from '../src/engine/program.ts';
import type { RemoteThreads } from '../src/engine/remote.ts';
import type { TraceStep } from '../src/engine/trace.ts';
import { VirtualExecutor } from '../src/engine/virtual.ts';
import { WorkerThreads } from '../src/engine/workers/threads.ts';
import { decodeSchedule, encodeSchedule } from '../src/schedule/codec.ts';
import { random } from '../src/strategy/random.ts';
import { replay } from '../src/strategy/replay.ts';
import type { Strategy } from '../src/strategy/strategy.ts';
import { type LawData, lawProgram } from './law-program.ts';

export interface LawOptions {
  /** Programs of the row. */
  readonly cases: number;
  /** Random schedules of each program. */
  readonly schedules: number;
  readonly seed: number;
}

export interface LawResult {
  readonly row: string;
  readonly cases: number;
  readonly schedules: number;
  readonly steps: number;
  /** Programs outside the law: of promises, of too many threads, with steps that cannot be suspended. */
  readonly outside: number;
  readonly finding: string | undefined;
}

/** What the law needs of workers. */
export interface LawThreads extends RemoteThreads {
  readonly threads: number;
  /** What the program is made of, from the next execution on. */
  use(data: LawData): void;
}

/** The workers that run the programs of the law. @param threads programs of more threads than that are left out. */
export function lawWorkers(threads: number): WorkerThreads {
  const module = new URL('./law-program.ts', import.meta.url).href;
  return new WorkerThreads({ module, exportName: 'lawProgram' }, threads);
}

export function runLaw(row: string, workers: LawThreads, options: LawOptions): LawResult {
  const total = { row, cases: 0, schedules: 0, steps: 0, outside: 0 };
  for (let c = 0; c < options.cases; c++) {
    const seed = options.seed + c;
    const program = lawProgram({ row, seed });
    if (program === undefined || program.threads > workers.threads) {
      total.outside++;
      continue;
    }
    workers.use({ row, seed });
    const pair = new Pair(program, workers);
    const strategy = random(seed);
    total.cases++;
    for (let e = 0; e < options.schedules; e++) {
      const difference = pair.difference(strategy, e);
      if (difference === outside) {
        total.outside++;
        total.cases--;
        break;
      }
      total.schedules++;
      total.steps += pair.steps;
      if (difference !== undefined)
        return { ...total, finding: `${row}, seed ${seed}, schedule ${e} (${pair.schedule}): ${difference}` };
    }
  }
  return { ...total, finding: undefined };
}

const outside = 'outside the law';

/** A program under both executors. */
class Pair {
  schedule = '';
  steps = 0;
  readonly #virtual: VirtualExecutor;
  readonly #real: VirtualExecutor;
  #answers: readonly unknown[] = [];

  constructor(program: Program, workers: LawThreads) {
    // What `check` says is said of what the law compares anyway.
    const asked: Program = {
      ...program,
      check: (_shared, results) => {
        this.#answers = results;
      },
    };
    const options = { maxSteps: 1_000 };
    this.#virtual = new VirtualExecutor(asked, undefined, options);
    this.#real = new VirtualExecutor(asked, undefined, { ...options, remote: workers });
  }

  /** What differs; undefined when nothing does. */
  difference(strategy: Strategy, execution: number): string | undefined {
    const virtual = this.#virtual;
    const real = this.#real;
    const { threads } = virtual;
    strategy.begin(execution, threads);
    const expected = this.#run(virtual, strategy);
    if (virtual.unscheduled > 0) return outside;
    const { steps, fingerprint, preemptions } = virtual;
    this.steps = steps;
    this.schedule = encodeSchedule({
      threads,
      deviations: virtual.schedule(),
      turns: virtual.turns,
      steps,
      fingerprint,
    });
    // By its schedule, with quanta.
    const follow = replay(decodeSchedule(this.schedule));
    follow.begin(0, threads);
    const got = this.#run(real, follow);
    const apart =
      traceDifference(virtual.trace ?? [], real.trace ?? []) ??
      unequal('outcome', expected.outcome, got.outcome) ??
      unequal('answers', expected.answers, got.answers) ??
      unequal('figures', [steps, fingerprint, preemptions], [real.steps, real.fingerprint, real.preemptions]);
    if (apart !== undefined) return apart;
    // Choice by choice.
    strategy.begin(execution, threads);
    const again = this.#run(real, strategy);
    return (
      traceDifference(virtual.trace ?? [], real.trace ?? []) ??
      unequal('outcome', expected.outcome, again.outcome)
    );
  }

  #run(
    executor: VirtualExecutor,
    strategy: Strategy,
  ): { readonly outcome: object; readonly answers: string } {
    this.#answers = [];
    const outcome = executor.run(strategy, true);
    return { outcome: bareOutcome(outcome), answers: JSON.stringify(this.#answers) };
  }
}

function bareOutcome({ kind, thread, blocked, error }: Outcome): object {
  return {
    kind,
    thread,
    error: error === undefined ? undefined : String(error),
    blocked: blocked?.map(({ site: _, ...rest }) => rest),
  };
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v));

function unequal(what: string, expected: unknown, got: unknown): string | undefined {
  const [a, b] = [text(expected), text(got)];
  return a === b ? undefined : `${what}: ${a} under virtual, ${b} under workers`;
}

function traceDifference(expected: readonly TraceStep[], got: readonly TraceStep[]): string | undefined {
  const length = Math.max(expected.length, got.length);
  for (let i = 0; i < length; i++) {
    const [a, b] = [bareStep(expected[i]), bareStep(got[i])];
    if (a !== b) return `step ${i}: ${a} under virtual, ${b} under workers`;
  }
  return undefined;
}

function bareStep(step: TraceStep | undefined): string {
  if (step === undefined) return 'nothing';
  // Where the source has the step, and what it calls the cell there.
  const { site: _, cell: __, ...rest } = step;
  return text(rest);
}
