/**
 * What of a trace is shown: rounds that repeat become one row, and so do steps that are not in the causal past of the failure. The trace itself stays whole.
 *
 * The past of a step: what its thread did before, the last change of the cell that it touches, and the notify that woke it (happens-before of the recorded
 * steps). Messages, and plain accesses where races are not watched, are no steps: what passes through them alone is not seen.
 */
import type { BlockedThread, Outcome } from '../engine/outcome.ts';
import { changes, type TraceStep } from '../engine/trace.ts';

/** One line of the columns. */
export type Row =
  | { readonly kind: 'step'; readonly step: TraceStep }
  /** The rows before it, `times` times more. */
  | {
      readonly kind: 'repeat';
      readonly round: readonly TraceStep[];
      readonly times: number;
      readonly preemptions: number;
    }
  | { readonly kind: 'folded'; readonly steps: readonly TraceStep[] };

/** A gap of fewer steps is shown; and if the gaps have fewer in all, all of them are. */
const leastGap = 3;
const leastFolded = 8;
/** Longest round that is looked for, and fewest rows that a row for its repetitions must save. */
const longestRound = 16;
const leastRepeated = 3;
/** A plain access to more bytes than this counts as one to the whole buffer. */
const mostBytes = 64;

/** The rows for a trace of an execution that ended with `outcome`; without one, nothing is known to be beside the point. */
export function foldTrace(trace: readonly TraceStep[], outcome: Outcome | undefined): Row[] {
  const ends = outcome === undefined ? new Set<number>() : endsOf(trace, outcome);
  const rows: Row[] = [];
  let shown: number[] = [];
  const flush = (): void => {
    rows.push(...collapse(trace, shown, ends));
    shown = [];
  };
  const gaps = gapsOf(trace, ends);
  for (let i = 0; i < trace.length; i++) {
    const end = gaps.get(i);
    if (end === undefined) {
      shown.push(i);
      continue;
    }
    flush();
    rows.push({ kind: 'folded', steps: trace.slice(i, end) });
    i = end - 1;
  }
  flush();
  return rows;
}

/** For a sleeper: who wrote its word last, and who notified it last. */
export function lastOn(
  blocked: BlockedThread,
  trace: readonly TraceStep[],
): { readonly writer: TraceStep | undefined; readonly notifier: TraceStep | undefined } {
  const { buffer, byteOffset } = blocked;
  const isOn = (s: TraceStep): boolean => s.buffer === buffer && s.byteOffset === byteOffset;
  return {
    writer: trace.findLast((s) => isOn(s) && changes(s)),
    notifier: trace.findLast((s) => isOn(s) && s.kind === 'notify'),
  };
}

/** Where in the trace the steps are that show the failure; none where it is not known which do (a check that failed in the end). */
function endsOf(trace: readonly TraceStep[], { thread, blocked, stuck, race }: Outcome): Set<number> {
  const ends = new Set<number>();
  const add = (i: number): void => {
    if (i !== -1) ends.add(i);
  };
  const addLast = (t: number): void => add(trace.findLastIndex((s) => s.thread === t));
  if (thread !== undefined) addLast(thread);
  for (const t of stuck?.threads ?? []) addLast(t);
  for (const sleeper of blocked ?? []) {
    addLast(sleeper.thread);
    for (const step of Object.values(lastOn(sleeper, trace)))
      if (step !== undefined) add(trace.indexOf(step));
  }
  const told = new Set(stuck?.steps);
  trace.forEach((s, i) => {
    if (told.has(s.step)) add(i);
  });
  for (const access of race === undefined ? [] : [race.first, race.second])
    add(trace.findLastIndex((s) => s.thread === access.thread && s.step <= access.step));
  return ends;
}

/** First and past-the-end positions of the stretches outside the causal past of `ends`. */
function gapsOf(trace: readonly TraceStep[], ends: ReadonlySet<number>): ReadonlyMap<number, number> {
  const gaps = new Map<number, number>();
  if (ends.size === 0) return gaps;
  const kept = pastOf(trace, ends);
  let folded = 0;
  for (let from = 0; from < trace.length; from++) {
    let end = from;
    while (end < trace.length && !kept.has(end)) end++;
    if (end - from >= leastGap) {
      gaps.set(from, end);
      folded += end - from;
    }
    from = end;
  }
  return folded < leastFolded ? new Map() : gaps;
}

