/**
 * Tells kinds of deadlock apart, from the steps of the execution: lost wake-up, cyclic deadlock, orphaned wait. docs/stuck.md says how each is decided and
 * what cannot be known.
 *
 * Nothing is known of locks here, only words: a sleeper waits for whoever wrote its word last and does not sleep on it itself. That is the holder of a
 * mutex whatever its protocol, for those who wait mark the word and then sleep on it.
 */
import { describeBlocked } from './describe.ts';
import type { BlockedThread, Outcome, Stuck, StuckKind } from './outcome.ts';
import { cellName, changes, type TraceStep } from './trace.ts';

/** The outcome of an execution in which nobody can go on; told apart where there is a trace. */
export function deadlock(
  blocked: readonly BlockedThread[],
  trace: readonly TraceStep[] | undefined,
  mayBlock: (thread: number) => boolean,
): Outcome {
  const message = describeBlocked(blocked);
  if (trace === undefined) return { kind: 'deadlocked', message, blocked };
  const stuck = whyStuck(blocked, trace, mayBlock);
  return { kind: 'deadlocked', message: `${message}\n${stuck.message}`, blocked, stuck };
}

/** What is said of one sleeper. */
interface Reason {
  readonly thread: number;
  readonly kind: StuckKind;
  readonly text: string;
  readonly steps: readonly number[];
}

/** What a thread sleeps for: another one, where one is known. */
interface Wait {
  readonly holder: number | undefined;
  readonly text: string;
  readonly steps: readonly number[];
}

/** The first kind that is met among the sleepers is the root: those behind a lost wake-up wait for it, too. */
const roots: readonly StuckKind[] = ['lost wake-up', 'cyclic deadlock', 'orphaned wait'];

export function whyStuck(
  blocked: readonly BlockedThread[],
  trace: readonly TraceStep[],
  mayBlock: (thread: number) => boolean,
): Stuck {
  const waits = new Map<number, Wait>();
  for (const sleeper of blocked) waits.set(sleeper.thread, waitOf(sleeper, blocked, trace));
  const reasons = blocked
    .filter(({ thread }) => !mayBlock(thread))
    .map((sleeper) => lostWakeUp(sleeper, blocked, trace) ?? behind(sleeper.thread, waits));
  const kind = roots.find((root) => reasons.some((reason) => reason.kind === root))!; // somebody sleeps
  const shown = reasons.filter((reason) => reason.kind === kind);
  const others = reasons.filter((reason) => reason.kind !== kind).map(({ thread }) => `T${thread}`);
  const texts = [...new Set(shown.map(({ text }) => text))];
  if (others.length > 0) texts.push(`${others.join(', ')} sleep${others.length === 1 ? 's' : ''}, too`);
  return {
    kind,
    threads: shown.map(({ thread }) => thread).sort((a, b) => a - b),
    steps: [...new Set(shown.flatMap(({ steps }) => steps))].sort((a, b) => a - b),
    message: `${kind}: ${texts.join('; ')}`,
  };
}

function isOn(step: TraceStep, { buffer, byteOffset }: BlockedThread): boolean {
  return step.buffer === buffer && step.byteOffset === byteOffset;
}

function fellowsOf(sleeper: BlockedThread, blocked: readonly BlockedThread[]): ReadonlySet<number> {
  const { buffer, byteOffset } = sleeper;
  return new Set(
    blocked.filter((b) => b.buffer === buffer && b.byteOffset === byteOffset).map(({ thread }) => thread),
  );
}

function shownStep({ kind, args = [], step }: TraceStep): string {
  return `step ${step}, ${[kind, ...args.map(String)].join(' ')}`;
}

