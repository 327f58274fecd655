/** `npm run properties -- --executor workers`: the differential law, row by row, and the executors with a fault that it must catch. */
import { jsonSafe } from '../src/engine/trace.ts';
import { progress } from '../src/report/progress.ts';
import { renderTable } from '../src/report/table.ts';
import { brokenExecutors } from './broken-law.ts';
import { type LawResult, lawWorkers, runLaw } from './law.ts';
import { lawRows } from './law-program.ts';
import { seedFor } from './run.ts';

/** What `--only` may name. */
export const lawNames: readonly string[] = [...lawRows, ...brokenExecutors.map(({ id }) => id)];

/** Schedules of each program. */
const schedules = 5;
/** Pools have up to six threads; the crowds of `high-contention` stay outside. */
const threads = 8;

export interface LawRunOptions {
  readonly cases: number;
  readonly seed: number;
  readonly json: boolean;
}

/** Exit code: 0 when the law holds and catches what it should. */
export async function runLaws(
  { cases, seed, json }: LawRunOptions,
  chosen: (name: string) => boolean,
): Promise<number> {
  const status = progress(5_000, json);
  const told = (row: string, result: LawResult): void => {
    if (json)
      console.log(JSON.stringify({ label: row, ...result, finding: result.finding ?? null }, jsonSafe));
  };
  const results: LawResult[] = [];
  const workers = lawWorkers(threads);
  for (const row of lawRows) {
    if (!chosen(row)) continue;
    status.update(() => `law: ${row}`);
    const result = runLaw(row, workers, { cases, schedules, seed: seedFor(seed, row) });
    results.push(result);
    told(row, result);
  }
  const missed: string[] = [];
  const caught: (readonly [string, number, string])[] = [];
  for (const { id, row, make, fault } of brokenExecutors) {
    if (!chosen(id)) continue;
    const result = runLaw(row, make(workers), { cases: 100, schedules, seed: seedFor(seed, id) });
    if (result.finding === undefined) missed.push(id);
    caught.push([id, result.schedules, result.finding === undefined ? 'NOT CAUGHT' : fault]);
    told(id, result);
  }
  await workers.close();
  status.clear();
  const findings = results.filter(({ finding }) => finding !== undefined);
  if (!json) {
    const ran = results.filter(({ cases: some, finding }) => some > 0 || finding !== undefined);
    const rows = ran.map(({ row, cases: some, schedules: n, steps, outside, finding }) => [
      row,
      some,
      n,
      steps,
      outside,
      finding === undefined ? 'holds' : 'BROKEN',
    ]);
    console.log(renderTable(['law', 'programs', 'schedules', 'steps', 'outside', 'result'], rows));
    if (caught.length > 0)
      console.log(`\n${renderTable(['broken executor', 'schedules before', 'fault'], caught)}`);
    const left = results.filter(({ outside }) => outside === cases).map(({ row }) => row);
    if (left.length > 0)
      console.log(
        `\noutside the law (promises, more than ${threads} threads, steps that cannot be suspended): ${left.join(', ')}`,
      );
    for (const { finding } of findings) console.log(`\n${finding}`);
    console.log(
      `\nlaw: ${ran.length - findings.length} of ${ran.length} rows hold; broken executors: ${caught.length - missed.length} of ${caught.length} caught`,
    );
  }
  return findings.length + missed.length === 0 ? 0 : 1;
}