function pastOf(trace: readonly TraceStep[], ends: ReadonlySet<number>): ReadonlySet<number> {
  const causes = causesOf(trace);
  const past = new Set(ends);
  const threads = new Set<number>();
  // Backwards: causes come before what they cause, so each is decided when it is reached.
  for (let i = trace.length - 1; i >= 0; i--) {
    const { thread } = trace[i]!;
    if (!past.has(i) && !threads.has(thread)) continue;
    past.add(i);
    threads.add(thread);
    for (const cause of causes[i]!) past.add(cause);
  }
  return past;
}

/** For each step the steps of any thread that it follows from directly, but for its own thread's. */
function causesOf(trace: readonly TraceStep[]): number[][] {
  const changed = new Map<string, number>();
  /** By buffer and thread: a thread's last change brings its earlier ones. */
  const changedBy = new Map<number, Map<number, number>>();
  const waker = new Map<number, number>();
  const slept = new Map<number, number>();
  return trace.map((step, i) => {
    const causes: (number | undefined)[] = [];
    if (step.buffer !== undefined) {
      const words = wordsOf(step);
      const by = changedBy.get(step.buffer) ?? new Map<number, number>();
      const everywhere = `${step.buffer}`;
      if (words === undefined) causes.push(...by.values());
      else for (const word of [everywhere, ...words]) causes.push(changed.get(word));
      if (changes(step)) {
        for (const word of words ?? [everywhere]) changed.set(word, i);
        changedBy.set(step.buffer, by.set(step.thread, i));
      }
    }
    if (step.kind === 'wait') slept.set(step.thread, i);
    if (step.kind === 'woken') causes.push(waker.get(step.thread));
    for (const t of step.woke ?? []) {
      causes.push(slept.get(t));
      waker.set(t, i);
    }
    return causes.filter((cause) => cause !== undefined);
  });
}

/** The four-byte words that a step touches (parts of a word count as all of it); undefined where they are too many to be told apart. */
function wordsOf({ buffer, byteOffset = 0, byteLength, args = [], result }: TraceStep): string[] | undefined {
  const wide = typeof result === 'bigint' || args.some((arg) => typeof arg === 'bigint');
  const length = byteLength ?? (wide ? 8 : 4);
  if (length > mostBytes) return undefined;
  const words: string[] = [];
  for (let word = Math.floor(byteOffset / 4); word * 4 < byteOffset + Math.max(1, length); word++)
    words.push(`${buffer} ${word}`);
  return words;
}

/** Rows for steps that follow one another: rounds that repeat become one. The steps that show the failure keep rows of their own. */
function collapse(trace: readonly TraceStep[], at: readonly number[], ends: ReadonlySet<number>): Row[] {
  const keys = at.map((i) => keyOf(trace[i]!));
  const rows: Row[] = [];
  for (let i = 0; i < at.length; ) {
    const [length, times] = roundFrom(i, keys, (j) => ends.has(at[j]!));
    const round = at.slice(i, i + length).map((j) => trace[j]!);
    rows.push(...round.map((step): Row => ({ kind: 'step', step })));
    i += length;
    if (times === 0) continue;
    const repeated = at.slice(i, i + length * times);
    const preemptions = repeated.filter((j) => trace[j]!.preemption).length;
    rows.push({ kind: 'repeat', round, times, preemptions });
    i += repeated.length;
  }
  return rows;
}

/** The shortest round from a row on that comes again, and how often. */
function roundFrom(
  from: number,
  keys: readonly (string | undefined)[],
  isEnd: (at: number) => boolean,
): readonly [length: number, times: number] {
  for (let length = 1; length <= longestRound; length++) {
    if (keys[from + length - 1] === undefined) break;
    let end = from + length;
    while (end < keys.length && keys[end] === keys[end - length] && !isEnd(end)) end++;
    const times = Math.floor((end - from) / length) - 1;
    if (times * length >= leastRepeated) return [length, times];
  }
  return [1, 0];
}

/** What must be the same in every round. Undefined for a step that is progress whatever it answers. */
function keyOf(step: TraceStep): string | undefined {
  const { kind, label, thread, buffer, byteOffset, byteLength, args = [], result, woke, site } = step;
  if (label !== undefined || kind === 'start') return undefined;
  const place = site === undefined ? '' : `${site.file}:${site.line}:${site.column}`;
  const value = `${typeof result} ${String(result)}`;
  const flags = `${step.plain === true} ${step.unscheduled === true}`;
  return [thread, kind, buffer, byteOffset, byteLength, args.join(), value, woke?.join(), place, flags].join(
    '|',
  );
}
