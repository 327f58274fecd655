/**
 * A campaign: the property table, round after round with new seeds, until the time is up. Every finding is minimised and saved; a target that
 * has shown one is left alone from then on.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { type PropertyResult, runProperty, seedFor } from '../properties/run.ts';
import { type Saturation, Tally } from '../src/engine/tally.ts';
import { ProgramCoverage, type ProgramsCovered } from '../src/generate/coverage.ts';
import { type Artifact, artifactPath, checkDirectory, removeIncomplete, writeArtifact } from './artifact.ts';
import type { Target } from './targets.ts';

export interface CampaignOptions {
  readonly targets: readonly Target[];
  /** Seconds. */
  readonly maxTotalTime: number;
  readonly seed: number;
  /** Folder for findings. */
  readonly artifacts: string;
  /** Count what the targets' programs cover. Default false. */
  readonly coverage?: boolean;
  readonly onStatus?: (status: CampaignStatus) => void;
  readonly onFinding?: (artifact: Artifact, path: string) => void;
  readonly signal?: AbortSignal;
}

export interface CampaignStatus {
  readonly seconds: number;
  readonly rounds: number;
  readonly cases: number;
  readonly schedules: number;
  readonly steps: number;
  readonly findings: number;
  /** Distinct behaviours over all targets. */
  readonly behaviours: number;
  /** Good-Turing over all targets: the chance that the next schedule shows a behaviour that its target has not shown; null before the first. */
  readonly nextIsNew: number | null;
  /** The target that is running. */
  readonly target: string;
}

export interface CampaignSummary extends CampaignStatus {
  /** For each target: cases, schedules, whether it has shown a finding, executions that ran out of steps. */
  readonly targets: readonly {
    readonly name: string;
    readonly cases: number;
    readonly schedules: number;
    readonly steps: number;
    readonly found: boolean;
    readonly exhausted: number;
    readonly behaviours: number;
    readonly saturation: Saturation | null;
    /** What its programs have covered, where that was asked for; else null. */
    readonly coverage: ProgramsCovered | null;
  }[];
  /** Paths of the artifacts. */
  readonly artifacts: readonly string[];
  readonly interrupted: boolean;
}

/** Behaviours of a target that are told apart: 5 MB. */
const mostBehaviours = 250_000;

/** Cases of a target before it is the next one's turn: about a tenth of a second. */
const casesATurn = 250;

export async function runCampaign(options: CampaignOptions): Promise<CampaignSummary> {
  const start = performance.now();
  const deadline = start + options.maxTotalTime * 1000;
  checkDirectory(options.artifacts);
  removeIncomplete(options.artifacts);
  const rows = options.targets.map((target) => ({
    target,
    name: target.name,
    cases: 0,
    schedules: 0,
    steps: 0,
    found: false,
    exhausted: 0,
    tally: new Tally(mostBehaviours),
    coverage: options.coverage === true ? new ProgramCoverage() : undefined,
  }));
  const artifacts: string[] = [];
  let rounds = 0;
  const status = (target: string): CampaignStatus => ({
    seconds: (performance.now() - start) / 1000,
    rounds,
    cases: rows.reduce((sum, row) => sum + row.cases, 0),
    schedules: rows.reduce((sum, row) => sum + row.schedules, 0),
    steps: rows.reduce((sum, row) => sum + row.steps, 0),
    findings: artifacts.length,
    behaviours: rows.reduce((sum, row) => sum + row.tally.size, 0),
    nextIsNew: share(
      rows.reduce((sum, row) => sum + row.tally.once, 0),
      rows.reduce((sum, row) => sum + row.tally.total, 0),
    ),
    target,
  });
  const goesOn = (): boolean => performance.now() < deadline && options.signal?.aborted !== true;
  for (; goesOn() && rows.some(({ found }) => !found); rounds++) {
    for (const row of rows) {
      if (row.found || !goesOn()) continue;
      const { target } = row;
      const seed = seedFor(options.seed + rounds, target.name);
      const result = await runProperty(target.property, target.subject, {
        cases: casesATurn,
        seed,
        deadline,
        races: true,
        behaviours: row.tally,
        ...(row.coverage === undefined ? {} : { coverage: row.coverage }),
      });
      row.cases += result.cases;
      row.schedules += result.schedules;
      row.steps += result.steps;
      row.exhausted += result.exhausted;
      if (result.finding !== undefined) {
        row.found = true;
        const artifact = artifactOf(target, result);
        // Shown before it is saved: a full disk must not lose it.
        options.onFinding?.(artifact, artifactPath(options.artifacts, artifact));
        artifacts.push(writeArtifact(options.artifacts, artifact));
      }
      options.onStatus?.(status(target.name));
      // Signals are delivered between turns.
      await turn();
    }
  }
  return {
    ...status('-'),
    targets: rows.map(({ target: _, tally, coverage, ...row }) => ({
      ...row,
      behaviours: tally.size,
      saturation: tally.saturation() ?? null,
      coverage: coverage?.covered() ?? null,
    })),
    artifacts,
    interrupted: options.signal?.aborted === true,
  };
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function artifactOf(target: Target, result: PropertyResult): Artifact {
  const { finding, path } = result.finding!; // the caller has looked
  return {
    format: 'threadproof-finding',
    version: 1,
    kind: finding.outcome.kind,
    message: finding.outcome.message,
    property: target.property.name,
    subject: target.subjectName,
    program: finding.plan,
    schedule: finding.schedule,
    preemptions: finding.preemptions,
    seed: result.seed,
    path,
    replay: `npm run fuzz -- <this file>   or   npm run properties -- --only ${target.name} --seed ${result.seed} --path ${path} --races`,
    report: finding.report,
  };
}
