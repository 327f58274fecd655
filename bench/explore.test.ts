import { expect, test, vi } from 'vitest';
import { benchExplore } from './explore.ts';

interface Row {
  readonly program: string;
  readonly strategy: string;
  readonly behaviourHash: boolean;
  readonly executionsPerCpuSecond: number;
  readonly stepsPerExecution: number;
  readonly behaviours: number | null;
}

function lines(json: boolean): string[] {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  benchExplore({ rounds: 1, executions: 5_000, json });
  const printed = log.mock.calls.map((args) => args.join(' '));
  log.mockRestore();
  return printed;
}

test('the bench runs its seven programs, none fails, and the anchors see exactly their traces', () => {
  const rows = lines(true).map((line) => JSON.parse(line) as Row);
  expect(new Set(rows.map(({ program }) => program)).size).toBe(7);
  expect(rows).toHaveLength(28);
  const seen = (program: string): number | null | undefined =>
    rows.find((r) => r.program === program && r.strategy === 'random' && r.behaviourHash)?.behaviours;
  expect(['P1', 'P2', 'P5', 'P6'].map(seen)).toEqual([6, 90, 3, 22]);
  for (const row of rows) expect(row.executionsPerCpuSecond).toBeGreaterThan(0);
  expect(rows.find(({ program }) => program === 'P1')?.stepsPerExecution).toBe(6);
});

test('for people it prints a table with the peers beside', () => {
  const text = lines(false).join('\n');
  expect(text).toMatch(/program +strategy +behaviours +races +k exec\/s .*Shuttle +ratio +Loom/);
  expect(text).toMatch(/P7 +pct\(3\)/);
});
