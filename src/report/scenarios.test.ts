import { expect, test } from 'vitest';
import { exitCodeOf, runScenario, type ScenarioOutcome, summarise } from './scenarios.ts';

const scenario = (run: () => unknown) => ({ name: 'one', run: run as () => ScenarioOutcome });

test('C-15: a scenario passes only when it says so', async () => {
  const passed = await runScenario(
    scenario(() => ({ passed: true, metrics: { p50Ms: 2 }, notes: ['fast'] })),
    1_000,
  );
  expect(passed).toMatchObject({ name: 'one', passed: true, metrics: { p50Ms: 2 }, notes: ['fast'] });
  for (const answer of [{ passed: false }, {}, undefined, null, { passed: 1 }, 'passed'])
    expect(
      await runScenario(
        scenario(() => answer),
        1_000,
      ),
    ).toMatchObject({ passed: false });
});

test('C-15: what throws, rejects or never ends has failed, with a note', async () => {
  const thrown = await runScenario(
    scenario(() => {
      throw new Error('broken');
    }),
    1_000,
  );
  expect([thrown.passed, thrown.notes[0]]).toEqual([false, expect.stringContaining('broken')]);
  const rejected = await runScenario(
    scenario(() => Promise.reject('no')),
    1_000,
  );
  expect(rejected).toMatchObject({ passed: false, notes: ['no'] });
  const endless = await runScenario(
    scenario(() => new Promise(() => {})),
    10,
  );
  expect(endless).toMatchObject({ passed: false, notes: ['did not end within 10 ms'] });
});

test('C-15, S2: the pass rate is a number, and so is the gate', () => {
  const result = (passed: boolean) => ({ name: 'x', passed, metrics: {}, notes: [], wallMs: 1 });
  const summary = summarise([result(true), result(false), result(false), result(false)]);
  expect(summary).toMatchObject({ total: 4, passed: 1, failed: 3, passRate: 0.25 });
  expect([exitCodeOf(summary), exitCodeOf(summary, 0.25), exitCodeOf(summary, 0.3)]).toEqual([1, 0, 1]);
  expect(exitCodeOf(summarise([result(true)]))).toBe(0);
  expect(exitCodeOf(summarise([]), 0)).toBe(1);
});
