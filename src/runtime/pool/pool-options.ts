/** What a pool can be told, with its defaults, checked once. */
import { checkSignal } from '../abort.ts';
import { textOf } from '../remote-error.ts';
import { checkTimeout } from '../timeout.ts';
import { priorities } from './pool-constants.ts';
import type { RunOptions } from './pool-types.ts';
import type { ThreadOptions } from './worker-thread.ts';

export interface ThreadPoolOptions {
  /** Module of tasks that are given by the name of an export only: a URL, or an absolute path. */
  readonly module?: string | URL;
  /** Workers that are there from the start on, and stay. Default: as many as there are cores, less one, at least one. */
  readonly minThreads?: number;
  /** Most workers. Default: `minThreads`. */
  readonly maxThreads?: number;
  /** Most tasks in the pool at a time; those beyond wait outside, in their order. Default 65,536. */
  readonly queueLimit?: number;
  /** What happens to tasks beyond: `wait` for room, or `reject`. Default wait. */
  readonly whenFull?: 'wait' | 'reject';
  /** A worker beyond `minThreads` that had nothing to do for so long leaves. Milliseconds; default 10,000. */
  readonly idleMs?: number;
  /** A worker is replaced after so many tasks. Default Infinity. */
  readonly tasksPerWorker?: number;
  /** How long a running task that was cancelled may go on before its worker is replaced. Milliseconds; default 100. */
  readonly graceMs?: number;
  /** How often a task that is `repeatable` runs again at most when its worker dies in it. Default 2. */
  readonly mostRepeats?: number;
  /** How long both sides look for work at most before they sleep; they look less where that is in vain. Milliseconds; default 0.1, and 0 where there is one core. */
  readonly spinMs?: number;
  /** Module with `onStart` and `onExit`, which run in every worker. */
  readonly hooks?: string | URL;
  /** Goes to `Worker`. */
  readonly worker?: ThreadOptions;
  /** Told of errors that tasks leave behind after they have ended (a timer that throws, say). Default: a process warning. */
  readonly onLateError?: (error: unknown) => void;
}

export interface PoolConfiguration {
  readonly module: string | undefined;
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly queueLimit: number;
  readonly whenFull: 'wait' | 'reject';
  readonly idleMs: number;
  readonly tasksPerWorker: number;
  readonly graceMs: number;
  readonly mostRepeats: number;
  readonly spinMs: number;
  readonly hooks: string | undefined;
  readonly worker: ThreadOptions;
  readonly onLateError: (error: unknown) => void;
}

const known: Readonly<Record<keyof ThreadPoolOptions, true>> = {
  module: true,
  minThreads: true,
  maxThreads: true,
  queueLimit: true,
  whenFull: true,
  idleMs: true,
  tasksPerWorker: true,
  graceMs: true,
  mostRepeats: true,
  spinMs: true,
  hooks: true,
  worker: true,
  onLateError: true,
};
const knownOfRun: Readonly<Record<keyof RunOptions, true>> = {
  signal: true,
  timeoutMs: true,
  priority: true,
  transfer: true,
  repeatable: true,
  onPart: true,
};

function checkNames(of: string, options: object, all: object): void {
  for (const name of Object.keys(options))
    if (!Object.hasOwn(all, name))
      throw new TypeError(`${of} has no option ${name}: it has ${Object.keys(all).join(', ')}`);
}

/** @throws RangeError, TypeError when an option is out of range or unknown, with its name and value */
export function configurationOf(options: ThreadPoolOptions): PoolConfiguration {
  checkNames('a ThreadPool', options, known);
  const cores = process.getBuiltinModule('node:os').availableParallelism();
  const minThreads = whole('minThreads', options.minThreads ?? Math.max(1, cores - 1), 1, 1024);
  const maxThreads = whole('maxThreads', options.maxThreads ?? minThreads, minThreads, 1024);
  const whenFull = options.whenFull ?? 'wait';
  if (whenFull !== 'wait' && whenFull !== 'reject')
    throw new TypeError(`whenFull of a ThreadPool is 'wait' or 'reject', got ${String(whenFull)}`);
  return {
    module: moduleOf(options.module),
    minThreads,
    maxThreads,
    queueLimit: whole('queueLimit', options.queueLimit ?? 65_536, 1, 2 ** 20),
    whenFull,
    idleMs: limit('idleMs', options.idleMs ?? 10_000),
    tasksPerWorker:
      (options.tasksPerWorker ?? Infinity) === Infinity
        ? Infinity
        : whole('tasksPerWorker', options.tasksPerWorker!, 1, 2 ** 31),
    graceMs: limit('graceMs', options.graceMs ?? 100),
    mostRepeats: whole('mostRepeats', options.mostRepeats ?? 2, 0, 1000),
    spinMs: limit('spinMs', options.spinMs ?? (cores > 1 ? 0.1 : 0)),
    hooks: moduleOf(options.hooks),
    worker: options.worker ?? {},
    onLateError:
      options.onLateError ??
      ((error) => process.emitWarning(`a task left an error behind: ${textOf(error)}`)),
  };
}

/**
 * Checks all that comes with a task, before anything of the pool knows of it.
 *
 * @throws TypeError, RangeError with the value and what it should be; also when a repeatable task is to move its arguments
 */
export function checkRun(args: readonly unknown[], options: RunOptions): void {
  if (!Array.isArray(args))
    throw new TypeError(
      `the arguments of a task are an array, got ${textOf(args)}: write run('name', [value])`,
    );
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`the options of a task are an object, got ${textOf(options)}`);
  checkNames('a task', options, knownOfRun);
  const { signal, timeoutMs, priority, onPart, repeatable, transfer } = options;
  checkSignal(signal, 'a task');
  if (timeoutMs !== undefined) checkTimeout(timeoutMs);
  if (priority !== undefined && !Object.hasOwn(priorities, priority))
    throw new TypeError(`priority of a task is 'high', 'normal' or 'low', got ${textOf(priority)}`);
  if (onPart !== undefined && typeof onPart !== 'function')
    throw new TypeError(`onPart of a task is a function, got ${textOf(onPart)}`);
  if (transfer !== undefined && !Array.isArray(transfer))
    throw new TypeError(`transfer of a task is an array of what moves, got ${textOf(transfer)}`);
  if (repeatable === true && transfer !== undefined)
    throw new TypeError(
      'a repeatable task cannot move its arguments (transfer): they would be gone when it runs again; leave out one of the two',
    );
}

/** A module as `import()` takes it. */
export function moduleOf(module: string | URL | undefined): string | undefined {
  if (module === undefined) return undefined;
  if (typeof module !== 'string') return module.href;
  if (module.startsWith('.'))
    throw new TypeError(
      `module "${module}" is relative to nothing: pass new URL('${module}', import.meta.url)`,
    );
  return module.startsWith('/') ? process.getBuiltinModule('node:url').pathToFileURL(module).href : module;
}

function whole(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`${name} of a ThreadPool is a whole number from ${least} to ${most}, got ${value}`);
}

function limit(name: string, value: number): number {
  if (typeof value === 'number' && value >= 0) return value;
  throw new RangeError(`${name} of a ThreadPool is a number of milliseconds from 0 on, got ${textOf(value)}`);
}
