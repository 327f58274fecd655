/** Watches over one task: its signal, and the time that it may run, counted from its start. */
import { onAbort } from '../abort.ts';
import type { Clock } from '../channel/clock.ts';
import { TimeoutError } from '../errors.ts';
import type { RunOptions } from './pool-types.ts';

/** What is known of the task. */
export interface Watching {
  readonly isPending: () => boolean;
  /** Milliseconds since its start; -1 while it does not run. */
  readonly ranMs: () => number;
  readonly cancel: (reason: unknown) => void;
}

/** Returns what ends the watch. */
export function watchLimits(
  { signal, timeoutMs = Infinity }: RunOptions,
  clock: Clock,
  task: Watching,
): () => void {
  const release = onAbort(signal, () => task.cancel(signal?.reason));
  let takeBack = (): void => {};
  const check = (): void => {
    if (!task.isPending()) return;
    const ranMs = task.ranMs();
    if (ranMs >= timeoutMs)
      task.cancel(new TimeoutError(`a task ran longer than ${timeoutMs} ms (timeoutMs)`));
    else takeBack = clock.after(Math.max(1, timeoutMs - Math.max(0, ranMs)), check);
  };
  takeBack = clock.after(timeoutMs, check);
  return () => {
    release();
    takeBack();
  };
}
