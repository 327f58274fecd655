import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { campaignBroken, campaignProperties } from '../properties/campaign-only.ts';
import { campaignNullSubjects } from '../properties/null-subjects.ts';
import { runProperty } from '../properties/run.ts';
import { brokenTargets, findTarget, soundTargets } from './targets.ts';

test('targets have names of their own, and are found by them', () => {
  const all = [...soundTargets(), ...brokenTargets()];
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  for (const { name, subject } of all) expect(findTarget(name)?.subject).toBe(subject);
  expect(findTarget('no such target')).toBeUndefined();
});

test.each(campaignProperties.map((property) => [property.name, property] as const))(
  '%s, for campaigns, holds for the runtime, and fails for one that does nothing',
  async (name, property) => {
    const sound = await runProperty(property, property.subject, { cases: 40, seed: 6 });
    expect(sound.finding?.finding.report).toBeUndefined();
    expect(sound).toMatchObject({ cases: 40, schedules: 400, exhausted: 0 });
    const nothing = await runProperty(property, campaignNullSubjects[name], { cases: 20, seed: 6 });
    expect(nothing.finding?.finding.outcome.kind).toBe('violated');
    expect(campaignBroken.some(({ caughtBy }) => caughtBy === name)).toBe(true);
  },
);

test.each(campaignBroken.map((broken) => [broken.id, broken] as const))(
  '%s is caught within 2,000 schedules by its property, and could hardly be missed',
  async (id, { odds }) => {
    const { property, subject } = findTarget(id)!; // tested above
    // One by one: making a pool's program smaller takes longer than all else here.
    let outcome: string | undefined;
    for (const program of fc.sample(property.cases(subject), { numRuns: 200, seed: 1 })) {
      outcome = (await program.run(undefined, 0))?.outcome.kind;
      if (outcome !== undefined) break;
    }
    expect(outcome).toBe('violated');
    expect((1 - odds / 100) ** 2000).toBeLessThan(0.001);
  },
);
