import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readArtifact } from './artifact.ts';
import { runCampaign } from './campaign.ts';
import { brokenTargets, findTarget, soundTargets } from './targets.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'threadproof-campaign-'));
const target = (name: string) => findTarget(name)!; // names of the tables

test('a campaign over the runtime runs for its time, round after round, and is clean', async () => {
  const artifacts = folder();
  const seen: string[] = [];
  const targets = soundTargets().slice(0, 3);
  const summary = await runCampaign({
    targets,
    maxTotalTime: 5,
    seed: 1,
    artifacts,
    coverage: true,
    onStatus: ({ target: name }) => seen.push(name),
  });
  expect(summary).toMatchObject({ findings: 0, artifacts: [], interrupted: false });
  expect(summary.seconds).toBeGreaterThanOrEqual(5);
  expect(new Set(seen)).toEqual(new Set(targets.map(({ name }) => name)));
  expect(summary.cases).toBeGreaterThan(250);
  expect(summary.schedules).toBe(summary.targets.reduce((sum, row) => sum + row.schedules, 0));
  expect(summary.behaviours).toBe(summary.targets.reduce((sum, row) => sum + row.behaviours, 0));
  // Behaviours are told apart from turn to turn: what the first turn showed is not new in the second.
  for (const { behaviours, saturation, schedules } of summary.targets)
    expect(saturation).toMatchObject({ distinct: behaviours, total: schedules });
  // What they cover is kept from turn to turn, too: litmus tests have loads, stores and looks of onlookers, in all pairs.
  expect(summary.targets[2]).toMatchObject({
    name: 'sequential-consistency',
    coverage: { overlaps: { covered: 6, possible: 6, missing: [] }, blocking: 0 },
  });
  expect(summary.nextIsNew).toBeGreaterThan(0);
  expect(summary.nextIsNew).toBeLessThan(1);
  expect(readdirSync(artifacts)).toEqual([]);
});

test('a finding is saved, minimised, and comes again from its file; its target is left alone then', async () => {
  const artifacts = folder();
  const summary = await runCampaign({
    targets: [target('O2'), target('B1')],
    maxTotalTime: 60,
    seed: 2,
    artifacts,
  });
  expect(summary.findings).toBe(2);
  expect(summary.seconds).toBeLessThan(60);
  expect(readdirSync(artifacts)).toHaveLength(2);
  for (const path of summary.artifacts) {
    const artifact = readArtifact(path);
    expect(artifact.preemptions).toBeLessThanOrEqual(1);
    expect(artifact.report).toContain(artifact.schedule);
    expect(artifact.program.threads).toHaveLength(2);
  }
});

test('an aborted campaign ends at its next turn and says so', async () => {
  const abort = new AbortController();
  const summary = await runCampaign({
    targets: soundTargets(),
    maxTotalTime: 60,
    seed: 1,
    artifacts: folder(),
    signal: abort.signal,
    onStatus: () => abort.abort(),
  });
  expect(summary.interrupted).toBe(true);
  expect(new Set(summary.targets.map(({ coverage }) => coverage))).toEqual(new Set([null]));
  expect(summary.rounds).toBeLessThanOrEqual(1);
});

test('broken subjects are targets by their ids, and nothing else is a target', () => {
  expect(brokenTargets().map(({ name }) => name)).toContain('B7');
  expect(findTarget('nobody')).toBeUndefined();
});
