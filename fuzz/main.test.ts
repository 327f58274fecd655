import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { usageOf } from '../properties/fixtures/usage.ts';
import { type CoverageReport, readArtifact } from './artifact.ts';

const root = join(import.meta.dirname, '..');
const command = [
  '--conditions=threadproof-source',
  '--import',
  'tsx',
  '--import',
  './properties/register.ts',
  'fuzz/main.ts',
];
const folder = (): string => mkdtempSync(join(tmpdir(), 'threadproof-fuzz-'));

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [...command, ...args], { cwd: root, encoding: 'utf8' });
}

test('a campaign over sound targets is clean: exit 0, a table, and nothing saved but what it covered', () => {
  const artifacts = folder();
  const { status, stdout } = run(
    'mutual-exclusion',
    '--max-total-time',
    '1',
    '--seed',
    '1',
    '--artifacts',
    artifacts,
    '--coverage',
  );
  expect(stdout).toMatch(/mutual-exclusion .* \d+\/\d+ +\d+ +\d+ +clean/);
  expect(stdout).toMatch(/\ncoverage: all pairs of operations that could overlap did in [01] of 1\n/);
  expect(stdout).toMatch(/0 findings in/);
  expect(status).toBe(0);
  expect(readdirSync(artifacts)).toEqual(['coverage.json']);
  const path = join(artifacts, 'coverage.json');
  expect(stdout).toContain(`coverage saved as ${path}`);
  const { targets, ...campaign } = JSON.parse(readFileSync(path, 'utf8')) as CoverageReport;
  expect(campaign).toMatchObject({ format: 'threadproof-coverage', version: 1, seed: 1 });
  expect(campaign.schedules).toBe(targets[0]!.schedules);
  expect(targets.map(({ name }) => name)).toEqual(['mutual-exclusion']);
  const { covered, possible } = targets[0]!.coverage!.overlaps;
  expect(stdout).toContain(` ${covered}/${possible} `);
});

test('a broken subject is found: exit 1, an artifact, and a replay that shows it again', () => {
  const artifacts = folder();
  const { status, stdout } = run(
    'TORN',
    '--max-total-time',
    '30',
    '--seed',
    '1',
    '--artifacts',
    artifacts,
    '--json',
    '--coverage',
  );
  expect(status).toBe(1);
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(events.map(({ event }) => event)).toEqual(['start', 'finding', 'end', 'coverage']);
  expect(events[2]).toMatchObject({ targets: [{ name: 'TORN', coverage: { blocking: 0 } }] });
  expect(events[3]!['file']).toBe(join(artifacts, 'coverage.json'));
  const path = String(events[1]!['file']);
  const replay = run(path);
  expect(replay.stdout).toContain(readArtifact(path).schedule);
  expect(replay.stdout).toMatch(/TORN|not linearizable/);
  expect(replay.status).toBe(1);
  expect(JSON.parse(run(path, '--json').stdout)).toMatchObject({
    event: 'replay',
    outcome: 'violated',
    reproduced: true,
  });
});

test('a changed subject diverges: exit 2 and where', () => {
  const artifacts = folder();
  run('O2', '--max-total-time', '30', '--seed', '1', '--artifacts', artifacts);
  const path = join(artifacts, readdirSync(artifacts)[0]!); // one target, one finding
  writeFileSync(path, JSON.stringify({ ...readArtifact(path), subject: 'runtime' }));
  const { status, stderr } = run(path);
  expect(stderr).toMatch(/diverges from the schedule/);
  expect(status).toBe(2);
});

test('killed in the middle it leaves no half-written file', async () => {
  const artifacts = folder();
  for (const delay of [500, 700, 900]) {
    const child = spawn(
      process.execPath,
      [...command, 'B1', 'M5a', 'M5b', 'O2', 'TORN', 'L1', '--artifacts', artifacts],
      { cwd: root, stdio: 'ignore' },
    );
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => setTimeout(resolve, delay));
    child.kill('SIGKILL');
    await ended;
    for (const name of readdirSync(artifacts).filter((n) => !n.startsWith('.')))
      expect(readArtifact(join(artifacts, name)).version).toBe(1);
  }
});

test('an interrupt ends the campaign with its summary', async () => {
  const child = spawn(
    process.execPath,
    [...command, 'atomics-i32', '--max-total-time', '60', '--artifacts', folder()],
    { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (output === '') setTimeout(() => child.kill('SIGINT'), 500);
    output += text;
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  expect(output).toMatch(/interrupted: 0 findings/);
  expect(code).toBe(0);
});

test('--help and --list', () => {
  expect(run('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('--max-total-time') });
  expect(run('--list')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/atomics-i32[\s\S]*B1 +broken subject/),
  });
});

test.each([
  [['nobody'], 'target "nobody" is not known: atomics-i32'],
  [['--max-total-time=-1'], '--max-total-time "-1"'],
  [['--max-total-time', '0'], '--max-total-time "0": give seconds above 0'],
  [['--seed', 'abc'], '--seed "abc"'],
  [['--bogus'], "Unknown option '--bogus'"],
  [['--artifacts', 'package.json'], 'findings cannot be saved in "package.json"'],
  [['absent.json'], 'absent.json cannot be read'],
  [['package.json'], 'package.json is not a finding of threadproof'],
  [['package.json', '--coverage'], '--coverage is for campaigns: a replay is one execution'],
  [['package.json', 'B1'], 'a replay takes one file and no targets'],
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
