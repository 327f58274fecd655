/**
 * The process in which a finding of threads that run free is looked for under `virtual`: what the program does there (an endless loop in plain code,
 * a heap without end, `process.exit`) ends this process, and not the tool. reproduce.ts starts it.
 *
 * The isolate that runs the program never looks up, so a thread beside it keeps watch, and kills the process when an execution does not come to its end, and when
 * nobody waits for the answer any longer.
 */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { isFinding, type Outcome, passed } from './engine/outcome.ts';
import { ProgramError } from './engine/program.ts';
import { VirtualExecutor } from './engine/virtual.ts';
import { type ExploreOptions, type ExploreResult, exploreLoaded } from './explore.ts';
import { register } from './instrument/loader.ts';
import { loadPrograms } from './load.ts';
import { sameFailure } from './shrink/minimise.ts';
import type { Strategy } from './strategy/strategy.ts';

export interface Job {
  /** URL of the module. */
  readonly module: string;
  readonly exportName: string;
  readonly name: string;
  /** The failure as far as it is compared: without the error itself. */
  readonly wanted: Pick<Outcome, 'kind' | 'message'>;
  /** The line that replays a schedule: what comes before the schedule and after it. */
  readonly replayLine: readonly string[];
  readonly options: Pick<ExploreOptions, 'seed' | 'maxSteps' | 'full' | 'minimise' | 'races'>;
  /** Milliseconds after which an execution is taken for one without an end. */
  readonly quietMs: number;
}

export interface Reproduction {
  readonly how: 'schedule' | 'race' | 'no';
  readonly result: ExploreResult | undefined;
  readonly schedules: number;
  /** What kept virtual from running the program at all. */
  readonly obstacle?: string;
}

/** Schedules, and seconds, within which the failure must come again. */
const mostSchedules = 50_000;
const mostSeconds = 15;

/** Runs beside the isolate of the program: this thread's event loop is never blocked. */
const watch = `
const { workerData: { words, quietMs, parent } } = require('node:worker_threads');
let seen = -1;
let since = performance.now();
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  const now = Atomics.load(words, 0);
  if (now !== seen) {
    seen = now;
    since = performance.now();
  } else if (now !== 0 && performance.now() - since > quietMs) process.kill(process.pid, 'SIGKILL');
}, 100);
`;

/** Counts the executions that begin, for the watch. */
const begun = new Int32Array(new SharedArrayBuffer(4));
const { add } = Atomics; // before it is replaced

class WatchedExecutor extends VirtualExecutor {
  override run(strategy: Strategy, record?: boolean): Outcome {
    add(begun, 0, 1);
    return super.run(strategy, record);
  }
}

/** Looks for a schedule with the same failure; failing that, for a data race: plain accesses are no steps, so no schedule shows what they do. */
async function reproduce(job: Job): Promise<Reproduction> {
  const { wanted, replayLine, options } = job;
  register();
  const [program] = await loadPrograms(fileURLToPath(job.module), job.exportName);
  if (program === undefined) throw new ProgramError(`${job.module} has no program ${job.exportName}`);
  const loaded = {
    name: job.name,
    main: program.main,
    ...(program.instances === undefined ? {} : { instances: program.instances }),
    ...(replayLine.length === 0 ? {} : { replayLine: (schedule: string) => replayLine.join(schedule) }),
  };
  // Only the failure itself is looked for.
  const budget = { ...options, runTwice: false, executions: mostSchedules, time: mostSeconds };
  const only =
    (keep: (outcome: Outcome) => boolean) =>
    (more: object): VirtualExecutor =>
      new WatchedExecutor(loaded.main, loaded.instances, {
        ...more,
        judge: (outcome) => (isFinding(outcome) && !keep(outcome) ? passed : outcome),
      });
  // Of threads that ran on, nobody knows which kind of livelock it was.
  const same =
    wanted.kind === 'livelocked' ? ({ kind }: Outcome) => kind === wanted.kind : sameFailure(wanted);
  const result = exploreLoaded(loaded, { ...budget, races: false }, only(same));
  // A crash under virtual goes past the judge: it is never the failure that is looked for.
  if (result.outcome === 'crashed')
    return { how: 'no', result: undefined, schedules: result.executions, obstacle: result.message };
  if (result.findings > 0) return { how: 'schedule', result, schedules: result.executions };
  if (options.races === false) return { how: 'no', result: undefined, schedules: result.executions };
  const races = exploreLoaded(
    loaded,
    { ...budget, races: true, executions: 1_000 },
    only(({ oracle }) => oracle === 'race'),
  );
  const schedules = result.executions + races.executions;
  return races.findings > 0 && races.outcome !== 'crashed'
    ? { how: 'race', result: races, schedules }
    : { how: 'no', result: undefined, schedules };
}

process.once('message', async (job: Job) => {
  const data = { words: begun, quietMs: job.quietMs, parent: process.ppid };
  new Worker(watch, { eval: true, execArgv: [], workerData: data }).unref();
  let answer: Reproduction;
  try {
    answer = await reproduce(job);
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    answer = { how: 'no', result: undefined, schedules: 0, obstacle: error.message };
  }
  process.send!(answer); // it was forked
});
