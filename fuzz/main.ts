/** `npm run fuzz`: a campaign over the property table, or the replay of a finding. Exit codes: 0 clean, 1 finding, 2 usage. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as fc from 'fast-check';
import { coverageCells, coverageColumns, missingOverlaps } from '../properties/covered.ts';
import { casesOf } from '../properties/property.ts';
import { isFinding } from '../src/engine/outcome.ts';
import { jsonSafe } from '../src/engine/trace.ts';
import { drawSeed } from '../src/explore.ts';
import { describePlan } from '../src/generate/plan.ts';
import { withNegativeNumbers } from '../src/report/arguments.ts';
import { renderFinding } from '../src/report/finding.ts';
import { endOnClosedPipe } from '../src/report/pipe.ts';
import { progress } from '../src/report/progress.ts';
import { renderTable } from '../src/report/table.ts';
import { ScheduleError } from '../src/schedule/codec.ts';
import { ArtifactError, type CoverageReport, readArtifact, writeCoverage } from './artifact.ts';
import { type CampaignStatus, type CampaignSummary, runCampaign } from './campaign.ts';
import { brokenTargets, findTarget, soundTargets, type Target } from './targets.ts';

const usage = `npm run fuzz -- [targets...] [options]     a campaign: new cases and schedules until the time is up
npm run fuzz -- <file.json>                repeat a finding that a campaign saved

Targets are properties (default: all of them) or ids of broken subjects; --list names them.

  --max-total-time S   seconds (default 60)
  --seed S             whole number; default: drawn and printed
  --artifacts DIR      where findings are saved (default fuzz/out)
  --coverage           count what each target's programs cover: pairs of operations in flight at the same time (of those that could be),
                       reads-from pairs, blocking edges; list the pairs that never were; save all of it as coverage.json beside
                       the findings (an eighth more CPU time)
  --list               the targets
  --json               one JSON object a line
  --help

Exit code: 0 clean, 1 finding (or an execution ran out of its steps), 2 usage.`;

class UsageError extends Error {}

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: withNegativeNumbers(argv),
      allowPositionals: true,
      options: {
        'max-total-time': { type: 'string', default: '60' },
        seed: { type: 'string' },
        artifacts: { type: 'string', default: 'fuzz/out' },
        coverage: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function main(argv: string[]): Promise<number> {
  const { values, positionals } = parse(argv);
  if (values.help) {
    console.log(usage);
    return 0;
  }
  if (values.list) {
    for (const { name, property } of soundTargets()) console.log(`${name.padEnd(22)} ${property.about}`);
    for (const { name, property } of brokenTargets())
      console.log(`${name.padEnd(22)} broken subject of ${property.name}`);
    return 0;
  }
  const files = positionals.filter(
    (name) => name.endsWith('.json') || (findTarget(name) === undefined && existsSync(name)),
  );
  if (files.length > 0) {
    if (values.coverage) throw new UsageError('--coverage is for campaigns: a replay is one execution');
    if (positionals.length > 1) throw new UsageError('a replay takes one file and no targets');
    return replayFile(files[0]!, values.json);
  }
  const seconds = Number(values['max-total-time']);
  if (!(seconds > 0 && seconds < Number.POSITIVE_INFINITY))
    throw new UsageError(`--max-total-time "${values['max-total-time']}": give seconds above 0`);
  if (values.seed !== undefined && !/^\d{1,15}$/.test(values.seed))
    throw new UsageError(`--seed "${values.seed}": give a whole number from 0`);
  const targets = positionals.length === 0 ? soundTargets() : [...new Set(positionals)].map(targetOf);
  return campaign(
    targets,
    seconds,
    values.seed === undefined ? drawSeed() : Number(values.seed),
    values.artifacts,
    values.json,
    values.coverage,
  );
}

function targetOf(name: string): Target {
  const target = findTarget(name);
  if (target === undefined) {
    const known = [...soundTargets(), ...brokenTargets()].map((t) => t.name).join(', ');
    throw new UsageError(`target "${name}" is not known: ${known}`);
  }
  return target;
}

async function campaign(
  targets: readonly Target[],
  seconds: number,
  seed: number,
  artifacts: string,
  json: boolean,
  coverage: boolean,
): Promise<number> {
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort.abort());
  if (json)
    console.log(JSON.stringify({ event: 'start', seed, seconds, targets: targets.map(({ name }) => name) }));
  else console.log(`campaign of ${seconds} s, seed ${seed}: ${targets.map(({ name }) => name).join(', ')}`);
  const live = progress(10_000, json);
  let lastJson = performance.now();
  const summary = await runCampaign({
    targets,
    maxTotalTime: seconds,
    seed,
    artifacts,
    coverage,
    signal: abort.signal,
    onStatus: (status) => {
      live.update(() => statusLine(status));
      if (json && performance.now() - lastJson >= 10_000) {
        lastJson = performance.now();
        console.log(JSON.stringify({ event: 'status', ...status }));
      }
    },
    onFinding: (artifact, path) => {
      live.clear();
      if (json) console.log(JSON.stringify({ event: 'finding', file: path, ...artifact }, jsonSafe));
      else console.log(`\n${artifact.report}\nsaved     ${path}\nreplay    npm run fuzz -- ${path}\n`);
    },
  });
  live.clear();
  const exhausted = summary.targets.reduce((sum, row) => sum + row.exhausted, 0);
  const code = summary.findings > 0 || exhausted > 0 ? 1 : 0;
  const save = (): string => writeCoverage(artifacts, coverageOf(summary, seed));
  if (json) {
    // Shown before it is saved: a full disk must not lose it.
    console.log(JSON.stringify({ event: 'end', ...summary }));
    if (coverage) console.log(JSON.stringify({ event: 'coverage', file: save() }));
    return code;
  }
  console.log(
    renderTable(
      [
        'target',
        'cases',
        'schedules',
        'steps',
        'behaviours',
        'f1/N',
        ...(coverage ? coverageColumns : []),
        'result',
      ],
      summary.targets.map((row) => [
        row.name,
        row.cases,
        row.schedules,
        row.steps,
        row.behaviours,
        row.saturation === null ? '' : `${(100 * row.saturation.nextIsNew).toFixed(1)} %`,
        ...(row.coverage === null ? [] : coverageCells(row.coverage)),
        row.found ? 'FINDING' : row.exhausted > 0 ? 'exhausted' : 'clean',
      ]),
    ),
  );
  if (coverage) console.log(`\n${missingOverlaps(summary.targets)}\n`);
  console.log(
    `${summary.interrupted ? 'interrupted: ' : ''}${summary.findings} findings in ${summary.seconds.toFixed(1)} s, ${summary.rounds} rounds, ${summary.schedules.toLocaleString('en-US')} schedules`,
  );
  if (coverage) console.log(`coverage saved as ${save()}`);
  return code;
}

function coverageOf({ seconds, rounds, schedules, targets }: CampaignSummary, seed: number): CoverageReport {
  return {
    format: 'threadproof-coverage',
    version: 1,
    seed,
    seconds,
    rounds,
    schedules,
    targets: targets.map(({ found: _, exhausted: __, ...row }) => row),
  };
}

function statusLine(status: CampaignStatus): string {
  const { seconds, rounds, schedules, findings, target } = status;
  const rate = Math.round(schedules / seconds).toLocaleString('en-US');
  return `${seconds.toFixed(0)} s  round ${rounds}  ${schedules.toLocaleString('en-US')} schedules (${rate}/s)  ${seen(status)}${findings} findings  ${target}`;
}

/** Behaviours so far, and the chance that the next schedule shows a new one. */
function seen({ behaviours, nextIsNew }: CampaignStatus): string {
  if (nextIsNew === null) return '';
  return `${behaviours.toLocaleString('en-US')} behaviours (f1/N ${(100 * nextIsNew).toFixed(1)} %)  `;
}