/** A wake-up that was due and reached nobody: the word changed without a notify after it, or a notify came too early. */
function lostWakeUp(
  sleeper: BlockedThread,
  blocked: readonly BlockedThread[],
  trace: readonly TraceStep[],
): Reason | undefined {
  const { thread, value, current } = sleeper;
  const slept = trace.findLastIndex((s) => s.thread === thread && s.kind === 'wait');
  const since = trace[slept]!; // it went to sleep by a wait
  const cell = cellName(sleeper, trace);
  const fellows = fellowsOf(sleeper, blocked);
  const onCell = (s: TraceStep): boolean => isOn(s, sleeper);
  const changed = trace.findLastIndex(
    (s, i) => i > slept && onCell(s) && changes(s) && !fellows.has(s.thread),
  );
  if (changed !== -1 && current !== value) {
    const change = trace[changed]!;
    const after = trace.slice(changed + 1).filter((s) => s.kind === 'notify' && onCell(s));
    if (after.every(({ woke = [] }) => woke.length === 0)) {
      const early = trace.slice(0, changed).findLast((s) => s.kind === 'notify' && onCell(s));
      const notified =
        after.length > 0
          ? `the notify after it (step ${after[0]!.step}) woke nobody`
          : `nobody has notified it since${early === undefined ? '' : ` (the last notify was step ${early.step}, before the change)`}`;
      return {
        thread,
        kind: 'lost wake-up',
        text: `T${thread} has slept on ${cell} since step ${since.step}, while it was ${value}; T${change.thread} made it ${current} (${shownStep(change)}), and ${notified}`,
        steps: [
          since.step,
          change.step,
          ...[after[0] ?? early].flatMap((s) => (s === undefined ? [] : [s.step])),
        ],
      };
    }
  }
  const notified = trace.findLastIndex(
    (s, i) => i < slept && s.kind === 'notify' && onCell(s) && s.thread !== thread,
  );
  if (notified === -1 || trace[notified]!.woke?.includes(thread) === true) return undefined;
  if (!sleptOnWhatWasThere(sleeper, trace.slice(notified + 1, slept))) return undefined;
  const notify = trace[notified]!;
  return {
    thread,
    kind: 'lost wake-up',
    text: `T${notify.thread} notified ${cell} in step ${notify.step}, T${thread} went to sleep there in step ${since.step}, on what it was already then (${value}): the wake-up came before the sleeper`,
    steps: [notify.step, since.step],
  };
}

/** Between a notify and its sleep the thread wrote nothing, and nothing that it looked at was written: all was there when the notify came. */
function sleptOnWhatWasThere(sleeper: BlockedThread, between: readonly TraceStep[]): boolean {
  const written = new Set<string>();
  const key = ({ buffer, byteOffset }: TraceStep): string => `${buffer} ${byteOffset}`;
  for (const step of between) {
    if (changes(step)) {
      if (step.thread === sleeper.thread || isOn(step, sleeper)) return false;
      written.add(key(step));
    } else if (step.thread === sleeper.thread && written.has(key(step))) return false;
  }
  return true;
}

/** For whom a sleeper waits, by who wrote its word last. */
function waitOf(
  sleeper: BlockedThread,
  blocked: readonly BlockedThread[],
  trace: readonly TraceStep[],
): Wait {
  const { thread } = sleeper;
  const cell = cellName(sleeper, trace);
  const fellows = fellowsOf(sleeper, blocked);
  const writes = trace.filter((s) => isOn(s, sleeper) && changes(s));
  const last = writes.findLast((s) => !fellows.has(s.thread));
  if (last !== undefined)
    return {
      holder: last.thread,
      text: `T${thread} waits on ${cell}, which T${last.thread} wrote last (${shownStep(last)})`,
      steps: [last.step],
    };
  // It wrote the word, looked at it again, and slept on what it had made of it.
  const own = trace.findIndex((s) => s.thread === thread && isOn(s, sleeper) && changes(s));
  const looked = (s: TraceStep, i: number): boolean =>
    i > own && s.thread === thread && isOn(s, sleeper) && s.kind !== 'wait' && s.kind !== 'notify';
  if (own !== -1 && writes.every((s) => s.thread === thread) && trace.some(looked))
    return {
      holder: thread,
      text: `T${thread} waits on ${cell}, which only T${thread} itself has written (${shownStep(trace[own]!)})`,
      steps: [trace[own]!.step],
    };
  return { holder: undefined, text: `T${thread} waits on ${cell}, which nobody else has written`, steps: [] };
}

/** Follows the waits from a thread to where they end: in a circle, or with nobody who could come. */
function behind(thread: number, waits: ReadonlyMap<number, Wait>): Reason {
  const chain: number[] = [];
  let at: number | undefined = thread;
  while (at !== undefined && waits.has(at) && !chain.includes(at)) {
    chain.push(at);
    at = waits.get(at)!.holder;
  }
  const all = chain.map((t) => waits.get(t)!);
  const steps = all.flatMap((wait) => wait.steps);
  if (at !== undefined && chain.includes(at)) {
    // The circle alone, from its lowest thread on: the same text for each of its threads.
    const circle = chain.slice(chain.indexOf(at));
    const lowest = circle.indexOf(Math.min(...circle));
    const turned = [...circle.slice(lowest), ...circle.slice(0, lowest)];
    const text = turned.map((t) => waits.get(t)!.text).join(', ');
    return { thread, kind: 'cyclic deadlock', text, steps };
  }
  const end =
    at === undefined ? 'nobody is left who would notify it' : `T${at} has ended without waking anybody there`;
  return { thread, kind: 'orphaned wait', text: `${all.map(({ text }) => text).join(', ')}: ${end}`, steps };
}
