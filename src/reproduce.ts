/** Looks for a finding of threads that run free under `virtual`, in a process of its own (reproduction.ts): nothing that the program does there hangs or ends this one. */
import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Outcome } from './engine/outcome.ts';
import type { ExploreOptions, LoadedProgram } from './explore.ts';
import type { Job, Reproduction } from './reproduction.ts';

export interface ReproduceOptions extends ExploreOptions {
  /** Seconds that an execution may take. Default 5. */
  readonly stepTime?: number;
  /** Most megabytes of its heap. */
  readonly heap: number;
}

/** Stands for the schedule in the replay line. */
const schedule = 'tp1_';

/**
 * Never fails: what goes wrong there is an obstacle, in words.
 * @param module URL of the program's module.
 */
export async function reproduce(
  program: LoadedProgram,
  module: string,
  { kind, message }: Outcome,
  options: ReproduceOptions,
): Promise<Reproduction> {
  const { seed, maxSteps, full, minimise, races, stepTime = 5, heap } = options;
  // What ended a worker, or made it die, would end that process, too.
  if (kind === 'crashed') return { how: 'no', result: undefined, schedules: 0 };
  const quietSeconds = stepTime + (maxSteps ?? 20_000) / 10_000;
  const job: Job = {
    module,
    exportName: program.exportName ?? 'default',
    name: program.name,
    wanted: { kind, message },
    replayLine: program.replayLine?.(schedule).split(schedule) ?? [],
    options: {
      ...(seed === undefined ? {} : { seed }),
      ...(maxSteps === undefined ? {} : { maxSteps }),
      ...(full === undefined ? {} : { full }),
      ...(minimise === undefined ? {} : { minimise }),
      ...(races === undefined ? {} : { races }),
    },
    quietMs: 1000 * quietSeconds,
  };
  const self = import.meta.url;
  const tsx = pathToFileURL(createRequire(self).resolve('tsx')).href;
  const child = fork(new URL(self.endsWith('.ts') ? './reproduction.ts' : './reproduction.js', self), {
    execArgv: [
      ...process.execArgv.filter((flag) => /^(--conditions=|--stack-size|--experimental-)/.test(flag)),
      `--max-old-space-size=${heap}`,
      '--import',
      tsx,
    ],
    // What the program prints it has printed already.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
  });
  try {
    return await new Promise<Reproduction>((resolve) => {
      const not = (obstacle: string): void =>
        resolve({ how: 'no', result: undefined, schedules: 0, obstacle });
      child.once('message', (answer) => resolve(answer as Reproduction));
      child.once('error', (error) => not(`the process for it could not be started: ${error.message}`));
      child.once('exit', (code, signal) => {
        if (signal === 'SIGKILL')
          not(
            `an execution came to no end within ${quietSeconds} s (an endless loop in plain code, which nobody can interrupt there)`,
          );
        else if (signal !== null)
          not(`the program ended the process (${signal}), most likely out of memory: it has ${heap} MB`);
        else not(`the program ended the process (process.exit(${code}))`);
      });
      child.send(job);
    });
  } finally {
    child.kill('SIGKILL');
  }
}
