/** The executor parallel on programs whose faults real threads show. How soon is a matter of the machine: nothing here is a matter of time. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { exploreFree, type FreeCampaign } from './engine/parallel/explore.ts';
import { FreeThreads } from './engine/parallel/threads.ts';
import type { Program } from './engine/program.ts';
import { exploreParallel } from './parallel.ts';

const fixture = 'properties/fixtures/free-programs.mjs';
const module = pathToFileURL(fixture).href;
const programs = (await import(module)) as Readonly<Record<string, Program>>;
const never = { deadline: Number.POSITIVE_INFINITY };

async function run(name: string, executions: number, hangSeconds = 60): Promise<FreeCampaign> {
  const threads = new FreeThreads({ module, exportName: name }, { hangSeconds });
  try {
    return await exploreFree(threads, programs[name]!, { ...never, executions });
  } finally {
    await threads.close();
  }
}

function command(...args: string[]): Promise<{ code: number; stdout: string }> {
  const own = ['--conditions=threadproof-source', '--import', 'tsx', 'src/cli/main.ts'];
  return new Promise((done) => {
    execFile(process.execPath, [...own, ...args], (error, stdout) => {
      done({ code: error === null ? 0 : Number(error.code), stdout });
    });
  });
}

describe('threads that run free', () => {
  test('updates of a counter get lost, and the same loss is found under virtual, with a schedule that replays', async () => {
    const found = await command(
      'explore',
      fixture,
      '--export',
      'lost',
      '--executor',
      'parallel',
      '--json',
      '--seed',
      '1',
      '--executions',
      '1000000',
    );
    expect(found.code).toBe(1);
    const result = JSON.parse(found.stdout);
    expect([result.outcome, result.reproduced, result.strategy]).toEqual(['violated', 'schedule', 'free']);
    expect(result.message).toMatch(/^Error: the counter is (?!40)\d+$/);
    const again = await command(
      'replay',
      fixture,
      result.schedule,
      '--export',
      'lost',
      '--races',
      'off',
      '--json',
    );
    expect(again.code).toBe(1);
    expect(JSON.parse(again.stdout).message).toMatch(/^Error: the counter is (?!40)\d+$/);
  }, 120_000);

  test('a sound counter stays clean, a thread that may stay behind may', async () => {
    const sound = await run('sound', 600);
    expect([sound.executions, sound.found]).toEqual([600, 0]);
    const server = await run('server', 20);
    expect([server.executions, server.found]).toEqual([20, 0]);
  }, 120_000);

  test('a program that virtual cannot suspend is not taken for reproduced, and the report says why', async () => {
    const path = resolve('properties/fixtures/crossed-constructors.cjs');
    const { crossed } = createRequire(import.meta.url)(path) as { readonly crossed: Program };
    const program = { name: 'crossed', exportName: 'crossed', url: pathToFileURL(path).href, main: crossed };
    const result = await exploreParallel(program, { executions: 10, seed: 1 });
    expect([result.outcome, result.reproduced, result.schedule]).toEqual(['deadlocked', 'no', null]);
    expect(result.report).toMatch(
      /Not reproduced under virtual: .*cannot be suspended.*crossed-constructors/s,
    );
  }, 120_000);

  test.each([
    [
      'loops',
      { maxSteps: 1_000 },
      'livelocked',
      'an execution came to no end within 0.6 s (an endless loop in plain code, which nobody can interrupt there)',
    ],
    [
      'hungry',
      { heap: 48 },
      'violated',
      'the program ended the process (SIGABRT), most likely out of memory: it has 48 MB',
    ],
  ])(
    'what would hang or end a process under virtual does so elsewhere, and the finding is reported: %s',
    async (name, options, outcome, why) => {
      const program = { name, exportName: name, url: module, main: programs[name]! };
      const result = await exploreParallel(program, { executions: 1, seed: 1, stepTime: 0.5, ...options });
      expect([result.outcome, result.reproduced]).toEqual([outcome, 'no']);
      expect(result.report?.split('\n').at(-1)).toBe(`Not reproduced under virtual: ${why}`);
    },
    120_000,
  );

  test('a deadlock is told without a time limit, with the places where the threads sleep', async () => {
    const { first } = await run('crossed', 10);
    expect(first?.execution).toBe(1);
    expect(first?.outcome.kind).toBe('deadlocked');
    expect(
      first?.outcome.blocked?.map(({ thread, byteOffset, value, site }) => [
        thread,
        byteOffset,
        value,
        site?.line,
      ]),
    ).toEqual([
      [0, 0, 0, 46],
      [1, 4, 0, 46],
    ]);
  }, 120_000);

  test('a thread that was about to go on is not taken for asleep', async () => {
    expect((await run('dawdler', 1)).found).toBe(0);
  }, 120_000);

  test('what sleepers do on their way out is no part of the execution, and no proof that they were awake', async () => {
    const { executions, found, unjudged } = await run('leavers', 5);
    expect([executions, found, unjudged]).toEqual([5, 0, 0]);
  }, 120_000);

  test('threads that run on are ended and reported with their places', async () => {
    const { first } = await run('endless', 10, 1);
    expect(first?.outcome.kind).toBe('livelocked');
    expect(first?.outcome.message).toMatch(
      /^threads did not come to their end in time: T0 runs at properties\/fixtures\/free-programs.mjs:70; T1 sleeps at properties\/fixtures\/free-programs.mjs:71 on the word at byte 4 \(on 0\)$/,
    );
  }, 120_000);

  test('a thread that ends its worker is reported with the exit code', async () => {
    const { first } = await run('exits', 10);
    expect([first?.outcome.kind, first?.outcome.message]).toEqual([
      'crashed',
      'thread 1 ended its worker (process.exit(3))',
    ]);
  }, 120_000);

  test('what makes no sense without a scheduler is refused', async () => {
    const program = {
      name: 'sound',
      exportName: 'sound',
      url: module,
      main: programs['sound']!,
    };
    await expect(exploreParallel(program, { strategy: 'pct' })).rejects.toThrow(
      'strategy makes no sense with the executor parallel: nobody schedules its threads',
    );
    await expect(exploreParallel(program, { runTwice: true })).rejects.toThrow(
      'runTwice makes no sense with the executor parallel',
    );
    await expect(exploreParallel(program, { executions: 0 })).rejects.toThrow('executions is 0');
    await expect(exploreParallel(program, { stepTime: 0 })).rejects.toThrow('stepTime is 0');
    await expect(exploreParallel({ name: 'sound', main: programs['sound']! })).rejects.toThrow(
      'workers load the program themselves',
    );
  });
});
