/** A program: what the threads do. Written (functions) or generated (lists of operations, see src/schedule/program.ts). */

export interface Program<Shared = unknown, Local = unknown, Result = unknown> {
  readonly name?: string;
  /** How many threads, 1 to `mostThreads`. */
  readonly threads: number;
  /** Makes the shared state of one execution. What it returns must be structured-cloneable. */
  setup(): Shared;
  /** Runs in the thread before its body; makes what cannot be cloned. Default: the clone itself. */
  attach?(shared: Shared, id: number): Local;
  /** The body: plain synchronous code. Throws to signal a violation. */
  thread(id: number, local: Local): Result;
  /** Runs after all threads have ended, with the state that `setup` made and each thread's result. Throws to signal a violation. */
  check?(shared: Shared, results: readonly Result[]): void;
  /** Threads that may stay blocked at the end without that being a deadlock. */
  readonly mayBlock?: readonly number[];
}

export const mostThreads = 128;

/** A mistake in a program module or in options: the caller's to mend, not a finding. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
}

/** Says what is wrong with a value that should be a program, by field; undefined when it is one. */
export function programFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null)
    return `it is ${value === null ? 'null' : typeof value}, not an object`;
  const program = value as Record<string, unknown>;
  const { threads, mayBlock } = program;
  if (typeof threads !== 'number') return `field threads is ${typeof threads}, not a number`;
  if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads)
    return `field threads is ${threads}: give a whole number from 1 to ${mostThreads}`;
  for (const name of ['setup', 'thread'])
    if (typeof program[name] !== 'function')
      return `field ${name} is ${typeof program[name]}, not a function`;
  for (const name of ['attach', 'check'])
    if (program[name] !== undefined && typeof program[name] !== 'function')
      return `field ${name} is ${typeof program[name]}, not a function`;
  if (program['name'] !== undefined && typeof program['name'] !== 'string')
    return `field name is ${typeof program['name']}, not a string`;
  if (mayBlock !== undefined) {
    if (!Array.isArray(mayBlock))
      return `field mayBlock is ${typeof mayBlock}, not an array of thread numbers`;
    for (const id of mayBlock)
      if (!Number.isInteger(id) || (id as number) < 0 || (id as number) >= threads)
        return `field mayBlock names thread ${String(id)}: threads are numbered 0 to ${threads - 1}`;
  }
  return undefined;
}
