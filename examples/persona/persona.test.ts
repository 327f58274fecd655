import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { ScenarioSummary } from 'threadproof';
import { expect, test } from 'vitest';

/** Runs the example as a user does; a watchdog ends it after a minute. */
async function run(...args: string[]): Promise<{ code: number | null; summary: ScenarioSummary }> {
  const child = spawn(
    process.execPath,
    ['--conditions=threadproof-source', '--import', 'tsx', join(import.meta.dirname, 'main.ts'), ...args],
    { stdio: ['ignore', 'pipe', 'ignore'], timeout: 60_000 },
  );
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, summary: JSON.parse(output) as ScenarioSummary };
}

test('C-1 to C-15: the sixteen scenarios pass, the summary has numbers, the process ends by itself with 0', async () => {
  const { code, summary } = await run();
  expect(summary.scenarios.filter(({ passed }) => !passed)).toEqual([]);
  expect(summary).toMatchObject({ total: 16, passed: 16, failed: 0, passRate: 1 });
  expect(new Set(summary.scenarios.map(({ name }) => name.slice(0, 2))).size).toBe(16);
  expect(code).toBe(0);
}, 70_000);

test('C-15: with no provider the inferences fail, the pass rate is 0.75, the exit code 1', async () => {
  const { code, summary } = await run('http://127.0.0.1:9');
  const failed = summary.scenarios.filter(({ passed }) => !passed).map(({ name }) => name.slice(0, 2));
  expect(failed).toEqual(['09', '10', '11', '12']);
  expect(summary).toMatchObject({ total: 16, passed: 12, failed: 4, passRate: 0.75 });
  expect(code).toBe(1);
}, 70_000);
