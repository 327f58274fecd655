/** The errors that a pool rejects with. */
import { ClosedError, DeadlockError, WorkerDiedError } from '../errors.ts';

export function closedError(): ClosedError {
  return new ClosedError('the ThreadPool is closed: it takes no more tasks');
}

export function fullError(queueLimit: number): RangeError {
  return new RangeError(`the ThreadPool is full: it holds ${queueLimit} tasks (queueLimit)`);
}

/**
 * @param error what ended the thread, if that was an error
 * @param before workers that died in it before this one
 */
export function deathOf(task: number, error: unknown, exitCode: number, before: number): WorkerDiedError {
  const why = error instanceof Error ? `: ${error.message}` : '';
  const again = before === 0 ? '' : `, after ${before} other${before === 1 ? '' : 's'} had died in it`;
  const options = error === undefined ? undefined : { cause: error };
  return new WorkerDiedError(
    `the worker of task ${task} died in it, with exit code ${exitCode}${why}${again}`,
    exitCode,
    options,
  );
}

export function falseStartsOf(count: number, exitCode: number, error: unknown): WorkerDiedError {
  return new WorkerDiedError(
    `the ThreadPool gave up: ${count} workers in a row ended before they had begun, the last with exit code ${exitCode}`,
    exitCode,
    { cause: error },
  );
}

export function deadlockOf(task: number, running: number, waiting: number): DeadlockError {
  return new DeadlockError(
    `all ${running} workers are in tasks that wait, and ${waiting} tasks are queued behind them: task ${task} was given ` +
      'up; let tasks wait only for tasks before them, or raise maxThreads',
    [],
  );
}
