import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const main = join(root, 'src/cli/main.ts');
const tsx = join(root, 'node_modules/tsx/dist/esm/index.mjs');

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function threadproof(...args: string[]): Promise<Run> {
  return inFolder(root, ...args);
}

function inFolder(cwd: string, ...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    const argv = ['--conditions=threadproof-source', '--import', tsx, main, ...args];
    // Coverage of the tests is not that of the programs they start.
    const { NODE_V8_COVERAGE: _, VITEST: __, ...env } = process.env;
    execFile(
      process.execPath,
      argv,
      { cwd, env, timeout: 25_000, maxBuffer: 64 << 20 },
      (error, out, err) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, out, err });
      },
    );
  });
}

/** The lines of standard output, each a JSON object. */
function results(out: string): Record<string, unknown>[] {
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Without what differs from run to run. */
function steady(out: string): string {
  return out.replace(/[\d.]+ ms CPU, [\d.]+ ms/, '').replace(/"(cpu|wall)Ms":[\d.]+/g, '');
}

const fields = [
  'name',
  'outcome',
  'message',
  'executions',
  'executionsToFirst',
  'steps',
  'cpuMs',
  'wallMs',
  'threads',
  'schedule',
  'preemptions',
  'trace',
];

/** The programs stand outside the harness, which is left without twins, in a folder without package.json. */
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'threadproof-cli-')));
const fixture = (name: string): string => join(folder, name);
beforeAll(() => cpSync(join(root, 'src/cli/fixtures'), folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.concurrent('explore', () => {
  test('a finding: exit 1, columns with source lines, and a replay line that works, again and again', async () => {
    const first = await threadproof('explore', fixture('lost-update.mjs'), '--seed', '1');
    expect(first.code).toBe(1);
    expect(first.err).toBe('');
    expect(first.out).toMatch(/^lost update: portfolio, seed 1\nlost update: VIOLATED with 1 preemption\n/);
    expect(first.out).toContain('Error: the counter is 1, the results 0,0');
    expect(first.out).toMatch(/\nstep {3}T0 +T1\n {3}0 {3}start\n/);
    expect(first.out).toMatch(/load view\[0\] -> 0 {2}counter\.mjs:3/);
    expect(first.out).toMatch(
      /lost update: violated: \d+ executions, \d+ steps, \d+ behaviours \(saturation \d+\.\d %, Chao1 \d+\), first finding in execution \d+; [\d.]+ ms CPU, [\d.]+ ms\n$/,
    );
    const second = await threadproof('explore', fixture('lost-update.mjs'), '--seed', '1');
    expect(steady(second.out)).toBe(steady(first.out));

    const line = /\nreplay +npx threadproof (replay .*)\n/.exec(first.out)![1]!;
    const replay = await threadproof(...line.split(' '));
    expect(replay.code).toBe(1);
    // The same report, but for the first and the last line.
    expect(first.out).toContain(replay.out.trimEnd());
    const viaExplore = await threadproof(
      'explore',
      fixture('lost-update.mjs'),
      '--strategy',
      'replay',
      '--schedule',
      line.split(' ')[2]!,
    );
    expect([viaExplore.code, viaExplore.out]).toEqual([1, replay.out]);
  });

  test('--coverage: reads-from pairs and blocking edges, as many as there are', async () => {
    // The wait sees the start or the store, the load the store; the wait sleeps on what setup left, or does not sleep.
    const args = ['explore', 'examples/handover.ts', '--strategy', 'exhaustive', '--coverage'];
    const [text, json] = await Promise.all([threadproof(...args), threadproof(...args, '--json')]);
    expect([text.code, json.code]).toEqual([0, 0]);
    expect(text.out).toContain('\ncoverage: 3 reads-from pairs, 1 blocking edges\n');
    expect(results(json.out)).toMatchObject([{ complete: true, coverage: { readsFrom: 3, blocking: 1 } }]);
  });

  test('--json: one object a program and a line, with the fields of the issue', async () => {
    const { code, out, err } = await threadproof(
      'explore',
      fixture('several.mjs'),
      '--seed',
      '1',
      '--json',
      '--executions',
      '500',
    );
    expect([code, err]).toEqual([1, '']);
    const [broken, sound, ...more] = results(out);
    expect(more).toEqual([]);
    for (const result of [sound!, broken!]) {
      expect(Object.keys(result).slice(0, fields.length)).toEqual(fields);
      for (const name of ['executions', 'steps', 'cpuMs', 'wallMs', 'threads'])
        expect(result[name]).toEqual(expect.any(Number));
    }
    expect(sound).toMatchObject({
      name: 'sound',
      outcome: 'passed',
      message: '',
      executions: 500,
      executionsToFirst: null,
      schedule: null,
      preemptions: null,
      trace: [],
    });
    expect(broken).toMatchObject({
      name: 'a broken one',
      outcome: 'violated',
      message: 'Error: lost',
      preemptions: 1,
      threads: 2,
    });
    expect((broken!['trace'] as unknown[])[1]).toMatchObject({
      thread: 0,
      kind: 'load',
      byteOffset: 0,
      result: 0,
      site: { file: fixture('several.mjs'), line: 15 },
    });

    const ambiguous = await threadproof('replay', fixture('several.mjs'), broken!['schedule'] as string);
    expect(ambiguous.code).toBe(2);
    expect(ambiguous.err).toContain('the module has 2 programs (broken, sound): choose one with --export');
    const again = await threadproof(
      'replay',
      fixture('several.mjs'),
      broken!['schedule'] as string,
      '--export',
      'broken',
      '--json',
    );
    expect(again.code).toBe(1);
    expect(results(again.out)[0]).toMatchObject({
      outcome: 'violated',
      trace: broken!['trace'],
      schedule: broken!['schedule'],
    });
  });

  test('of several programs it says at the end which are clean; the replay line of one export names it', async () => {
    const { out } = await threadproof('explore', fixture('several.mjs'), '--seed', '1', '--executions', '50');
    expect(out.trimEnd()).toMatch(/\n1 of 2 programs are clean \(not so: broken\)$/);
    const line = /\nreplay +npx threadproof (replay .*)\n/.exec(out)![1]!;
    expect(line).toMatch(/ --export broken$/);
    expect((await threadproof(...line.split(' '))).code).toBe(1);
  });

  test('a clean program: exit 0; every strategy', async () => {
    for (const strategy of ['portfolio', 'pct', 'round-robin']) {
      const { code, out } = await threadproof(
        'explore',
        fixture('several.mjs'),
        '--export',
        'sound',
        '--strategy',
        strategy,
        '--executions',
        '300',
        '--seed',
        '3',
      );
      expect(code).toBe(0);
      expect(out).toContain('sound: passed: 300 executions');
      if (strategy !== 'round-robin')
        expect(out).toMatch(
          /PCT: n=2 threads, k=\d+ steps in the longest execution, d=3: a bug of depth 3 is met with p >= 1\/\d+ an execution/,
        );
    }
  });

  test('CommonJS, with functions of another CommonJS module: locks in opposite order', async () => {
    const { code, out } = await threadproof('explore', fixture('common.cjs'), '--seed', '1');
    expect(code).toBe(1);
    expect(out).toContain('DEADLOCKED with 1 preemption');
    expect(out).toMatch(/deadlock: nobody can go on: T\d waits at .*lock\.cjs:2 for the word at byte \d/);
    expect(out).toMatch(/T0 waits at lock\.cjs:2 on \[4\] \(slept on 1\): last written by T1 in step \d+/);
  });

  test('TypeScript in a folder without package.json', async () => {
    writeFileSync(
      fixture('single.ts'),
      `interface Shared { readonly view: Int32Array }
enum Cell { Counter }
export default {
  threads: 2,
  setup: (): Shared => ({ view: new Int32Array(new SharedArrayBuffer(4)) }),
  thread(_id: number, { view }: Shared): void {
    const seen: number = Atomics.load(view, 0);
    Atomics.store(view, 0, seen + 1);
  },
  check({ view }: Shared): void { if (view[Cell.Counter] !== 2) throw new Error('lost'); },
};
`,
    );
    const { code, out, err } = await inFolder(folder, 'explore', 'single.ts', '--seed', '1');
    expect([code, err]).toEqual([1, '']);
    expect(out).toMatch(/^single\.ts: portfolio, seed 1\nsingle\.ts: VIOLATED/);
    expect(out).toMatch(/load view -> 0 {2}single\.ts:7/);
    expect(out).toMatch(/store view 1 -> 1 {2}single\.ts:8/);
    const line = /\nreplay +npx threadproof (replay .*)\n/.exec(out)![1]!;
    expect((await inFolder(folder, ...line.split(' '))).code).toBe(1);
  });

  // FAULT of src/instrument/hooks.ts: asModule does not know the name under which tsx asks for what such a module imports, so that
  // the imported module gets no twins and its steps no scheduling points. Take `.fails` away with the fault.
  test('TypeScript in a folder without package.json, importing TypeScript', async () => {
    writeFileSync(
      join(folder, 'add.ts'),
      `export function add(view: Int32Array, n: number): number {
  const seen: number = Atomics.load(view, 0);
  return Atomics.store(view, 0, seen + n);
}
`,
    );
    writeFileSync(
      join(folder, 'program.ts'),
      `import { add } from './add.ts';
interface Shared { readonly view: Int32Array }
enum Cell { Counter }
export default {
  threads: 2,
  setup: (): Shared => ({ view: new Int32Array(new SharedArrayBuffer(4)) }),
  thread(_id: number, { view }: Shared): number { return add(view, 1); },
  check({ view }: Shared): void { if (view[Cell.Counter] !== 2) throw new Error('lost'); },
};
`,
    );
    const { code, out, err } = await inFolder(folder, 'explore', 'program.ts', '--seed', '1');
    expect([code, err]).toEqual([1, '']);
    expect(out).toMatch(/^program\.ts: portfolio, seed 1\nprogram\.ts: VIOLATED/);
    expect(out).toMatch(/load view -> 0 {2}add\.ts:2/);
    expect(out).toMatch(/store view 1 -> 1 {2}add\.ts:3/);
    const line = /\nreplay +npx threadproof (replay .*)\n/.exec(out)![1]!;
    expect((await inFolder(folder, ...line.split(' '))).code).toBe(1);
  });

  test('top-level state is a thread’s own and kept between executions', async () => {
    const { code, out } = await threadproof(
      'explore',
      fixture('state.mjs'),
      '--export',
      'isolated',
      '--executions',
      '50',
      '--seed',
      '1',
    );
    expect(out).toContain('isolated: passed: 50 executions');
    expect(code).toBe(0);
    const kept = await threadproof(
      'explore',
      fixture('state.mjs'),
      '--export',
      'kept',
      '--executions',
      '50',
      '--seed',
      '1',
      '--json',
      '--no-minimise',
      '--no-run-twice',
    );
    expect(results(kept.out)[0]).toMatchObject({ outcome: 'violated', executionsToFirst: 6 });
  });

  test('a clock that is not virtual: exit 1 with the first step that differs, asked for or not; a deterministic subject is clean', async () => {
    const steadyRun = await threadproof(
      'explore',
      fixture('outside-clock.mjs'),
      '--export',
      'steady',
      '--executions',
      '50',
      '--run-twice',
    );
    expect(steadyRun.out).toContain('steady: passed: 50 executions');
    expect(steadyRun.code).toBe(0);
    const clocked = ['explore', fixture('outside-clock.mjs'), '--export', 'clocked', '--executions', '50'];
    for (const options of [['--run-twice'], []]) {
      const { code, out } = await threadproof(...clocked, ...options);
      expect(out).toMatch(
        /uncontrolled nondeterminism: the same schedule was run again, and step \d was T1 store view\[0\] \d+ -> \d+ in one run, and T1 store view\[0\] \d+ -> \d+ in the next/,
      );
      expect(out).toContain('first finding in execution 1;');
      expect(code).toBe(1);
    }
  });

  test('attach, and what a thread gets without it', async () => {
    const { code, out } = await threadproof(
      'explore',
      fixture('attach.mjs'),
      '--executions',
      '50',
      '--seed',
      '1',
    );
    expect(out).toContain('fallback: passed');
    expect(out).toContain('made: passed');
    expect(code).toBe(0);
  });

  test('every outcome; a budget that ran out is no pass', async () => {
    const { code, out } = await threadproof(
      'explore',
      fixture('outcomes.mjs'),
      '--executions',
      '20',
      '--seed',
      '1',
      '--max-steps',
      '15000',
      '--json',
      '--time',
      '20',
    );
    expect(code).toBe(1);
    expect(results(out).map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
      'blocked passed',
      'crashed crashed',
      'deadlocked deadlocked',
      'exhausted exhausted',
      'livelocked livelocked',
    ]);
    const exhausted = await threadproof(
      'explore',
      fixture('outcomes.mjs'),
      '--export',
      'exhausted',
      '--executions',
      '2',
      '--max-steps',
      '50',
    );
    expect(exhausted.code).toBe(1);
    expect(exhausted.out).toContain('EXHAUSTED: 2 of 2 executions ran out of their step budget');
  });

  test('--full shows every step, of a spin of 6,000, too', async () => {
    const of = ['--export', 'livelocked', '--max-steps', '6000', '--seed', '1'];
    const { code, out } = await threadproof('explore', fixture('outcomes.mjs'), ...of, '--full');
    expect(code).toBe(1);
    expect(out.match(/^ *\d+ [ >] +(start|load)/gm)).toHaveLength(6_000);
    expect(out).not.toContain(' x: ');
  });

  test('--json: nothing else on standard output, whatever the program prints; what it leaves behind is not waited for', async () => {
    const start = Date.now();
    const { code, out, err } = await threadproof('explore', fixture('noisy.mjs'), '--json', '--seed', '1');
    expect(Date.now() - start).toBeLessThan(20_000);
    expect(code).toBe(1);
    const [result, ...more] = results(out);
    expect(more).toEqual([]);
    expect(result!['outcome']).toBe('deadlocked');
    expect(err).toContain('loading\nloading again\n');
    expect(err).toContain('thread');
    expect((result!['trace'] as { args?: unknown }[]).at(-1)!.args).toEqual(['5n', 'Infinity']);
  });

  test('--keep-going counts', async () => {
    const { out } = await threadproof(
      'explore',
      fixture('lost-update.mjs'),
      '--keep-going',
      '--executions',
      '400',
      '--seed',
      '1',
      '--json',
    );
    const [result] = results(out);
    expect(result!['executions']).toBe(400);
    expect(result!['findings']).toBeGreaterThan(100);
  });

  test('without a seed one is drawn and printed first', async () => {
    const { out } = await threadproof('explore', fixture('lost-update.mjs'));
    const seed = /^lost update: portfolio, seed (\d+)\n/.exec(out)![1]!;
    expect(steady((await threadproof('explore', fixture('lost-update.mjs'), '--seed', seed)).out)).toBe(
      steady(out),
    );
  });
});

test('--strategy exhaustive says complete, with its bound where there is one', async () => {
  const module = fixture('lost-update.mjs');
  const exhaust = (...args: string[]) => threadproof('explore', module, '--strategy', 'exhaustive', ...args);
  const all = await exhaust('--keep-going', '--json');
  expect(all.code).toBe(1);
  expect(JSON.parse(all.out)).toMatchObject({ outcome: 'violated', complete: true, bound: null });
  const few = await exhaust('--preemptions', '0');
  expect([few.code, few.err]).toEqual([0, '']);
  expect(few.out).toMatch(/complete up to a bound: every behaviour that at most 0 preemptions show/);
});

describe.concurrent('usage: exit 2, and standard error says what to do', () => {
  const fails = async (message: string | RegExp, ...args: string[]): Promise<void> => {
    const { code, out, err } = await threadproof(...args);
    expect(err).toMatch(message);
    expect([code, out]).toEqual([2, '']);
  };

  test('--help and --version', async () => {
    const [help, version] = await Promise.all([threadproof('--help'), threadproof('--version')]);
    expect([help.code, help.err]).toEqual([0, '']);
    for (const option of [
      'explore <module>',
      'replay <module> <schedule>',
      '--strategy',
      '--executions',
      '--seed',
      '--max-steps',
      '--time',
      '--schedule',
      '--json',
      '--keep-going',
      'Exit code: 0 clean, 1 finding',
      '2 usage',
    ])
      expect(help.out).toContain(option);
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(version).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' });
  });

  test('modules', async () => {
    await fails(/module \.\/none\.mjs was not found \(looked for .*none\.mjs\)/, 'explore', './none.mjs');
    await fails('is a folder: name the program module in it', 'explore', 'src');
    await fails(
      /could not be loaded: RangeError: at load\n +at .*throws\.mjs:1/,
      'explore',
      fixture('throws.mjs'),
    );
    await fails(
      /syntax\.mjs could not be loaded: .*(SyntaxError|Unexpected)/s,
      'explore',
      fixture('syntax.mjs'),
    );
    await fails('later', 'explore', fixture('throws-later.mjs'));
    await fails(
      /has no program among its exports \(a, default\): export default \{ threads/,
      'explore',
      fixture('nothing.mjs'),
    );
    await fails(
      /has no export nope: it exports broken, helper, sound/,
      'explore',
      fixture('several.mjs'),
      '--export',
      'nope',
    );
  });

  test('shapes', async () => {
    const rows: [string, string][] = [
      ['zero', 'field threads is 0: give a whole number from 1 to 128'],
      ['many', 'field threads is 129: give'],
      ['fraction', 'field threads is 1.5: give'],
      ['nan', 'field threads is NaN: give'],
      ['noThread', 'field thread is undefined, not a function'],
      ['badMayBlock', 'field mayBlock names thread 2: threads are numbered 0 to 1'],
    ];
    for (const [name, message] of rows)
      await fails(
        `export ${name} of ${fixture('shapes.mjs')} is not a program: ${message}`,
        'explore',
        fixture('shapes.mjs'),
        '--export',
        name,
      );
  });

  test('schedules', async () => {
    const module = fixture('lost-update.mjs');
    await fails(
      /is damaged \(its checksum differs\): copy it again, whole/,
      'replay',
      module,
      'tp1_2_2.1.b7_6.w4ztl0_2h8y',
    );
    await fails(
      'the schedule is of version tp7, this threadproof reads tp1',
      'replay',
      module,
      'tp7_2_6.w4ztl0_2h8z',
    );
    await fails('"garbage" is not a schedule', 'replay', module, 'garbage');
    const { out } = await threadproof('explore', module, '--seed', '1', '--json');
    await fails(
      /the program diverges from the schedule: .*: find the failure again with explore/,
      'replay',
      fixture('common.cjs'),
      results(out)[0]!['schedule'] as string,
    );
  });

  test('arguments', async () => {
    const module = fixture('lost-update.mjs');
    const rows: [RegExp, ...string[]][] = [
      [/give a command: explore or replay\nsee threadproof --help/],
      [/command "fuzz" is not known/, 'fuzz'],
      [/"more" is one argument too many/, 'explore', module, 'more'],
      [/Unknown option '--fast'/, 'explore', module, '--fast'],
      [
        /--strategy "best" is not known: give one of portfolio, random, pct, fair-pct, pos, urw, surw, rff, round-robin, exhaustive, replay/,
        'explore',
        module,
        '--strategy',
        'best',
      ],
      [/--executions "0": give a whole number from 1/, 'explore', module, '--executions', '0'],
      [/--strategy replay needs --schedule STRING/, 'explore', module, '--strategy', 'replay'],
      [/--seed "-1": give a whole number from 0/, 'explore', module, '--seed', '-1'],
      [/--depth goes with --strategy pct or fair-pct/, 'explore', module, '--depth', '2'],
      [/--preemptions goes with --strategy exhaustive/, 'explore', module, '--preemptions', '1'],
      [/--checkpoint goes with --strategy exhaustive/, 'explore', module, '--checkpoint', 'x.json'],
      [/replay: give the schedule string that explore printed/, 'replay', module],
      [/replay: --seed is an option of explore/, 'replay', module, 'x', '--seed', '1'],
    ];
    for (const [message, ...args] of rows) await fails(message, ...args);
  });
});
