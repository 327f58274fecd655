import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProgramCoverage } from '../src/generate/coverage.ts';
import { promiseProgram, type Turns } from './promises.ts';
import type { Property } from './property.ts';
import { runProperty } from './run.ts';

/** A counter in a world where reading and writing take a turn each: two clients may lose an addition. */
const counter = (safe: boolean) =>
  promiseProgram<{ value: number; turns: Turns }>({
    name: 'counter',
    plans: fc
      .array(fc.array(fc.constant({ name: 'add', args: [] }), { minLength: 1, maxLength: 3 }), {
        minLength: 2,
        maxLength: 3,
      })
      .map((threads) => ({ prefix: [], threads })),
    world: (turns) => ({ value: 0, turns }),
    operations: {
      add: {
        run: async (world, thread) => {
          const before = world.value;
          if (!safe) await world.turns.next('write', thread);
          world.value = before + 1;
        },
      },
    },
    judge: ({ world, history, stuck }) =>
      stuck || world.value !== history.length ? `${world.value} of ${history.length}` : undefined,
  });

const property = {
  name: 'counter',
  about: '',
  ids: [],
  subject: {},
  cases: () => counter(false),
} as Property;

test('a lost addition is found, made small, and comes again from path and schedule', async () => {
  const { finding } = await runProperty(property, {}, { cases: 50, seed: 1 });
  expect(finding?.finding.plan.threads.map((list) => list.length)).toEqual([1, 1]);
  expect(finding?.finding.outcome).toEqual({ kind: 'violated', message: '1 of 2' });
  const { schedule, report, plan } = finding!.finding; // found, as just seen
  expect(report).toContain('counter: VIOLATED with 0 preemptions');
  const [program] = fc.sample(counter(false), 1);
  const again = await program!.with(plan).replay(schedule); // one was asked for
  expect([again.outcome.kind, again.divergence]).toEqual(['violated', undefined]);
  const repeated = await runProperty(property, {}, { cases: 50, seed: 1, path: finding!.path });
  expect(repeated.finding?.finding.report).toBe(report);
});

test('a sound one holds, and its schedules are counted', async () => {
  const sound = { ...property, cases: () => counter(true) };
  const result = await runProperty(sound, {}, { cases: 20, seed: 1 });
  expect(result).toMatchObject({
    finding: undefined,
    cases: 20,
    schedules: 200,
    exhausted: 0,
    coverage: null,
  });
  expect(result.behaviours).toBeGreaterThan(20);
});

test('coverage: what awaits inside may overlap, what does not never does; there are no steps to follow', async () => {
  const covered = async (safe: boolean) => {
    const cases = () => counter(safe);
    const row = { ...property, cases } as Property;
    const coverage = new ProgramCoverage();
    await runProperty(row, {}, { cases: 20, seed: 1, coverage });
    return coverage.covered();
  };
  const pair = ['add', 'add'];
  expect(await covered(true)).toEqual({
    overlaps: { covered: 0, possible: 1, missing: [pair] },
    readsFrom: null,
    blocking: null,
  });
  expect(await covered(false)).toMatchObject({ overlaps: { covered: 1, possible: 1, missing: [] } });
});

test('a schedule that does not fit the program any more is told', async () => {
  const [program] = fc.sample(counter(false), { numRuns: 1, seed: 3 });
  expect((await program!.replay('tpp1_0.z_5_1')).divergence).toContain('only');
  expect((await program!.replay('tpp1__5_1')).divergence).toContain('other turns');
  await expect(async () => program!.replay('tp1_2_2')).rejects.toThrow(
    'is no schedule of a program of promises',
  );
});

test('turns without end are exhausted, and what fails at the end is a violation', async () => {
  const one = { prefix: [], threads: [[{ name: 'spin', args: [] }]] };
  const endless = (spins: boolean) =>
    promiseProgram<Turns>({
      name: 'endless',
      plans: fc.constant(one),
      world: (turns) => turns,
      operations: {
        spin: {
          run: async (turns) => {
            while (spins) await turns.next('again');
          },
        },
      },
      finish: () => Promise.reject(new Error('no end')),
      judge: () => undefined,
      schedules: 0,
    });
  const run = (spins: boolean) =>
    runProperty({ ...property, cases: () => endless(spins) }, {}, { cases: 1, seed: 1 });
  expect((await run(true)).exhausted).toBe(1);
  expect((await run(false)).finding?.finding.outcome.message).toBe('the end failed: Error: no end');
});
