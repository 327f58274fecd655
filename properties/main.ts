/** `npm run properties`: the property suite and its mirror, with a table at the end. Exit codes: 0 clean, 1 finding, 2 usage. */
import { parseArgs } from 'node:util';
import { jsonSafe } from '../src/engine/trace.ts';
import { drawSeed } from '../src/explore.ts';
import { ProgramCoverage } from '../src/generate/coverage.ts';
import { withNegativeNumbers } from '../src/report/arguments.ts';
import { endOnClosedPipe } from '../src/report/pipe.ts';
import { progress } from '../src/report/progress.ts';
import { renderTable } from '../src/report/table.ts';
import { type BrokenSubject, brokenSubjects } from './broken.ts';
import { campaignBroken, campaignProperties } from './campaign-only.ts';
import { coverageCells, coverageColumns, missingOverlaps } from './covered.ts';
import { runFreely } from './free-run.ts';
import { lawNames, runLaws } from './law-run.ts';
import { catchers, type MatrixRow, matrixRow, matrixTables } from './matrix.ts';
import type { Property } from './property.ts';
import { type PropertyResult, runProperty, seedFor } from './run.ts';
import { properties } from './table.ts';

const usage = `npm run properties -- [options]

Checks every part of the runtime against its model under generated programs and schedules (10 schedules a case), then
checks that every broken subject is caught.

  --cases N      cases of each property (default 1000)
  --seed S       whole number; default: drawn and printed
  --only NAME    only this property or broken subject; may be repeated. Those for campaigns are run by name only
  --path PATH    repeat one counterexample of fast-check (with --only and --seed)
  --schedules N  with --path: so many schedules of that very case, and no smaller ones
  --mirror-schedules N   schedules within which a broken subject must be caught (default 2000)
  --coverage     count what each property's programs cover: pairs of operations in flight at the same time (of those that could be),
                 reads-from pairs, blocking edges; and list the pairs that never were (an eighth more CPU time)
  --races        report data races in every property, too (a quarter slower)
  --matrix       run every broken subject against all properties of its shape, and show which catch it
  --odds         measure how often a generated schedule shows each broken subject
  --executor workers   the differential law instead: every program under real workers too, with the same trace and outcome (default 20 programs a row)
  --executor parallel  the suite on real threads that run free, which record histories (default 15 cases a row); what fails is looked for under virtual
  --repeats N    with --executor parallel: executions of each case (default 50)
  --list         the names
  --json         one JSON object a line
  --help

Exit code: 0 all properties hold and every broken subject is caught, 1 not so, 2 usage.`;

const everyProperty = [...properties, ...campaignProperties];
const everyBroken = [...brokenSubjects, ...campaignBroken];
const forCampaigns = new Set([
  ...campaignProperties.map(({ name }) => name),
  ...campaignBroken.map(({ id }) => id),
]);

class UsageError extends Error {}

interface Options {
  readonly cases: number;
  readonly seed: number;
  readonly only: readonly string[];
  readonly path: string | undefined;
  readonly mirrorSchedules: number;
  readonly odds: boolean;
  readonly matrix: boolean;
  readonly races: boolean;
  readonly coverage: boolean;
  readonly json: boolean;
  readonly schedules: number | undefined;
  readonly repeats: number;
  /** 'workers': the differential law in place of the suite; 'parallel': the suite on free threads. */
  readonly executor: string;
}

