import { describe, expect, test } from 'vitest';
import { MonitorBarrier } from '../models/broken/barrier-monitor.ts';
import { PlainInt32 } from '../models/broken/int32-plain.ts';
import { MonitorRwLock } from '../models/broken/rwlock-monitor.ts';
import { brokenSubjects } from './broken.ts';
import { catchers, hasWhatItNeeds, matrixRow, matrixTables, ofItsShape } from './matrix.ts';
import type { Property } from './property.ts';
import { runProperty } from './run.ts';
import { properties } from './table.ts';

const broken = (id: string) => brokenSubjects.find((each) => each.id === id)!; // the test fails at once where it is not in the table

test('R8 (unlock wakes one) is caught by reader overlap, and by no other property of the lock', async () => {
  const cases = (property: Property) => (property.name === 'rwlock-overlap' ? 10 : 100);
  const row = await matrixRow(broken('R8'), properties, (property, { subject }) =>
    runProperty(property, subject, { cases: cases(property), seed: 1 }),
  );
  expect(row.cells.map(({ property }) => property.name)).toEqual([
    'rwlock-linearizable',
    'rwlock-overlap',
    'rwlock-bounded',
    'rwlock-poison',
  ]);
  expect(row.cells.every(({ result }) => result !== undefined)).toBe(true);
  expect(catchers(row)).toEqual(['rwlock-overlap']);
});

test('B7 is caught within 1,000 schedules, whatever the seed', async () => {
  const barrier = ofItsShape(broken('B7'), properties).find(({ name }) => name === 'barrier-generations')!; // its property
  for (let seed = 0; seed < 10; seed += 1) {
    const { finding } = await runProperty(barrier, broken('B7').subject, { cases: 100, seed });
    expect(finding?.schedulesToFirst, `seed ${seed}`).toBeLessThanOrEqual(1000);
  }
});

test('a subject runs against the properties of its shape for which it has the methods', () => {
  const [exclusion, poison] = ofItsShape(broken('M2'), properties);
  expect([exclusion?.name, poison?.name]).toEqual(['mutual-exclusion', 'mutex-poison']);
  expect(hasWhatItNeeds(broken('M2').subject, exclusion!)).toBe(true); // named just above
  expect(hasWhatItNeeds(broken('M2').subject, poison!)).toBe(false);
  expect(hasWhatItNeeds(broken('M6').subject, poison!)).toBe(true);
  expect(hasWhatItNeeds({}, poison!)).toBe(false);
});

test.each([
  ['barrier', 'B6', MonitorBarrier],
  ['readers-writer lock', 'R8', MonitorRwLock],
  ['integer', 'SC', PlainInt32],
])('the %s from which broken ones are derived is sound itself', async (_, id, sound) => {
  for (const property of ofItsShape(broken(id), properties)) {
    const { finding } = await runProperty(property, sound, { cases: 40, seed: 2 });
    expect(finding?.finding.report, property.name).toBeUndefined();
  }
});

test('a broken subject of a property that there is not is a mistake', () => {
  expect(() => ofItsShape({ ...broken('M2'), caughtBy: 'nobody' }, properties)).toThrow(
    'M2: there is no property nobody',
  );
});

describe('the tables', () => {
  const result = (schedulesToFirst: number | undefined) =>
    ({ finding: schedulesToFirst === undefined ? undefined : { schedulesToFirst } }) as never;
  const property = (name: string, subject: object) => ({ name, subject }) as unknown as Property;
  const [lock, queue] = [{}, {}];
  const [a, b, c] = [property('a', lock), property('b', lock), property('c', queue)] as const;
  const subject = (id: string) => ({ id, fault: `fault of ${id}`, caughtBy: 'a', subject: {}, odds: 1 });

  test('one for each shape with several properties, one for the others', () => {
    const rows = [
      {
        broken: subject('X'),
        cells: [
          { property: a, own: true, result: result(7) },
          { property: b, own: false, result: result(undefined) },
        ],
      },
      {
        broken: subject('Y'),
        cells: [
          { property: a, own: true, result: result(undefined) },
          { property: b, own: false, result: undefined },
        ],
      },
      { broken: subject('Z'), cells: [{ property: c, own: true, result: result(1) }] },
    ];
    expect(matrixTables(rows)).toEqual([
      {
        header: ['broken subject', 'a', 'b', 'fault'],
        rows: [
          ['X', 'caught 7 *', 'holds', 'fault of X'],
          ['Y', 'holds *', '-', 'fault of Y'],
        ],
      },
      {
        header: ['broken subject', 'the one property', 'caught at', 'fault'],
        rows: [['Z', 'a', 'caught 1 *', 'fault of Z']],
      },
    ]);
    expect(rows.map(catchers)).toEqual([['a'], [], ['c']]);
  });
});
