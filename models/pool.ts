/**
 * What a pool owes to each task, as a checker of histories: every submission is refused or taken; a task that was taken runs at most once (again when its
 * worker died in it, if it may) and settles exactly once, by what it did, by the death of its worker or by a cancellation; the counts agree with all of that.
 *
 * A sequential specification would have to guess when workers claim; what each task and each caller saw decides the same, in linear time.
 */

/** What a task does, as its submission says. */
export type TaskKind =
  | 'completes'
  | 'fails'
  /** Its worker dies in it. */
  | 'dies'
  /** Its worker dies after it has finished it, before anybody knows. It may run again: it need not. */
  | 'dies late'
  /** Its worker dies in its first run. It may run again once. */
  | 'dies once'
  /** Its worker dies in it each time. It may run again once. */
  | 'dies again'
  /** It waits for the task before it to have run, or fails because that can never be. */
  | 'waits';

export interface Submission {
  /** Number of the task, unique in the execution. */
  readonly task: number;
  readonly kind: TaskKind;
  readonly result: 'taken' | 'full' | 'closed' | 'pending';
  /** Positions of call and return in the history. */
  readonly called: number;
  readonly returned: number;
}

export interface Settlement {
  readonly task: number;
  readonly outcome: 'completed' | 'failed' | 'crashed';
  /** The number of the task whose result this is. */
  readonly resultOf: number;
  /** It failed because it waited for ever. */
  readonly stuck: boolean;
}

export interface PoolCounts {
  readonly submitted: number;
  readonly completed: number;
  readonly failed: number;
  readonly crashed: number;
  readonly cancelled: number;
  readonly rejected: number;
  readonly pending: number;
  readonly waiting: number;
  readonly repeated: number;
}

/** What was seen of an execution in which the pool was closed and drained. */
export interface PoolRun {
  readonly capacity: number;
  readonly submissions: readonly Submission[];
  readonly settlements: readonly Settlement[];
  readonly cancellations: readonly { readonly task: number; readonly result: 'removed' | 'requested' }[];
  /** Times that each task was begun. */
  readonly begun: (task: number) => number;
  /** Positions of the first call of close and of its first return. */
  readonly closeCalled: number;
  readonly closeReturned: number;
  /** Counts that were read on the way, and in the end. */
  readonly snapshots: readonly PoolCounts[];
  readonly final: PoolCounts;
  /** Slots that are not free in the end. */
  readonly used: number;
  /** What the seats do in the end. */
  readonly seats: readonly string[];
}

/** Answers what is wrong, or nothing. */
export function checkPool(run: PoolRun): string | undefined {
  for (const counts of [...run.snapshots, run.final]) {
    const fault = checkCounts(counts);
    if (fault !== undefined) return fault;
  }
  for (const submission of run.submissions) {
    const fault = submission.result === 'taken' ? checkTask(run, submission) : checkRefusal(run, submission);
    if (fault !== undefined) return fault;
  }
  return checkFinal(run);
}

/** The invariant of the counts of one moment. */
export function checkCounts(counts: PoolCounts): string | undefined {
  const { submitted, completed, failed, crashed, cancelled, rejected, pending, waiting } = counts;
  const told = JSON.stringify(counts);
  if (submitted !== completed + failed + cancelled + rejected + pending)
    return `submitted is not completed + failed + cancelled + rejected + pending: ${told}`;
  if (crashed > failed || waiting > pending || pending < 0 || waiting < 0)
    return `counts contradict: ${told}`;
  return undefined;
}

function checkRefusal(run: PoolRun, { task, result, called, returned }: Submission): string | undefined {
  if (run.begun(task) !== 0) return `task ${task} was refused (${result}) and ran`;
  if (result === 'pending') return `the submission of task ${task} never returned`;
  if (result === 'closed')
    return run.closeCalled < returned ? undefined : `task ${task} was refused as if the pool were closed`;
  const before = run.submissions.filter(
    (other) => other.result === 'taken' && other.called < returned,
  ).length;
  if (before < run.capacity)
    return `task ${task} was refused as if the pool were full: ${before} tasks of ${run.capacity}`;
  return called > run.closeReturned ? `task ${task} was refused as full, but the pool is closed` : undefined;
}

function checkTask(run: PoolRun, { task, kind, called }: Submission): string | undefined {
  if (called > run.closeReturned) return `task ${task} was taken after the pool was closed`;
  const begun = run.begun(task);
  const most = mostRuns(kind);
  if (begun > most) return `task ${task} ran ${begun} times`;
  const settled = run.settlements.filter((one) => one.task === task);
  const cancelled = run.cancellations.filter((one) => one.task === task);
  const ends = settled.length + cancelled.length;
  if (ends !== 1) return `task ${task} settled ${ends} times`;
  const [cancellation] = cancelled;
  if (cancellation !== undefined) {
    if (cancellation.result === 'removed' && begun >= most) return `task ${task} was removed and ran`;
    if (cancellation.result === 'requested' && begun === 0)
      return `task ${task} was asked to end, but never began`;
    return undefined;
  }
  const { outcome, resultOf, stuck } = settled[0]!; // one, as there is no cancellation
  if (begun !== most) return `task ${task} has ${outcome}, but ran ${begun} times`;
  const expected = {
    completes: 'completed',
    fails: 'failed',
    dies: 'crashed',
    'dies late': 'completed',
    'dies once': 'completed',
    'dies again': 'crashed',
  } as const;
  const due = kind === 'waits' ? (stuck ? 'failed' : 'completed') : expected[kind];
  if (outcome !== due) return `task ${task} (${kind}) has ${outcome}`;
  if (outcome !== 'crashed' && resultOf !== task) return `task ${task} got the result of task ${resultOf}`;
  return undefined;
}

function mostRuns(kind: TaskKind): number {
  return kind === 'dies once' || kind === 'dies again' ? 2 : 1;
}

/** Times that a task went back to the queue: one that was removed from there has not run again. */
function repeatsIn({ submissions, cancellations, begun }: PoolRun): number {
  const removed = new Set(cancellations.filter(({ result }) => result === 'removed').map(({ task }) => task));
  return submissions.reduce(
    (sum, { task }) => sum + Math.max(0, begun(task) - (removed.has(task) ? 0 : 1)),
    0,
  );
}

function checkFinal(run: PoolRun): string | undefined {
  const { submissions, settlements, cancellations, final, used, seats } = run;
  const settled = (outcome: string): number => settlements.filter((one) => one.outcome === outcome).length;
  const expected: PoolCounts = {
    submitted: submissions.length,
    completed: settled('completed'),
    failed: settled('failed') + settled('crashed'),
    crashed: settled('crashed'),
    cancelled: cancellations.length,
    rejected: submissions.filter(({ result }) => result === 'full' || result === 'closed').length,
    pending: 0,
    waiting: 0,
    repeated: repeatsIn(run),
  };
  for (const [name, count] of Object.entries(expected)) {
    const found = final[name as keyof PoolCounts];
    if (found !== count) return `the pool counts ${found} ${name}, but it was ${count}`;
  }
  if (used !== 0) return `${used} slots are never given back`;
  const busy = seats.indexOf('busy');
  return busy < 0 ? undefined : `worker ${busy} is busy for ever`;
}