function parse(argv: string[]): Options | 'done' {
  const { values } = (() => {
    try {
      return parseArgs({
        args: withNegativeNumbers(argv),
        options: {
          cases: { type: 'string' },
          seed: { type: 'string' },
          only: { type: 'string', multiple: true },
          path: { type: 'string' },
          'mirror-schedules': { type: 'string' },
          odds: { type: 'boolean' },
          matrix: { type: 'boolean' },
          executor: { type: 'string' },
          schedules: { type: 'string' },
          repeats: { type: 'string' },
          races: { type: 'boolean' },
          coverage: { type: 'boolean' },
          list: { type: 'boolean' },
          json: { type: 'boolean' },
          help: { type: 'boolean', short: 'h' },
        },
      });
    } catch (error) {
      throw new UsageError((error as Error).message);
    }
  })();
  if (values.help === true) {
    console.log(usage);
    return 'done';
  }
  if (values.list === true) {
    for (const { name, about } of everyProperty) console.log(`${name.padEnd(22)} ${about}`);
    for (const { id, fault, caughtBy } of everyBroken)
      console.log(`${id.padEnd(22)} broken: ${fault} (${caughtBy})`);
    return 'done';
  }
  const whole = (name: string, text: string | undefined, least: number): number | undefined => {
    if (text === undefined) return undefined;
    if (!/^\d+$/.test(text) || Number(text) < least || !Number.isSafeInteger(Number(text)))
      throw new UsageError(`--${name} "${text}": give a whole number from ${least}`);
    return Number(text);
  };
  const { executor = 'virtual' } = values;
  if (!['virtual', 'workers', 'parallel'].includes(executor))
    throw new UsageError(`--executor "${executor}" is not known: give virtual, workers or parallel`);
  const isReal = executor !== 'virtual';
  if (isReal && (values.path !== undefined || values.matrix === true || values.odds === true))
    throw new UsageError(`--executor ${executor} goes without --path, --matrix and --odds`);
  if (executor === 'parallel' && values.races === true)
    throw new UsageError(
      '--executor parallel goes without --races: nobody watches plain accesses of free threads',
    );
  if (executor !== 'parallel' && values.repeats !== undefined)
    throw new UsageError('--repeats goes with --executor parallel');
  if (values.path === undefined && values.schedules !== undefined)
    throw new UsageError('--schedules goes with --path');
  const tabled = [...properties.map(({ name }) => name), ...brokenSubjects.map(({ id }) => id)];
  const names = new Set(
    executor === 'workers'
      ? lawNames
      : isReal
        ? tabled
        : [...everyProperty.map(({ name }) => name), ...everyBroken.map(({ id }) => id)],
  );
  const only = values.only ?? [];
  for (const name of only)
    if (!names.has(name)) throw new UsageError(`--only "${name}" is not known: ${[...names].join(', ')}`);
  if (values.matrix === true && values.odds === true)
    throw new UsageError('--matrix and --odds are two runs: give one of them');
  if (
    values.coverage === true &&
    (isReal || values.matrix === true || values.odds === true || values.path !== undefined)
  )
    throw new UsageError('--coverage goes without --executor, --matrix, --odds and --path');
  if (values.path !== undefined && (only.length !== 1 || values.seed === undefined))
    throw new UsageError('--path goes with one --only and the --seed it came with');
  return {
    cases: whole('cases', values.cases, 1) ?? { virtual: 1000, workers: 20, parallel: 15 }[executor]!,
    schedules: whole('schedules', values.schedules, 1),
    repeats: whole('repeats', values.repeats, 1) ?? 50,
    executor,
    seed: whole('seed', values.seed, 0) ?? drawSeed(),
    only,
    path: values.path,
    mirrorSchedules: whole('mirror-schedules', values['mirror-schedules'], 10) ?? 2_000,
    odds: values.odds === true,
    matrix: values.matrix === true,
    races: values.races === true,
    coverage: values.coverage === true,
    json: values.json === true,
  };
}

