/** Runs one property for a number of cases and says what came of it, as data. */
import * as fc from 'fast-check';
import { type Saturation, Tally } from '../src/engine/tally.ts';
import { type CaseFinding, ConcurrencyError, type Totals } from '../src/generate/concurrent.ts';
import type { ProgramCoverage, ProgramsCovered } from '../src/generate/coverage.ts';
import { casesOf, type Property } from './property.ts';

export interface RunOptions {
  readonly cases: number;
  readonly seed: number;
  /** fast-check's path to a counterexample, to repeat just that. */
  readonly path?: string;
  /** Schedules of the case that `path` repeats, of which then no smaller ones are tried. */
  readonly schedules?: number;
  /** Called after every case. */
  readonly onCase?: (cases: number, totals: Totals) => void;
  /** Report data races. Default false: a property that is about them says so itself. */
  readonly races?: boolean;
  /** Counts the behaviours, on top of what it holds. Default: a new one. */
  readonly behaviours?: Tally;
  /** Counts what is covered, on top of what it holds. Default: nobody counts. */
  readonly coverage?: ProgramCoverage;
  /** `performance.now()` at which to end, clean, after the case that is running. */
  readonly deadline?: number;
}

export interface PropertyResult {
  readonly property: string;
  readonly cases: number;
  readonly schedules: number;
  readonly steps: number;
  readonly behaviours: number;
  /** How much of all behaviours of its cases that is likely to be; null when none was counted. */
  readonly saturation: Saturation | null;
  /** What its programs have covered, where that was asked for; else null. */
  readonly coverage: ProgramsCovered | null;
  /** Executions that ran out of their step budget: not a pass. */
  readonly exhausted: number;
  readonly wallMs: number;
  readonly seed: number;
  readonly finding: PropertyFinding | undefined;
}

export interface PropertyFinding {
  readonly finding: CaseFinding;
  /** Schedules run before shrinking began, the failing one included. */
  readonly schedulesToFirst: number;
  /** fast-check's path: with the seed it repeats the shrunk case. */
  readonly path: string;
  readonly shrinks: number;
}

/**
 * Schedules for each smaller program while shrinking, and when a path is repeated: a smaller program has fewer schedules that fail. A
 * superset of a case's own ones, so what failed fails again.
 */
const shrinkSchedules = 200;

/** Most executions of the last pass, for the case that is reported. */
const lastPass = 20_000;

export async function runProperty(
  property: Property,
  subject: unknown,
  options: RunOptions,
): Promise<PropertyResult> {
  const start = performance.now();
  const totals: Totals = {
    schedules: 0,
    steps: 0,
    unscheduled: 0,
    exhausted: 0,
    behaviours: options.behaviours ?? new Tally(),
    ...(options.coverage === undefined ? {} : { coverage: options.coverage }),
  };
  let cases = 0;
  let schedulesToFirst: number | undefined;
  let error: unknown;
  const { deadline = Number.POSITIVE_INFINITY, schedules = shrinkSchedules } = options;
  const details = await fc.check(
    fc.asyncProperty(casesOf(property, subject, options.races === true), async (program) => {
      if (performance.now() > deadline) return;
      // Shrinking runs programs too; they are not part of the figures.
      const shrinking = schedulesToFirst !== undefined || options.path !== undefined;
      const finding = await program.run(
        shrinking ? undefined : totals,
        500,
        shrinking ? schedules : undefined,
      );
      if (!shrinking) {
        cases++;
        if (finding !== undefined) schedulesToFirst = totals.schedules;
        else options.onCase?.(cases, totals);
      }
      if (finding !== undefined) {
        error = new ConcurrencyError(finding);
        throw error;
      }
    }),
    {
      numRuns: options.cases,
      seed: options.seed,
      ...(options.path === undefined ? {} : { path: options.path }),
      endOnFailure: options.schedules !== undefined,
    },
  );
  let found: PropertyFinding | undefined;
  if (details.failed) {
    const smallest = details.counterexample?.[0];
    const finding = await smallest?.run(
      undefined,
      options.schedules === undefined ? lastPass : 500,
      schedules,
    );
    // An error that is no finding is a mistake of ours: it must not look like one.
    if (smallest === undefined || finding === undefined) throw details.errorInstance ?? error;
    found = {
      finding,
      schedulesToFirst: schedulesToFirst ?? totals.schedules,
      path: details.counterexamplePath ?? '',
      shrinks: details.numShrinks,
    };
  }
  return {
    property: property.name,
    cases,
    schedules: totals.schedules,
    steps: totals.steps,
    behaviours: totals.behaviours.size,
    saturation: totals.behaviours.saturation() ?? null,
    coverage: options.coverage?.covered() ?? null,
    exhausted: totals.exhausted,
    wallMs: performance.now() - start,
    seed: options.seed,
    finding: found,
  };
}

/** A property's own seed, so that adding a row to the table changes no other row's cases. */
export function seedFor(seed: number, name: string): number {
  let hash = seed | 0;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 15)) & 0x7fffffff;
}
