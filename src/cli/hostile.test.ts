import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
// The folders of the harness get no twins, so the programs are put elsewhere.
const fixtures = mkdtempSync(join(tmpdir(), 'threadproof-hostile-'));
cpSync(join(import.meta.dirname, 'fixtures'), fixtures, { recursive: true });

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const command = ['--conditions=threadproof-source', '--import', 'tsx', 'src/cli/main.ts', ...args];
  return spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8', timeout: 25_000 });
}

test('each program of the hostile module has the outcome in its name', () => {
  const { stdout, status } = run(
    'explore',
    join(fixtures, 'hostile.mjs'),
    '--executions',
    '30',
    '--seed',
    '1',
    '--json',
  );
  const results = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string; outcome: string; notes: string[] });
  expect(results).toHaveLength(17);
  const due = results.map(({ name }) => `${name}: ${name.slice(0, name.indexOf('_'))}`);
  expect(results.map(({ name, outcome }) => `${name}: ${outcome}`)).toEqual(due);
  expect(results.find(({ name }) => name === 'passed_accessors')?.notes.join()).toContain(
    'ran without a scheduling point',
  );
  expect(status).toBe(1);
});

test.each(['virtual', 'workers', 'parallel'])(
  'what cannot be looked at is reported like anything else that is thrown: %s',
  (executor) => {
    const path = join(fixtures, 'unreadable.mjs');
    const { stdout, status } = run('explore', path, '--executor', executor, '--executions', '2', '--json');
    const results = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; outcome: string; message: string });
    const unreadable = 'an error that throws when it is looked at';
    expect(results.map(({ name, message }) => [name, message])).toEqual([
      ['crashed_attach', `attach of thread 0 threw ${unreadable}`],
      [
        'crashed_made',
        expect.stringMatching(/^setup made what a thread cannot be given: (TypeError|DataCloneError): /),
      ],
      ['crashed_setup', `setup threw ${unreadable}`],
      ['violated_check', unreadable],
      ['violated_name', `thread 0 threw ${unreadable}`],
      ['violated_revoked', `thread 0 threw ${unreadable}`],
      ['violated_trapped', `thread 0 threw ${unreadable}`],
    ]);
    for (const { name, outcome } of results) expect(name.startsWith(`${outcome}_`), name).toBe(true);
    expect(status).toBe(1);
  },
);

test.each(['exits.mjs', 'never-loads.mjs'])('a module that ends the process is no clean run: %s', (name) => {
  const { status, stderr } = run('explore', join(fixtures, name));
  expect(stderr).toContain('the program ended the process before there was a result');
  expect(status).toBe(2);
});

test('a module whose named exports are the fields of a program is a program', () => {
  const { status, stdout } = run('explore', join(fixtures, 'fields.mjs'), '--seed', '1', '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    outcome: 'violated',
    preemptions: 1,
    message: 'check returned false',
  });
  expect(status).toBe(1);
});