async function main(argv: string[]): Promise<number> {
  const options = parse(argv);
  if (options === 'done') return 0;
  const { json, seed, only } = options;
  const say = json ? (): void => {} : console.log;
  say(`seed ${seed}`);
  const chosen = (name: string): boolean =>
    only.length === 0 ? !forCampaigns.has(name) : only.includes(name);
  if (options.executor === 'workers') return runLaws(options, chosen);
  if (options.executor === 'parallel') return runFreely(options, chosen);
  if (options.odds) return measureOdds(options, chosen);
  if (options.matrix) return showMatrix(options, chosen);

  const results: PropertyResult[] = [];
  for (const property of everyProperty)
    if (chosen(property.name)) results.push(await runRow(property, property.subject, property.name, options));
  if (results.length > 0 && !json) {
    say('');
    say(
      renderTable(
        [
          ...['property', 'cases', 'schedules', 'steps', 'behaviours', 'f1/N', 'Chao1'],
          ...(options.coverage ? coverageColumns : []),
          ...['result', 'time'],
        ],
        results.map((r) => [
          r.property,
          r.cases,
          r.schedules,
          r.steps,
          r.behaviours,
          r.saturation === null ? '' : `${(100 * r.saturation.nextIsNew).toFixed(1)} %`,
          r.saturation?.atLeast ?? '',
          ...(r.coverage === null ? [] : coverageCells(r.coverage)),
          verdict(r),
          `${(r.wallMs / 1000).toFixed(1)} s`,
        ]),
      ),
    );
    if (options.coverage)
      say(`\n${missingOverlaps(results.map(({ property, coverage }) => ({ name: property, coverage })))}`);
  }
  const mirror: { broken: BrokenSubject; result: PropertyResult }[] = [];
  for (const broken of everyBroken)
    if (chosen(broken.id)) mirror.push({ broken, result: await catchBroken(broken, options) });
  if (mirror.length > 0 && !json) {
    say('');
    say(
      renderTable(
        ['broken subject', 'caught by', 'schedules', 'preemptions', 'result', 'fault'],
        mirror.map(({ broken, result }) => [
          broken.id,
          broken.caughtBy,
          result.finding?.schedulesToFirst ?? result.schedules,
          result.finding?.finding.preemptions ?? 0,
          result.finding === undefined ? 'NOT CAUGHT' : result.finding.finding.outcome.kind,
          broken.fault,
        ]),
      ),
    );
  }
  if (options.path !== undefined)
    for (const { result } of mirror)
      if (result.finding !== undefined) say(`\n${result.finding.finding.report}`);
  const findings = results.filter((r) => r.finding !== undefined || r.exhausted > 0);
  const missed = mirror.filter(({ result }) => result.finding === undefined);
  say('');
  for (const result of findings)
    if (result.finding !== undefined)
      say(
        `${result.finding.finding.report}\nreplay    ${replayLine(result)}${options.races ? ' --races' : ''}\n`,
      );
  say(
    findings.length + missed.length === 0
      ? `properties: ${results.length} of ${results.length} hold; broken subjects: ${mirror.length} of ${mirror.length} caught`
      : [
          `properties: ${results.length - findings.length} of ${results.length} hold${named(findings.map((r) => r.property))}`,
          `broken subjects: ${mirror.length - missed.length} of ${mirror.length} caught${named(missed.map((m) => m.broken.id))}`,
        ].join('; '),
  );
  return findings.length + missed.length === 0 ? 0 : 1;
}

function named(names: readonly string[]): string {
  return names.length === 0 ? '' : ` (not so: ${names.join(', ')})`;
}

function replayLine(result: PropertyResult): string {
  return `npm run properties -- --only ${result.property} --seed ${result.seed} --path ${result.finding?.path}`;
}

function verdict(result: PropertyResult): string {
  if (result.finding !== undefined) return result.finding.finding.outcome.kind;
  return result.exhausted > 0 ? `exhausted (${result.exhausted})` : 'holds';
}