async function replayFile(path: string, json: boolean): Promise<number> {
  const artifact = readArtifact(path);
  const target = findTarget(artifact.subject === 'runtime' ? artifact.property : artifact.subject);
  if (target === undefined)
    throw new ArtifactError(
      `${path} is of the subject ${artifact.subject} of ${artifact.property}, which is not in the table any more`,
    );
  const [sample] = fc.sample(casesOf(target.property, target.subject, true), { numRuns: 1, seed: 0 });
  const program = sample!.with(artifact.program);
  const { outcome, divergence, trace, preemptions } = await program.replay(artifact.schedule);
  if (divergence !== undefined)
    throw new ScheduleError(
      `the program diverges from the schedule in ${path}: ${divergence}; the subject has changed since`,
    );
  const failed = isFinding(outcome);
  if (json) {
    console.log(
      JSON.stringify(
        {
          event: 'replay',
          file: path,
          outcome: outcome.kind,
          message: outcome.message,
          reproduced: failed,
          preemptions,
          trace,
        },
        jsonSafe,
      ),
    );
  } else if (failed) {
    console.log(
      renderFinding({
        name: target.property.name,
        // A program of promises has one column more: the world's.
        threads: Math.max(artifact.program.threads.length, ...trace.map(({ thread }) => thread + 1)),
        outcome,
        trace,
        schedule: artifact.schedule,
        preemptions,
        program: describePlan(artifact.program),
        replayLine: `npm run fuzz -- ${path}`,
        full: true,
      }),
    );
  } else console.log(`${path}: the schedule passes now`);
  return failed ? 1 : 0;
}

endOnClosedPipe();
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError || error instanceof ArtifactError || error instanceof ScheduleError))
    throw error;
  console.error(`fuzz: ${error.message}`);
  if (error instanceof UsageError) console.error('see npm run fuzz -- --help');
  process.exitCode = 2;
}
