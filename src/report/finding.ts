/** A finding for people: what happened, the program, the steps in one column a thread, and the line that repeats it. */
import { basename } from 'node:path';
import type { Finding } from '../engine/explore.ts';
import type { Outcome } from '../engine/outcome.ts';
import { cellName, didThrow, type TraceStep } from '../engine/trace.ts';
import { foldTrace, lastOn, type Row } from './fold.ts';
import { thrownAt } from './thrown.ts';

export interface FindingText {
  readonly name: string;
  readonly threads: number;
  readonly outcome: Outcome;
  readonly trace: readonly TraceStep[];
  readonly schedule: string;
  readonly preemptions: number;
  /** Turns that everybody takes after them. */
  readonly turns?: Finding['turns'];
  /** The generated program, where there is one. */
  readonly program?: string;
  /** The command that repeats it. */
  readonly replayLine?: string;
  /** Show every step. Default: repeated rounds are collapsed, and what is not in the causal past of the failure is folded. */
  readonly full?: boolean;
}

/** Most rows that are printed, unless all are asked for; of more the last are shown. */
const mostRows = 200;

export function renderFinding(finding: FindingText): string {
  const { outcome, preemptions, turns } = finding;
  const parts = [
    `${finding.name}: ${outcome.kind.toUpperCase()} with ${preemptions} preemption${preemptions === 1 ? '' : 's'}${turnsText(turns)}`,
    outcome.message,
  ];
  const thrown = outcome.kind === 'violated' ? thrownAt(outcome.error) : undefined;
  if (thrown !== undefined) parts.push(thrown);
  if (finding.program !== undefined) parts.push(`program   ${finding.program}`);
  parts.push('', renderColumns(finding.threads, finding.trace, finding));
  const waits = renderWaits(outcome, finding.trace);
  if (waits.length > 0) parts.push('', ...waits);
  parts.push('', `schedule  ${finding.schedule}`);
  if (finding.replayLine !== undefined) parts.push(`replay    ${finding.replayLine}`);
  return parts.join('\n');
}

/**
 * One column a thread, one line a step; `>` marks a preemption, `!` a step that could not be a scheduling point. Repeated rounds are one line, and so are steps
 * outside the causal past of what `outcome` tells of; `full` shows every step.
 */
export function renderColumns(
  threads: number,
  trace: readonly TraceStep[],
  { outcome, full = false, replayLine }: Partial<FindingText> = {},
): string {
  const all = full ? trace.map((step): Row => ({ kind: 'step', step })) : foldTrace(trace, outcome);
  const rows = full ? all : all.slice(-mostRows);
  const earlier = all.slice(0, all.length - rows.length).reduce((sum, row) => sum + stepsOf(row), 0);
  const cells = rows.map((row) => (row.kind === 'step' ? describeAt(row.step, trace) : ''));
  const widths = Array.from({ length: threads }, (_, t) =>
    Math.max(
      4,
      ...rows.map((row, i) => (row.kind === 'step' && row.step.thread === t ? cells[i]!.length : 0)),
    ),
  );
  const indent = (t: number): string =>
    widths
      .slice(0, t)
      .map((w) => ' '.repeat(w + 3))
      .join('');
  const lines = [
    `step   ${widths
      .map((w, t) => `T${t}`.padEnd(w + 3))
      .join('')
      .trimEnd()}`,
  ];
  if (earlier > 0) lines.push(`       ... ${earlier} earlier steps`);
  let how = `: ${replayLine === undefined ? 'full: true' : '--full'} shows them`;
  rows.forEach((row, i) => {
    if (row.kind === 'step') {
      const { step, thread, preemption, unscheduled } = row.step;
      const mark = preemption ? '>' : unscheduled ? '!' : ' ';
      lines.push(`${String(step).padStart(4)} ${mark} ${indent(thread)}${cells[i]}`);
    } else if (row.kind === 'repeat') {
      const only = threadsOf(row.round).length === 1;
      lines.push(`       ${only ? indent(row.round[0]!.thread) : ''}${describeRepeat(row, trace)}`);
    } else {
      const { steps } = row;
      const preempted = preemptionsText(steps.filter(({ preemption }) => preemption).length);
      lines.push(`       (${steps.length} steps of ${threadsOf(steps).join(', ')}${preempted} folded${how})`);
      how = '';
    }
  });
  return lines.join('\n');
}

function turnsText(turns: Finding['turns']): string {
  if (turns === undefined) return '';
  const { from, quantum } = turns;
  return `, everybody taking turns of ${quantum} step${quantum === 1 ? '' : 's'} from step ${from} on`;
}

function stepsOf(row: Row): number {
  if (row.kind === 'step') return 1;
  return row.kind === 'folded' ? row.steps.length : row.round.length * row.times;
}

function threadsOf(steps: readonly TraceStep[]): string[] {
  return [...new Set(steps.map(({ thread }) => thread))].sort((a, b) => a - b).map((t) => `T${t}`);
}

function preemptionsText(count: number): string {
  return count === 0 ? '' : ` with ${count} preemption${count === 1 ? '' : 's'}`;
}

/** The steps of a short round; a long one stands in the rows before. */
function describeRepeat(
  { round, times, preemptions }: Extract<Row, { kind: 'repeat' }>,
  trace: readonly TraceStep[],
): string {
  const threads = threadsOf(round);
  const name = ({ thread }: TraceStep): string => (threads.length === 1 ? '' : `T${thread} `);
  const what =
    round.length <= 2
      ? round.map((step) => `${name(step)}${describeAt(step, trace)}`).join(', ')
      : `the ${round.length} steps before${threads.length === 1 ? '' : `, of ${threads.join(', ')}`}`;
  return `... ${times} x: ${what}${preemptionsText(preemptions)}`;
}

function describeAt(step: TraceStep, trace: readonly TraceStep[]): string {
  const { site } = step;
  return `${describeStep(step, trace)}${site === undefined ? '' : `  ${basename(site.file)}:${site.line}`}`;
}

function describeStep(step: TraceStep, trace: readonly TraceStep[]): string {
  if (step.label !== undefined) return `call ${step.label}`;
  if (step.byteOffset === undefined) return didThrow(step) ? `${step.kind} -> ${step.result}` : step.kind;
  const args = (step.args ?? []).map(String).join(', ');
  const result =
    step.result !== undefined ? ` -> ${String(step.result)}` : step.kind === 'wait' ? ' (sleeps)' : '';
  const woke = step.woke === undefined ? '' : ` wakes ${step.woke.map((t) => `T${t}`).join(', ')}`;
  return `${step.kind} ${cellName(step, trace)}${args === '' ? '' : ` ${args}`}${result}${woke}`;
}

/** For a deadlock: each sleeper, its word, and who wrote that word last. */
function renderWaits(outcome: Outcome, trace: readonly TraceStep[]): string[] {
  return (outcome.blocked ?? []).map((blocked) => {
    const { writer, notifier } = lastOn(blocked, trace);
    const place = blocked.site === undefined ? '' : ` at ${basename(blocked.site.file)}:${blocked.site.line}`;
    const by =
      writer === undefined
        ? 'nobody has written it'
        : `last written by T${writer.thread} in step ${writer.step} (${describeStep(writer, trace)})`;
    const notified =
      notifier === undefined
        ? 'nobody has notified it'
        : `last notified by T${notifier.thread} in step ${notifier.step}`;
    return `T${blocked.thread} waits${place} on ${cellName(blocked, trace)} (slept on ${blocked.value}): ${by}; ${notified}`;
  });
}