async function runRow(
  property: Property,
  subject: unknown,
  label: string,
  options: Options,
): Promise<PropertyResult> {
  const status = progress(5_000, options.json);
  const result = await runProperty(property, subject, {
    cases: options.cases,
    races: options.races,
    ...(options.coverage ? { coverage: new ProgramCoverage() } : {}),
    // With a path the seed is the row's own, as a replay line gives it.
    seed: options.path === undefined ? seedFor(options.seed, label) : options.seed,
    ...(options.path === undefined ? {} : { path: options.path }),
    ...(options.schedules === undefined ? {} : { schedules: options.schedules }),
    onCase: (cases, totals) =>
      status.update(() => `${label}: ${cases} of ${options.cases} cases, ${totals.schedules} schedules`),
  });
  status.clear();
  if (options.json) console.log(JSON.stringify(asJson(result, label), jsonSafe));
  return result;
}

function catchBroken(broken: BrokenSubject, options: Options): Promise<PropertyResult> {
  const property = everyProperty.find(({ name }) => name === broken.caughtBy);
  if (property === undefined) throw new Error(`${broken.id}: there is no property ${broken.caughtBy}`);
  return runRow(property, broken.subject, broken.id, {
    ...options,
    // Ended by its first finding, what it has covered says nothing.
    coverage: false,
    cases: Math.floor(options.mirrorSchedules / 10),
  });
}

async function showMatrix(options: Options, chosen: (name: string) => boolean): Promise<number> {
  const rows: MatrixRow[] = [];
  for (const broken of everyBroken.filter(({ id }) => chosen(id)))
    rows.push(
      await matrixRow(
        broken,
        options.only.length === 0 ? properties : everyProperty,
        (property, { subject, id }) =>
          runRow(property, subject, property.name === broken.caughtBy ? id : `${id} x ${property.name}`, {
            ...options,
            cases: Math.floor(options.mirrorSchedules / 10),
          }),
      ),
    );
  const missed = rows.filter((row) => !catchers(row).includes(row.broken.caughtBy));
  if (options.json) return missed.length === 0 ? 0 : 1;
  for (const { header, rows: lines } of matrixTables(rows)) console.log(`\n${renderTable(header, lines)}`);
  const onlyOwn = rows.filter((row) => catchers(row).length === 1).length;
  console.log(
    `\nmatrix: ${rows.length - missed.length} of ${rows.length} broken subjects are caught by their property (*)` +
      `${named(missed.map((row) => row.broken.id))}, ${onlyOwn} by no other`,
  );
  return missed.length === 0 ? 0 : 1;
}

async function measureOdds(options: Options, chosen: (name: string) => boolean): Promise<number> {
  const rows: (readonly [string, number, number, string])[] = [];
  for (const { id, caughtBy, subject } of everyBroken.filter((broken) => chosen(broken.id))) {
    const property = everyProperty.find(({ name }) => name === caughtBy)!; // checked by the tests of the table
    let schedules = 0;
    let caught = 0;
    for (let round = 0; caught < 200 && schedules < 200_000; round++) {
      const result = await runProperty(property, subject, {
        cases: 1_000,
        seed: seedFor(options.seed + round, id),
      });
      schedules += result.finding?.schedulesToFirst ?? result.schedules;
      if (result.finding !== undefined) caught++;
    }
    rows.push([id, schedules, caught, `${((100 * caught) / schedules).toFixed(2)} %`]);
  }
  console.log(renderTable(['broken subject', 'schedules', 'caught', 'odds a schedule'], rows));
  return 0;
}

function asJson(result: PropertyResult, label: string): object {
  const { finding, ...rest } = result;
  if (finding === undefined)
    return { label, ...rest, outcome: result.exhausted > 0 ? 'exhausted' : 'passed' };
  const { outcome, plan, schedule, preemptions } = finding.finding;
  return {
    label,
    ...rest,
    outcome: outcome.kind,
    message: outcome.message,
    schedulesToFirst: finding.schedulesToFirst,
    plan,
    schedule,
    preemptions,
    path: finding.path,
  };
}

endOnClosedPipe();
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`properties: ${error.message}\nsee npm run properties -- --help`);
  process.exitCode = 2;
}
