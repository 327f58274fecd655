/** A finding for people: what happened, the program, the steps in one column a thread, and the line that repeats it. */
import { basename } from 'node:path';
import type { Outcome } from '../engine/outcome.ts';
import { cellName, changes, didThrow, type TraceStep } from '../engine/trace.ts';

export interface FindingText {
  readonly name: string;
  readonly threads: number;
  readonly outcome: Outcome;
  readonly trace: readonly TraceStep[];
  readonly schedule: string;
  readonly preemptions: number;
  /** The generated program, where there is one. */
  readonly program?: string;
  /** The command that repeats it. */
  readonly replayLine?: string;
}

/** Longest trace that is printed whole; of a longer one its end is shown. */
const mostRows = 200;

export function renderFinding(finding: FindingText): string {
  const { outcome, preemptions } = finding;
  const parts = [
    `${finding.name}: ${outcome.kind.toUpperCase()} with ${preemptions} preemption${preemptions === 1 ? '' : 's'}`,
    outcome.message,
  ];
  if (finding.program !== undefined) parts.push(`program   ${finding.program}`);
  parts.push('', renderColumns(finding.threads, finding.trace));
  const waits = renderWaits(outcome, finding.trace);
  if (waits.length > 0) parts.push('', ...waits);
  parts.push('', `schedule  ${finding.schedule}`);
  if (finding.replayLine !== undefined) parts.push(`replay    ${finding.replayLine}`);
  return parts.join('\n');
}

/** One column a thread, one line a step; `>` marks a preemption, `!` a step that could not be a scheduling point. */
export function renderColumns(threads: number, trace: readonly TraceStep[]): string {
  const folded = Math.max(0, trace.length - mostRows);
  const rows = trace.slice(folded).map((step) => ({
    step,
    mark: step.preemption ? '>' : step.unscheduled ? '!' : ' ',
    cell: `${describeStep(step, trace)}${step.site === undefined ? '' : `  ${basename(step.site.file)}:${step.site.line}`}`,
  }));
  const widths = Array.from({ length: threads }, (_, t) =>
    Math.max(4, ...rows.filter(({ step }) => step.thread === t).map(({ cell }) => cell.length)),
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
  if (folded > 0) lines.push(`       ... ${folded} earlier steps`);
  for (const { step, mark, cell } of rows)
    lines.push(`${String(step.step).padStart(4)} ${mark} ${indent(step.thread)}${cell}`);
  return lines.join('\n');
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
    const same = trace.filter((s) => s.buffer === blocked.buffer && s.byteOffset === blocked.byteOffset);
    const writer = same.findLast(changes);
    const notifier = same.findLast((s) => s.kind === 'notify');
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
