/** `npm run properties -- --executor parallel`: the suite and its mirror on threads that run free, row by row. */
import type { Outcome } from '../src/engine/outcome.ts';
import { jsonSafe } from '../src/engine/trace.ts';
import { progress } from '../src/report/progress.ts';
import { renderTable } from '../src/report/table.ts';
import { sameFailure } from '../src/shrink/minimise.ts';
import { brokenSubjects } from './broken.ts';
import { type FreeResult, freeThreads, mostThreads, type Reproduction, reproduce, runFree } from './free.ts';
import { seedFor } from './run.ts';
import { properties } from './table.ts';

export interface FreeRunOptions {
  readonly cases: number;
  readonly repeats: number;
  readonly seed: number;
  readonly json: boolean;
}

/** Nothing stirs for so many seconds: the threads hang. Long, as a thread that a busy machine keeps waiting must not count. */
const hangSeconds = 10;
/** Schedules under `virtual` for what a broken subject does. */
const mirrorSchedules = 2_000;

interface Row {
  readonly result: FreeResult;
  readonly virtual: Reproduction | undefined;
}

interface MirrorRow extends Row {
  readonly caughtBy: string;
  readonly fault: string;
}

/** Exit code: 0 when no property fails. Which broken subjects free threads show is a matter of the machine. */
export async function runFreely(
  { cases, repeats, seed, json }: FreeRunOptions,
  chosen: (name: string) => boolean,
): Promise<number> {
  const status = progress(5_000, json);
  const threads = freeThreads(hangSeconds);
  const rowOf = async (name: string, schedules?: number): Promise<Row> => {
    const result = await runFree(name, threads, {
      cases,
      repeats,
      seed: seedFor(seed, name),
      onCase: (n) => status.update(() => `${name}: ${n} of ${cases} cases`),
    });
    status.update(() => `${name}: under virtual`);
    const virtual =
      result.finding === undefined ? undefined : await reproduce(name, result.finding, schedules);
    if (json) console.log(JSON.stringify(asJson({ result, virtual }), jsonSafe));
    return { result, virtual };
  };
  const sound: Row[] = [];
  const mirror: MirrorRow[] = [];
  try {
    for (const { name } of properties) if (chosen(name)) sound.push(await rowOf(name));
    for (const { id, caughtBy, fault } of brokenSubjects)
      if (chosen(id)) mirror.push({ ...(await rowOf(id, mirrorSchedules)), caughtBy, fault });
  } finally {
    await threads.close();
    status.clear();
  }
  const { text, failed } = summaryOf(sound, mirror);
  if (!json) console.log(text);
  return failed === 0 ? 0 : 1;
}

/** The tables and findings of a run, as text, and how many properties did not hold. */
export function summaryOf(
  sound: readonly Row[],
  mirror: readonly MirrorRow[],
): { readonly text: string; readonly failed: number } {
  const ran = sound.filter(({ result }) => result.cases > 0);
  const failed = ran.filter(({ result }) => verdictOf(result) !== 'holds');
  const seen = mirror.filter(({ result }) => result.finding !== undefined);
  const able = mirror.filter(({ result }) => result.cases > 0);
  const parts: string[] = [];
  if (ran.length > 0)
    parts.push(
      renderTable(
        ['property', 'cases', 'executions', 'dropped', 'result', 'time'],
        ran.map(({ result }) => [
          result.row,
          result.cases,
          result.executions,
          result.unjudged,
          verdictOf(result),
          `${(result.wallMs / 1000).toFixed(1)} s`,
        ]),
      ),
    );
  if (able.length > 0)
    parts.push(
      renderTable(
        ['broken subject', 'caught by', 'executions', 'result', 'under virtual', 'fault'],
        able.map(({ result, virtual, caughtBy, fault }) => [
          result.row,
          caughtBy,
          result.executions,
          result.finding?.outcome.kind ?? 'not seen',
          result.finding === undefined ? '' : underVirtual(result.finding.outcome, virtual),
          fault,
        ]),
      ),
    );
  const left = [...sound, ...mirror].flatMap(({ result: { cases: n, row } }) => (n === 0 ? [row] : []));
  if (left.length > 0) parts.push(`outside (promises, more than ${mostThreads} threads): ${left.join(', ')}`);
  for (const { result, virtual } of failed)
    if (result.finding !== undefined) parts.push(report(result, virtual));
  parts.push(
    `free threads: ${ran.length - failed.length} of ${ran.length} properties hold; broken subjects: ${seen.length} of ${able.length} seen on these processors`,
  );
  return { text: parts.map((part) => `\n${part}`).join('\n'), failed: failed.length };
}

function verdictOf({ finding, executions, unjudged }: FreeResult): string {
  return finding?.outcome.kind ?? (executions > unjudged ? 'holds' : 'exhausted');
}

function underVirtual(outcome: Outcome, virtual: Reproduction | undefined): string {
  if (virtual?.found === undefined) return `not in ${virtual?.schedules} schedules`;
  const { finding } = virtual.found;
  return `schedule ${finding.schedules}${sameFailure(outcome)(finding.outcome) ? '' : ', another failure'}`;
}

function report({ row, finding }: FreeResult, virtual: Reproduction | undefined): string {
  const { outcome, plan, seed } = finding!; // asked for rows with one
  const head = `${row}: ${outcome.kind.toUpperCase()} on free threads, case of seed ${seed}\n${plan}\n\n${outcome.message}\n\n`;
  if (virtual?.found === undefined)
    return `${head}Not reproduced in ${virtual?.schedules} schedules under virtual.`;
  return `${head}Under virtual, ${underVirtual(outcome, virtual)}:\n\n${virtual.found.finding.report}\nreplay    ${virtual.replay}`;
}

function asJson({ result, virtual }: Row): object {
  const { row, finding, ...rest } = result;
  const outcome =
    finding?.outcome.kind ??
    (result.cases === 0 ? 'outside' : verdictOf(result) === 'holds' ? 'passed' : 'exhausted');
  if (finding === undefined) return { label: row, ...rest, outcome };
  return {
    label: row,
    ...rest,
    outcome,
    message: finding.outcome.message,
    plan: finding.plan,
    caseSeed: finding.seed,
    reproduced: virtual?.found !== undefined,
    schedule: virtual?.found?.finding.schedule ?? null,
    schedules: virtual?.found?.finding.schedules ?? null,
    replay: virtual?.found === undefined ? null : virtual.replay,
  };
}
