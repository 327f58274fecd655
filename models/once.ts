/**
 * Something that is run once among all threads. A run takes effect at its end, when it succeeds or fails; that others wait meanwhile is
 * seen by what they may answer: not before a run has succeeded. So nothing ever blocks but behind a run that goes on.
 *
 * That nobody gives up while nobody runs is checked by `checkOnceTimeouts`: a sequential specification knows no "while".
 */
import { type History, isThrew, threw } from '../src/history/history.ts';
import { type CompleteSpecification, specification } from '../src/linearize/specification.ts';

/** What the action that a thread brings does: it succeeds, it throws, or it runs its own Once again. */
export type OnceAction = 'succeeds' | 'throws' | 'comes back';

/** What every thread sees of the successful run's work, as result of its own `run`. */
export type OnceResult = 'ran' | 'done';

const failed = threw('Error');
const reentry = threw('ReentryError');
const timeout = threw('TimeoutError');

/**
 * The state is whether a run has succeeded.
 * - `run(action) -> "ran" | "done"`: "done" once a run has succeeded. Before that the action runs: "ran", Error when it throws,
 *   ReentryError when it comes back; a failed run changes nothing.
 * - `runFor(action)`: the same, or TimeoutError before a run has succeeded.
 * - `isDone() -> boolean`.
 */
export function once(): CompleteSpecification<boolean> {
  const run = (done: boolean, action: OnceAction) => {
    if (done) return { state: true, result: 'done' };
    if (action === 'succeeds') return { state: true, result: 'ran' };
    return { state: false, result: action === 'throws' ? failed : reentry };
  };
  return specification<boolean>({
    name: 'once',
    initial: () => false,
    operations: {
      run: (done, [action]: readonly [OnceAction]) => run(done, action),
      runFor: (done, [action]: readonly [OnceAction]) => [
        run(done, action),
        ...(done ? [] : [{ state: false, result: timeout }]),
      ],
      isDone: (done) => ({ state: done, result: done }),
    },
    describeState: (done) => (done ? 'done' : 'to be done'),
  });
}

export type OnceVerdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly reason: string;
      /** The operations that show it: indices into the history. */
      readonly operations: readonly number[];
    };

/** Whether each `runFor` that timed out overlaps a run of another thread: else there was nothing to wait for. */
export function checkOnceTimeouts(history: History): OnceVerdict {
  for (const [index, { thread, called, returned, result }] of history.entries()) {
    if (!isTimeout(result)) continue;
    const excused = history.some(
      (other) =>
        other.thread !== thread &&
        other.name !== 'isDone' &&
        other.result !== 'done' &&
        !isTimeout(other.result) &&
        other.called < returned &&
        called < other.returned,
    );
    if (excused) continue;
    return { ok: false, reason: `T${thread} timed out, but nobody else was running`, operations: [index] };
  }
  return { ok: true };
}

function isTimeout(result: unknown): boolean {
  return isThrew(result) && result.threw === timeout.threw;
}
