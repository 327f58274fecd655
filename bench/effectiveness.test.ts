import { expect, test, vi } from 'vitest';
import { benchEffectiveness, type EffectivenessOptions, type EffectivenessRow } from './effectiveness.ts';

function lines(options: Partial<EffectivenessOptions>): string[] {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  benchEffectiveness({
    programs: ['reorder_10', 'twostage_2'],
    strategies: ['portfolio', 'rff'],
    seeds: 4,
    executions: 500,
    json: false,
    ...options,
  });
  const printed = log.mock.calls.map((args) => args.join(' '));
  log.mockRestore();
  return printed;
}

test('every cell says with how many seeds it was found, and after how many schedules', () => {
  const rows = lines({ json: true }).map((line) => JSON.parse(line) as EffectivenessRow);
  expect(rows.map(({ program, strategy }) => `${program} ${strategy}`)).toEqual([
    'reorder_10 portfolio',
    'reorder_10 rff',
    'twostage_2 portfolio',
    'twostage_2 rff',
  ]);
  for (const { found, mean, least, most } of rows) {
    expect(found).toBe(4);
    expect(mean).toBeGreaterThanOrEqual(least!);
    expect(mean).toBeLessThanOrEqual(most!);
  }
});

test('what is not found is shown as such, never as a mean', () => {
  const [, table] = lines({ programs: ['twostage_20'], strategies: ['random', 'pct'], executions: 3 });
  expect(table).toMatch(/program +random +pct +published: RFF/);
  expect(table).toMatch(/twostage_20 +- +(-|\d\.\d \(\d\)) +RFF 22/);
});
