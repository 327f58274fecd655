import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ProgramsCovered } from '../src/generate/coverage.ts';
import { usageOf } from './fixtures/usage.ts';

const root = join(import.meta.dirname, '..');

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const command = [
    '--conditions=threadproof-source',
    '--import',
    'tsx',
    '--import',
    './properties/register.ts',
  ];
  return spawnSync(process.execPath, [...command, 'properties/main.ts', ...args], {
    cwd: root,
    encoding: 'utf8',
  });
}

test('a small run holds, catches what it should, and prints the tables and what they cover; the same seed prints the same', () => {
  const args = [
    '--coverage',
    '--seed',
    '5',
    '--cases',
    '20',
    '--only',
    'atomics-i32',
    '--only',
    'barrier-generations',
    '--only',
    'O2',
  ];
  const [first, second] = [run(...args), run(...args)];
  expect(first.stderr).toBe('');
  expect(first.status).toBe(0);
  expect(first.stdout).toMatch(/^seed 5\n/);
  expect(first.stdout).toMatch(
    /^property .* overlaps +reads-from +blocking +result +time\n[- ]+\natomics-i32 +20 +200 .* \d+\/\d+ +\d+ +0 +holds /m,
  );
  expect(first.stdout).toMatch(/barrier-generations .* 1\/1 +\d+ +\d+ +holds /);
  expect(first.stdout).toMatch(
    /\ncoverage: all pairs of operations that could overlap did in 1 of 2\nnever overlapped in atomics-i32: \w+ x \w+[,\n]/,
  );
  expect(first.stdout).toMatch(/O2 +atomics-i32 +\d+ +1 +violated/);
  expect(first.stdout).toContain('properties: 2 of 2 hold; broken subjects: 1 of 1 caught');
  const timeless = (text: string): string => text.replace(/\d+\.\d s$/gm, 'T');
  expect(timeless(first.stdout)).toBe(timeless(second.stdout));
});

test('--json prints one object a line, a finding with its plan, schedule and path', () => {
  const { status, stdout } = run(
    '--coverage',
    '--seed',
    '5',
    '--cases',
    '5',
    '--only',
    'atomics-i64',
    '--only',
    'memory-growth',
    '--only',
    'TORN',
    '--json',
  );
  expect(status).toBe(0);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map(({ label, outcome }) => [label, outcome])).toEqual([
    ['atomics-i64', 'passed'],
    ['memory-growth', 'passed'],
    ['TORN', 'violated'],
  ]);
  const [atomics, growth, ofBroken] = lines.map(({ coverage }) => coverage as ProgramsCovered | null);
  expect(atomics).toMatchObject({ blocking: 0 });
  expect(atomics!.readsFrom).toBeGreaterThan(5);
  // What was not covered is listed by name: to read a word is no step, so two of it cannot overlap.
  const { covered, possible, missing } = growth!.overlaps;
  expect(covered).toBeGreaterThan(0);
  expect(missing).toHaveLength(possible - covered);
  expect(missing).toContainEqual(['read', 'write']);
  // A broken subject's run ends with its finding.
  expect(ofBroken).toBeNull();
  expect(lines[2]).toMatchObject({
    schedule: expect.stringMatching(/^tp1_/),
    path: expect.any(String),
    plan: { threads: expect.any(Array) },
  });
  const again = run(
    '--only',
    'TORN',
    '--seed',
    String(lines[2]!['seed']),
    '--path',
    String(lines[2]!['path']),
    '--json',
  );
  expect(JSON.parse(again.stdout)).toMatchObject({
    schedule: lines[2]!['schedule'],
    plan: lines[2]!['plan'],
  });
});

test('the line of the docs repeats a case that failed on free threads, under so many schedules, and shows it', () => {
  const docs = readFileSync(join(root, 'docs/executors.md'), 'utf8');
  const line = /^npm run properties -- (--only R8 .*--schedules.*)$/m.exec(docs)![1]!; // it has one
  const { status, stdout } = run(...line.split(' '));
  expect(stdout).toMatch(/R8 +rwlock-overlap .*violated/);
  expect(stdout).toMatch(/^schedule {2}tp1_4_/m);
  expect(status).toBe(0);
});

test('a broken subject that slips through fails the run', () => {
  // One schedule is not enough for B7; the mirror's budget is what the test takes away.
  const { status, stdout } = run('--seed', '1', '--cases', '1', '--only', 'B7', '--mirror-schedules', '10');
  expect(stdout).toContain('NOT CAUGHT');
  expect(stdout).toContain('broken subjects: 0 of 1 caught (not so: B7)');
  expect(status).toBe(1);
});

test('--matrix runs a broken subject against all properties of its shape', () => {
  const { status, stdout, stderr } = run('--seed', '1', '--matrix', '--only', 'M6', '--only', 'U1');
  expect(stderr).toBe('');
  expect(stdout).toMatch(/broken subject +mutual-exclusion +mutex-poison +no-data-races +fault\n/);
  expect(stdout).toMatch(/M6 +holds +caught \d+ \* +holds +the holder dies/);
  expect(stdout).toMatch(/U1 +atomics-u32 +caught \d+ \* +unsigned integer/);
  expect(stdout).toContain('matrix: 2 of 2 broken subjects are caught by their property (*), 2 by no other');
  expect(status).toBe(0);
});

test('--matrix fails when a broken subject is not caught by its own property', () => {
  const args = ['--seed', '1', '--matrix', '--mirror-schedules', '10', '--only', 'R6'];
  const { status, stdout } = run(...args);
  expect(stdout).toMatch(/R6 +holds \*/);
  expect(stdout).toContain(
    '0 of 1 broken subjects are caught by their property (*) (not so: R6), 0 by no other',
  );
  expect(status).toBe(1);
  const json = run(...args, '--json');
  expect(json.status).toBe(1);
  const labels = json.stdout
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { label: string }).label);
  expect(labels).toEqual(['R6', 'R6 x rwlock-overlap', 'R6 x rwlock-bounded', 'R6 x rwlock-poison']);
});

test('--help and --list', () => {
  expect(run('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('--cases N') });
  expect(run('--list')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/mutual-exclusion .*\n[\s\S]*B1 .*broken/),
  });
});

test.each([
  [['--cases', '0'], '--cases "0": give a whole number from 1'],
  [['--seed', 'x'], '--seed "x": give a whole number from 0'],
  [['--only', 'nobody'], '--only "nobody" is not known: atomics-i32'],
  [['--path', '0'], '--path goes with one --only'],
  [['--coverage', '--odds'], '--coverage goes without --executor, --matrix, --odds and --path'],
  [['--matrix', '--odds'], '--matrix and --odds are two runs: give one of them'],
  [['--executor', 'gpu'], '--executor "gpu" is not known: give virtual, workers or parallel'],
  [['--executor', 'parallel', '--matrix'], '--executor parallel goes without --path, --matrix and --odds'],
  [['--executor', 'parallel', '--races'], '--executor parallel goes without --races'],
  [['--repeats', '5'], '--repeats goes with --executor parallel'],
  [['--schedules', '5'], '--schedules goes with --path'],
  [['--bogus'], "Unknown option '--bogus'"],
  [['surplus'], 'surplus'],
])('%j is a usage error', async (args, message) => {
  const { status, stderr } = await usageOf(new URL('main.ts', import.meta.url).href, args);
  expect(stderr).toContain(message);
  expect(status).toBe(2);
});

test('a usage error ends the process with 2', () => {
  const { status, stderr } = run('--bogus');
  expect(stderr).toContain("Unknown option '--bogus'");
  expect(status).toBe(2);
});
