/** Plans of free lists of operations, as the options of a generated program name them. */
import * as fc from 'fast-check';
import { mostThreads, ProgramError } from '../engine/program.ts';
import type { OperationOptions } from './body.ts';
import type { Operation, Plan } from './plan.ts';
import { planArbitrary } from './plan-arbitrary.ts';

interface ListOptions {
  readonly operations: Readonly<Record<string, OperationOptions<never>>>;
  readonly threads?: readonly [least: number, most: number];
  readonly length?: readonly [least: number, most: number];
  readonly prefix?: number;
}

/** Free lists of operations. See ConcurrentOptions. */
export function operationLists(options: ListOptions): fc.Arbitrary<Plan> {
  const [leastThreads, mostThreadsHere] = range(options.threads, [2, 3], 'threads', 1, mostThreads);
  const [least, most] = range(options.length, [1, 4], 'length', 0, 1000);
  const entries = Object.entries(options.operations);
  if (entries.length === 0)
    throw new ProgramError('concurrentProgram: operations is empty: name at least one');
  const operation = fc.oneof(
    ...entries.map(([name, { args, weight }]) => ({
      weight: weight ?? 1,
      arbitrary: (args ?? fc.constant([])).map((list): Operation => ({ name, args: list })),
    })),
  );
  return planArbitrary({
    operation,
    threads: [leastThreads, mostThreadsHere],
    length: [least, most],
    prefix: options.prefix ?? 0,
  });
}

/** A pair of options, checked. @throws ProgramError */
export function range(
  given: readonly [number, number] | undefined,
  fallback: readonly [number, number],
  name: string,
  low: number,
  high: number,
): readonly [number, number] {
  const [least, most] = given ?? fallback;
  if (!Number.isInteger(least) || !Number.isInteger(most) || least < low || most < least || most > high)
    throw new ProgramError(
      `concurrentProgram: ${name} [${least}, ${most}]: give [least, most] with ${low} <= least <= most <= ${high}`,
    );
  return [least, most];
}
