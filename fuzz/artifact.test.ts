import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type Artifact,
  ArtifactError,
  type CoverageReport,
  readArtifact,
  removeIncomplete,
  writeArtifact,
  writeCoverage,
} from './artifact.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'threadproof-artifact-'));

const artifact: Artifact = {
  format: 'threadproof-finding',
  version: 1,
  kind: 'violated',
  message: 'lost',
  property: 'atomics-i64',
  subject: 'TORN',
  program: { prefix: [], threads: [[{ name: 'add', args: [0, 2n ** 63n - 1n, undefined, Number.NaN] }]] },
  schedule: 'tp1_1_0.0_0000',
  preemptions: 1,
  seed: 7,
  path: '1:2',
  replay: 'line',
  report: 'text',
};

test('an artifact comes back as it was written, bigint, NaN and undefined included', () => {
  const directory = join(folder(), 'made');
  const path = writeArtifact(directory, artifact);
  expect(readArtifact(path)).toEqual(artifact);
  expect(readdirSync(directory)).toEqual(['atomics-i64-TORN-7.json']);
});

test('a coverage report replaces the one before it, whole, and is no finding', () => {
  const directory = join(folder(), 'made');
  const report: CoverageReport = {
    format: 'threadproof-coverage',
    version: 1,
    seed: 7,
    seconds: 1,
    rounds: 1,
    schedules: 0,
    targets: [],
  };
  writeCoverage(directory, { ...report, seed: 6 });
  const path = writeCoverage(directory, report);
  expect(readdirSync(directory)).toEqual(['coverage.json']);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(report);
  expect(() => readArtifact(path)).toThrow('coverage.json is not a finding of threadproof');
  writeFileSync(join(directory, 'file'), '');
  expect(() => writeCoverage(join(directory, 'file'), report)).toThrow('the coverage could not be saved as');
});

test('what a killed campaign left under a temporary name is removed, what a living one writes is not', () => {
  const directory = folder();
  writeFileSync(join(directory, '.incomplete-999999999-x.json'), '{');
  writeFileSync(join(directory, `.incomplete-${process.pid}-x.json`), '{');
  writeFileSync(join(directory, 'kept.json'), '{}');
  removeIncomplete(directory);
  expect(readdirSync(directory).sort()).toEqual([`.incomplete-${process.pid}-x.json`, 'kept.json']);
  expect(() => removeIncomplete(join(directory, 'absent'))).not.toThrow();
});

test.each([
  ['not there', undefined, /cannot be read/],
  ['half a file', '{"format": "threadproof-fin', /is not JSON/],
  ['something else', '{"a": 1}', /is not a finding of threadproof/],
  ['null', 'null', /is not a finding of threadproof/],
  [
    'another version',
    JSON.stringify({ ...artifact, program: 0, version: 2 }),
    /version 2, this threadproof reads version 1/,
  ],
  [
    'no schedule',
    JSON.stringify({ ...artifact, program: { threads: [[]], prefix: [] }, schedule: undefined }),
    /field schedule is missing/,
  ],
  ['no program', JSON.stringify({ ...artifact, program: { threads: [] } }), /field program is not/],
  [
    'a program of other things',
    JSON.stringify({ ...artifact, program: { threads: [[1]], prefix: [] } }),
    /field program is not/,
  ],
])('a file that is %s is refused', (_, text, message) => {
  const directory = folder();
  const path = join(directory, 'file.json');
  mkdirSync(directory, { recursive: true });
  if (text !== undefined) writeFileSync(path, text);
  expect(() => readArtifact(path)).toThrow(ArtifactError);
  expect(() => readArtifact(path)).toThrow(message);
});
