/** The errors that a pool rejects with. */
import { ClosedError, DeadlockError, WorkerDiedError } from '../errors.ts';
import type { Entry } from './pool-types.ts';

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
const named = ({ id, definition }: Entry): string => `task ${id} ("${definition.name}")`;

export function closedError(): ClosedError {
  return new ClosedError('the ThreadPool is closed: it takes no more tasks');
}

export function fullError(queueLimit: number): RangeError {
  return new RangeError(
    `the ThreadPool is full: it holds ${count(queueLimit, 'task')} (queueLimit): await some, raise the limit, or let them wait (whenFull: 'wait')`,
  );
}

/** @param error what ended the thread, if that was an error */
export function deathOf(entry: Entry, error: unknown, exitCode: number): WorkerDiedError {
  const why = error instanceof Error ? `: ${error.message}` : '';
  const again = entry.deaths === 0 ? '' : `, after ${count(entry.deaths, 'other')} had died in it`;
  const options = error === undefined ? undefined : { cause: error };
  return new WorkerDiedError(
    `the worker of ${named(entry)} died in it, with exit code ${exitCode}${why}${again}`,
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

export function deadlockOf(entry: Entry, running: number, waiting: number): DeadlockError {
  return new DeadlockError(
    `${running === 1 ? 'the only worker is in a task that waits' : `all ${running} workers are in tasks that wait`}, and ` +
      `${count(waiting, 'task')} ${waiting === 1 ? 'is' : 'are'} queued: ${named(entry)} was given up; let tasks wait only for tasks before them, or raise maxThreads`,
    [],
  );
}
