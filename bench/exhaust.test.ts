import { expect, test, vi } from 'vitest';
import { exploreWith } from '../src/engine/explore.ts';
import type { Program } from '../src/engine/program.ts';
import { VirtualExecutor } from '../src/engine/virtual.ts';
import { explore } from '../src/explore.ts';
import { BoundedSearch } from '../src/strategy/exhaustive/bounded.ts';
import { benchExhaust } from './exhaust.ts';
import { P1, P2, P3, P4, P5, P6, P7 } from './programs.ts';

/** P1, P2, P5 and P6 are exact anchors; the others depend on how the mutex and the stack are written. */
const counts: readonly (readonly [string, Program, number])[] = (
  [
    ['P1', P1, 6],
    ['P2', P2, 90],
    ['P3', P3, 670],
    ['P4', P4, 3606],
    ['P5', P5, 3],
    ['P6', P6, 22],
    ['P7', P7, 50],
  ] as const
).map(([name, program, count]) => [name, program as unknown as Program, count]);

test.each(counts)('%s: each behaviour once, and complete', (_name, program, count) => {
  expect(explore(program, { strategy: 'exhaustive' })).toMatchObject({
    outcome: 'passed',
    complete: true,
    bound: null,
    executions: count,
    behaviours: count,
  });
});

test.each(counts)(
  '%s: all schedules, duplicates removed, show as many behaviours',
  (_name, program, count) => {
    // The search of all states races nothing and reverses nothing: it goes everywhere, and turns back where it has been.
    const executor = new VirtualExecutor(program, undefined, { behaviours: true });
    const campaign = exploreWith(executor, new BoundedSearch(Number.POSITIVE_INFINITY), {
      executions: Number.POSITIVE_INFINITY,
      deadline: Number.POSITIVE_INFINITY,
    });
    expect([campaign.complete, campaign.found, campaign.behaviours.size]).toEqual([true, 0, count]);
  },
);

test('the bench prints a row for each program', () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  benchExhaust({ rounds: 1, json: true });
  const rows = log.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);
  log.mockClear();
  benchExhaust({ rounds: 1, json: false });
  const text = log.mock.calls.map((args) => args.join(' ')).join('\n');
  log.mockRestore();
  expect(rows.map(({ executions }) => executions)).toEqual(counts.map(([, , count]) => count));
  expect(rows.every(({ complete, ms }) => complete === true && (ms as number) > 0)).toBe(true);
  expect(text).toMatch(/P6 +22 +yes/);
});
