import { expect, test, vi } from 'vitest';
import { benchExplore } from './explore.ts';

interface Row {
  readonly program: string;
  readonly strategy: string;
  readonly behaviourHash: boolean;
  readonly races: boolean;
  readonly ratioToRacesOff: number | null;
  readonly executionsPerCpuSecond: number;
  readonly stepsPerExecution: number;
  readonly behaviours: number | null;
}

function lines(json: boolean, executions: number): string[] {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  benchExplore({ rounds: 1, executions, json });
  const printed = log.mock.calls.map((args) => args.join(' '));
  log.mockRestore();
  return printed;
}

test('the bench runs its seven programs, none fails, and the anchors see exactly their traces', () => {
  const rows = lines(true, 5_000).map((line) => JSON.parse(line) as Row);
  expect(new Set(rows.map(({ program }) => program)).size).toBe(7);
  expect(rows).toHaveLength(35);
  const seen = (program: string): number | null | undefined =>
    rows.find((r) => r.program === program && r.strategy === 'random' && r.behaviourHash)?.behaviours;
  expect(['P1', 'P2', 'P5', 'P6'].map(seen)).toEqual([6, 90, 3, 22]);
  for (const row of rows) expect(row.executionsPerCpuSecond).toBeGreaterThan(0);
  expect(rows.find(({ program }) => program === 'P1')?.stepsPerExecution).toBe(6);
  // Looking for races changes no execution.
  const watched = rows.filter(({ races }) => races);
  for (const { program, strategy, behaviours, stepsPerExecution, ratioToRacesOff } of watched) {
    const off = rows.find((r) => r.program === program && r.strategy === strategy && !r.races);
    expect({ behaviours, stepsPerExecution }).toEqual({
      behaviours: off?.behaviours,
      stepsPerExecution: off?.stepsPerExecution,
    });
    expect(ratioToRacesOff).toBeGreaterThan(0);
  }
  expect(watched).toHaveLength(14);
});

test('for people it prints a table with the peers beside', () => {
  const text = lines(false, 200).join('\n');
  expect(text).toMatch(/program +strategy +behaviours +races +k exec\/s .*Shuttle +ratio +Loom/);
  expect(text).toMatch(/P7 +pct\(3\)/);
});
