/**
 * Generated cases on threads that run free: each is run so many times, and every execution's history goes to the checkers that judge it under `virtual`. What fails
 * is handed to `virtual`, which looks for a schedule that fails in the same way.
 */
import type { Outcome } from '../src/engine/outcome.ts';
import { exploreFree } from '../src/engine/parallel/explore.ts';
import { FreeThreads } from '../src/engine/parallel/threads.ts';
import { describePlan } from '../src/generate/plan.ts';
import { brokenSubjects } from './broken.ts';
import { caseOf, type LawData } from './law-program.ts';
import { type PropertyFinding, runProperty } from './run.ts';
import { properties } from './table.ts';

export interface FreeOptions {
  readonly cases: number;
  /** Executions of each case. */
  readonly repeats: number;
  readonly seed: number;
  readonly onCase?: (cases: number) => void;
}

export interface FreeResult {
  readonly row: string;
  readonly cases: number;
  readonly executions: number;
  /** Cases that free threads do not run: of promises, or of too many threads. */
  readonly outside: number;
  /** Executions of which nothing can be said. */
  readonly unjudged: number;
  readonly wallMs: number;
  readonly finding: FreeFinding | undefined;
}

export interface FreeFinding {
  readonly outcome: Outcome;
  readonly plan: string;
  /** The case's seed: alone it makes the case again. */
  readonly seed: number;
  /** Executions of the row, up to the first that failed. */
  readonly executions: number;
}

/** Programs of more threads are left out: each is a worker that loads the whole table. */
export const mostThreads = 8;

/** @param hangSeconds an execution in which nothing stirs for so long is taken to hang. */
export function freeThreads(hangSeconds: number): FreeThreads {
  const module = new URL('./free-program.ts', import.meta.url).href;
  return new FreeThreads({ module, exportName: 'freeProgram' }, { hangSeconds });
}

/** Runs the cases of a row until one fails. `executions` are those that were judged and those that were dropped. */
export async function runFree(row: string, threads: FreeThreads, options: FreeOptions): Promise<FreeResult> {
  const start = performance.now();
  const total = { row, cases: 0, executions: 0, outside: 0, unjudged: 0 };
  let finding: FreeFinding | undefined;
  for (let c = 0; c < options.cases && finding === undefined; c++) {
    const data: LawData = { row, seed: options.seed + c };
    const one = caseOf(data);
    const free = one.free?.();
    if (free === undefined || free.program.threads > mostThreads) {
      total.outside++;
      continue;
    }
    threads.use(data);
    const { first, executions, unjudged } = await exploreFree(
      threads,
      free.program,
      { executions: options.repeats, deadline: Number.POSITIVE_INFINITY },
      { judge: free.judge },
    );
    total.cases++;
    total.executions += executions;
    total.unjudged += unjudged;
    if (first !== undefined) {
      const { outcome } = first;
      finding = { outcome, plan: describePlan(one.plan), seed: data.seed, executions: total.executions };
    }
    options.onCase?.(c + 1);
  }
  return { ...total, wallMs: performance.now() - start, finding };
}

/** A failure of free threads as a schedule of the same case. */
export interface Reproduction {
  readonly found: PropertyFinding | undefined;
  /** How many were tried at most. */
  readonly schedules: number;
  readonly replay: string;
}

/** Schedules in which `virtual` looks for the failure: few first, as most show it soon. */
const attempts = [200, 2_000, 20_000] as const;

export async function reproduce(
  row: string,
  { seed, plan }: FreeFinding,
  most = 20_000,
): Promise<Reproduction> {
  const broken = brokenSubjects.find(({ id }) => id === row);
  const property = properties.find(({ name }) => name === (broken?.caughtBy ?? row))!; // it ran
  const subject = broken === undefined ? property.subject : broken.subject;
  let tried = 0;
  for (const schedules of attempts.filter((n) => n <= most)) {
    const { finding } = await runProperty(property, subject, { cases: 1, seed, path: '0', schedules });
    tried = schedules;
    if (finding === undefined) continue;
    // A line that repeats another program would be worse than none.
    if (describePlan(finding.finding.plan) !== plan)
      throw new Error(
        `${row}, seed ${seed}: ${plan} failed, and ${describePlan(finding.finding.plan)} was repeated`,
      );
    return {
      found: finding,
      schedules,
      replay: `npm run properties -- --only ${row} --seed ${seed} --path 0 --schedules ${schedules}`,
    };
  }
  return { found: undefined, schedules: tried, replay: '' };
}
