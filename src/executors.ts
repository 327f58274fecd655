/** The executors for programs in modules: `virtual` in this isolate, `workers` with a real worker for each thread, `parallel` (parallel.ts). */
import { setImmediate } from 'node:timers/promises';
import { ProgramError } from './engine/program.ts';
import { VirtualExecutor } from './engine/virtual.ts';
import { checkHeap } from './engine/workers/boot.ts';
import { WorkerThreads } from './engine/workers/threads.ts';
import {
  type ExecutorName,
  type ExploreOptions,
  type ExploreResult,
  executorNames,
  exploreLoaded,
  type LoadedProgram,
  replayLoaded,
} from './explore.ts';
import { register, watch } from './instrument/loader.ts';
import { loadPrograms } from './load.ts';
import { exploreParallel } from './parallel.ts';

export interface ModuleOptions extends ExploreOptions {
  /** Default 'virtual'. */
  readonly executor?: ExecutorName;
  /** Which export of the module. Needed where it has several programs. */
  readonly export?: string;
  /**
   * `workers`: seconds that a thread may run without a step before its worker is ended. `parallel`: seconds that an execution may take. Default 5.
   */
  readonly stepTime?: number;
  /** `workers` and `parallel`: most megabytes of a worker's heap. Default 512. */
  readonly heap?: number;
}

/**
 * Explores a program in a module, as the command does: under `workers` unmodified, each thread a worker.
 * @param module path of the module, or a package's name.
 * @throws ProgramError (as a rejection) when module, program or an option is not what it should be.
 */
export async function exploreModule(module: string, options: ModuleOptions = {}): Promise<ExploreResult> {
  const { executor = 'virtual' } = options;
  if (!executorNames.includes(executor))
    throw new ProgramError(`executor "${executor}" is not known: give one of ${executorNames.join(', ')}`);
  if (executor === 'virtual') register();
  else if (options.checkpoint !== undefined) watch();
  const programs = await loadPrograms(module, options.export, executor);
  const [program, second] = programs;
  if (program === undefined || second !== undefined)
    throw new ProgramError(
      `module ${module} has ${programs.length} programs (${programs.map(({ exportName, name }) => exportName ?? name).join(', ')}): choose one with the option export`,
    );
  return exploreWithExecutor(program, options);
}

/** Explores (or, with the strategy 'replay', replays) a program that was loaded. */
export async function exploreWithExecutor(
  program: LoadedProgram,
  options: ModuleOptions = {},
): Promise<ExploreResult> {
  if (options.executor === 'parallel') return exploreParallel(program, options);
  if (options.executor !== 'workers') return exploreLoaded(program, options);
  return withWorkers(program, options, (make) => exploreLoaded(program, options, make));
}

/** Repeats a schedule string. */
export async function replayWithExecutor(
  program: LoadedProgram,
  schedule: string,
  options: ModuleOptions = {},
): Promise<ExploreResult> {
  if (options.executor === 'parallel')
    throw new ProgramError(
      'nobody schedules the threads of the executor parallel: replay with virtual or workers',
    );
  if (options.executor !== 'workers') return replayLoaded(program, schedule, options);
  return withWorkers(program, options, (make) => replayLoaded(program, schedule, options, make));
}

async function withWorkers(
  program: LoadedProgram,
  options: ModuleOptions,
  run: (make: (options: object) => VirtualExecutor) => ExploreResult,
): Promise<ExploreResult> {
  const workers = startWorkers(program, options);
  try {
    const result = run(
      (more) => new VirtualExecutor(program.main, undefined, { ...more, races: false, remote: workers }),
    );
    // What the platform says of a worker's end comes with the event loop.
    await setImmediate();
    return workers.deaths.length === 0 ? result : { ...result, notes: [...result.notes, ...workers.deaths] };
  } finally {
    await workers.close();
  }
}

export function startWorkers(program: LoadedProgram, options: ModuleOptions): WorkerThreads {
  if (program.url === undefined)
    throw new ProgramError(
      `${program.name}: workers load the program themselves, so it must be an export of a module: use exploreModule or the command`,
    );
  const { stepTime, heap } = options;
  if (stepTime !== undefined && !(stepTime > 0))
    throw new ProgramError(`stepTime is ${stepTime}: give seconds above 0`);
  if (heap !== undefined) checkHeap(heap);
  return new WorkerThreads(
    { module: program.url, exportName: program.exportName ?? 'default' },
    program.main.threads,
    {
      ...(stepTime === undefined ? {} : { stepSeconds: stepTime }),
      ...(heap === undefined ? {} : { heapMegabytes: heap }),
    },
  );
}
