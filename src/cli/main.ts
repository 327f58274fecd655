#!/usr/bin/env node
/** The command `threadproof`. Exit codes: 0 clean, 1 finding (or a budget that ran out: never a pass), 2 usage. */
import { writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { register as registerTypeScriptRequire } from 'tsx/cjs/api';
import { register as registerTypeScript } from 'tsx/esm/api';
import { ProgramError } from '../engine/program.ts';
import { describeSaturation } from '../engine/tally.ts';
import { jsonSafe } from '../engine/trace.ts';
import { leastHeap } from '../engine/workers/boot.ts';
import { exploreWithExecutor, type ModuleOptions, replayWithExecutor } from '../executors.ts';
import {
  defaultStrategy,
  drawSeed,
  type ExecutorName,
  type ExploreResult,
  executorNames,
  type LoadedProgram,
  type StrategyName,
  strategyNames,
} from '../explore.ts';
import { register, watch } from '../instrument/loader.ts';
import { loadPrograms } from '../load.ts';
import { defaultSeconds, notParallel } from '../parallel.ts';
import { withNegativeNumbers } from '../report/arguments.ts';
import { endOnClosedPipe } from '../report/pipe.ts';
import { ScheduleError } from '../schedule/codec.ts';

const usage = `threadproof: finds the schedules under which multi-threaded JavaScript goes wrong

  threadproof explore <module> [options]      run its programs under many schedules
  threadproof replay <module> <schedule>      repeat one schedule, with every step
  threadproof --help | --version

A program module exports { name?, threads, setup(), attach?(shared, id), thread(id, local), check?(shared, results), mayBlock? },
as its default export, or as named exports that are such objects each. It needs no import of threadproof.

explore:
  --strategy NAME     portfolio (default), random, pct, fair-pct, pos, urw, surw, rff, round-robin, exhaustive, replay (docs/strategies.md says which one when)
  --executions N      most executions (default 10000; no limit when only --time is given, and for exhaustive)
  --seed S            whole number; default: drawn and printed
  --depth D           pct, fair-pct: depth of the bugs looked for (default 3)
  --preemptions K     exhaustive: only schedules with at most K preemptions
  --checkpoint FILE   exhaustive: go on from there, and write there where the search stands
  --max-steps N       step budget of one execution (default 20000)
  --time S            seconds, fractions allowed; with --executions a limit (running out of it is no pass), alone the length of the run
  --schedule STRING   for --strategy replay
  --keep-going        count findings until the budget is spent
  --coverage          count reads-from pairs and blocking edges (a fifth more CPU time)
  --run-twice         run every schedule again and report what differs (the first one is in any case)
  --no-run-twice      run none again
  --no-minimise       show the first failing schedule as it was found
both:
  --executor NAME     virtual (default): threads are coroutines; workers: each thread a worker in turns, code unmodified;
                      parallel (explore only, 5 s by default): workers that run free, and what they show is looked for under virtual (docs/executors.md)
  --step-time S       workers: seconds a thread may run without a step; parallel: seconds an execution may take (default 5)
  --heap MB           workers, parallel: most megabytes of a worker's heap (default 512)
  --races on|off      report data races: plain accesses to shared memory that nothing orders (default on)
  --full              show every step (otherwise repeated rounds and steps that do not concern the failure are folded)
  --export NAME       only this export
  --json              one JSON object a line: a result for each program
  --help

Exit code: 0 clean, 1 finding (or a budget ran out, which is never a pass), 2 usage.`;

const write = process.stdout.write.bind(process.stdout);

/** Prints a line of ours, also where the program's own output goes elsewhere. */
function say(text: string): void {
  write(`${text}\n`);
}

class UsageError extends Error {
  override readonly name = 'UsageError';
}

const optionTable = {
  strategy: { type: 'string' },
  executor: { type: 'string' },
  'step-time': { type: 'string' },
  heap: { type: 'string' },
  executions: { type: 'string' },
  seed: { type: 'string' },
  depth: { type: 'string' },
  preemptions: { type: 'string' },
  checkpoint: { type: 'string' },
  'max-steps': { type: 'string' },
  time: { type: 'string' },
  schedule: { type: 'string' },
  'keep-going': { type: 'boolean' },
  coverage: { type: 'boolean' },
  'run-twice': { type: 'boolean' },
  'no-run-twice': { type: 'boolean' },
  'no-minimise': { type: 'boolean' },
  races: { type: 'string' },
  full: { type: 'boolean' },
  export: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

type Values = {
  [K in keyof typeof optionTable]?: (typeof optionTable)[K]['type'] extends 'boolean' ? boolean : string;
};

async function main(argv: readonly string[]): Promise<number> {
  let values: Values;
  let positionals: string[];
  try {
    const parsed = parseArgs({
      args: withNegativeNumbers(argv),
      options: optionTable,
      allowPositionals: true,
      strict: true,
    });
    values = parsed.values as Values;
    positionals = parsed.positionals;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  if (values.version === true) {
    const { default: manifest } = (await import('threadproof/package.json', { with: { type: 'json' } })) as {
      default: { version: string };
    };
    say(manifest.version);
    return 0;
  }
  const [command, module, schedule] = positionals;
  if (values.help === true || command === 'help') {
    say(usage);
    return 0;
  }
  if (command === undefined) throw new UsageError('give a command: explore or replay');
  if (command !== 'explore' && command !== 'replay')
    throw new UsageError(`command "${command}" is not known: give explore or replay`);
  if (module === undefined) throw new UsageError(`${command}: give the path of a program module`);
  const extra = positionals[command === 'explore' ? 2 : 3];
  if (extra !== undefined) throw new UsageError(`${command}: "${extra}" is one argument too many`);
  if (command === 'replay') {
    for (const name of [
      'strategy',
      'executions',
      'seed',
      'depth',
      'preemptions',
      'checkpoint',
      'time',
      'schedule',
      'keep-going',
      'coverage',
      'run-twice',
      'no-run-twice',
      'no-minimise',
    ] as const)
      if (values[name] !== undefined) throw new UsageError(`replay: --${name} is an option of explore`);
    if (values.executor === 'parallel')
      throw new UsageError(
        'replay: nobody schedules the threads of --executor parallel: replay with virtual or workers',
      );
    if (schedule === undefined) throw new UsageError('replay: give the schedule string that explore printed');
  }
  const options = exploreOptions(values);

  registerTypeScript();
  registerTypeScriptRequire();
  // Workers load the program as it is.
  if ((options.executor ?? 'virtual') === 'virtual') register();
  else if (options.checkpoint !== undefined) watch();
  const json = values.json === true;
  // What the program prints must not come between the results.
  if (json) process.stdout.write = process.stderr.write.bind(process.stderr);
  const programs = await loadPrograms(module, values.export, options.executor);
  if (command === 'replay') return runReplay(programs, schedule!, options, json);
  if (options.checkpoint !== undefined && programs.length > 1)
    throw new UsageError(
      `a checkpoint is of one program, the module has ${programs.length}: choose one with --export`,
    );
  const unclean: string[] = [];
  for (const program of programs)
    if (!(await runExplore(program, options, json))) unclean.push(program.exportName ?? program.name);
  if (programs.length > 1 && !json)
    say(
      `${programs.length - unclean.length} of ${programs.length} programs are clean${unclean.length === 0 ? '' : ` (not so: ${unclean.join(', ')})`}`,
    );
  return unclean.length === 0 ? 0 : 1;
}

function exploreOptions(values: Values): ModuleOptions {
  const { strategy, executor } = values;
  if (executor !== undefined && !executorNames.includes(executor as ExecutorName))
    throw new UsageError(`--executor "${executor}" is not known: give one of ${executorNames.join(', ')}`);
  const stepTime = values['step-time'] === undefined ? undefined : Number(values['step-time']);
  if (stepTime !== undefined && !(stepTime > 0 && stepTime < 1e6))
    throw new UsageError(`--step-time "${values['step-time']}": give seconds above 0`);
  if (stepTime !== undefined && executor !== 'workers' && executor !== 'parallel')
    throw new UsageError('--step-time goes with --executor workers or parallel');
  if (executor === 'parallel')
    for (const name of [
      ...notParallel.map((option) => (option === 'runTwice' ? 'run-twice' : option)),
      'no-run-twice',
    ] as const)
      if (values[name] !== undefined)
        throw new UsageError(
          `--${name} makes no sense with --executor parallel: nobody schedules its threads`,
        );
  const heap = wholeNumber('heap', values.heap, leastHeap);
  if (heap !== undefined && executor !== 'workers' && executor !== 'parallel')
    throw new UsageError('--heap goes with --executor workers or parallel');
  if (strategy !== undefined && !strategyNames.includes(strategy as StrategyName))
    throw new UsageError(`--strategy "${strategy}" is not known: give one of ${strategyNames.join(', ')}`);
  if (strategy === 'replay' && values.schedule === undefined)
    throw new UsageError('--strategy replay needs --schedule STRING');
  if (strategy !== 'replay' && values.schedule !== undefined)
    throw new UsageError('--schedule goes with --strategy replay');
  if (values.races !== undefined && values.races !== 'on' && values.races !== 'off')
    throw new UsageError(`--races "${values.races}": give on or off`);
  if (values['run-twice'] === true && values['no-run-twice'] === true)
    throw new UsageError('--run-twice and --no-run-twice: give one of the two');
  const executions = wholeNumber('executions', values.executions, 1);
  const seed = wholeNumber('seed', values.seed, 0);
  const depth = wholeNumber('depth', values.depth, 1);
  if (depth !== undefined && strategy !== 'pct' && strategy !== 'fair-pct')
    throw new UsageError('--depth goes with --strategy pct or fair-pct');
  const preemptions = wholeNumber('preemptions', values.preemptions, 0);
  if (preemptions !== undefined && strategy !== 'exhaustive')
    throw new UsageError('--preemptions goes with --strategy exhaustive');
  if (
    values.checkpoint !== undefined &&
    (strategy !== 'exhaustive' || preemptions !== undefined || values['keep-going'] === true)
  )
    throw new UsageError(
      '--checkpoint goes with --strategy exhaustive, without --preemptions and without --keep-going',
    );
  const maxSteps = wholeNumber('max-steps', values['max-steps'], 1);
  const time = values.time === undefined ? undefined : Number(values.time);
  if (time !== undefined && !(time > 0 && time < Number.POSITIVE_INFINITY))
    throw new UsageError(`--time "${values.time}": give seconds above 0`);
  return {
    ...(executor === undefined ? {} : { executor: executor as ExecutorName }),
    ...(stepTime === undefined ? {} : { stepTime }),
    ...(heap === undefined ? {} : { heap }),
    ...(strategy === undefined ? {} : { strategy: strategy as StrategyName }),
    ...(executions === undefined ? {} : { executions }),
    seed: seed ?? drawSeed(),
    ...(depth === undefined ? {} : { depth }),
    ...(preemptions === undefined ? {} : { preemptions }),
    ...(values.checkpoint === undefined ? {} : { checkpoint: values.checkpoint }),
    ...(maxSteps === undefined ? {} : { maxSteps }),
    ...(time === undefined ? {} : { time }),
    ...(values.races === 'off' ? { races: false } : {}),
    ...(values.schedule === undefined ? {} : { schedule: values.schedule }),
    ...(values['keep-going'] === true ? { keepGoing: true } : {}),
    ...(values.coverage === true ? { coverage: true } : {}),
    ...(values['run-twice'] === true ? { runTwice: true } : {}),
    ...(values['no-run-twice'] === true ? { runTwice: false } : {}),
    ...(values.full === true ? { full: true } : {}),
    ...(values['no-minimise'] === true ? { minimise: false } : {}),
  };
}

function wholeNumber(name: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < least)
    throw new UsageError(`--${name} "${text}": give a whole number from ${least}`);
  return value;
}

function nameOfRun({ executor, strategy, time, executions }: ModuleOptions): string {
  if (executor !== 'parallel') return strategy ?? defaultStrategy;
  return `parallel, ${executions === undefined ? `${time ?? defaultSeconds} s` : `${executions} executions`}`;
}

/** Explores one program and prints its result. True when it is clean. */
async function runExplore(program: LoadedProgram, options: ModuleOptions, json: boolean): Promise<boolean> {
  if (!json && options.strategy !== 'replay')
    say(`${program.name}: ${nameOfRun(options)}, seed ${options.seed}`);
  const live = process.stderr.isTTY === true && !json;
  let last = 0;
  const result = await exploreWithExecutor(program, {
    ...options,
    ...(live
      ? {
          onProgress: ({ executions, steps, findings, share }) => {
            const now = performance.now();
            if (now - last < 250) return;
            last = now;
            const done = share === undefined ? '' : `, about ${(share * 100).toFixed(1)} % done`;
            const taken = options.executor === 'parallel' ? '' : `, ${steps} steps`;
            process.stderr.write(`\r${executions} executions${taken}, ${findings} findings${done} `);
          },
        }
      : {}),
  });
  if (live && last > 0) process.stderr.write('\r\u001b[K');
  print(result, json);
  return result.outcome === 'passed';
}

async function runReplay(
  programs: readonly LoadedProgram[],
  schedule: string,
  options: ModuleOptions,
  json: boolean,
): Promise<number> {
  if (programs.length > 1)
    throw new UsageError(
      `the module has ${programs.length} programs (${programs.map(({ exportName, name }) => exportName ?? name).join(', ')}): choose one with --export`,
    );
  const result = await replayWithExecutor(programs[0]!, schedule, options);
  print(result, json);
  return result.outcome === 'passed' ? 0 : 1;
}

function print(result: ExploreResult, json: boolean): void {
  if (json) {
    const { report: _, ...data } = result;
    say(JSON.stringify(data, jsonSafe));
    return;
  }
  if (result.report !== null) say(result.report);
  else if (result.message !== '') say(`${result.outcome.toUpperCase()}: ${result.message}`);
  if (result.strategy === 'replay') return;
  const first =
    result.executionsToFirst === null ? '' : `, first finding in execution ${result.executionsToFirst}`;
  const kinds = result.kinds.length === 1 ? 'one kind' : `${result.kinds.length} kinds`;
  const several = result.findings > 1 ? `, ${result.findings} findings of ${kinds}` : '';
  const saturation = result.saturation === null ? '' : ` (${describeSaturation(result.saturation)})`;
  const behaviours = result.behaviours === null ? '' : `, ${result.behaviours} behaviours${saturation}`;
  say(
    `${result.name}: ${result.outcome}: ${result.executions} executions${result.strategy === 'free' ? ' on real threads' : `, ${result.steps} steps`}${behaviours}${first}${several}; ${result.cpuMs} ms CPU, ${result.wallMs} ms`,
  );
  if (result.coverage !== null)
    say(
      `coverage: ${result.coverage.readsFrom} reads-from pairs, ${result.coverage.blocking} blocking edges`,
    );
  for (const { outcome, message, findings, execution, schedule, replay } of result.others)
    say(
      `also: ${outcome}, ${findings} x, first in execution ${execution}: ${message.split('\n')[0]}\n  ${replay ?? schedule}`,
    );
  for (const note of result.notes) say(`note: ${note}`);
  if (result.outcome === 'passed' && result.guarantee !== null) say(result.guarantee);
}

endOnClosedPipe();

let finished = false;

// A program that ends the process (or never finishes loading) must not look like a clean run.
process.on('exit', () => {
  if (finished) return;
  writeSync(
    2,
    'threadproof: the program ended the process before there was a result (process.exit, or a top-level await that never settles)\n',
  );
  process.exitCode = 2;
});

/** Ends once all is written: timers, servers and workers that a program leaves behind are not waited for. */
function end(code: number): void {
  finished = true;
  process.exitCode = code;
  write('', () => process.exit(code));
}

// An error that a program throws outside its functions is a mistake in the module, not a finding.
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error: unknown) => {
    finished = true;
    console.error('threadproof: the program module threw outside its functions:', error);
    process.exit(2);
  });

try {
  end(await main(process.argv.slice(2)));
} catch (error) {
  if (error instanceof UsageError || error instanceof ProgramError || error instanceof ScheduleError) {
    console.error(`threadproof: ${error.message}`);
    if (error instanceof UsageError) console.error('see threadproof --help');
  } else console.error(error);
  end(2);
}
