/**
 * A property: a subject against its model under generated programs and schedules. One table of them (table.ts) serves the suite, the
 * campaigns and the tests.
 */
import type * as fc from 'fast-check';
import type { Program } from '../src/engine/program.ts';
import type { CaseFinding, ConcurrentCase, Replayed, Totals } from '../src/generate/concurrent.ts';
import type { FreeCase } from '../src/generate/free.ts';
import type { Plan } from '../src/generate/plan.ts';

/**
 * A program with its schedules, ready to run: of threads (`concurrentProgram`), synchronous, or of promises (`promiseProgram`). Pure: the
 * same value gives the same finding, and fewer schedules are the first ones of more.
 */
export interface Case {
  readonly plan: Plan;
  /** The same case with another program. */
  with(plan: Plan): Case;
  /** The same case, in which data races are reported. Not for programs of promises, which share nothing. */
  watched?(): Case;
  /** Runs the generated schedule and so many more, until one fails. See ConcurrentCase. */
  run(
    totals?: Totals,
    effort?: number,
    more?: number,
  ): CaseFinding | undefined | Promise<CaseFinding | undefined>;
  /** As a written program for any executor, where its threads are synchronous: they answer what their operations answered, as text. */
  written?(): Program;
  /** The same for threads that run free and record their histories. */
  free?(): FreeCase;
  /** Repeats the schedule of a finding. */
  replay(schedule: string): Replayed | Promise<Replayed>;
}

export interface Property<Subject = unknown> {
  /** As it is named on the command line. */
  readonly name: string;
  /** What it says, in one sentence. */
  readonly about: string;
  /** Ids of requirements.md that it proves. */
  readonly ids: readonly string[];
  /** The production code. Properties of one subject are about one shape: a broken subject of one of them can be run against the others. */
  readonly subject: Subject;
  /** Methods of a handle that the cases call and that not every broken subject of the shape has. Default: none. */
  readonly needs?: readonly string[];
  /** The cases for a subject: the production code or a broken twin of it. */
  cases(subject: Subject): fc.Arbitrary<Case>;
}

/** A property's cases, watched for data races or not. */
export function casesOf(property: Property, subject: unknown, races: boolean): fc.Arbitrary<Case> {
  const cases = property.cases(subject);
  return races ? cases.map((one) => one.watched?.() ?? one) : cases;
}

/** Erases the types of shared state and handles, which the table has no use for. */
export function erased<Shared, Local>(
  cases: fc.Arbitrary<ConcurrentCase<Shared, Local>>,
): fc.Arbitrary<Case> {
  return cases as unknown as fc.Arbitrary<Case>;
}
