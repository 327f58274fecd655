import { afterAll, describe, expect, test } from 'vitest';
import { brokenSubjects } from './broken.ts';
import { brokenExecutors } from './broken-law.ts';
import { lawWorkers, runLaw } from './law.ts';
import { lawProgram, lawRows } from './law-program.ts';
import { nullSubjects } from './null-subjects.ts';
import { runProperty, seedFor } from './run.ts';
import { properties } from './table.ts';

const named = (name: string) => properties.find((property) => property.name === name)!; // the tables are tested below

test.each(properties.map((property) => [property.name, property] as const))(
  '%s holds for the runtime (1,000 schedules)',
  async (_, property) => {
    const result = await runProperty(property, property.subject, { cases: 100, seed: 20 });
    expect(result.finding?.finding.report).toBeUndefined();
    expect(result).toMatchObject({ cases: 100, schedules: 1000, exhausted: 0 });
    expect(result.behaviours).toBeGreaterThan(100);
    expect(result.saturation).toMatchObject({ distinct: result.behaviours, total: result.schedules });
  },
);

test.each(properties.map((property) => [property.name, property] as const))(
  '%s fails for an implementation that does nothing',
  async (name, property) => {
    const result = await runProperty(property, nullSubjects[name], { cases: 100, seed: 4 });
    expect(result.finding?.finding.outcome.kind).toBe('violated');
  },
);

test.each(brokenSubjects.map((broken) => [broken.id, broken] as const))(
  '%s is caught within 2,000 schedules by its property',
  async (_, broken) => {
    const result = await runProperty(named(broken.caughtBy), broken.subject, { cases: 200, seed: 1 });
    expect(result.finding?.finding.outcome.kind).toBe('violated');
    expect(result.finding!.schedulesToFirst).toBeLessThanOrEqual(2000); // asserted just above
  },
);

test('B1 is found within 300 schedules and minimised to at most one preemption', async () => {
  const { subject } = brokenSubjects.find(({ id }) => id === 'B1')!; // in the table
  for (let seed = 0; seed < 20; seed++) {
    const { finding } = await runProperty(named('barrier-generations'), subject, { cases: 30, seed });
    expect(finding!.schedulesToFirst).toBeLessThanOrEqual(300); // toBeLessThanOrEqual fails on undefined
    expect(finding!.finding.preemptions).toBeLessThanOrEqual(1);
    expect(finding!.finding.plan.threads.map((calls) => calls.length)).toEqual([1, 1]);
  }
});

test('every property has a broken subject, and every broken subject a property', () => {
  expect(new Set(brokenSubjects.map(({ caughtBy }) => caughtBy))).toEqual(
    new Set(properties.map(({ name }) => name)),
  );
  expect(Object.keys(nullSubjects).sort()).toEqual(properties.map(({ name }) => name).sort());
  expect(new Set(brokenSubjects.map(({ id }) => id)).size).toBe(brokenSubjects.length);
  for (const { id, odds } of brokenSubjects)
    expect(odds, `${id}: the odds are written down`).toBeGreaterThan(0);
});

test('the odds leave less than 1 chance in 1,000 of missing a broken subject in 2,000 schedules', () => {
  for (const { id, odds } of brokenSubjects) expect((1 - odds / 100) ** 2000, id).toBeLessThan(0.001);
});

test('a finding comes again from seed and path, and from its schedule, every time', async () => {
  const { subject } = brokenSubjects.find(({ id }) => id === 'M5b')!; // in the table
  const property = named('mutual-exclusion');
  const first = (await runProperty(property, subject, { cases: 200, seed: 3 })).finding!; // caught: tested above
  for (let i = 0; i < 25; i++) {
    const { finding: again } = await runProperty(property, subject, {
      cases: 200,
      seed: 3,
      path: first.path,
    });
    expect(again?.finding.plan).toEqual(first.finding.plan);
    expect(again?.finding.schedule).toBe(first.finding.schedule);
    expect(again?.finding.report).toBe(first.finding.report);
  }
});

test('two runs with one seed are the same', async () => {
  for (const property of properties) {
    const seed = seedFor(99, property.name);
    const once = async (): Promise<object> => ({
      ...(await runProperty(property, property.subject, { cases: 40, seed })),
      wallMs: 0,
    });
    const a = await once();
    const b = await once();
    expect(a).toEqual(b);
  }
});

// The differential law, a sample. It is in this file because loading all of the table takes longer than it does.
// `npm run properties -- --executor workers` runs more of it, and the pools, which have more threads.
const threads = 3;
const workers = lawWorkers(threads);
afterAll(() => workers.close());

/** The first program of a row that is not too large, and its seed. */
const sample = lawRows.flatMap((row) => {
  for (let seed = 8; seed < 40; seed++) {
    const program = lawProgram({ row, seed });
    if (program === undefined) return [];
    if (program.threads <= threads) return [{ row, seed }];
  }
  return [];
});

describe('a schedule that virtual took gives the same trace, answers and outcome on real workers', () => {
  test.each(sample)('$row', ({ row, seed }) => {
    const { finding, cases, outside } = runLaw(row, workers, { cases: 1, schedules: 1, seed });
    expect(finding).toBeUndefined();
    expect(cases + outside).toBe(1);
  });

  test('programs of atomic operations: exceptions, clocks, views of other widths, memory of a thread alone', () => {
    const { finding, schedules } = runLaw('atomics', workers, { cases: 60, schedules: 2, seed: 20 });
    expect(finding).toBeUndefined();
    expect(schedules).toBeGreaterThan(60);
  });
});

test('what is not in the sample has promises or more threads', () => {
  const rows = new Set(sample.map(({ row }) => row));
  const names = [...properties.map(({ name }) => name), ...brokenSubjects.map(({ id }) => id)];
  expect(names.filter((name) => rows.has(name)).length).toBeGreaterThan(80);
  for (const row of names.filter((name) => !rows.has(name)))
    expect(lawProgram({ row, seed: 8 })?.threads ?? Number.POSITIVE_INFINITY, row).toBeGreaterThan(threads);
});

test.each(brokenExecutors.map((broken) => [broken.id, broken] as const))(
  '%s is caught by the law',
  (_, { row, make }) => {
    const { finding } = runLaw(row, make(workers), { cases: 80, schedules: 2, seed: 3 });
    expect(finding).toMatch(new RegExp(`^${row}, seed \\d+, schedule \\d \\(tp1_`));
  },
);
